"""Settings of the server: environment variables `FANAL_…`, those of ingestion included."""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticUndefined
from pydantic_settings import NoDecode

from ingest.settings import ROOT, IngestSettings
from server.access_schemas import Role
from server.sign_in.addresses import is_safe, is_this_machine

PLACEHOLDER = "changez-moi"
"""What the example files of settings hold where the organisation has to write its own: refused at start."""


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
    model_label: str | None = Field(
        default=None,
        min_length=1,
        max_length=80,
        description="What readers are told of that model wherever something comes from it, `brouillon, petit modèle` "
        "for example; unset: its name alone.",
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
    database_connections: int = Field(
        default=15,
        ge=2,
        le=1_000,
        description="Most connections to PostgreSQL of one process; times FANAL_WORKERS, they must stay under its "
        "`max_connections`.",
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
    sign_in: Literal["off", "oidc"] = Field(
        default="off",
        description="`off`: whoever is at this machine, which alone is listened to; `oidc`: people sign in.",
    )
    oidc_issuer: str | None = Field(
        default=None, description="Address of the OpenID Connect provider, as its tokens write it (`iss`)."
    )
    oidc_audience: str | None = Field(
        default=None,
        description="Client id of the page at that provider: tokens for anybody else are refused.",
    )
    oidc_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("RS256", "ES256"), description="Signature algorithms of tokens that are accepted, by commas."
    )
    oidc_roles_claim: str = Field(
        default="roles", description="Claim of the token that roles are read from, with dots inside objects."
    )
    oidc_groups_claim: str = Field(
        default="groups",
        description="Claim of the token that groups are read from, with dots inside objects.",
    )
    roles: Annotated[dict[str, frozenset[str]], NoDecode] = Field(
        default_factory=dict,
        description="Role for each value of the roles claim, `value=role` by commas; roles: advisor, writer, quality, "
        "administrator. Who has none may do nothing.",
    )
    groups: Annotated[dict[str, frozenset[str]], NoDecode] = Field(
        default_factory=dict,
        description="Group of documents for each value of the groups claim, `value=group` by commas; values without "
        "one give no group.",
    )
    allowed_hosts: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset({"127.0.0.1", "localhost"}),
        description="Names under which the server is asked, by commas; a request under another is refused.",
    )
    trusted_proxies: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset({"127.0.0.1"}),
        description="Addresses of reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, by "
        "commas.",
    )
    signing_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Secret (32 characters or more) that signs the links to documents; unset: a file in data_dir.",
    )
    requests_per_minute: int = Field(
        default=120, ge=1, description="Requests that one user may make in a minute, by process."
    )
    answers_per_minute: int = Field(
        default=20,
        ge=1,
        description="Questions, drafts and assistants that one user may ask for in a minute, by process.",
    )
    model_slots: int = Field(
        default=16, ge=1, description="Answers and drafts that the model writes at once, by process."
    )
    queue_places: int = Field(
        default=100,
        ge=0,
        description="Requests that may wait for the model, by process; further ones are refused.",
    )
    queue_seconds: float = Field(
        default=120.0,
        gt=0,
        description="Longest wait for the model, in seconds; then the documents' own sentences.",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processes that serve; more than one needs a Qdrant server and PostgreSQL.",
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
    def _split_lists(cls, values: dict[str, object]) -> dict[str, object]:
        """Read what is written with commas."""
        split: dict[str, object] = {}
        for name, value in values.items():
            if name in _LISTS and isinstance(value, str):
                split[name] = _listed(value)
            elif name in _MAPS and isinstance(value, str):
                split[name] = _mapped(value)
        return {**values, **split}

    @model_validator(mode="after")
    def _no_placeholder(self) -> Self:
        """Refuse what an example file holds in place of a value of the organisation's own."""
        for name, value in self:
            text = value.get_secret_value() if isinstance(value, SecretStr) else value
            if isinstance(text, str) and PLACEHOLDER in text:
                raise ValueError(f"FANAL_{name.upper()} : « {PLACEHOLDER} » est à remplacer par votre valeur")
        return self

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.generator == "openai" and not (self.model_url and self.model_name):
            raise ValueError(
                "FANAL_GENERATOR=openai demande aussi FANAL_MODEL_URL (…/v1) et FANAL_MODEL_NAME"
            )
        if self.sign_in == "off" and not is_this_machine(self.host):
            raise ValueError(
                "sans connexion des utilisateurs, Fanal n'écoute que sur cette machine : FANAL_HOST doit être "
                "127.0.0.1 ; ou bien FANAL_SIGN_IN=oidc fait se connecter les utilisateurs"
            )
        if self.sign_in == "oidc" and not (self.oidc_issuer and self.oidc_audience and self.roles):
            raise ValueError(
                "FANAL_SIGN_IN=oidc demande aussi FANAL_OIDC_ISSUER, FANAL_OIDC_AUDIENCE et FANAL_ROLES"
            )
        if self.oidc_issuer and not is_safe(self.oidc_issuer):
            raise ValueError(
                "FANAL_OIDC_ISSUER doit commencer par https:// : les clés du fournisseur en viennent"
            )
        if shared := set(self.oidc_algorithms) - SIGNATURES:
            raise ValueError(
                f"FANAL_OIDC_ALGORITHMS : « {', '.join(sorted(shared))} » n’est pas une signature par une clé que le "
                f"fournisseur garde pour lui ; choisissez parmi {', '.join(sorted(SIGNATURES))}"
            )
        unknown = sorted({role for roles in self.roles.values() for role in roles} - set(get_args(Role)))
        if unknown:
            raise ValueError(
                f"FANAL_ROLES : rôle inconnu « {', '.join(unknown)} » ; rôles : {', '.join(get_args(Role))}"
            )
        if self.workers > 1 and not (self.qdrant_url and self.database.startswith("postgresql")):
            raise ValueError(
                "FANAL_WORKERS : plusieurs processus demandent un serveur Qdrant (FANAL_QDRANT_URL) et PostgreSQL "
                "(FANAL_DATABASE_URL)"
            )
        return self


SIGNATURES = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"}
)
"""Algorithms by which a token can be accepted: with a shared secret (HS256), who can check one could write one too."""

_LISTS = frozenset({"local_groups", "oidc_algorithms", "allowed_hosts", "trusted_proxies"})
_MAPS = frozenset({"roles", "groups"})


def _listed(written: str) -> list[str]:
    return [name.strip() for name in written.split(",") if name.strip()]


def _mapped(written: str) -> dict[str, set[str]]:
    """Read `value=name` by commas; a value may be given several names."""
    read: dict[str, set[str]] = {}
    for pair in _listed(written):
        value, equals, name = (part.strip() for part in pair.rpartition("="))
        if not (value and equals and name):
            raise ValueError(f"« {pair} » : écrivez valeur=nom, par exemple fanal-conseillers=advisor")
        read.setdefault(value, set()).add(name)
    return read


def settings_table() -> str:
    """Write every setting as a Markdown table, for `docs/settings.md`."""
    rows = ["| Variable | Default | What it sets |", "|---|---|---|"]
    for name, field in sorted(ServerSettings.model_fields.items()):
        rows.append(f"| `FANAL_{name.upper()}` | {_default(field.default)} | {field.description} |")
    return "\n".join(rows) + "\n"


def _default(value: object) -> str:
    if value is None or value == frozenset() or value is PydanticUndefined:
        return "unset"
    if isinstance(value, frozenset | tuple):
        return f"`{','.join(sorted(value))}`"
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}`"
    return f"`{value}`"
