"""`/v1/drafts`: syntheses from notes: drafted, read, edited, validated, exported, deleted, by their author alone."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from server.dependencies import CallerDep, PartsDep, TodayDep, needs
from server.draft_schemas import (
    DraftPatch,
    DraftRequest,
    DraftSection,
    DraftSummary,
    DraftView,
    ExportFormat,
    ValidationRequest,
)
from server.drafting import service
from server.export import export as write
from server.leaving import while_connected
from server.routes.limited import limited
from server.routes.private import PRIVATE, private
from server.routes.streaming import EventStream, as_sent, wants_events
from server.schemas import QueueEvent

router = APIRouter(prefix="/v1/drafts", dependencies=[needs("draft"), Depends(private)])


@router.post("", response_model=DraftView, status_code=201, dependencies=[Depends(limited)])
async def create(
    body: DraftRequest, request: Request, parts: PartsDep, caller: CallerDep, day: TodayDep
) -> Response | DraftView:
    """Draft a synthesis; `Accept: text/event-stream` gives the sections as they come."""
    service.check_queue(parts)
    accepted = await anyio.to_thread.run_sync(service.accept, parts, caller, body, day)
    events = service.make(parts, caller, accepted, day)
    if wants_events(request):
        return EventStream(as_sent(events, _named), PRIVATE)
    return await while_connected(request, _whole(events))


async def _whole(events: AsyncGenerator[service.Making, None]) -> DraftView:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, DraftView):
                return event
    raise RuntimeError("the draft path ended without a draft")


def _named(event: service.Making) -> tuple[str, BaseModel]:
    match event:
        case QueueEvent():
            return "queue", event
        case DraftSection():
            return "section", event
        case DraftView():
            return "done", event


@router.get("")
def drafts(
    parts: PartsDep, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[DraftSummary]:
    """List the caller's drafts, the last changed first."""
    return parts.drafts.summaries(caller.user, limit)


@router.get("/{draft_id}")
def draft(draft_id: str, parts: PartsDep, caller: CallerDep) -> DraftView:
    """Give one of the caller's drafts, without the passages that they may no longer read."""
    return service.read(parts, caller, draft_id)


@router.patch("/{draft_id}")
def edit(draft_id: str, body: DraftPatch, parts: PartsDep, caller: CallerDep) -> DraftView:
    """Replace the text of sections; 409 when the draft was changed since it was read."""
    return service.edit(parts, caller, draft_id, body)


@router.post("/{draft_id}/validate")
def validate(draft_id: str, body: ValidationRequest, parts: PartsDep, caller: CallerDep) -> DraftView:
    """Write that a person read it over and validates it."""
    return service.validate(parts, caller, draft_id, body)


@router.get("/{draft_id}/export", response_class=Response)
def export(
    draft_id: str,
    parts: PartsDep,
    caller: CallerDep,
    written_as: Annotated[ExportFormat, Query(alias="format")] = "docx",
) -> Response:
    """Send a validated synthesis as a document; 409 until it is validated."""
    kept, view = service.to_export(parts, caller, draft_id)
    document = write(view, kept.content.template, written_as)
    parts.drafts.record("draft_exported", caller.user, kept, written_as)
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{document.filename}"'}
    return Response(document.data, media_type=document.media_type, headers=headers)


@router.delete("/{draft_id}", status_code=204)
def delete(draft_id: str, parts: PartsDep, caller: CallerDep) -> None:
    """Delete one of the caller's drafts, its notes and its key."""
    if not parts.drafts.delete(caller.user, draft_id):
        service.unknown()
