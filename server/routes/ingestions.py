"""`POST /v1/ingestions` and where a run stands."""

from fastapi import APIRouter

from server.dependencies import PartsDep
from server.problems import NotFound
from server.schemas import IngestionRequest, IngestionView

router = APIRouter(prefix="/v1/ingestions")


@router.post("", status_code=202)
def start(body: IngestionRequest, parts: PartsDep) -> IngestionView:
    """Start an ingestion; one that is under way answers 409."""
    return parts.ingestions.start(body.sources)


@router.get("/{run_id}")
def view(run_id: str, parts: PartsDep) -> IngestionView:
    """Say where a run stands."""
    run = parts.ingestions.view(run_id)
    if run is None:
        raise NotFound("Cette ingestion n’existe pas, ou date d’avant le dernier démarrage du serveur.")
    return run
