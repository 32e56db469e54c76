"""`GET /health/live` (the process answers) and `/health/ready` (its parts do)."""

from fastapi import APIRouter

from ingest.index import SearchFilter
from server.dependencies import PartsDep

router = APIRouter(prefix="/health")


@router.get("/live")
async def live() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/ready")
def ready(parts: PartsDep) -> dict[str, str | int | float]:
    """Say that the index answers (503 when it does not), and how much of it can be searched by meaning.

    Anybody who reaches the server may ask: where people sign in, it tells nothing else of what there is.
    """
    passages = parts.index.count(SearchFilter(groups=None))
    if parts.settings.sign_in != "off":
        return {"status": "ok"}
    return {
        "status": "ok",
        "passages": passages,
        "dense_share": round(parts.manifest.dense_share(), 4),
        "mode": parts.generator.mode,
        "model": parts.generator.model,
    }
