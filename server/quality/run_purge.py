"""Runs that have had their time: the runs and a time go in, those that ended before it are deleted and counted.

A run holds the masked questions of the organisation's cases and texts of its documents: it is not kept for ever. The
cached answers that no run used since go with them.
"""

import logging
from datetime import datetime
from pathlib import Path

from ingest.errors import StorageFailed
from server.quality.errors import RunUnderWay, RunUnknown
from server.quality.runs import Runs

logger = logging.getLogger(__name__)

ANSWERS = "answers"
"""Folder of the cached answers, beside the runs (`eval.answers_cache`)."""


def purge_runs(runs: Runs, before: datetime) -> int:
    """Delete the runs that ended, and the cached answers that were last used, before a time; gives how many runs.

    Raises:
        StorageFailed: a folder cannot be read or changed; what was deleted is.
    """
    try:
        removed = sum(_delete(runs, run_id) for run_id in _old(runs, before))
        _forget_answers(runs.folder / ANSWERS, before)
    except OSError as error:
        raise StorageFailed(
            f"Les évaluations de « {runs.folder} » ne peuvent pas être supprimées ({error.strerror}) : vérifiez les "
            "droits du dossier."
        ) from error
    return removed


def _old(runs: Runs, before: datetime) -> list[str]:
    """Give the ids of the runs that ended before a time; one that cannot be read is as old as its folder."""
    found = runs.listing()
    ended = [run.id for run in found.runs if (run.finished_at or run.started_at) < before]
    limit = before.timestamp()
    return [*ended, *(one.id for one in found.broken if (runs.folder / one.id).stat().st_mtime < limit)]


def _delete(runs: Runs, run_id: str) -> bool:
    try:
        runs.delete(run_id)
    except RunUnknown:  # somebody else deleted it
        return False
    except RunUnderWay:
        logger.warning("run %s has had its time, and is said to be under way: it is left", run_id)
        return False
    return True


def _forget_answers(folder: Path, before: datetime) -> None:
    """Delete the cached answers that were last written or used before a time."""
    limit = before.timestamp()
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
