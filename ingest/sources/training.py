"""A training session as every catalogue format gives it, and how two sessions are told apart.

    lheo.py      LHEO 2.x XML -> sessions
    table.py     XLSX, CSV and a mapping of their columns -> sessions
    rendering.py a session -> the French text that is indexed and shown

A value that the source does not give stays empty ("" or None): nothing is made up. A session that cannot be
read (no title, a date that is none) is left out and its reason given to `on_error`; the others go on. So is what
cannot be read of a session that is kept, and a session that stands there twice: those are notes.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ingest.errors import UnreadableFile
from ingest.sources.readings import UnreadableValue, key, slug
from ingest.sources.records import Remark, Report

FRENCH_COLUMNS: Mapping[str, str] = {
    "title": "Intitulé",
    "provider": "Organisme",
    "place": "Ville",
    "region": "Région",
    "starts_on": "Début",
    "ends_on": "Fin",
    "duration_hours": "Durée (h)",
    "certification": "Certification",
    "certification_code": "Code RNCP/RS",
    "level": "Niveau",
    "cpf": "CPF",
    "objectives": "Objectifs",
    "programme": "Programme",
    "price_euros": "Prix",
    "mode": "Modalité",
    "contact": "Contact",
}
"""The headers a French catalogue usually has: field of `TrainingSession` -> header."""


NO_TITLE = "intitulé absent"


class CatalogueError(UnreadableFile, ValueError):
    """The file as a whole is not a catalogue that can be read; the message says why, in French."""


class MissingColumnError(CatalogueError):
    """A column of the mapping is not in the file; the message names it."""


@dataclass(frozen=True, slots=True)
class TrainingSession:
    """A training on given dates in a given place; "" and None are what the source does not say.

    Args:
        session_id: stable from one reading to the next: the source's own number, or a digest of what
            tells sessions apart (provider, title, start, place).
        level: of the certification, 3 to 8 (French framework).
        region: its name, also where the source gives a code.
        mode: "présentiel", "distance" or "mixte".
    """

    session_id: str
    title: str
    objectives: str = ""
    programme: str = ""
    prerequisites: str = ""
    audience: str = ""
    certification: str = ""
    certification_code: str = ""
    level: int | None = None
    provider: str = ""
    place: str = ""
    postal_code: str = ""
    region: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    duration_hours: float | None = None
    price_euros: float | None = None
    mode: str = ""
    cpf: bool | None = None
    contact: str = ""
    url: str = ""


def without_duplicates(sessions: Iterable[TrainingSession], report: Report) -> Iterator[TrainingSession]:
    """Give each session once; one whose id came before is reported and left out."""
    seen: set[str] = set()
    for session in sessions:
        if session.session_id in seen:
            reason = f"session en double, laissée de côté : {session.title} ({session.session_id})"
            report(Remark(reason, is_note=True))
            continue
        seen.add(session.session_id)
        yield session


def check_session(title: str, starts_on: date | None, ends_on: date | None) -> None:
    """Raise `UnreadableValue` for a session without a title, or one that ends before it begins."""
    if not title:
        raise UnreadableValue(NO_TITLE)
    if starts_on and ends_on and ends_on < starts_on:
        raise UnreadableValue(f"la fin ({ends_on:%d/%m/%Y}) précède le début ({starts_on:%d/%m/%Y})")


def session_id(provider: str, number: str, title: str, starts_on: date | None, place: str) -> str:
    """Name a session by its provider's own number, else by a digest of what tells it apart.

    Raises:
        UnreadableValue: there is neither a number nor a title.
    """
    if number:
        return f"{slug(provider)}-{number}" if provider else number
    if not title:
        raise UnreadableValue(NO_TITLE)
    identity = "|".join((key(provider), key(title), str(starts_on), key(place)))
    return hashlib.blake2b(identity.encode(), digest_size=8).hexdigest()


def known_id(identify: Callable[[], str]) -> str | None:
    """Give the id of a session that is left out, None when it is what cannot be read."""
    try:
        return identify()
    except UnreadableValue:
        return None
