"""The dense side: passages that wait go in, each gets its vector, from the cache or from the embedder."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ingest.documents import embedded_text
from ingest.embed import BATCH, Embedder, PassageEmbedding, Vectors
from ingest.index import Index
from ingest.manifest import Manifest
from ingest.progress import Progress, Report
from ingest.write import batched

PASSAGES_A_LOOKUP = 500


class DenseFill:
    """Gives passages their dense vector, in the manifest's order of urgency.

    Args:
        index, manifest: owned by the caller.
        embedder: what computes the vectors that the cache does not hold.
        processes: processes that embed; 0 for one a core.
    """

    def __init__(self, index: Index, manifest: Manifest, embedder: Embedder, processes: int) -> None:
        self._index = index
        self._manifest = manifest
        self._embedding = PassageEmbedding(embedder, processes)
        self._name = embedder.name

    def run(self, report: Report, stop: Callable[[], bool]) -> int:
        """Fill until nothing waits, passages that come meanwhile included; gives how many texts were embedded."""
        embedded = 0
        tried: set[str] = set()
        done, total = self._manifest.embedded()
        report(Progress("vecteurs", "", done, total))
        while waiting := self._waiting(tried):
            tried |= waiting.keys()
            for served, computed in self._filled(waiting):
                done += served
                embedded += computed
                report(Progress("vecteurs", "", done, total))
                if computed and stop():
                    return embedded
            done, total = self._manifest.embedded()  # passages may have come meanwhile
        return embedded

    def _waiting(self, tried: set[str]) -> dict[str, list[str]]:
        """List the chunk ids that wait, by the hash of their text; a text is tried once a run."""
        by_hash: dict[str, list[str]] = {}
        for passage in self._manifest.waiting():
            if passage.hash not in tried:
                by_hash.setdefault(passage.hash, []).append(passage.chunk_id)
        return by_hash

    def _filled(self, by_hash: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, int]]:
        """Give, after each batch, how many passages it served and how many texts it embedded."""
        missing: list[str] = []
        for hashes in batched(by_hash, PASSAGES_A_LOOKUP):
            known = self._manifest.vectors.of(self._name, hashes)
            missing += [digest for digest in hashes if digest not in known]
            yield self._set_dense(known, by_hash), 0
        pending: deque[tuple[str, ...]] = deque()
        for vectors in self._embedding.run(self._texts(missing, by_hash, pending)):
            found = dict(zip(pending.popleft(), vectors, strict=True))
            found = {digest: vector for digest, vector in found.items() if not np.isnan(vector[0])}  # refused
            self._manifest.vectors.keep(self._name, found)
            yield self._set_dense(found, by_hash), len(found)

    def _texts(
        self, missing: Sequence[str], by_hash: Mapping[str, Sequence[str]], pending: deque[tuple[str, ...]]
    ) -> Iterator[list[str]]:
        """Read from the index what is to be embedded, noting in `pending` the hashes of each batch given."""
        for hashes in batched(missing, BATCH):
            hits = self._index.get([by_hash[digest][0] for digest in hashes])
            texts = {
                hit.payload["hash"]: embedded_text(hit.payload["path"], hit.payload["text"]) for hit in hits
            }
            present = tuple(digest for digest in hashes if digest in texts)
            if present:
                pending.append(present)
                yield [texts[digest] for digest in present]

    def _set_dense(self, vectors: Mapping[str, Vectors], by_hash: Mapping[str, Sequence[str]]) -> int:
        """Give passages their vector, unless they were rewritten or removed since they were listed."""
        wanted = {chunk_id: digest for digest in vectors for chunk_id in by_hash[digest]}
        with self._manifest.writing():
            now = self._manifest.hashes(wanted)
            served = {key: vectors[digest] for key, digest in wanted.items() if now.get(key) == digest}
            self._index.set_dense(served)
            self._manifest.mark_embedded(served)
        return len(served)
