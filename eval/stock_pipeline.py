"""llama-index as its documentation sets it up: a list of files goes in, passages with their vectors come out.

`SimpleDirectoryReader`, `SentenceSplitter` with its defaults, and Fanal's own embedder behind llama-index's
interface. Its file readers are a package of their own (`llama-index-readers-file`): where it is missing, PDF,
DOCX and PPTX are read as those readers do, with pypdf, python-docx and python-pptx; all else is read as text,
as `SimpleDirectoryReader` itself does.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from llama_index.core import SimpleDirectoryReader
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import BaseNode, MetadataMode
from llama_index.core.schema import Document as LlamaDocument
from pydantic import PrivateAttr

from ingest.documents import Chunk, Document, Kind
from ingest.embed import Embedder, Vectors

Pages = Callable[[Path], list[str]]


class StockEmbedding(BaseEmbedding):
    """Fanal's embedder as llama-index calls one: in the process, on all cores, in batches of ten."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(model_name=embedder.name)
        self._embedder = embedder

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(value) for value in self._embedder.query(query)]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [[float(value) for value in vector] for vector in self._embedder.passages(texts)]


class PagesReader(BaseReader):
    """A reader that gives one document a page, as llama-index's own do."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def load_data(self, file: Path, extra_info: dict[str, Any] | None = None) -> list[LlamaDocument]:
        """Read a file."""
        return [LlamaDocument(text=text, metadata=extra_info or {}) for text in self._pages(file)]


def file_readers() -> dict[str, BaseReader]:
    """Give the readers that `SimpleDirectoryReader` lacks when `llama-index-readers-file` is not installed."""
    if SimpleDirectoryReader.supported_suffix_fn():
        return {}
    return {".pdf": PagesReader(_pdf), ".docx": PagesReader(_docx), ".pptx": PagesReader(_pptx)}


def _pdf(path: Path) -> list[str]:
    from pypdf import PdfReader

    return [page.extract_text() for page in PdfReader(path).pages]


def _docx(path: Path) -> list[str]:
    import docx

    paragraphs = docx.Document(str(path)).element.body.iter("{*}p")
    return [
        "\n\n".join("".join(run.text or "" for run in paragraph.iter("{*}t")) for paragraph in paragraphs)
    ]


def _pptx(path: Path) -> list[str]:
    from pptx import Presentation

    return [
        "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
        for slide in Presentation(str(path)).slides
    ]


def stock_passages(files: Sequence[Path], embedder: Embedder) -> tuple[list[Chunk], dict[str, Vectors]]:
    """Read, split and embed files with llama-index; gives what `Index.upsert` takes.

    Returns:
        The passages, without headings, each in a document named after its file; their vectors by hash.
    """
    documents = SimpleDirectoryReader(input_files=list(files), file_extractor=file_readers()).load_data()
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), StockEmbedding(embedder)], disable_cache=True
    )
    counted: Counter[str] = Counter()
    chunks: list[Chunk] = []
    vectors: dict[str, Vectors] = {}
    for node in pipeline.run(documents=documents):
        chunk = _chunk(node, counted)
        chunks.append(chunk)
        vectors[chunk.hash] = np.array(node.embedding, dtype=np.float32)
    return chunks, vectors


def _chunk(node: BaseNode, counted: Counter[str]) -> Chunk:
    name = str(node.metadata["file_name"])
    counted[name] += 1
    document = Document(f"stock:{name}", "stock", Kind.PROCEDURE, title="", blocks=())
    return Chunk(document, counted[name], (), node.get_content(MetadataMode.NONE))
