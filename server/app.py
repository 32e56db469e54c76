"""The API: settings go in, a FastAPI app comes out; its parts are built in the lifespan and closed there."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ingest.embed import open_embedder
from ingest.errors import IndexMismatch
from ingest.index import open_index
from ingest.manifest import Manifest
from ingest.text import terms
from server import problems
from server.dependencies import Parts
from server.errors import ModelUnavailable
from server.extractive import ExtractiveGenerator
from server.generate import Generator, OpenAIGenerator
from server.ingestions import IngestionService
from server.llm import build_client, check_model
from server.retrieve import HybridRetriever
from server.routes import ask, documents, health, ingestions, search, sources
from server.settings import ServerSettings

logger = logging.getLogger(__name__)


def create_app(settings: ServerSettings) -> FastAPI:
    """Make the app; nothing is opened before it starts.

    Starting it raises `ingest.errors.FanalError` when a part cannot be had: the index of another process,
    an endpoint that does not answer, a collection built with another embedder.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts = build_parts(settings)
        try:
            await check_generator(parts.generator)
            app.state.parts = parts
            if settings.embed_in_background:
                parts.ingestions.resume()
            yield
        finally:
            close_parts(parts)

    app = FastAPI(title="Fanal", version="1", lifespan=lifespan)
    problems.install(app)
    for resource in (ask, search, documents, sources, ingestions, health):
        app.include_router(resource.router)
    return app


def build_parts(settings: ServerSettings) -> Parts:
    """Open the embedder, the index and the manifest, and put the paths on top of them."""
    embedder = open_embedder(settings)
    index = open_index(settings, embedder.dimension)
    written_for = index.embedder()
    if written_for not in (None, embedder.name):
        index.close()
        raise IndexMismatch(
            f"L’index a été construit avec le modèle d’embeddings « {written_for} », et le réglage demande "
            f"« {embedder.name} ». Remettez l’ancien réglage, ou videz {settings.data_dir} et relancez l’ingestion."
        )
    manifest = Manifest(settings.manifest_file)
    terms("chargement")  # the stemmer takes half a second to load: at start rather than in the first question
    fallback = ExtractiveGenerator()
    return Parts(
        settings=settings,
        index=index,
        manifest=manifest,
        retriever=HybridRetriever(index, embedder, dense_share=manifest.dense_share),
        generator=_generator(settings) or fallback,
        fallback=fallback,
        ingestions=IngestionService(index, manifest, embedder, settings),
    )


def close_parts(parts: Parts) -> None:
    """Stop what runs and release what is open."""
    parts.ingestions.stop()
    parts.index.flush()
    parts.index.close()
    parts.manifest.close()


def _generator(settings: ServerSettings) -> Generator | None:
    if settings.generator == "extractive" or not (settings.model_url and settings.model_name):
        return None
    key = settings.model_api_key.get_secret_value() if settings.model_api_key else ""
    client = build_client(settings.model_url, key, settings.model_timeout)
    return OpenAIGenerator(client, settings.model_name)


async def check_generator(generator: Generator) -> None:
    """Check the model's endpoint: a wrong name or key stops the start, an absent one is said and waited for.

    Raises:
        ModelRefused: the endpoint refuses the key, or does not serve this model.
    """
    if isinstance(generator, OpenAIGenerator):
        try:
            await check_model(generator.client, generator.model)
        except ModelUnavailable as error:
            logger.error("%s En attendant, les réponses sont des extraits des documents.", error)
