"""A case as a person types it: lines and boxes in, a `Case` out, and the other way round.

CaseTextError                a French message that says what to write
"""

import re
from dataclasses import dataclass, field, replace
from datetime import date

from pydantic import ValidationError

from server.case_schemas import Case, FeedbackItem, GoldPassage
from server.schemas import AbstentionKind, Answer, Passage

MAX_CANDIDATES = 8
FEEDBACK_TAG = "retour"
BLANK_ROWS = 2
"""Empty places for passages that a form offers below those that are there."""
ID_LETTERS = 12
_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")
_LETTERS_FOR_FIGURES = str.maketrans("0123456789", "ghijklmnop")

NO_QUESTION = "Écrivez la question."
NO_DOCUMENT = "Dites dans quel document se trouve la citation « {quote} »."
BOTH = (
    "Ce cas dit à la fois que Fanal doit se taire et quel passage répond. Décochez « Les documents ne répondent pas », "
    "ou retirez les passages et les faits."
)
TOO_LONG = "Un texte est trop long : une ligne tient en 2 000 caractères, une étiquette en 64, une question en 4 000."


class CaseTextError(ValueError):
    """What is typed is no case yet; the message says what to write."""


@dataclass(frozen=True, slots=True)
class GoldText:
    """A passage that answers, or may.

    Args:
        title: what people call its document; "" where they type it.
        kept: whether it counts; a candidate that is not ticked does not.
    """

    document: str = ""
    quote: str = ""
    title: str = ""
    kept: bool = True


@dataclass(frozen=True, slots=True)
class CaseText:
    """The boxes of the form; a list is a text with a line, or a comma, between its parts.

    Args:
        base: the case that is corrected, for what the form does not show.
    """

    base: Case
    question: str = ""
    history: str = ""
    as_of: date | None = None
    groups: str = ""
    facts: str = ""
    gold: tuple[GoldText, ...] = field(default_factory=tuple)
    forbidden: str = ""
    must_abstain: bool = False
    abstention: AbstentionKind | None = None
    tags: str = ""

    @classmethod
    def of_case(cls, case: Case) -> "CaseText":
        """Write a case into the boxes."""
        gold = [GoldText(one.document, one.quote or "") for one in case.gold]
        return cls(
            base=case,
            question=case.question,
            history="\n".join(case.history),
            as_of=case.as_of,
            groups=", ".join(case.groups),
            facts="\n".join(case.facts),
            gold=(*gold, *[GoldText()] * BLANK_ROWS),
            forbidden="\n".join(case.forbidden),
            must_abstain=case.must_abstain,
            abstention=case.abstention,
            tags=", ".join(case.tags),
        )

    @classmethod
    def of_feedback(cls, item: FeedbackItem) -> "CaseText":
        """Begin a case from what was said of an answer: what it cites is offered, and ticked if it was of use."""
        answer = item.answer
        silent = not item.useful and "should_abstain" in item.reasons
        ticked = not silent and (item.useful or set(item.reasons) <= {"unclear"})
        empty = Case(id=feedback_case_id(item.answer_id), question=answer.question, tags=[FEEDBACK_TAG])
        return replace(
            cls.of_case(empty),
            as_of=answer.as_of,
            gold=(*candidates(answer, ticked=ticked), GoldText()),
            must_abstain=silent,
            abstention="unanswerable" if silent else None,
        )

    def case(self) -> Case:
        """Give the case; raise `CaseTextError` where something lacks."""
        if self.base.kind == "ask" and not self.question.strip():
            raise CaseTextError(NO_QUESTION)
        gold = [_gold(one) for one in self.gold if one.kept and (one.document.strip() or one.quote.strip())]
        if self.must_abstain and (gold or self.facts.strip()):
            raise CaseTextError(BOTH)
        typed = {
            "question": self.question,
            "history": _lines(self.history),
            "as_of": self.as_of,
            "groups": _commas(self.groups),
            "facts": _lines(self.facts),
            "gold": gold,
            "forbidden": _lines(self.forbidden),
            "must_abstain": self.must_abstain,
            "abstention": self.abstention if self.must_abstain else None,
            "tags": _commas(self.tags),
        }
        try:
            return Case.model_validate({**self.base.model_dump(), **typed})
        except ValidationError as error:
            raise CaseTextError(TOO_LONG) from error


def candidates(answer: Answer, *, ticked: bool) -> list[GoldText]:
    """Give the passages of an answer that a case may expect: those it cites, by quote, then the others."""
    passages = {passage.id: passage for passage in answer.passages}
    quotes: dict[str, str] = {}
    for statement in answer.statements:
        for citation in statement.citations:
            quotes.setdefault(citation.passage_id, citation.quote)
    cited = [
        GoldText(
            gold_document(passages[id_]),
            _offered(quote, passages[id_].text),
            passages[id_].title,
            kept=ticked,
        )
        for id_, quote in quotes.items()
        if id_ in passages
    ]
    others = [
        GoldText(gold_document(passage), _first_words(passage.text), passage.title, kept=False)
        for id_, passage in passages.items()
        if id_ not in quotes
    ]
    return [*cited, *others][:MAX_CANDIDATES]


def gold_document(passage: Passage) -> str:
    """Name a passage's document as a case does: its id is the only name that two documents cannot share."""
    return passage.document_id


def feedback_case_id(answer_id: str) -> str:
    """Name a case after the answer that it comes from, in letters: figures could be taken for somebody's number."""
    letters = answer_id.lower().translate(_LETTERS_FOR_FIGURES)
    return "retour-" + "".join(sign for sign in letters if "a" <= sign <= "z")[:ID_LETTERS]


def new_case_id(existing: set[str]) -> str:
    """Give an id that no case has yet."""
    number = len(existing) + 1
    while f"cas-{number:03}" in existing:
        number += 1
    return f"cas-{number:03}"


def _first_words(text: str) -> str:
    """Give the beginning of a passage up to the end of a sentence or a line, to be found in it again."""
    line = next((line.strip(" -•|") for line in prose_lines(text) if line.strip(" -•|")), "")
    head, stop, _ = line.partition(". ")
    return head + stop.strip()


def prose_lines(text: str) -> list[str]:
    """Give the lines of a text less what draws its tables: their heads and the rules below these."""
    lines = text.splitlines()
    rules = {at for at, line in enumerate(lines) if _RULE.fullmatch(line)}
    return [line for at, line in enumerate(lines) if at not in rules and at + 1 not in rules]


def _offered(quote: str, text: str) -> str:
    """Give a quote to be found again; the head of a table answers nothing: the passage's own beginning does."""
    kept = {line.strip() for line in prose_lines(text)}
    of_head = {line.strip() for line in text.splitlines()} - kept
    is_head = any(_RULE.fullmatch(line) for line in quote.splitlines()) or quote.strip() in of_head
    return _first_words(text) if is_head else quote


def _gold(text: GoldText) -> GoldPassage:
    if not text.document.strip():
        raise CaseTextError(NO_DOCUMENT.format(quote=text.quote.strip()[:80]))
    try:
        return GoldPassage(document=text.document, quote=text.quote.strip() or None)
    except ValidationError as error:
        raise CaseTextError(TOO_LONG) from error


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _commas(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
