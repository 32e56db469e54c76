"""The wire types of `/v1`: what other programs send and receive. Changing one breaks them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints
from pydantic_core import PydanticCustomError

from ingest.documents import Kind, Status

MAX_QUESTION_CHARS = 4_000
"""Longest question or search query, in characters: a page of text is a document, not a question."""

Question = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS)
]


SourceName = Annotated[str, StringConstraints(min_length=1, max_length=63)]


def _written_day(value: object) -> object:
    """Take a day only as it is written: a bare number would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise PydanticCustomError("date_type", "a day is written AAAA-MM-JJ")
    return value


Day = Annotated[date, BeforeValidator(_written_day)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


FilterText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Scope(_Wire):
    """Which passages a request may use.

    The last five keep the training records that meet them, and nothing else: a procedure has no region.
    """

    as_of: Day | None = None
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


class Passage(_Wire):
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


class SearchResponse(_Wire):
    """Answer of `POST /v1/search`."""

    passages: list[Passage]


class AskRequest(Scope):
    """Body of `POST /v1/ask`."""

    question: Question
    conversation_id: str | None = Field(default=None, max_length=64)


class Citation(_Wire):
    """A quote found in a passage: `passage.text[start:end] == quote`."""

    passage_id: str
    quote: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Statement(_Wire):
    """A sentence of the answer; `verified` only when each of its quotes was found in its passage."""

    text: str
    verified: bool
    citations: list[Citation]


Mode = Literal["generative", "extractive"]

INCOMPLETE = "Le modèle de rédaction s’est interrompu : la réponse est incomplète. Reposez la question."
"""The warning of an answer that broke off: what came is verified, what is missing may matter."""


class Answer(_Wire):
    """Answer of `POST /v1/ask`, and the data of its last event (`done`)."""

    id: str
    conversation_id: str
    mode: Mode
    abstained: bool
    statements: list[Statement]
    passages: list[Passage]
    warnings: list[str]
    model: str
    timings: dict[str, float]
    energy_wh: float | None = None


class SourceSummary(_Wire):
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


class ForgottenSource(_Wire):
    """Answer of `DELETE /v1/sources/{name}`: how many documents left the index."""

    removed: int


class DocumentView(_Wire):
    """Answer of `GET /v1/documents/{id}`: a document and its passages in reading order."""

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
    passages: list[Passage]


class IngestionRequest(_Wire):
    """Body of `POST /v1/ingestions`.

    Args:
        sources: the sources to run, all when none is named.
        accept_removals: remove what is gone from them, however much that is.
        retry_set_aside: try once more the files that failed too often.
    """

    sources: list[SourceName] | None = Field(default=None, max_length=100)
    accept_removals: bool = False
    retry_set_aside: bool = False


class SourceReport(_Wire):
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


class IngestionView(_Wire):
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
