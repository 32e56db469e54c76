"""Citations: an answer and the passages expected of it go in, figures in [0, 1] and what is wrong come out.

Nothing here trusts what the server says of its own statements: quotes are looked for again in the passages, letter by
letter, and figures again in the quotes. A server whose check breaks would otherwise report that all is well.

They say nothing of an answer that abstains: it makes no statement. Whether it should have is for
`eval.scoring.abstention` to tell, and `fact_recall` is 0 where it should not. An answer that neither abstains nor
states anything has 0 of all: a server that loses its statements must not be left out of the means.
"""

import re
from collections.abc import Sequence

from eval.scoring.found import Found, scored, share, shown
from eval.scoring.retrieval import citation_recall, has_gold, named
from server.case_schemas import Case, GoldPassage
from server.evaluation_schemas import AnswerRecord, Verdict
from server.figures import find_figures
from server.quality.gold import matches
from server.schemas import Citation, Passage, Statement

MIN_QUOTE_WORDS = 3
"""A shorter quote is found in any text and proves nothing."""

_GROUPED = re.compile(r"(?<=\d)[\u0020\u00a0\u202f\u2009](?=\d{3}(?!\d))")
_DIGITS = re.compile(r"\d+")


def score_citations(case: Case, answer: AnswerRecord) -> Found:
    """Score what the answer cites; nothing to say of one that abstains."""
    if not answer.statements:
        return Found() if answer.abstained else _nothing_said(case)
    passages = {passage.id: passage for passage in answer.passages}
    citations = [citation for statement in answer.statements for citation in statement.citations]
    verified = [citation for citation in citations if is_verified(citation, passages)]
    gold = case.gold if has_gold(case) else []
    cited = [passages[citation.passage_id] for citation in verified]
    values = scored(
        quotes_verified=quotes_verified(answer.statements, passages),
        cited_statements=cited_statements(answer.statements, passages),
        citation_precision=citation_precision(gold, citations, passages) if gold else None,
        citation_recall=citation_recall(gold, cited) if gold else None,
        supported_figures=supported_figures(answer.statements, passages),
    )
    verdicts = [
        *(_unfound(citation) for citation in citations if citation not in verified),
        *(verdict for statement in answer.statements for verdict in _statement_verdicts(statement, passages)),
        *(_gold_verdicts(gold, cited) if gold else []),
    ]
    return Found(values, verdicts=verdicts)


def _nothing_said(case: Case) -> Found:
    names = ("quotes_verified", "cited_statements", "supported_figures")
    of_gold = ("citation_precision", "citation_recall") if has_gold(case) else ()
    text = "Ne dit rien, et ne dit pas non plus qu’elle s’abstient."
    return Found(
        dict.fromkeys((*names, *of_gold), 0.0), verdicts=[Verdict(metric="cited_statements", text=text)]
    )


def is_verified(citation: Citation, passages: dict[str, Passage]) -> bool:
    """Tell whether the quote is in the passage that it names, at the place it names, and is no mere word."""
    passage = passages.get(citation.passage_id)
    if passage is None or len(citation.quote.split()) < MIN_QUOTE_WORDS:
        return False
    return passage.text[citation.start : citation.end] == citation.quote


def quotes_verified(statements: Sequence[Statement], passages: dict[str, Passage]) -> float | None:
    """Give the share of the quotes that are word for word where they are said to be.

    Chosen because it is Fanal's promise, and needs no judge and no gold. A server shows only the quotes it found: a
    statement without any, or one that it says it could not verify although its figures are supported, stands for a
    quote that was proposed and is nowhere.
    """
    citations = [citation for statement in statements for citation in statement.citations]
    missing = sum(_lacks_quote(statement) for statement in statements)
    return share(sum(is_verified(one, passages) for one in citations), len(citations) + missing)


def cited_statements(statements: Sequence[Statement], passages: dict[str, Passage]) -> float | None:
    """Give the share of the statements that rest on one verified quote at least.

    Chosen because a sentence without a source cannot be checked by who reads it. Called citation recall by Liu and
    others ("Evaluating Verifiability in Generative Search Engines", 2023), where people judge the support; here the
    quote is found, and whether it says what the statement says is the judge's to tell (`faithfulness`).
    """
    return share(sum(_has_quote(statement, passages) for statement in statements), len(statements))


def citation_precision(
    gold: Sequence[GoldPassage], citations: Sequence[Citation], passages: dict[str, Passage]
) -> float:
    """Give the share of the quotes that come, word for word, from a passage that is gold.

    Chosen because a true quote from the wrong text misleads. It is a lower bound: where two documents say the same and
    the gold names one, a quote of the other counts as wrong. A move from one run to the next tells more than the level.
    An answer that cites nothing has 0: a server that loses its citations must not be left out of the mean.
    """
    right = sum(
        is_verified(citation, passages) and any(matches(item, passages[citation.passage_id]) for item in gold)
        for citation in citations
    )
    return share(right, len(citations)) or 0.0


def supported_figures(statements: Sequence[Statement], passages: dict[str, Passage]) -> float | None:
    """Give the share of the statements whose every number, date and article is in their quotes.

    Chosen because a wrong figure is the error that costs most and that reads best. The server must say that nothing is
    unsupported, and the digits are read again here, without it.
    """
    return share(
        sum(
            not statement.unsupported and not foreign_digits(statement, passages) for statement in statements
        ),
        len(statements),
    )


def foreign_digits(statement: Statement, passages: dict[str, Passage]) -> list[str]:
    """List the figures of a statement that its verified quotes do not give, nor the titles of what it cites.

    A figure is given when the quotes assert it (`server.figures`: "trois mois" gives "3 mois"), or hold its digits.
    """
    verified = [one for one in statement.citations if is_verified(one, passages)]
    cited = [passages[one.passage_id] for one in verified]
    titles = [" ".join((passage.number or "", passage.title, *passage.path)) for passage in cited]
    sources = "\n".join([*(one.quote for one in verified), *titles])
    given, digits = find_figures(sources), set(_digits(sources))
    lacking = [one for one in find_figures(statement.text) if not any(map(one.supported_by, given))]
    written = [statement.text[figure.start : figure.end] for figure in lacking]
    return [figure for figure in written if not _digits(figure) or not digits.issuperset(_digits(figure))]


def _digits(text: str) -> list[str]:
    return _DIGITS.findall(_GROUPED.sub("", text))


def _has_quote(statement: Statement, passages: dict[str, Passage]) -> bool:
    return any(is_verified(citation, passages) for citation in statement.citations)


def _lacks_quote(statement: Statement) -> bool:
    return not statement.citations or (not statement.verified and not statement.unsupported)


def _unfound(citation: Citation) -> Verdict:
    text = f"Citation qui n’est pas, mot pour mot, dans le passage qu’elle nomme : {shown(citation.quote)}."
    return Verdict(metric="quotes_verified", text=text)


def _statement_verdicts(statement: Statement, passages: dict[str, Passage]) -> list[Verdict]:
    verdicts = []
    if not _has_quote(statement, passages):
        text = f"Phrase sans citation retrouvée : {shown(statement.text)}."
        verdicts.append(Verdict(metric="cited_statements", text=text))
    elif _lacks_quote(statement):
        text = f"Phrase dont une citation n’a pas été retrouvée : {shown(statement.text)}."
        verdicts.append(Verdict(metric="quotes_verified", text=text))
    wrong = list(dict.fromkeys([*statement.unsupported, *foreign_digits(statement, passages)]))
    if wrong:
        listed = ", ".join(f"« {figure} »" for figure in wrong)
        text = f"Que ses citations ne disent pas : {listed}, dans {shown(statement.text)}."
        verdicts.append(Verdict(metric="supported_figures", text=text))
    return verdicts


def _gold_verdicts(gold: Sequence[GoldPassage], cited: Sequence[Passage]) -> list[Verdict]:
    others = dict.fromkeys(
        passage.title for passage in cited if not any(matches(item, passage) for item in gold)
    )
    uncited = [item for item in gold if not any(matches(item, passage) for passage in cited)]
    return [
        *(
            Verdict(metric="citation_precision", text=f"Cite « {title} », qui n’est pas attendu.")
            for title in others
        ),
        *(
            Verdict(metric="citation_recall", text=f"Passage attendu, mais pas cité : {named(item)}.")
            for item in uncited
        ),
    ]
