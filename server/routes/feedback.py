"""`/v1/feedback`: whether an answer was useful, and why not; and the inbox where the quality team reads it."""

from datetime import UTC, datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from server.case_schemas import FeedbackItem
from server.dependencies import CallerDep, PartsDep, needs
from server.problems import NotFound
from server.quality import inbox
from server.routes.private import private
from server.schemas import Day, FeedbackRequest, FeedbackView
from server.store.audit import Act, opaque

router = APIRouter(prefix="/v1")


@router.post("/feedback", status_code=201, dependencies=[needs("ask")])
def feedback(given: FeedbackRequest, parts: PartsDep, caller: CallerDep) -> FeedbackView:
    """Keep what the caller thinks of one of their answers, in place of what they thought before."""
    masked = given.model_copy(update={"comment": parts.masker.mask(given.comment).text})
    view = parts.conversations.give_feedback(caller.user, masked)
    if view is None:
        raise NotFound("Cette réponse n’existe pas, ou n’a pas été enregistrée.")
    parts.audit.note(Act("feedback", caller.user, opaque(view.answer_id)))
    return view


@router.get("/feedback", dependencies=[needs("quality"), Depends(private)])
def received(
    parts: PartsDep,
    caller: CallerDep,
    useful: bool | None = None,
    since: Day | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[FeedbackItem]:
    """List what readers thought of their answers, the newest first; `since` is a day (UTC), included."""
    begin = datetime.combine(since, time.min, UTC) if since is not None else None
    return inbox.read(parts, caller, limit=limit, useful=useful, since=begin)
