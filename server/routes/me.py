"""`GET /v1/me`: who the caller is here, and what they may do."""

from fastapi import APIRouter, Depends

from server.access_schemas import Me
from server.dependencies import SIGNED_IN, CallerDep, PartsDep
from server.routes.private import private

router = APIRouter(prefix="/v1", dependencies=[SIGNED_IN, Depends(private)])


@router.get("/me")
def me(parts: PartsDep, caller: CallerDep) -> Me:
    """Tell the caller who they are."""
    return Me(
        user=caller.user,
        name=caller.name,
        sign_in=parts.settings.sign_in != "off",
        roles=sorted(caller.roles),
        permissions=sorted(caller.permissions),
        groups=sorted(caller.groups),
    )
