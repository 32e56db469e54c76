"""Gold that a person typed: which of its words are the organisation's own, and stay, and which are somebody's.

A quote of an indexed document stays as it is: masked, it would be found in no document. What is in no passage that its
writer may read was typed, and is masked as the rest of the case.
"""

from collections.abc import Callable
from pathlib import PurePosixPath

from ingest.index import Index, Query, SearchFilter
from ingest.text import fold
from server.case_schemas import GoldPassage
from server.retrieve import passage_of
from server.schemas import Passage

NEAREST = 30
"""Passages that share most words with a quote, in which it is looked for."""

Hide = Callable[[str, Callable[[str], bool]], str]
"""Masks a text, unless what is asked of it says that it is the organisation's own."""


class IndexedGold:
    """What an index holds of gold, for members of some groups."""

    def __init__(self, index: Index, groups: frozenset[str]) -> None:
        self._index = index
        self._groups = groups

    def names(self, document: str) -> bool:
        """Tell whether a passage is of a document that goes by this id, title, number or file name."""
        where = SearchFilter(groups=self._groups, document_id=document)
        return bool(self._index.passages(where, 1)) or any(
            _plain(document) in _names(passage) for passage in self._near(document)
        )

    def holds(self, quote: str) -> bool:
        """Tell whether a passage holds these words, spaces, capitals and accents aside."""
        wanted = _plain(quote)
        return any(wanted in _plain(passage.text) for passage in self._near(quote))

    def _near(self, words: str) -> list[Passage]:
        """Search by words alone: what may be somebody's name goes to no model."""
        query = Query(words, k=NEAREST, where=SearchFilter(groups=self._groups))
        return [passage_of(hit) for hit in self._index.search(query)]


def hidden_gold(gold: GoldPassage, hide: Hide, indexed: IndexedGold) -> dict[str, str | None]:
    """Mask what of a gold passage holds personal data and is in no document.

    Returns:
        Its fields: what is masked may be too long.
    """
    document, quote = gold.document, gold.quote
    return {
        "document": hide(document, indexed.names),
        "quote": quote if quote is None else hide(quote, indexed.holds),
    }


def _names(passage: Passage) -> set[str]:
    """Give what people call a passage's document."""
    path = PurePosixPath(passage.document_id.partition(":")[2] or passage.document_id)
    given = (passage.document_id, passage.title, passage.number or "", path.name, path.stem)
    return {_plain(name) for name in given}


def _plain(text: str) -> str:
    return " ".join(fold(text).split())
