"""Open the three parts that share one index, and check that they belong together."""

import logging
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock
from typing import IO

from ingest.embed import Embedder, open_embedder
from ingest.errors import FanalError, IndexMismatch
from ingest.generations import Generations
from ingest.index import Index, check_embedder, open_index
from ingest.manifest import Manifest
from ingest.settings import IngestSettings

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Store:
    """An index, what is known of it, and the embedder it is written for.

    Args:
        generation: which of the generations of the index this is.
        generations: where they lie.
    """

    index: Index
    manifest: Manifest
    embedder: Embedder
    generation: int
    generations: Generations
    _hold: IO[str]
    _refused: int | None = None
    _following: Lock = field(default_factory=Lock)

    def follow(self) -> None:
        """Go over to the live generation once a rebuild has published another; searches under way end on the old one.

        One that was built for another embedder is not followed: the log says to start again with its settings.
        """
        if self.generations.live() in (self.generation, self._refused):
            return
        with self._following:
            live = self.generations.live()
            if live not in (self.generation, self._refused):
                self._go_over(live)

    def _go_over(self, live: int) -> None:
        hold = self.generations.hold(live)
        try:
            with self.manifest.writing():
                self._switch(live)
        except IndexMismatch as error:
            hold.close()
            self._refused = live
            logger.error(
                "the rebuilt index (generation %d) waits for a start with its model: %s", live, error
            )
        except (
            FanalError
        ) as error:  # another program has it open, or a server is away: the next request tries again
            hold.close()
            logger.warning("the rebuilt index (generation %d) is not used yet: %s", live, error)
        else:
            self._hold.close()
            self._hold, self.generation = hold, live
            self.generations.prune()
            logger.info("searches now go to generation %d of the index", live)

    def _switch(self, live: int) -> None:
        """Switch both parts, or neither."""
        self.manifest.switch(self.generations.manifest_file(live))
        try:
            self.index.switch(self.generations.index_dir(live), self.embedder.name)
        except BaseException:
            self.manifest.switch(self.generations.manifest_file(self.generation))
            raise

    def close(self) -> None:
        """Put what was written on disk and release the files."""
        with self._hold:
            self.index.flush()
            self.index.close()
            self.manifest.close()


def open_store(settings: IngestSettings, generation: int | None = None) -> Store:
    """Open the index, its manifest and the embedder that the settings name.

    Args:
        generation: which one; the live one when None.

    Raises:
        IndexBusy: another process owns the embedded index.
        IndexMismatch: the index was written for another embedder.
        SourceUnavailable: the Qdrant server or the embeddings endpoint does not answer.
        StorageFailed: the disk is full or refuses.
    """
    generations = Generations(settings.data_dir)
    number = generations.live() if generation is None else generation
    embedder = open_embedder(settings)
    with ExitStack() as opened:
        hold = opened.enter_context(generations.hold(number))
        index = open_index(settings, embedder.dimension, generation)
        opened.callback(index.close)
        check_embedder(index.embedder(), embedder.name)
        manifest = Manifest(generations.manifest_file(number))
        opened.pop_all()
    if generation is None:
        generations.prune()
    return Store(index, manifest, embedder, number, generations, hold)
