"""The wire types of `/v1`: what other programs send and receive. Changing one breaks them."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints
from pydantic_core import PydanticCustomError

from ingest.documents import Kind, Status, Validity

MAX_QUESTION_CHARS = 4_000
"""Longest question or search query, in characters: a page of text is a document, not a question."""

Question = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS)
]


Identifier = Annotated[str, StringConstraints(min_length=1, max_length=64)]
ConversationId = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_:-][A-Za-z0-9_.:-]*$")
]
"""No dot first: clients take `.` and `..` out of an address before they send it."""

SourceName = Annotated[str, StringConstraints(min_length=1, max_length=63)]


def _written_day(value: object) -> object:
    """Take a day only as it is written: a bare number would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise PydanticCustomError("date_type", "a day is written AAAA-MM-JJ")
    return value


Day = Annotated[date, BeforeValidator(_written_day)]


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)  # an error may go to the log


FilterText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Scope(Wire):
    """Which passages a request may use.

    The last five keep the training records that meet them, and nothing else: a procedure has no region.
    """

    as_of: Day | None = None
    include_expired: StrictBool = Field(
        default=False, description="Whether texts that are not in force on that day are found too."
    )
    kinds: list[Kind] | None = Field(default=None, max_length=10)
    sources: list[SourceName] | None = Field(default=None, max_length=100)
    region: FilterText | None = Field(default=None, description="Whatever its case, accents and hyphens.")
    starts_after: Day | None = Field(default=None, description="Sessions that begin on that day or later.")
    cpf: StrictBool | None = Field(default=None, description="Said to be open to the CPF, or not to be.")
    level: int | None = Field(
        default=None, ge=1, le=8, strict=True, description="Level of the certification."
    )
    certification: FilterText | None = Field(default=None, description="RNCP or RS code, or the whole title.")


class SearchRequest(Scope):
    """Body of `POST /v1/search`."""

    query: Question
    k: int = Field(default=10, ge=1, le=100)


class Passage(Wire):
    """A passage as a reader sees it; `score` orders the passages of one request and means nothing else."""

    id: str
    document_id: str
    kind: Kind
    source: str
    title: str
    path: list[str]
    text: str
    score: float
    page: int | None = None
    url: str | None = None
    number: str | None = None
    status: Status
    valid_from: date | None = None
    valid_to: date | None = None
    legal_basis_of: list[str] = Field(
        default=[], description="Ids of the passages of the same response that cite this one's document."
    )

    @property
    def validity(self) -> Validity:
        """From when to when its text holds."""
        return Validity(self.valid_from, self.valid_to, self.status)


class SearchResponse(Wire):
    """Answer of `POST /v1/search`."""

    passages: list[Passage]


class AskRequest(Scope):
    """Body of `POST /v1/ask`."""

    question: Question
    conversation_id: ConversationId | None = None
    replaces: Identifier | None = Field(
        default=None, description="Id of the answer of this conversation that is asked for again."
    )


class PassagesEvent(Wire):
    """Data of the first event of `POST /v1/ask`: what the answer will draw on, and a follow-up as it was understood.

    Args:
        model_label: as the answer's own, of the model that will be asked if the passages answer.
    """

    passages: list[Passage]
    standalone_question: str | None = None
    model_label: str | None = None


class QueueEvent(Wire):
    """Data of the event `queue` of questions, drafts and assistants: the place of one that waits for the model.

    Args:
        place: from 1; 0 once its turn has come.
    """

    place: int = Field(ge=0)


class Conflict(Wire):
    """Two passages that give different figures for the same thing; ids of passages of the same answer."""

    newer: str
    older: str
    explanation: str


class Citation(Wire):
    """A quote found in a passage: `passage.text[start:end] == quote`."""

    passage_id: str
    quote: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Statement(Wire):
    """A sentence of the answer; `verified` only when each of its quotes was found in its passage.

    Args:
        unsupported: figures, dates, amounts, article numbers and links of the text that its quotes do not hold; and
            its words, when too few of them are theirs.
        repaired: the model was asked once more for it, because it could not be verified at first.
    """

    text: str
    verified: bool
    citations: list[Citation]
    unsupported: list[str] = []
    repaired: bool = False


Mode = Literal["generative", "extractive"]

AbstentionKind = Literal["smalltalk", "out_of_scope", "unanswerable"]
"""Why there is no answer: there was no question, it is none for these documents, or they do not answer it."""

INCOMPLETE = "Le modèle de rédaction s’est interrompu : la réponse est incomplète. Reposez la question."
"""The warning of an answer that broke off: what came is verified, what is missing may matter."""


class TokenUsage(Wire):
    """Tokens that a model read and wrote."""

    prompt: int = Field(ge=0)
    completion: int = Field(ge=0)


class Answer(Wire):
    """Answer of `POST /v1/ask`, and the data of its last event (`done`).

    Args:
        standalone_question: a follow-up as it was understood; None when the question stood by itself.
        abstention: why there is no statement; None when there is one, or when the model broke off.
        message: what the reader is told in place of statements.
        as_of: the day that the answer is about.
        model_label: what is to be told of the model that was asked (FANAL_MODEL_LABEL); None where none was.
        tokens: of all its calls of a model; None without one, or if not told. `energy_wh`: at most (FANAL_MODEL_WATTS).
    """

    id: str
    conversation_id: str
    question: str
    standalone_question: str | None = None
    as_of: date
    mode: Mode
    abstained: bool
    abstention: AbstentionKind | None = None
    message: str | None = None
    statements: list[Statement]
    passages: list[Passage]
    conflicts: list[Conflict] = []
    warnings: list[str]
    model: str
    model_label: str | None = None
    prompt_version: str | None = None
    timings: dict[str, float]
    tokens: TokenUsage | None = None
    energy_wh: float | None = None


Reason = Literal[
    "wrong", "incomplete", "outdated", "bad_citation", "off_topic", "unclear", "should_abstain", "other"
]
"""What may be wrong with an answer, as the page offers it."""


class FeedbackRequest(Wire):
    """Body of `POST /v1/feedback`; a second one for the same answer replaces the first."""

    answer_id: Identifier
    useful: StrictBool
    reasons: list[Reason] = Field(default=[], max_length=8)
    comment: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = ""


class FeedbackView(Wire):
    """Answer of `POST /v1/feedback`; personal data is masked in the comment."""

    answer_id: str
    useful: bool
    reasons: list[Reason]
    comment: str
    created_at: datetime


class ConversationSummary(Wire):
    """One line of `GET /v1/conversations`; its title is the first question, masked."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    turns: int


class TurnView(Wire):
    """One question of a conversation and its answer, as they were kept: masked."""

    answer: Answer
    feedback: FeedbackView | None = None


class ConversationView(Wire):
    """Answer of `GET /v1/conversations/{id}`; a replaced answer is not in it."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    turns: list[TurnView]


class RemovedConversations(Wire):
    """Answer of `DELETE /v1/conversations`: how many were deleted."""

    removed: int


class SourceSummary(Wire):
    """One line of `GET /v1/sources`."""

    name: str
    kind: Kind
    documents: int
    passages: int
    embedded: int
    failures: int
    set_aside: int = 0
    stale: int = 0
    bytes: int = 0
    problem: str | None = None
    last_run: str | None = None


class ForgottenSource(Wire):
    """Answer of `DELETE /v1/sources/{name}`: how many documents left the index."""

    removed: int


class DocumentView(Wire):
    """Answer of `GET /v1/documents/{id}`: a document and its passages in reading order.

    Args:
        groups: those of the caller that it is reserved to; none when everybody may read it.
    """

    id: str
    source: str
    kind: Kind
    title: str
    url: str | None = None
    number: str | None = None
    status: Status
    valid_from: date | None = None
    valid_to: date | None = None
    file: str | None = None
    groups: list[str] = []
    passages: list[Passage]


class IngestionRequest(Wire):
    """Body of `POST /v1/ingestions`.

    Args:
        sources: the sources to run, all when none is named.
        accept_removals: remove what is gone from them, however much that is.
        retry_set_aside: try once more the files that failed too often.
    """

    sources: list[SourceName] | None = Field(default=None, max_length=100)
    accept_removals: bool = False
    retry_set_aside: bool = False


class SourceReport(Wire):
    """What one run did with one source."""

    source: str
    added: int = 0
    changed: int = 0
    renamed: int = 0
    unchanged: int = 0
    removed: int = 0
    withheld: int = 0
    passages: int = 0
    failures: list[str] = []


class IngestionView(Wire):
    """Answer of `/v1/ingestions`: where a run stands; `reserved_failures` are in sources that are not shown."""

    id: str
    state: Literal["running", "done", "failed"]
    stage: str
    source: str = ""
    done: int
    total: int
    reports: list[SourceReport]
    embedded: int
    to_embed: int
    reserved_failures: int = 0
    error: str | None = None


class Problem(BaseModel):
    """RFC 9457 problem details; `title` and `detail` are French that an advisor understands."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    retry: bool = False
