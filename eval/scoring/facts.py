"""Facts: the sentences that an answer must say, or must not, and its text go in; what it says of them comes out.

Judge-free, hence lexical: the words and the figures of a fact are looked for. That is fast, costs nothing and never
changes its mind. Its limits: a fact said in other words is missed, and one that is denied ("ne peut pas" for "peut"),
or said beside something false, is taken as said. It tells two versions of one server apart; how right an answer is,
people or the judge tell (`factual_correctness`).
"""

from collections.abc import Sequence

from eval.scoring.found import Found, scored, share, shown
from ingest.text import fold, terms
from server.case_schemas import Case
from server.evaluation_schemas import AnswerRecord, Verdict
from server.figures import find_figures
from server.quality.gold import holds

SAID = 0.6
"""Share of a fact's words that must be there.

Of 76 answers that people labelled (`eval/judging/calibration.jsonl`), it takes as said 22 of the 26 that are right and
3 of the 50 that are wrong; at 0.5, 25 and 3; at 0.7, 20 and 2. Of 794 facts of the same document that an extractive
answer does not quote, it takes none as said (at 0.5, 6).
"""


def score_facts(case: Case, answer: AnswerRecord) -> Found:
    """Score what the answer says of what it must say, and must not."""
    facts = [] if case.must_abstain else case.facts
    text = "\n".join(statement.text for statement in answer.statements)
    lacking = [fact for fact in facts if not says(text, fact)]
    read = everything_read(answer)
    leaked = [words for words in case.forbidden if holds(read, words)]
    values = scored(
        fact_recall=share(len(facts) - len(lacking), len(facts)),
        nothing_forbidden=float(not leaked) if case.forbidden else None,
    )
    verdicts = [
        *(
            Verdict(metric="fact_recall", text=f"Fait attendu, mais pas dit : {shown(fact)}.")
            for fact in lacking
        ),
        *(
            Verdict(metric="nothing_forbidden", text=f"Paraît, et ne devait pas : {shown(words)}.")
            for words in leaked
        ),
    ]
    return Found(values, verdicts=verdicts)


def says(text: str, fact: str) -> bool:
    """Tell whether a text says a fact: all of its figures, and `SAID` of its words at least.

    Words are compared by their stems, without articles and the like (`ingest.text.terms`); figures by what they assert,
    so that "24 heures" says "vingt-quatre heures" and not "24 mois" (`server.figures`).
    """
    figures = find_figures(fact)
    given = find_figures(text) if figures else []
    if not all(any(figure.supported_by(one) for one in given) for figure in figures):
        return False
    words = set(terms(_without(fact, [(figure.start, figure.end) for figure in figures])))
    if not words:
        return bool(figures) or fold(fact) in fold(text)
    return len(words.intersection(terms(text))) >= SAID * len(words)


def everything_read(answer: AnswerRecord) -> str:
    """Put together all that a person may read of an answer: its statements and quotes, its passages, its warnings.

    Chosen because a reserved text leaks as well by its title in the list of passages as by a sentence of the answer.
    """
    passages = ["\n".join((one.title, *one.path, one.text)) for one in answer.passages]
    statements = [line for one in answer.statements for line in (one.text, *(c.quote for c in one.citations))]
    conflicts = [conflict.explanation for conflict in answer.conflicts]
    message = [answer.message] if answer.message else []
    return "\n".join([*statements, *passages, *conflicts, *message, *answer.warnings])


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    kept, begin = [], 0
    for start, end in spans:
        kept.append(text[begin:start])
        begin = max(begin, end)
    return " ".join([*kept, text[begin:]])
