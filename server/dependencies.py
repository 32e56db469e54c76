"""What routes ask for: the parts built at start, and who is calling."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from ingest.index import Index
from ingest.manifest import Manifest
from ingest.opening import Store
from server.access import Caller
from server.access_schemas import Permission
from server.ask import AskParts
from server.assisting.assistants import Assistants
from server.drafting.types import DraftParts, draft_parts
from server.generate import Generator
from server.ingestions import IngestionService
from server.mask import Masker
from server.model_queue import ModelQueue
from server.quality.runs import Runs
from server.rate_limit import RateLimits
from server.rerank import VLLMReranker
from server.retention import Retention
from server.retrieve import HybridRetriever
from server.settings import ServerSettings
from server.sign_in.caller import SignIn, route_of
from server.sign_in.errors import NotSignedIn, PermissionMissing, SessionExpired
from server.store.audit import Audit
from server.store.cases import Cases
from server.store.conversations import Conversations
from server.store.drafts import Drafts
from server.store.inbox import Inbox
from server.store.opening import Stores
from server.templates import Templates


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server is made of; built once, in the app's lifespan."""

    settings: ServerSettings
    store: Store
    retriever: HybridRetriever
    asking: AskParts
    stores: Stores
    templates: Templates
    assistants: Assistants
    ingestions: IngestionService
    runs: Runs
    queue: ModelQueue
    limits: RateLimits
    sign_in: SignIn | None = None
    reranker: VLLMReranker | None = None

    @property
    def generator(self) -> Generator:
        """Give what writes answers."""
        return self.asking.generator

    @property
    def masker(self) -> Masker:
        """Give what masks personal data, on every path."""
        return self.asking.masker

    @property
    def drafting(self) -> DraftParts:
        """Give what drafts are made by: the same model, index and settings as answers."""
        return draft_parts(self.asking, self.store.embedder)

    @property
    def conversations(self) -> Conversations:
        """Give the conversations."""
        return self.stores.conversations

    @property
    def drafts(self) -> Drafts:
        """Give the drafts and syntheses."""
        return self.stores.drafts

    @property
    def cases(self) -> Cases:
        """Give the cases of the organisation's own suite."""
        return self.stores.cases

    @property
    def inbox(self) -> Inbox:
        """Give what readers thought of their answers, everybody's."""
        return self.stores.inbox

    @property
    def audit(self) -> Audit:
        """Give the audit: a line for each act, without its content."""
        return self.stores.audit

    @property
    def retention(self) -> Retention:
        """Give what deletes what has had its time."""
        settings = self.settings
        return Retention(
            self.stores, settings.conversation_days, settings.audit_days, self.runs, settings.evaluation_days
        )

    @property
    def index(self) -> Index:
        """Give the index that searches go to."""
        return self.store.index

    @property
    def manifest(self) -> Manifest:
        """Give what is known of it."""
        return self.store.manifest


def parts_of(request: Request) -> Parts:
    """Give the parts that the lifespan built, over the index that is live now."""
    parts: Parts = request.app.state.parts
    parts.store.follow()
    return parts


async def caller_of(request: Request, parts: Annotated[Parts, Depends(parts_of)]) -> Caller:
    """Say who is calling: with sign-in off, the person at this machine.

    Raises:
        NotSignedIn, NoRole, SignInUnavailable: see `server.sign_in.caller`.
        TooManyRequests: they call too often, or nobody is let in from their address and they go on.
    """
    if parts.settings.sign_in == "off" or parts.sign_in is None:
        return Caller(parts.settings.local_groups)
    try:
        caller = await parts.sign_in.caller(request)
    except SessionExpired:  # no guess; and the page calls for everybody, from one address
        raise
    except NotSignedIn:
        parts.limits.stranger(request.client.host if request.client else "")
        raise
    parts.limits.request(caller.user)
    return caller


def today() -> date:
    """Give the day that a question without a date is about."""
    return date.today()


PartsDep = Annotated[Parts, Depends(parts_of)]
CallerDep = Annotated[Caller, Depends(caller_of)]
TodayDep = Annotated[date, Depends(today)]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route asks of its caller: a permission, or with None nothing but to be known."""

    permission: Permission | None

    async def __call__(self, request: Request, caller: CallerDep, parts: PartsDep) -> None:
        """Let the caller pass; raises `PermissionMissing`, with its line in the audit."""
        if self.permission is None or self.permission in caller.permissions:
            return
        if parts.sign_in is not None:
            await parts.sign_in.refusals.note(caller.user, route_of(request))
        raise PermissionMissing(self.permission, machine=not caller.roles)


def needs(permission: Permission) -> Dependency:
    """Make the dependency of a router or route that only callers with this permission may use."""
    return Dependency(Needs(permission))


SIGNED_IN = Dependency(Needs(None))
"""The dependency of what is open to all who may use Fanal at all."""
