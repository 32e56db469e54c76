"""`POST /v1/tickets`: what opens a document or a report from an address, where a browser sends no token."""

from fastapi import APIRouter, Depends

from server.access_schemas import Ticket
from server.dependencies import SIGNED_IN, CallerDep, PartsDep
from server.problems import NotFound
from server.routes.private import private

UNNEEDED = "Les liens s’ouvrent sans ticket ici : personne ne se connecte."

router = APIRouter(prefix="/v1", dependencies=[SIGNED_IN, Depends(private)])


@router.post("/tickets", status_code=201)
def make(parts: PartsDep, caller: CallerDep) -> Ticket:
    """Make a ticket that stands for the caller for a few minutes; 404 where nobody signs in and links need none."""
    if parts.sign_in is None:
        raise NotFound(UNNEEDED)
    return parts.sign_in.tickets.make(caller)
