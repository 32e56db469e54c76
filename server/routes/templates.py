"""`GET /v1/templates`: what syntheses can be drafted, Fanal's own templates and the organisation's."""

from fastapi import APIRouter

from server.dependencies import PartsDep, needs
from server.draft_schemas import TemplateView

router = APIRouter(prefix="/v1", dependencies=[needs("draft")])


@router.get("/templates")
def templates(parts: PartsDep) -> list[TemplateView]:
    """List the templates."""
    return parts.templates.all()
