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
    local_groups: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(),
        description="Groups of the person at this machine while sign-in is off, by commas.",
    )
    embed_in_background: bool = Field(
        default=True, description="Whether the server fills in missing dense vectors when it starts."
    )

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
