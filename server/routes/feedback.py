"""`POST /v1/feedback`: whether an answer was useful, and why not."""

from fastapi import APIRouter

from server.dependencies import CallerDep, PartsDep
from server.problems import NotFound
from server.schemas import FeedbackRequest, FeedbackView
from server.store.audit import Act, opaque

router = APIRouter(prefix="/v1")


@router.post("/feedback", status_code=201)
def feedback(given: FeedbackRequest, parts: PartsDep, caller: CallerDep) -> FeedbackView:
    """Keep what the caller thinks of one of their answers, in place of what they thought before."""
    masked = given.model_copy(update={"comment": parts.masker.mask(given.comment).text})
    view = parts.conversations.give_feedback(caller.user, masked)
    if view is None:
        raise NotFound("Cette réponse n’existe pas, ou n’a pas été enregistrée.")
    parts.audit.note(Act("feedback", caller.user, opaque(view.answer_id)))
    return view
