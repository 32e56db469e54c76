"""Runs as a caller may read them: a run goes in, without what other groups alone may read it comes out.

A run holds answers that were given to members of any group. A case is shown to whoever is of all the groups that asked
it, as long as they may read each passage of its answer today (`server.history`); to others it is a number and its
scores. What must not be said to a group ("forbidden") may be another group's text: it is shown to whoever is of all
groups. Scores and means are shown to everybody: they are of numbers, not of texts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import NAMESPACE_OID, UUID, uuid5

from ingest.documents import EVERYONE
from ingest.index import Index
from ingest.sources.config import read_sources
from server.access import Caller
from server.case_schemas import Case
from server.comparison_schemas import Comparison
from server.dependencies import Parts
from server.evaluation_schemas import CaseDetail, CaseLine, CaseResult, RunDetail, RunSummary
from server.history import hidden_passages
from server.quality.errors import RunDamaged, RunReserved, RunUnderWay
from server.quality.run_files import LoadedRun
from server.quality.runs import Runs
from server.schemas import Passage

RESERVED = "Question réservée à d’autres groupes que les vôtres."
"""What stands in place of a case's question."""

RESERVED_CASE = (
    "Ce cas interroge des documents que vous ne pouvez pas lire : sa question, sa réponse et ses passages ne sont pas "
    "montrés. Ses notes restent dans les moyennes."
)
FORBIDDEN_WITHHELD = (
    "Ce que la réponse ne devait pas dire n’est pas montré : ces mots peuvent venir de documents que vous ne "
    "pouvez pas lire."
)
REPORT_RESERVED = (
    "Le rapport de cette évaluation contient des textes réservés à des groupes dont vous n’êtes pas : il ne peut pas "
    "vous être envoyé. La page « Qualité » montre ce que vous pouvez en lire ; l’administrateur a le rapport entier "
    "dans le dossier des évaluations."
)

DELETE_RESERVED = (
    "Cette évaluation contient des textes réservés à des groupes dont vous n’êtes pas : seule une personne qui peut en "
    "lire le rapport, ou l’administrateur, peut la supprimer."
)


@dataclass(frozen=True, slots=True)
class RunReader:
    """Who reads runs.

    Args:
        groups: those they are of.
        all_groups: those that the sources name.
    """

    groups: frozenset[str]
    all_groups: frozenset[str]
    index: Index

    def may_read(self, groups: Iterable[str], asked_as: frozenset[str]) -> bool:
        """Tell whether they are of all the groups that a case was asked as."""
        return self.groups.issuperset(asked_as.union(groups))

    def may_read_forbidden(self) -> bool:
        """Tell whether they may read what must not be said to somebody."""
        return self.groups.issuperset(self.all_groups)

    def may_read_all(self, passages: Iterable[Passage]) -> bool:
        """Tell whether they may read the passages today; who may read one that left the index is who asked then."""
        told_apart = {(passage.id, passage.text): _as_of_an_index(passage) for passage in passages}
        held = list(told_apart.values())
        return not hidden_passages(held, {one.id: (EVERYONE,) for one in held}, self.index, self.groups)


def reader_of(parts: Parts, caller: Caller) -> RunReader:
    """Say who reads."""
    configured = read_sources(parts.settings.sources_file)
    named = {name for config in configured for name in config.groups} - {EVERYONE}
    return RunReader(caller.groups, frozenset(named), parts.index)


def readable_run(run: RunDetail, reader: RunReader) -> RunDetail:
    """Give a run whose list has no question that the reader may not know."""
    asked_as = _asked_as(run)
    lines = [
        line if reader.may_read(line.groups, asked_as) else _without_question(line) for line in run.lines
    ]
    return run.model_copy(update={"lines": lines})


def readable_case(detail: CaseDetail, run: RunSummary, reader: RunReader) -> CaseDetail:
    """Give what a case gave, as far as the reader may know it."""
    result = detail.result
    if not _may_read(result, _asked_as(run), reader):
        return detail.model_copy(update={"result": _reserved(result), "withheld": RESERVED_CASE})
    if result.case.forbidden and not reader.may_read_forbidden():
        return detail.model_copy(
            update={"result": _without_forbidden(result), "withheld": FORBIDDEN_WITHHELD}
        )
    return detail


def readable_comparison(
    found: Comparison, before: LoadedRun, after: LoadedRun, reader: RunReader
) -> Comparison:
    """Give a comparison whose cases have no question that the reader may not know."""
    asked_as = _asked_as(before.view) | _asked_as(after.view)
    groups = {one.case.id: one.case.groups for one in (*before.results, *after.results)}
    changes = [
        change
        if reader.may_read(groups.get(change.id, ()), asked_as)
        else change.model_copy(update={"question": RESERVED})
        for change in found.changes
    ]
    return found.model_copy(update={"changes": changes})


def check_report(run: LoadedRun, reader: RunReader) -> None:
    """Check that the reader may read all of a run, as its report holds it.

    Raises:
        RunReserved: there is something in it that they may not read.
    """
    if not _may_read_whole(run, reader):
        raise RunReserved(REPORT_RESERVED)


def check_deletable(runs: Runs, run_id: str, reader: RunReader) -> None:
    """Check that the reader may delete a run: they may read its report, or it has none: it did not end, or is damaged.

    Raises:
        RunUnknown: there is no such run.
        RunReserved: there is something in it that they may not read.
    """
    try:
        run = runs.load(run_id)
    except (RunUnderWay, RunDamaged):
        return
    if not _may_read_whole(run, reader):
        raise RunReserved(DELETE_RESERVED)


def _may_read_whole(run: LoadedRun, reader: RunReader) -> bool:
    asked_as = _asked_as(run.view)
    groups = {name for result in run.results for name in result.case.groups}
    forbidden = any(result.case.forbidden for result in run.results)
    passages = [passage for result in run.results for passage in _passages(result)]
    return (
        reader.may_read(groups, asked_as)
        and (not forbidden or reader.may_read_forbidden())
        and reader.may_read_all(passages)
    )


def _asked_as(run: RunSummary) -> frozenset[str]:
    """Give the groups that every case of a run was asked as: a server elsewhere asks as whoever it takes us for."""
    if run.endpoint is None or run.configuration is None:
        return frozenset()
    return frozenset(run.configuration.groups)


def _may_read(result: CaseResult, asked_as: frozenset[str], reader: RunReader) -> bool:
    return reader.may_read(result.case.groups, asked_as) and reader.may_read_all(_passages(result))


def _passages(result: CaseResult) -> list[Passage]:
    return result.answer.passages if result.answer else []


def _as_of_an_index(passage: Passage) -> Passage:
    """Give a passage an id that an index can be asked for: a server elsewhere may name its own as it likes."""
    try:
        UUID(passage.id)
    except ValueError:
        return passage.model_copy(update={"id": str(uuid5(NAMESPACE_OID, passage.id))})
    return passage


def _without_question(line: CaseLine) -> CaseLine:
    return line.model_copy(update={"question": RESERVED})


def _reserved(result: CaseResult) -> CaseResult:
    """Keep of a case what says nothing of any text."""
    case = result.case
    return CaseResult(
        case=Case(
            id=case.id,
            kind=case.kind,
            question=RESERVED,
            groups=case.groups,
            must_abstain=case.must_abstain,
            tags=case.tags,
        ),
        status=result.status,
        error=RESERVED_CASE if result.error else None,
        scores=result.scores,
        counts=result.counts,
        unscored=dict.fromkeys(result.unscored, RESERVED_CASE),
    )


def _without_forbidden(result: CaseResult) -> CaseResult:
    return result.model_copy(
        update={
            "case": result.case.model_copy(update={"forbidden": []}),
            "verdicts": [one for one in result.verdicts if one.metric != "nothing_forbidden"],
        }
    )
