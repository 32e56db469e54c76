"""What questions are made of: an index or a running server goes in, the sections of documents in force come out."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from eval.asking import base_of, checked, shown
from ingest.documents import EVERYONE, Status
from ingest.errors import SourceUnavailable
from ingest.index import Index, Query, SearchFilter
from ingest.text import terms
from server.retrieve import passage_of
from server.schemas import MAX_QUESTION_CHARS, DocumentView, Passage, SearchResponse, SourceSummary

MAX_DOCUMENTS = 300
"""Documents that are read, spread over the sources: more questions than anybody reviews come of them."""
AT_ONCE = 100
FOUND = 50
WAIT_S = 60.0

PROBES = (
    "Comment faire ? Quelles sont les étapes ?",
    "Qui est concerné, et à quelles conditions ?",
    "Quels sont les délais et les dates ?",
    "Quel est le montant, le tarif ou le budget ?",
    "Qu’est-ce qui est interdit ou obligatoire ?",
    "Qui est responsable ? Qui faut-il prévenir ?",
    "demande dossier réponse entretien formation personne travail jour heure",
)
"""What a server is searched for in each source: it lists no documents. By their words alone where it has no vectors."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Section:
    """A passage that begins what stands under a heading.

    Args:
        group: whoever asks is of it: the document is reserved; None for a document that all may read.
    """

    passage: Passage
    group: str | None

    @property
    def heading(self) -> str | None:
        """The last heading over it; None for what comes before the first one."""
        return self.passage.path[-1] if len(self.passage.path) > 1 else None

    @property
    def document(self) -> str:
        """What people call its document: the file's name, else its number, else its title."""
        name = PurePosixPath(self.passage.document_id.partition(":")[2]).name
        if PurePosixPath(name).suffix:
            return name
        return self.passage.number or self.passage.title


class Material(Protocol):
    """Documents to make questions of."""

    def sections(self, day: date, seed: int, sources: frozenset[str] = frozenset()) -> list[Section]:
        """Give the sections of documents in force on `day`; the same ones for the same seed.

        Args:
            sources: names of those that are read; none for all.
        """

    def find(self, text: str) -> list[Passage]:
        """Give the passages that match `text` best, of any day."""


def lacks(material: Material, words: Iterable[str]) -> bool:
    """Tell whether no passage holds all these words, whatever their ending."""
    wanted = set(terms(" ".join(words)))
    if not wanted:
        return False
    return not any(wanted <= set(terms(f"{one.title} {one.text}")) for one in material.find(" ".join(words)))


class IndexMaterial:
    """The documents of an open index, whoever may read them: a reserved one gives questions of its group."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def sections(self, day: date, seed: int, sources: frozenset[str] = frozenset()) -> list[Section]:
        """See `Material`."""
        by_source: dict[str, set[str]] = defaultdict(set)
        where = SearchFilter(groups=None, as_of=day, sources=tuple(sorted(sources)) or None)
        entries = self._index.entries(where, ("document_id", "source", "status"))
        for hit in entries:
            if hit.payload["status"] == Status.IN_FORCE:
                by_source[hit.payload["source"]].add(hit.payload["document_id"])
        chosen = spread(by_source, MAX_DOCUMENTS, random.Random(seed))  # noqa: S311  # a draw, not a secret
        read = [
            Section(passage_of(hit), _group(hit.payload))
            for start in range(0, len(chosen), AT_ONCE)
            for hit in self._index.passages(
                SearchFilter(groups=None, as_of=day, document_ids=tuple(chosen[start : start + AT_ONCE]))
            )
        ]
        return list(_beginnings(read))

    def find(self, text: str) -> list[Passage]:
        """See `Material`."""
        where = SearchFilter(groups=None)
        return [
            passage_of(hit) for hit in self._index.search(Query(text, k=FOUND, side="sparse", where=where))
        ]


class EndpointMaterial:
    """The documents that a running server shows its caller.

    Args:
        endpoint: address of the server, with or without `/v1`.
    """

    def __init__(self, endpoint: str) -> None:
        base = base_of(endpoint)
        self._place = shown(base)
        self._client = httpx.Client(base_url=base, timeout=WAIT_S)

    def sections(self, day: date, seed: int, sources: frozenset[str] = frozenset()) -> list[Section]:
        """See `Material`."""
        held = self._asked(TypeAdapter(list[SourceSummary]), "GET", "/v1/sources")
        names = [one.name for one in held if not sources or one.name in sources]
        by_source = {name: set(self._documents_of(name, day)) for name in names}
        read: list[Section] = []
        for key in spread(by_source, MAX_DOCUMENTS, random.Random(seed)):  # noqa: S311  # a draw, not a secret
            view = self._asked(TypeAdapter(DocumentView), "GET", f"/v1/documents/{quote(key)}")
            group = min(view.groups, default=None)
            read += [Section(one, group) for one in view.passages if _holds(one, day)]
        return list(_beginnings(read))

    def find(self, text: str) -> list[Passage]:
        """See `Material`."""
        return self._search({"query": text[:MAX_QUESTION_CHARS], "k": FOUND, "include_expired": True})

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _documents_of(self, source: str, day: date) -> Iterator[str]:
        for probe in PROBES:
            body = {"query": probe, "k": 100, "sources": [source], "as_of": day.isoformat()}
            yield from (one.document_id for one in self._search(body) if one.status is Status.IN_FORCE)

    def _search(self, body: Mapping[str, Any]) -> list[Passage]:
        return self._asked(TypeAdapter(SearchResponse), "POST", "/v1/search", json=body).passages

    def _asked(self, answered: TypeAdapter[T], method: str, path: str, **content: Any) -> T:
        try:
            response = self._client.request(method, path, **content)
        except httpx.HTTPError as error:
            raise SourceUnavailable(f"Le serveur {self._place} ne répond pas : {error}") from error
        try:
            return answered.validate_json(checked(response, self._place))
        except ValidationError as error:
            raise SourceUnavailable(f"Ce qui répond à {self._place} n’est pas Fanal : {error}") from error


def spread(by_group: Mapping[str, Iterable[T]], count: int, chance: random.Random) -> list[T]:
    """Take up to `count` things, one of each group in turn, in an order that `chance` gives."""
    shuffled = []
    for name in sorted(by_group):
        things = sorted(by_group[name], key=str)
        chance.shuffle(things)
        shuffled.append(things[::-1])
    chance.shuffle(shuffled)
    taken: list[T] = []
    while len(taken) < count and any(shuffled):
        taken += [things.pop() for things in shuffled if things][: count - len(taken)]
    return taken


def _holds(passage: Passage, day: date) -> bool:
    return passage.status is Status.IN_FORCE and passage.validity.holds_on(day)


def _group(payload: Mapping[str, Any]) -> str | None:
    groups: Sequence[str] = payload["groups"]
    return None if EVERYONE in groups else min(groups, default=None)


def _beginnings(read: Iterable[Section]) -> Iterator[Section]:
    """Give the first passage under each heading of each document."""
    seen: set[tuple[str, ...]] = set()
    for one in read:
        place = (one.passage.document_id, *one.passage.path)
        if place not in seen:
            seen.add(place)
            yield one
