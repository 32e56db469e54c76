"""Open the three parts that share one index, and check that they belong together."""

from dataclasses import dataclass

from ingest.embed import Embedder, open_embedder
from ingest.errors import IndexMismatch
from ingest.index import Index, SearchFilter, open_index
from ingest.manifest import Manifest
from ingest.settings import IngestSettings


@dataclass(frozen=True, slots=True)
class Store:
    """An index, what is known of it, and the embedder it is written for."""

    index: Index
    manifest: Manifest
    embedder: Embedder

    def close(self) -> None:
        """Put what was written on disk and release both files."""
        self.index.flush()
        self.index.close()
        self.manifest.close()


def open_store(settings: IngestSettings) -> Store:
    """Open the index, its manifest and the embedder that the settings name.

    Raises:
        IndexBusy: another process owns the embedded index.
        IndexMismatch: the index was written for another embedder.
        SourceUnavailable: the Qdrant server or the embeddings endpoint does not answer.
    """
    embedder = open_embedder(settings)
    index = open_index(settings, embedder.dimension)
    written_for = index.embedder()
    if written_for not in (None, embedder.name):
        index.close()
        remedy = (
            "un autre FANAL_COLLECTION"
            if settings.qdrant_url
            else f"un dossier « {settings.index_dir} » vidé"
        )
        raise IndexMismatch(
            f"L’index a été construit avec le modèle d’embeddings « {written_for} », et le réglage demande "
            f"« {embedder.name} ». Remettez l’ancien réglage, ou relancez l’ingestion avec {remedy}."
        )
    manifest = Manifest(settings.manifest_file)
    place = f"{settings.qdrant_url}/{settings.collection}" if settings.qdrant_url else "edge"
    manifest.bind(f"{place} {embedder.name}", empty=index.count(SearchFilter(groups=None)) == 0)
    return Store(index, manifest, embedder)
