"""Put together what several windows of the notes gave: sentences go in, those that say the same thing come out once."""

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.text import fold
from server.draft_schemas import DraftSentence, NoteQuote
from server.drafting.facts import NEGATED
from server.drafting.sort import words_of
from server.figures import find_figures
from server.placeholders import placeholders_of

SAME = 0.8
"""Share of their words that two sentences have in common (Jaccard) to say the same thing."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What must be alike in two sentences that say the same: their words, and all else to the letter."""

    words: frozenset[str]
    exact: tuple[object, ...]

    def same(self, other: "_Said") -> bool:
        common = len(self.words & other.words)
        return self.exact == other.exact and common >= SAME * len(self.words | other.words)


def merged(sentences: Iterable[DraftSentence]) -> list[DraftSentence]:
    """Keep the first of the sentences that say the same, in their order; a verified one takes a doubtful one's place.

    What the others rest on is added to it when both are verified.
    """
    kept: list[tuple[_Said, DraftSentence]] = []
    for sentence in sentences:
        said = _said(sentence.text)
        at = next((at for at, (other, _) in enumerate(kept) if said.same(other)), None)
        if at is None:
            kept.append((said, sentence))
        else:
            kept[at] = said, _one_of(kept[at][1], sentence)
    return [sentence for _, sentence in kept]


def _said(text: str) -> _Said:
    figures = frozenset(figure.needs for figure in find_figures(text))
    negations = len(NEGATED.findall(fold(text)))
    return _Said(words_of(text), (figures, frozenset(placeholders_of(text)), negations))


def _one_of(first: DraftSentence, second: DraftSentence) -> DraftSentence:
    if first.verified != second.verified:
        return first if first.verified else second
    if not first.verified:
        return first
    sources = {_place(source): source for source in [*first.sources, *second.sources]}
    return first.model_copy(update={"sources": list(sources.values())})


def _place(source: NoteQuote) -> tuple[int, int, int]:
    return source.sentence, source.start, source.end
