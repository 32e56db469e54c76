"""`/v1/drafts`: syntheses from notes: drafted, read, edited, validated, exported, deleted, by their author alone."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel

from ingest.errors import FanalError
from server.dependencies import CallerDep, PartsDep, TodayDep
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
from server.problems import problem_of, unexpected
from server.routes.private import PRIVATE, private

logger = logging.getLogger(__name__)

EVENT_STREAM = "text/event-stream"

router = APIRouter(prefix="/v1/drafts", dependencies=[Depends(private)])


@router.post("", response_model=DraftView, status_code=201)
async def create(
    body: DraftRequest, request: Request, parts: PartsDep, caller: CallerDep, day: TodayDep
) -> Response | DraftView:
    """Draft a synthesis; `Accept: text/event-stream` gives the sections as they come."""
    accepted = await anyio.to_thread.run_sync(service.accept, parts, caller, body, day)
    events = service.make(parts, caller, accepted, day)
    if EVENT_STREAM in request.headers.get("accept", ""):
        return EventSourceResponse(_stream(events), headers={**PRIVATE, "X-Accel-Buffering": "no"})
    return await while_connected(request, _whole(events))


async def _whole(events: AsyncGenerator[DraftSection | DraftView, None]) -> DraftView:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, DraftView):
                return event
    raise RuntimeError("the draft path ended without a draft")


async def _stream(events: AsyncGenerator[DraftSection | DraftView, None]) -> AsyncIterator[bytes]:
    """Write the events; once the stream has begun, an error is an event as well."""
    try:
        async with aclosing(events):
            async for event in events:
                yield _sse("done" if isinstance(event, DraftView) else "section", event)
    except FanalError as error:
        yield _sse("error", problem_of(error))
    except Exception:  # the headers are gone: only an event can still tell the reader
        logger.exception("the draft path failed")
        yield _sse("error", unexpected())


def _sse(name: str, data: BaseModel) -> bytes:
    return format_sse_event(event=name, data_str=data.model_dump_json())


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
