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
    """Say that the index answers (503 when it does not), and how much of it can be searched by meaning."""
    return {
        "status": "ok",
        "passages": parts.index.count(SearchFilter(groups=None)),
        "dense_share": round(parts.manifest.dense_share(), 4),
        "mode": parts.generator.mode,
        "model": parts.generator.model,
    }
