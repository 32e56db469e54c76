"""`POST /v1/mask`: a text with its personal data masked, for a person to look over."""

from fastapi import APIRouter, Depends

from server.dependencies import CallerDep, PartsDep, needs
from server.drafting.decided_masks import check_spans
from server.mask_schemas import MaskedEntity, MaskedText, MaskRequest
from server.routes.private import private
from server.store.audit import Act

router = APIRouter(prefix="/v1", dependencies=[needs("ask"), Depends(private)])


@router.post("/mask")
def mask(body: MaskRequest, parts: PartsDep, caller: CallerDep) -> MaskedText:
    """Mask the notes of an interview, as a person decided if they did; nothing of them is kept."""
    masked = parts.masker.mask(body.text)
    if body.mask is not None:
        check_spans(body.text, body.mask, masked)
        masked = parts.masker.mask_spans(body.text, body.mask)
    parts.audit.record(Act("mask", caller.user, counts={"masks": len(masked.entities)}))
    return MaskedText(
        text=masked.text,
        entities=[
            MaskedEntity(start=one.start, end=one.end, type=one.type, placeholder=one.placeholder)
            for one in masked.entities
        ],
    )
