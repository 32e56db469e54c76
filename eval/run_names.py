"""Runs as people name them: an id, its beginning, « dernier », or a folder goes in; the run's folder comes out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ingest.errors import ConfigurationError
from server.evaluation_schemas import RunSummary
from server.quality.run_files import VIEW
from server.quality.runs import Runs

FROM_LAST: Final = {"dernier": 0, "avant-dernier": 1}
"""Names of the last runs that are finished, and how far each is from the last."""
SHOWN: Final = 5


def run_folder(root: Path, name: str) -> Path:
    """Find the folder of a run.

    Args:
        root: `DATA_DIR/evaluations`.
        name: the run's id, the beginning of one, `dernier`, `avant-dernier`, or a folder, be it elsewhere.

    Raises:
        ConfigurationError: no run goes by this name, or several do.
    """
    runs = Runs(root)
    known = runs.list()
    if name in FROM_LAST:
        done = [run.id for run in known if run.state == "done"]
        if len(done) <= FROM_LAST[name]:
            raise ConfigurationError(f"Il n’y a pas de mesure « {name} » : {_told(known)}")
        return runs.path(done[FROM_LAST[name]])
    ids = [run.id for run in known]
    found = [name] if name in ids else [id_ for id_ in ids if name and id_.startswith(name)]
    if len(found) == 1:
        return runs.path(found[0])
    if not found and (Path(name) / VIEW).is_file():
        return Path(name)
    if found:
        raise ConfigurationError(f"Plusieurs mesures commencent par « {name} » : {', '.join(found[:SHOWN])}…")
    raise ConfigurationError(f"Aucune mesure ne s’appelle « {name} » : {_told(known)}")


def _told(runs: Sequence[RunSummary]) -> str:
    if not runs:
        return "aucune n’est faite, lancez « python -m eval run sample »."
    return f"les dernières sont {', '.join(run.id for run in runs[:SHOWN])}."
