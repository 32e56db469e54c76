"""What is indexed, as gold names it: a `GoldPassage` goes in, the passages of the document it names come out.

From an index that this process opens, or from a running server by `/v1`, which shows what its caller may read.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from eval.asking import base_of, shown
from eval.suites import Documents
from ingest.documents import EVERYONE
from ingest.errors import IndexBusy, SourceUnavailable
from ingest.index import Index, SearchFilter
from ingest.opening import open_store
from server.case_schemas import GoldPassage
from server.quality.gold import is_named, matches, names_of, writings
from server.retrieve import passage_of
from server.schemas import MAX_QUESTION_CHARS, DocumentView, Passage, SearchResponse, Wire
from server.settings import ServerSettings

T = TypeVar("T", bound=Wire)

FIELDS = ("document_id", "kind", "source", "title", "path", "number", "status", "groups")

AT_ONCE = 200
"""Documents whose passages are asked for together."""

FOUND = 100
"""Passages of one search of a server: as many as it gives."""

WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Held:
    """A passage as it is indexed, and who may read it; None where that is not told."""

    passage: Passage
    groups: frozenset[str] | None


class Library(Protocol):
    """What is indexed."""

    def named(self, gold: GoldPassage) -> list[Held]:
        """Give the passages of the documents that the gold names; none when there is no such document."""

    def groups(self) -> frozenset[str] | None:
        """Give the groups that documents are reserved to; None where that is not told."""


@contextmanager
def opened_library(
    documents: Documents, settings: ServerSettings, endpoint: str | None, say: Callable[[str], None]
) -> Iterator[Library]:
    """Open what a suite is asked over: a server's documents, or an index in this process.

    Args:
        say: tells a person that a server was asked because it owns the index.

    Raises:
        FanalError: neither can be had.
    """
    if endpoint is not None:
        with closing(EndpointLibrary(endpoint)) as served:
            yield served
        return
    try:
        store = open_store(_over(documents, settings))
    except IndexBusy:
        if documents != "own":
            raise
        say(f"Le serveur Fanal tient l’index : c’est à lui que l’on demande ({shown(settings.server_url)}).")
        with closing(EndpointLibrary(settings.server_url)) as served:
            yield served
        return
    try:
        yield IndexLibrary(store.index)
    finally:
        store.close()


def _over(documents: Documents, settings: ServerSettings) -> ServerSettings:
    from eval.sample_index import prepared

    return settings if documents == "own" else prepared(documents, settings.cache_dir, words_only=True)


class IndexLibrary:
    """The documents of an open index, whoever may read them.

    Args:
        index: read whole once, without its texts.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._by_name: dict[str, dict[str, Passage]] = {}
        self._groups: set[str] = set()
        self._held: dict[str, list[Held]] = {}
        known: set[str] = set()
        for hit in index.entries(SearchFilter(groups=None), FIELDS):
            if hit.payload["document_id"] not in known:
                known.add(hit.payload["document_id"])
                self._enter(hit.chunk_id, hit.payload)

    def _enter(self, chunk_id: str, held: Mapping[str, Any]) -> None:
        self._groups.update(set(held["groups"]) - {EVERYONE})
        fields = {name: held[name] for name in FIELDS if name != "groups"}
        passage = Passage(id=chunk_id, text="", score=0.0, **fields)
        for name in names_of(passage):
            self._by_name.setdefault(name, {})[passage.document_id] = passage

    def named(self, gold: GoldPassage) -> list[Held]:
        """See `Library`."""
        entered: dict[str, Passage] = {}
        for name in writings(gold.document):
            entered |= self._by_name.get(name, {})
        ids = sorted(key for key, passage in entered.items() if is_named(gold.document, passage))
        unread = [key for key in ids if key not in self._held]
        for start in range(0, len(unread), AT_ONCE):
            self._read(tuple(unread[start : start + AT_ONCE]))
        return [one for key in ids for one in self._held.get(key, [])]

    def _read(self, ids: tuple[str, ...]) -> None:
        for hit in self._index.passages(SearchFilter(groups=None, document_ids=ids)):
            held = Held(passage_of(hit), frozenset(hit.payload["groups"]))
            self._held.setdefault(held.passage.document_id, []).append(held)

    def groups(self) -> frozenset[str]:
        """See `Library`."""
        return frozenset(self._groups)


class EndpointLibrary:
    """The documents that a running server shows: a search for the quote, then for the document, then the whole of it.

    Args:
        endpoint: address of the server, with or without `/v1`.
    """

    def __init__(self, endpoint: str, transport: httpx.BaseTransport | None = None) -> None:
        base = base_of(endpoint)
        self._place = shown(base)
        self._client = httpx.Client(base_url=base, timeout=WAIT_S, transport=transport)

    def named(self, gold: GoldPassage) -> list[Held]:
        """See `Library`."""
        by_quote = self._search(gold.quote) if gold.quote else []
        if any(matches(gold, passage) for passage in by_quote):
            return [Held(passage, None) for passage in by_quote if is_named(gold.document, passage)]
        found = [*by_quote, *self._search(gold.document)]
        ids = dict.fromkeys(one.document_id for one in found if is_named(gold.document, one))
        return [Held(passage, None) for key in ids for passage in self._document(key)]

    def groups(self) -> None:
        """See `Library`: a server does not tell what it reserves."""

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _search(self, text: str) -> list[Passage]:
        body = {"query": text[:MAX_QUESTION_CHARS], "k": FOUND, "include_expired": True}
        return self._asked(SearchResponse, "POST", "/v1/search", json=body).passages

    def _document(self, document_id: str) -> list[Passage]:
        return self._asked(DocumentView, "GET", f"/v1/documents/{quote(document_id)}").passages

    def _asked(self, answered: type[T], method: str, path: str, **content: Any) -> T:
        try:
            response = self._client.request(method, path, **content).raise_for_status()
            return answered.model_validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise SourceUnavailable(
                f"Le serveur {self._place} ne répond pas comme Fanal : {error}"
            ) from error
