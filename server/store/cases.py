"""The organisation's own cases: masked cases go in, with who may read them; they come out, the newest first.

A case is nobody's: it is read by whoever has all the groups that it needs, and what others may not read does not exist
for them. Each act is in the audit, in the transaction that does it. Masking and checking come before
(`server.quality.case_intake`).
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from ingest.errors import StorageFailed
from server.case_schemas import Case, CaseOrigin, CaseState, CaseView
from server.store.audit import Act, ActName, append, opaque
from server.store.database import Database
from server.store.errors import CaseChanged, CaseExists
from server.store.models import StoredCase, storable

CHANGED = (
    "Ce cas a été modifié entre-temps, dans un autre onglet ou par une autre personne : rien n’a été enregistré. "
    "Rechargez-le, puis refaites votre modification."
)
SAME_ID = "L’identifiant « {id} » est déjà pris par un autre cas : choisissez-en un autre."
SAME_QUESTION = "Le cas « {id} » pose déjà cette question, pour la même date et les mêmes groupes ({state})."
SAME_RESERVED = (
    "Un cas que vous ne pouvez pas lire pose déjà cette question, pour la même date et les mêmes groupes."
)

STATES: dict[CaseState, str] = {
    "proposed": "à relire",
    "accepted": "accepté",
    "rejected": "écarté",
}
"""How a person reads where a case stands."""

_DECISIONS: dict[CaseState, ActName] = {
    "proposed": "case_proposed",
    "accepted": "case_accepted",
    "rejected": "case_rejected",
}


@dataclass(frozen=True, slots=True)
class KeptCase:
    """A case as it was kept.

    Args:
        readers: the groups that one needs, all of them, to read it.
    """

    view: CaseView
    readers: frozenset[str]


class Cases:
    """What is kept of cases; usable from several threads.

    Args:
        database: shared with the conversations, which close it.
        clock: gives the time, with its zone.

    Every method raises `StorageFailed` when the disk refuses or another version wrote what this one cannot read, and
    `DatabaseUnavailable` when the database does not answer.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    def add(
        self,
        case: Case,
        *,
        actor: str,
        groups: frozenset[str],
        readers: Collection[str],
        origin: CaseOrigin,
        state: CaseState,
        answer_id: str | None = None,
    ) -> CaseView:
        """Keep a new case.

        Args:
            case: masked.
            groups: those of the actor, who is told of another case only if they may read it.
            readers: the groups that one needs to read it.

        Raises:
            CaseExists: another case has its id, or asks the same.
        """

        def work(session: Session) -> CaseView:
            now = self._clock()
            if session.get(StoredCase, case.id) is not None:
                raise CaseExists(SAME_ID.format(id=case.id))
            _refuse_the_same(session, case, groups)
            row = StoredCase(
                id=case.id, origin=origin, state=state, revision=1, answer_id=answer_id, created_at=now,
                decided_at=None if state == "proposed" else now,
            )  # fmt: skip
            _write(row, case, readers, now)
            session.add(row)
            append(session, _act("case_created", actor, row, accepted=int(state == "accepted")), now)
            return _view(row)

        return self._database.write(work)

    def get(self, case_id: str, groups: frozenset[str]) -> KeptCase | None:
        """Give a case, None when there is none of that id or members of `groups` may not read it."""
        return self._database.read(lambda session: _kept(session, case_id, groups))

    def views(self, groups: frozenset[str], state: CaseState | None = None) -> list[CaseView]:
        """Give the cases that members of `groups` may read, the newest first."""
        wanted = select(StoredCase).order_by(StoredCase.created_at.desc(), StoredCase.id)
        if state is not None:
            wanted = wanted.where(StoredCase.state == state)
        return self._database.read(
            lambda session: [_view(row) for row in session.scalars(wanted) if _open_to(row, groups)]
        )

    def accepted(self, groups: frozenset[str] | None = None) -> list[Case]:
        """Give the cases that count, in the order of their ids; `groups` None for all of them, whoever reads them."""
        wanted = select(StoredCase).where(StoredCase.state == "accepted").order_by(StoredCase.id)
        return self._database.read(
            lambda session: [
                _case(row) for row in session.scalars(wanted) if groups is None or _open_to(row, groups)
            ]
        )

    def change(
        self,
        case_id: str,
        *,
        actor: str,
        groups: frozenset[str],
        case: Case | None = None,
        readers: Collection[str] | None = None,
        state: CaseState | None = None,
        revision: int | None = None,
    ) -> CaseView | None:
        """Put another content or another decision in a case; what is equal to what is kept changes nothing.

        Args:
            case: masked, of the same id.
            readers: the groups that one needs to read the new content.
            revision: the one that was edited, None for whatever is there.

        Returns:
            The case; None when there is none of that id, or the actor may not read it.

        Raises:
            CaseChanged: it is not of that revision.
            CaseExists: another case asks the same.
        """

        def work(session: Session) -> CaseView | None:
            row = session.get(StoredCase, case_id, with_for_update=True)
            if row is None or not _open_to(row, groups):
                return None
            if revision not in (None, row.revision):
                raise CaseChanged(CHANGED)
            now, former = self._clock(), (_case(row), row.state)
            if case is not None and case != former[0]:
                _refuse_the_same(session, case, groups, but=case_id)
                _write(row, case, readers if readers is not None else row.readers, now)
                append(session, _act("case_edited", actor, row), now)
            if state is not None and state != row.state:
                _decide(row, state, now)
                append(session, _act(_DECISIONS[state], actor, row), now)
            row.revision += former != (_case(row), row.state)
            return _view(row)

        return self._database.write(work)

    def delete(self, case_id: str, *, actor: str, groups: frozenset[str]) -> bool:
        """Delete a case; tells whether there was one that the actor may read."""

        def work(session: Session) -> bool:
            row = session.get(StoredCase, case_id, with_for_update=True)
            if row is None or not _open_to(row, groups):
                return False
            append(session, _act("case_deleted", actor, row), self._clock())
            session.delete(row)
            return True

        removed = self._database.write(work)
        self._database.scrub()
        return removed

    def of_answers(self, answer_ids: Iterable[str], groups: frozenset[str]) -> dict[str, str]:
        """Give, by id of the answer, the id of the first case that was made of it and may be read."""
        wanted = select(StoredCase).where(StoredCase.answer_id.in_(set(answer_ids)))
        newest_first = wanted.order_by(StoredCase.created_at.desc(), StoredCase.id.desc())
        return self._database.read(
            lambda session: {
                str(row.answer_id): row.id for row in session.scalars(newest_first) if _open_to(row, groups)
            }
        )


def digest_of(case: Case) -> str:
    """Digest what is asked, of whom and of which day: cases with the same digest are the same case."""
    asked = {
        "kind": case.kind,
        "question": _plain(case.question),
        "history": [_plain(question) for question in case.history],
        "as_of": case.as_of.isoformat() if case.as_of else None,
        "groups": sorted(set(case.groups)),
        "draft": [case.draft.template, _plain(case.draft.notes)] if case.draft else None,
    }
    written = json.dumps(asked, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()


def _plain(text: str) -> str:
    return " ".join(storable(text).replace("'", "’").casefold().split()).rstrip(" ?.!")


def _refuse_the_same(session: Session, case: Case, groups: frozenset[str], but: str | None = None) -> None:
    row = session.scalar(select(StoredCase).where(StoredCase.digest == digest_of(case), StoredCase.id != but))
    if row is None:
        return
    if not _open_to(row, groups):
        raise CaseExists(SAME_RESERVED)
    raise CaseExists(SAME_QUESTION.format(id=row.id, state=STATES[_state(row)]))


def _write(row: StoredCase, case: Case, readers: Collection[str], now: datetime) -> None:
    row.case = case.model_dump(mode="json")
    row.digest = digest_of(case)
    row.readers = sorted(set(readers))
    row.updated_at = now


def _decide(row: StoredCase, state: CaseState, now: datetime) -> None:
    row.state, row.updated_at = state, now
    row.decided_at = None if state == "proposed" else now


def _act(name: ActName, actor: str, row: StoredCase, **counts: int) -> Act:
    return Act(name, actor, opaque(row.id), counts=counts)  # a person chose the id


def _open_to(row: StoredCase, groups: frozenset[str]) -> bool:
    return groups.issuperset(row.readers)


def _kept(session: Session, case_id: str, groups: frozenset[str]) -> KeptCase | None:
    row = session.get(StoredCase, case_id)
    if row is None or not _open_to(row, groups):
        return None
    return KeptCase(_view(row), frozenset(row.readers))


def _view(row: StoredCase) -> CaseView:
    return CaseView(
        case=_case(row),
        origin=row.origin,
        state=_state(row),
        answer_id=row.answer_id,
        created_at=row.created_at,
        decided_at=row.decided_at,
        revision=row.revision,
    )


def _state(row: StoredCase) -> CaseState:
    return cast(CaseState, row.state)


def _case(row: StoredCase) -> Case:
    try:
        return Case.model_validate(row.case, extra="ignore")  # what a later version added is passed over
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise StorageFailed(
            "La base tient un cas qu’une autre version de Fanal a écrit et que celle-ci ne sait pas lire "
            f"({place} : {fault['type']})."
        ) from error
