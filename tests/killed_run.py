"""One ingestion, to be killed: `python -m tests.killed_run FOLDER DATA`. Says "ready" once it is about to begin."""

import sys
from pathlib import Path

from ingest.documents import Kind
from ingest.generations import Generations
from ingest.index_edge import EdgeIndex
from ingest.manifest import Manifest
from ingest.pipeline import Ingestion
from ingest.sources.files import FolderSource
from tests.support import WordEmbedder


def ingest(folder: Path, data: Path) -> None:
    """Bring the index in `data` up to date with `folder`, vectors included."""
    embedder = WordEmbedder()
    generations = Generations(data)
    index = EdgeIndex(generations.index_dir(0), embedder.dimension)
    manifest = Manifest(generations.manifest_file(0))
    try:
        ingestion = Ingestion(index, manifest, embedder)
        ingestion.run_sources(
            [FolderSource("notes", Kind.PROCEDURE, folder, max_removed_share=1.0)], accept_removals=True
        )
        ingestion.fill_dense()
    finally:
        index.close()
        manifest.close()


if __name__ == "__main__":
    print("ready", flush=True)
    ingest(Path(sys.argv[1]), Path(sys.argv[2]))
    print("done", flush=True)
