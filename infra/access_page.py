"""`make docs`: ask every endpoint in every situation and write what it answered into `docs/access.md`.

The server is the real one, with a provider of the tests that signs real tokens: about ten seconds.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.access_endpoints import Endpoint
from tests.access_walk import COLUMNS, Answers, walk
from tests.access_world import world_running

PAGE = Path(__file__).resolve().parent.parent / "docs" / "access.md"
TABLE_BEGINS = "| Adresse |"

WANTED = {
    "ask": "demander",
    "draft": "rédiger",
    "quality": "qualité",
    "administer": "administrer",
    "signed in": "être connecté",
    "nobody": "rien",
}


def written(page: str, answers: Mapping[Endpoint, Answers]) -> str:
    """Give the page with a fresh table."""
    return page[: page.index(TABLE_BEGINS)] + table(answers)


def table(answers: Mapping[Endpoint, Answers]) -> str:
    """Write what each endpoint answered, a line each."""
    rows = [["Adresse", "Permission", *COLUMNS]]
    for endpoint, found in answers.items():
        cells = [_cell(found[name]) for name in COLUMNS]
        rows.append([f"`{endpoint.method} {endpoint.path}`", WANTED[endpoint.wanted], *cells])
    rows.insert(1, ["---"] * len(rows[0]))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(answered: object) -> str:
    return "—" if answered is None else str(getattr(answered, "status", answered))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="fanal-access-") as folder, world_running(Path(folder)) as world:
        PAGE.write_text(written(PAGE.read_text("utf-8"), walk(world)), "utf-8")
