"""The API: settings go in, a FastAPI app comes out; its parts are built in the lifespan and closed there."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware

from ingest.opening import open_store
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
    # With sign-in off, a page of another site whose name resolves to this machine must not read the answers.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    problems.install(app)
    for resource in (ask, search, documents, sources, ingestions, health):
        app.include_router(resource.router)
    return app


def build_parts(settings: ServerSettings) -> Parts:
    """Open the embedder, the index and the manifest, and put the paths on top of them."""
    store = open_store(settings)
    terms("chargement")  # the stemmer takes half a second to load: at start rather than in the first question
    fallback = ExtractiveGenerator()
    return Parts(
        settings=settings,
        store=store,
        retriever=HybridRetriever(store.index, store.embedder, dense_share=store.manifest.dense_share),
        generator=_generator(settings) or fallback,
        fallback=fallback,
        ingestions=IngestionService(store, settings),
    )


def close_parts(parts: Parts) -> None:
    """Stop what runs and release what is open."""
    if not parts.ingestions.stop():
        logger.error("an ingestion is still reading a long document: the next run takes up what it leaves")
        return  # its thread still writes; both files survive a process that ends
    parts.store.close()


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
