"""`GET /v1/configuration`: all that changes an answer, for whoever compares two runs of the same questions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from server import configuration as told
from server.configuration_schemas import Configuration
from server.dependencies import CallerDep, PartsDep, needs

router = APIRouter(prefix="/v1", dependencies=[needs("quality")])


def installed_of(request: Request) -> told.Installed:
    """Give what was read at start."""
    found: told.Installed = request.app.state.installed
    return found


@router.get("/configuration")
def configuration(
    parts: PartsDep, caller: CallerDep, found: Annotated[told.Installed, Depends(installed_of)]
) -> Configuration:
    """Tell the code, model, prompts, index and settings that answers come from; no secret and no path is in it."""
    return told.configuration(parts, caller, found)
