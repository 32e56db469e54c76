"""The wire types of assistants: the prompt files that the organisation edits, what they ask for and answer."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from server.draft_schemas import DraftSection, NoteSentence, TemplateSection
from server.mask_schemas import MAX_NOTES_CHARS, MaskedEntity, MaskSpan
from server.schemas import Day, FilterText, Identifier, Mode, Passage, Wire

InputKind = Literal["line", "text", "file", "choice", "dialogue"]


class AssistantInput(Wire):
    """What an assistant asks for; `choices` are those of a `choice`."""

    id: Identifier
    label: str
    help: str = ""
    kind: InputKind = "text"
    required: bool = True
    choices: list[str] = Field(default_factory=list)


WithoutModel = Literal["search", "sort", "fill", "none"]
"""What an assistant does without a model: passages, sorted sentences of its inputs, its frame filled in; nothing."""


class AssistantView(Wire):
    """One line of `GET /v1/assistants`: a prompt file of Fanal or of the organisation."""

    id: Identifier
    version: str
    title: str
    summary: str
    inputs: list[AssistantInput]
    sections: list[TemplateSection]
    filters: bool = False
    without_model: WithoutModel = "none"


class TrainingFilters(Wire):
    """Which training records an assistant may suggest; see `server.schemas.Scope`."""

    region: FilterText | None = None
    starts_after: Day | None = None
    cpf: StrictBool | None = None
    level: int | None = Field(default=None, ge=1, le=8, strict=True)


class AssistantRequest(Wire):
    """Body of `POST /v1/assistants/{id}`; nothing of it is kept.

    Args:
        inputs: by id of the input.
        mask: by id of the input, as in `DraftRequest`.
    """

    inputs: dict[Identifier, Annotated[str, StringConstraints(max_length=MAX_NOTES_CHARS)]]
    mask: dict[Identifier, Annotated[list[MaskSpan], Field(max_length=5_000)]] | None = None
    filters: TrainingFilters = Field(default_factory=TrainingFilters)


class AssistantAnswer(Wire):
    """Answer of `POST /v1/assistants/{id}`, with the names back; the sentences' sources are those of `inputs`."""

    assistant: str
    version: str
    mode: Mode
    model: str
    model_label: str | None = None
    prompt_version: str | None = None
    inputs: list[NoteSentence]
    entities: dict[str, list[MaskedEntity]]
    sections: list[DraftSection]
    passages: list[Passage]
    warnings: list[str]
    timings: dict[str, float]
