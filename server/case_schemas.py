"""The wire types of cases: what is tried, what a right outcome is, and the inbox from which people make them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from server.mask_schemas import MaskSpan, Notes
from server.schemas import AbstentionKind, Answer, Day, Identifier, Question, Reason, Wire

CaseId = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_:-][A-Za-z0-9_.:-]*$")
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]

CaseKind = Literal["ask", "draft", "mask"]
"""What is tried: a question, a draft from notes, or masking."""


class GoldPassage(Wire):
    """A passage that answers, named so that it survives another cut into passages.

    Args:
        document: its file name, title, article number ("R6313-7") or document id.
        quote: words of it, spaces and apostrophes aside; None for any passage of the document.
    """

    document: Line
    quote: Line | None = None


class SectionFact(Wire):
    """A fact that a section of a draft must tell; `section` None for anywhere in it."""

    text: Line
    section: Identifier | None = None


class DraftExpectation(Wire):
    """Notes, and what a draft of them must hold.

    Args:
        non_renseigne: ids of the sections that must say so, all others of the template must not.
        forbidden: what no sentence may say: it is not in the notes.
    """

    template: Identifier
    notes: Notes
    facts: list[SectionFact] = Field(default_factory=list, max_length=200)
    non_renseigne: list[Identifier] = Field(default_factory=list, max_length=50)
    forbidden: list[Line] = Field(default_factory=list, max_length=50)


class MaskExpectation(Wire):
    """A text, and all that is to be masked in it."""

    text: Notes
    spans: list[MaskSpan]


class Case(Wire):
    """Something to try, and what a right outcome is.

    Args:
        id: unique in its suite.
        question: for a case that asks; `history` holds the questions asked before it in the same conversation.
        as_of: the day it is about; None for the suite's own day, or today.
        groups: those of the person who asks.
        facts: what the answer must say, a short sentence each.
        gold: the passages that answer.
        forbidden: words that must not be in the answer nor in its passages: another group's, an expired text's.
        must_abstain: the documents do not answer; `abstention` says why when it is known.
    """

    id: CaseId
    kind: CaseKind = "ask"
    question: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)] = ""
    history: list[Question] = Field(default_factory=list, max_length=20)
    as_of: Day | None = None
    groups: list[Tag] = Field(default_factory=list, max_length=50)
    facts: list[Line] = Field(default_factory=list, max_length=50)
    gold: list[GoldPassage] = Field(default_factory=list, max_length=500)
    forbidden: list[Line] = Field(default_factory=list, max_length=50)
    must_abstain: StrictBool = False
    abstention: AbstentionKind | None = None
    draft: DraftExpectation | None = None
    mask: MaskExpectation | None = None
    tags: list[Tag] = Field(default_factory=list, max_length=50)


CaseFormat = Literal["jsonl", "csv", "xlsx"]

CaseOrigin = Literal["written", "feedback", "generated"]
CaseState = Literal["proposed", "accepted", "rejected"]
"""Only accepted cases are run; a generated one waits for a person."""


class NewCase(Wire):
    """Body of `POST /v1/cases`: a case of the organisation's own suite.

    Args:
        answer_id: the answer whose feedback it comes from.
        state: `accepted` when a person wrote or checked it; a generated case is always taken as proposed.
    """

    case: Case
    origin: CaseOrigin = "written"
    state: CaseState = "accepted"
    answer_id: Identifier | None = None


class CasePatch(Wire):
    """Body of `PATCH /v1/cases/{id}`: what changes.

    Args:
        revision: the one that was edited; 409 when the case was changed since. None for whatever is there.
    """

    case: Case | None = None
    state: CaseState | None = None
    revision: int | None = Field(default=None, ge=1)


class CaseView(Wire):
    """A case of the organisation's own suite, as it is kept.

    Args:
        revision: changes with each change.
        masked: placeholders put by this request in place of personal data that was typed; empty when it is read.
        unfound: why expected passages that this request wrote cannot be found today, in French; empty when it is read.
    """

    case: Case
    origin: CaseOrigin
    state: CaseState
    answer_id: str | None = None
    created_at: datetime
    decided_at: datetime | None = None
    revision: int = 1
    masked: list[str] = Field(default_factory=list)
    unfound: list[str] = Field(default_factory=list)


class FeedbackItem(Wire):
    """One line of `GET /v1/feedback`: a comment, and the masked answer that it is about.

    Args:
        case_id: the case that was made of it, if one was.
        answer: without the passages that the caller may not read.
    """

    answer_id: str
    useful: bool
    reasons: list[Reason]
    comment: str
    created_at: datetime
    answer: Answer
    case_id: str | None = None
