"""The API: settings go in, a FastAPI app comes out; its parts are built in the lifespan and closed there."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from pydantic import SecretStr

from ingest.opening import Store, open_store
from ingest.text import terms
from server import problems
from server.abstain import CalibratedAbstainer
from server.acronyms import load_acronyms
from server.ask import AskParts
from server.assisting.assistants import load_assistants
from server.body_limit import BodyLimit
from server.configuration import installed
from server.dependencies import Parts
from server.duties import do_alone
from server.errors import ModelUnavailable
from server.extractive import ExtractiveGenerator
from server.followup import CarryingRewriter, ModelRewriter
from server.generate import Generator, OpenAIGenerator
from server.ingestions import IngestionService
from server.llm import Limits, build_client, check_model
from server.mask import load_masker
from server.model_queue import ModelQueue
from server.quality.runs import EVALUATIONS, Runs
from server.rate_limit import RateLimits
from server.rerank import VLLMReranker, open_reranker
from server.retrieve import HybridRetriever
from server.routes import (
    ask,
    assistants,
    audit,
    cases,
    configuration,
    conversations,
    documents,
    drafts,
    evaluations,
    feedback,
    health,
    ingestions,
    keys,
    mask,
    me,
    notes,
    openai,
    pages,
    search,
    sources,
    templates,
    tickets,
)
from server.security_headers import SecurityHeaders
from server.settings import ServerSettings
from server.sign_in.caller import open_sign_in
from server.store.opening import Stores, open_stores
from server.templates import SHIPPED, load_templates

logger = logging.getLogger(__name__)

RESOURCES = (
    ask,
    search,
    mask,
    notes,
    templates,
    drafts,
    assistants,
    pages,
    documents,
    conversations,
    feedback,
    cases,
    evaluations,
    openai,
    sources,
    ingestions,
    audit,
    configuration,
    me,
    tickets,
    keys,
    health,
)
"""In the order in which they are asked: a document's id may hold slashes, so that the pages of documents come first."""


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
            if parts.sign_in:
                await parts.sign_in.provider.start()
            app.state.parts, app.state.installed = parts, installed(settings)
            filling = parts.ingestions if settings.embed_in_background else None
            duties = asyncio.create_task(do_alone(parts.stores.alone, parts.retention, filling))
            yield
            duties.cancel()
            await asyncio.gather(duties, return_exceptions=True)
        finally:
            await close_parts(parts)

    # The contract is sent without a caller, and so are its pages: where people sign in, there are none.
    contract = None if settings.sign_in == "oidc" else "/openapi.json"
    app = FastAPI(title="Fanal", version="1", lifespan=lifespan, openapi_url=contract)
    # With sign-in off, a page of another site whose name resolves to this machine must not read the answers.
    hosts = sorted(settings.allowed_hosts)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)  # the outermost
    problems.install(app)
    for resource in RESOURCES:
        app.include_router(resource.router)
    return app


def build_parts(settings: ServerSettings) -> Parts:
    """Open the embedder, the index and the manifest, and put the paths on top of them."""
    with ExitStack() as opened:
        store = open_store(settings)
        opened.callback(store.close)
        key, connections = _secret(settings.drafts_key), settings.database_connections
        stores = open_stores(settings.database, key, settings.data_dir, connections=connections)
        opened.callback(stores.close)
        reranker = open_reranker(settings.rerank_url, settings.rerank_model, _secret(settings.rerank_api_key))
        if reranker:
            opened.callback(reranker.close)
        parts = _parts(settings, store, stores, reranker)
        opened.pop_all()  # all is there: the lifespan closes it
    return parts


def _parts(settings: ServerSettings, store: Store, stores: Stores, reranker: VLLMReranker | None) -> Parts:
    terms("chargement")  # the stemmer takes half a second to load: at start rather than in the first question
    retriever = HybridRetriever(
        store.index,
        store.embedder,
        dense_share=store.manifest.dense_share,
        acronyms=load_acronyms(settings.acronyms_file),
        reranker=reranker,
    )
    return Parts(
        settings=settings,
        store=store,
        retriever=retriever,
        asking=_asking(settings, retriever),
        stores=stores,
        templates=load_templates([SHIPPED, settings.templates_dir] if settings.templates_dir else [SHIPPED]),
        assistants=load_assistants(settings.assistants_dir),
        ingestions=IngestionService(store, settings),
        runs=Runs(settings.data_dir / EVALUATIONS),
        queue=ModelQueue(settings.model_slots, settings.queue_places, settings.queue_seconds),
        limits=RateLimits(
            settings.requests_per_minute, settings.answers_per_minute, on=settings.sign_in != "off"
        ),
        sign_in=open_sign_in(settings, stores),
        reranker=reranker,
    )


def _asking(settings: ServerSettings, retriever: HybridRetriever) -> AskParts:
    fallback, carrying = ExtractiveGenerator(), CarryingRewriter()
    model = _generator(settings)
    return AskParts(
        retriever=retriever,
        generator=model or fallback,
        fallback=fallback,
        abstainer=CalibratedAbstainer.load(settings.abstention_file),
        rewriter=ModelRewriter(model.client, model.model) if model else carrying,
        masker=load_masker(settings),
        unverified=settings.unverified,
        model_watts=settings.model_watts,
        model_label=settings.model_label,
    )


async def close_parts(parts: Parts) -> None:
    """Stop what runs and release what is open."""
    if parts.sign_in:
        await parts.sign_in.provider.close()
    if not parts.ingestions.stop():
        logger.error("an ingestion is still reading a long document: the next run takes up what it leaves")
        return  # its thread still writes; both files survive a process that ends
    parts.store.close()
    parts.stores.close()
    if parts.reranker:
        parts.reranker.close()
    if isinstance(parts.generator, OpenAIGenerator):
        await parts.generator.client.close()


def _generator(settings: ServerSettings) -> OpenAIGenerator | None:
    if settings.generator == "extractive" or not (settings.model_url and settings.model_name):
        return None
    client = build_client(settings.model_url, _secret(settings.model_api_key) or "", settings.model_timeout)
    limits = Limits(total_s=settings.model_seconds)
    return OpenAIGenerator(client, settings.model_name, limits, context=settings.model_context)


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


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
