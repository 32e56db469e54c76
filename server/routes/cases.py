"""`/v1/cases`: the organisation's own cases: written, made of feedback, reviewed, exported."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from server.access import Caller
from server.case_schemas import CaseFormat, CaseId, CasePatch, CaseState, CaseView, NewCase
from server.dependencies import CallerDep, Parts, PartsDep, needs
from server.problems import NotFound
from server.quality import case_intake, inbox
from server.quality.case_files import write_cases
from server.quality.errors import CaseWrong
from server.quality.gold_masking import IndexedGold
from server.routes.private import PRIVATE, private
from server.store.audit import Act

router = APIRouter(prefix="/v1/cases", dependencies=[needs("quality"), Depends(private)])

UNKNOWN = "Ce cas n’existe pas, ou a été supprimé."
UNKNOWN_ANSWER = "La réponse dont ce cas viendrait n’existe plus, ou personne n’a donné son avis sur elle."
ANOTHER_ID = "L’identifiant d’un cas ne change pas : supprimez-le, puis écrivez-en un autre."

MEDIA_TYPES: dict[CaseFormat, str] = {
    "jsonl": "application/jsonl; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.get("")
def cases(parts: PartsDep, caller: CallerDep, state: CaseState | None = None) -> list[CaseView]:
    """List the cases that the caller may read, the newest first."""
    return parts.cases.views(caller.groups, state)


@router.get("/export", response_class=Response)
def export(
    parts: PartsDep, caller: CallerDep, written_as: Annotated[CaseFormat, Query(alias="format")] = "jsonl"
) -> Response:
    """Send the accepted cases that the caller may read as a file that `python -m eval run` takes."""
    accepted = parts.cases.accepted(caller.groups)
    data = write_cases(accepted, written_as)
    parts.audit.record(Act("cases_exported", caller.user, counts={"cases": len(accepted), written_as: 1}))
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="cas.{written_as}"'}
    return Response(data, media_type=MEDIA_TYPES[written_as], headers=headers)


@router.post("", status_code=201)
def create(body: NewCase, parts: PartsDep, caller: CallerDep) -> CaseView:
    """Keep a case, masked; 409 when another asks the same. What a program generated waits for a person."""
    indexed = IndexedGold(parts.index, caller.groups)
    taken = case_intake.take(body.case, parts.masker, parts.templates, caller.groups, indexed=indexed)
    view = parts.cases.add(
        taken.case,
        actor=caller.user,
        groups=caller.groups,
        readers=taken.readers | _readers_of_answer(body.answer_id, parts, caller),
        origin=body.origin,
        state="proposed" if body.origin == "generated" else body.state,
        answer_id=body.answer_id,
    )
    return _told(view, taken, indexed)


def _told(view: CaseView, taken: case_intake.TakenCase, indexed: IndexedGold) -> CaseView:
    """Tell the writer what was masked, and which of the expected passages cannot be found."""
    lacks = [why for gold in taken.case.gold if (why := indexed.lacks(gold))]
    return view.model_copy(update={"masked": taken.masked, "unfound": list(dict.fromkeys(lacks))})


def _readers_of_answer(answer_id: str | None, parts: Parts, caller: Caller) -> frozenset[str]:
    if answer_id is None:
        return frozenset()
    readers = inbox.readers_of_answer(parts, caller, answer_id)
    if readers is None:
        raise NotFound(UNKNOWN_ANSWER)
    return readers


@router.patch("/{case_id}")
def change(case_id: CaseId, body: CasePatch, parts: PartsDep, caller: CallerDep) -> CaseView:
    """Edit a case, accept it or put it aside; 409 when it was changed since it was read."""
    kept = parts.cases.get(case_id, caller.groups)
    if kept is None:
        raise NotFound(UNKNOWN)
    taken, indexed = None, IndexedGold(parts.index, caller.groups)
    if body.case is not None:
        if body.case.id != case_id:
            raise CaseWrong(ANOTHER_ID)
        before = case_intake.TakenCase(kept.view.case, kept.readers, [])
        taken = case_intake.take(body.case, parts.masker, parts.templates, caller.groups, before, indexed)
    view = parts.cases.change(
        case_id,
        actor=caller.user,
        groups=caller.groups,
        case=taken.case if taken else None,
        readers=taken.readers if taken else None,
        state=body.state,
        revision=body.revision,
    )
    if view is None:
        raise NotFound(UNKNOWN)
    return _told(view, taken, indexed) if taken else view


@router.delete("/{case_id}", status_code=204)
def delete(case_id: CaseId, parts: PartsDep, caller: CallerDep) -> None:
    """Delete a case."""
    if not parts.cases.delete(case_id, actor=caller.user, groups=caller.groups):
        raise NotFound(UNKNOWN)
