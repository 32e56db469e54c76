"""Parts to run assistants with: `pytest_plugins = ["tests.assisting_fixtures"]` in a test's file."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from openai import AsyncOpenAI

from ingest.chunk import chunk_document
from ingest.index import Index
from server.drafting.types import DraftParts
from server.generate import OpenAIGenerator
from server.retrieve import HybridRetriever
from tests.assisting import DOCUMENTS
from tests.drafting import DAY, Always
from tests.scripted_model import ScriptedModel
from tests.support import BACKENDS, WordEmbedder


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    embedder = WordEmbedder()
    with BACKENDS["edge"](tmp_path_factory.mktemp("index"), embedder.dimension) as index:
        chunks = [chunk for document in DOCUMENTS for chunk in chunk_document(document, 1_800)]
        vectors = {chunk.hash: embedder.passages([chunk.embedded_text])[0] for chunk in chunks}
        index.upsert(chunks, vectors, embedder.name)
        yield index


@pytest.fixture
def plain(filled: Index) -> DraftParts:
    """Parts without a model."""
    retriever = HybridRetriever(filled, WordEmbedder(), dense_share=lambda: 1.0, today=lambda: DAY)
    return DraftParts(retriever=retriever, abstainer=Always())


@pytest.fixture
async def modelled(plain: DraftParts, model: ScriptedModel, model_client: AsyncOpenAI) -> DraftParts:
    """The same with a scripted model."""
    return replace(plain, writer=OpenAIGenerator(model_client, model.name))
