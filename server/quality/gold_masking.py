"""Gold that a person typed: which of its words are the organisation's own, and stay, and which are somebody's.

A quote of an indexed document stays as it is: masked, it would be found in no document. What is in no passage that its
writer may read was typed, and is masked as the rest of the case.
"""

from collections.abc import Callable

from ingest.index import Index, Query, SearchFilter
from server.case_schemas import GoldPassage
from server.quality.gold import holds, is_named
from server.retrieve import passage_of
from server.schemas import Passage

NEAREST = 30
"""Passages that share most words with a quote, in which it is looked for."""

NO_DOCUMENT = "aucun document que vous pouvez lire ne s’appelle « {document} »"
NO_QUOTE = "la citation attendue n’est dans aucun passage de « {document} »"

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
            is_named(document, passage) for passage in self._near(document)
        )

    def holds(self, quote: str) -> bool:
        """Tell whether a passage holds these words, as people read them."""
        return any(holds(passage.text, quote) for passage in self._near(quote))

    def lacks(self, gold: GoldPassage) -> str | None:
        """Say in French why a gold passage would never be found; None where it is there."""
        if not self.names(gold.document):
            return NO_DOCUMENT.format(document=gold.document)
        if gold.quote is not None and not self.holds(gold.quote):
            return NO_QUOTE.format(document=gold.document)
        return None

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
