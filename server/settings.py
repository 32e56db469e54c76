"""Settings of the server: environment variables `FANAL_…`, those of ingestion included."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from ingest.settings import ROOT, IngestSettings


class ServerSettings(IngestSettings):
    """What the server needs to run."""

    host: str = Field(default="127.0.0.1", description="Address that the server listens on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="TCP port of the API.")
    generator: Literal["extractive", "openai"] = Field(
        default="extractive", description="`extractive`: the documents' own sentences; `openai`: a model."
    )
    model_url: str | None = Field(
        default=None, description="Base URL (…/v1) of the chat completions endpoint."
    )
    model_name: str | None = Field(default=None, description="Model name sent to that endpoint.")
    model_api_key: SecretStr | None = Field(default=None, description="API key of that endpoint.")
    model_timeout: float = Field(default=60.0, gt=0, description="Seconds without a token before giving up.")
    model_seconds: float = Field(
        default=120.0, gt=0, description="Longest wait for a whole answer of that model, in seconds."
    )
    model_context: int = Field(
        default=8_192, ge=1_024, description="Context length of that model, in tokens: prompt and answer."
    )
    model_watts: float | None = Field(
        default=None,
        gt=0,
        description="Power drawn by the model's machine while it writes, in watts: answers then tell their energy, an "
        "upper bound when several people ask at once; unset: not told.",
    )
    unverified: Literal["show", "drop"] = Field(
        default="show",
        description="What becomes of a statement whose quotes are not found: shown as unverified, or left out.",
    )
    rerank_url: str | None = Field(
        default=None, description="Base URL (…/v1) of a reranker that answers `/rerank` (vLLM); unset: none."
    )
    rerank_model: str | None = Field(default=None, description="Model name sent to the reranker.")
    rerank_api_key: SecretStr | None = Field(default=None, description="API key of the reranker.")
    acronyms_file: Path = Field(
        default=ROOT / "sample" / "acronyms.toml",
        description="TOML file of the acronyms that questions and documents use, with what they stand for.",
    )
    abstention_file: Path = Field(
        default=ROOT / "server" / "abstention.json",
        description="When to say that the documents do not answer; written by `python -m eval calibrate`.",
    )
    allowed_words_file: Path | None = Field(
        default=None,
        description="TOML file of the organisation's own words that are never masked; they add to Fanal's list.",
    )
    mask_ages: bool = Field(default=True, description="Whether the age of a person is masked.")
    templates_dir: Path | None = Field(
        default=None,
        description="Folder of the organisation's synthesis templates (TOML): they add to Fanal's, or replace them.",
    )
    assistants_dir: Path | None = Field(
        default=None,
        description="Folder of the organisation's own assistants (TOML): they add to Fanal's, or replace them.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL of the conversations, PostgreSQL or SQLite; unset: SQLite in data_dir.",
    )
    conversation_days: int = Field(
        default=365,
        ge=1,
        le=36_500,
        description="Days after its last question when a conversation is deleted.",
    )
    drafts_key: SecretStr | None = Field(
        default=None,
        description="Master keys (Fernet) of the drafts, by commas, the current one first; unset: a file in data_dir.",
    )
    audit_days: int = Field(
        default=365,
        ge=180,
        le=3_650,
        description="Days that a line of the audit is kept.",
    )
    evaluation_days: int = Field(
        default=730,
        ge=1,
        le=36_500,
        description="Days after its end when a run of evaluation is deleted, with its reports.",
    )
    local_groups: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(),
        description="Groups of the person at this machine while sign-in is off, by commas.",
    )
    embed_in_background: bool = Field(
        default=True, description="Whether the server fills in missing dense vectors when it starts."
    )

    @property
    def database(self) -> str:
        """URL of the conversations' database."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'fanal.sqlite'}"

    @model_validator(mode="before")
    @classmethod
    def _split_groups(cls, values: dict[str, object]) -> dict[str, object]:
        groups = values.get("local_groups")
        if isinstance(groups, str):
            values = {**values, "local_groups": [name.strip() for name in groups.split(",") if name.strip()]}
        return values

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.generator == "openai" and not (self.model_url and self.model_name):
            raise ValueError(
                "FANAL_GENERATOR=openai demande aussi FANAL_MODEL_URL (…/v1) et FANAL_MODEL_NAME"
            )
        if not _is_loopback(self.host):
            raise ValueError(
                "sans connexion des utilisateurs, Fanal n'écoute que sur cette machine : FANAL_HOST doit être 127.0.0.1"
            )
        return self


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def settings_table() -> str:
    """Write every setting as a Markdown table, for `docs/settings.md`."""
    rows = ["| Variable | Default | What it sets |", "|---|---|---|"]
    for name, field in sorted(ServerSettings.model_fields.items()):
        rows.append(f"| `FANAL_{name.upper()}` | {_default(field.default)} | {field.description} |")
    return "\n".join(rows) + "\n"


def _default(value: object) -> str:
    if value is None or value == frozenset():
        return "unset"
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}`"
    return f"`{value}`"
