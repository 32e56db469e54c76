"""How well personal data is masked: a marked corpus and the project's masker go in, recall and precision come out.

A gold span is recalled when every letter and digit of it is under a mask, whatever the mask's type: one letter that
shows is a leak. A mask is right when at least half of its letters and digits are gold, of whatever type.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import get_args

from eval.masking_corpus import Sentence
from server.mask import Entity, Masked
from server.mask_schemas import EntityType, MaskSpan

TYPES: tuple[EntityType, ...] = get_args(EntityType)

SPECIAL_CATEGORIES = TYPES[TYPES.index("SANTE") :]
"""Articles 9 and 10 RGPD."""

_INDIRECT = ("AGE", "LIEU_NAISSANCE", "EMPLOYEUR", "ECOLE")

DIRECT_IDENTIFIERS = tuple(kind for kind in TYPES if kind not in (*_INDIRECT, *SPECIAL_CATEGORIES))
"""What names a person or reaches them, by itself."""

SHORT = 3
"""Letters of an acronym that is also a word of the language: it counts in capitals only."""

Spans = Sequence[tuple[int, int]]
"""Places in a text, as (start, end)."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """Give the share; NaN of nothing."""
        return self.hits / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Give the 95 % interval of the share (Wilson, 1927): it holds for few cases and for shares near 1."""
        if not self.total:
            return 0.0, 1.0
        z = 1.959964
        centre = (self.hits + z * z / 2) / (self.total + z * z)
        half = (
            z
            * math.sqrt(self.hits * (self.total - self.hits) / self.total + z * z / 4)
            / (self.total + z * z)
        )
        return max(0.0, centre - half), min(1.0, centre + half)

    def __str__(self) -> str:
        """Write the share, its interval and the count, in French figures."""
        if not self.total:
            return "—"
        low, high = self.interval
        return f"{_figure(self.value)} [{_figure(low)} ; {_figure(high)}] ({self.hits}/{self.total})"


@dataclass(frozen=True, slots=True)
class Miss:
    """Gold that shows, or a mask that hides what is not gold."""

    sentence: Sentence
    start: int
    end: int
    type: EntityType

    def __str__(self) -> str:
        """Write it in its sentence."""
        text = self.sentence.text
        shown = f"{text[: self.start]}⟦{text[self.start : self.end]}⟧{text[self.end :]}"
        return f"{self.sentence.id} {self.type} ({self.sentence.case}) : {shown!r}"


@dataclass
class Score:
    """What masking a corpus came to; each counter is by type, of the gold or of the mask."""

    gold: Counter[EntityType] = field(default_factory=Counter)
    recalled: Counter[EntityType] = field(default_factory=Counter)
    typed: Counter[EntityType] = field(default_factory=Counter)
    masks: Counter[EntityType] = field(default_factory=Counter)
    right: Counter[EntityType] = field(default_factory=Counter)
    missed: list[Miss] = field(default_factory=list)
    false_alarms: list[Miss] = field(default_factory=list)
    mistyped: list[Miss] = field(default_factory=list)
    allowed: list[Miss] = field(default_factory=list)
    """Words of the allow-list that were masked outside gold, as anything but special categories: of these the list
    itself says that they are masked when they are somebody's ("suivi au CMP"); they count in the precision."""

    def recall(self, types: Iterable[EntityType]) -> Share:
        """Give the share of the gold of these types that no letter shows of."""
        return _share(self.recalled, self.gold, types)

    def typed_recall(self, types: Iterable[EntityType]) -> Share:
        """Give the share that is hidden and said to be what it is."""
        return _share(self.typed, self.gold, types)

    def precision(self, types: Iterable[EntityType]) -> Share:
        """Give the share of the masks of these types that hide gold."""
        return _share(self.right, self.masks, types)


def score(
    mask: Callable[[str], Masked], corpus: Iterable[Sentence], allowed: Callable[[str], Spans]
) -> Score:
    """Mask every sentence of a corpus, and compare with its gold.

    Args:
        mask: what masks, as `Masker.mask` does notes.
        allowed: where the words that are never to be masked stand in a text, as `Allowed.spans` tells.
    """
    found = Score()
    for sentence in corpus:
        masks = mask(sentence.text).entities
        score_masks(found, sentence, masks)
        _score_allowed(found, sentence, masks, allowed(sentence.text))
    return found


def score_masks(found: Score, sentence: Sentence, masks: Sequence[Entity | MaskSpan]) -> None:
    """Add to a score what the masks of one sentence hide of its gold, and beside it."""
    _score_gold(found, sentence, masks)
    _score_right(found, sentence, masks)


def _score_gold(found: Score, sentence: Sentence, masks: Sequence[Entity | MaskSpan]) -> None:
    hidden = _covered(masks)
    for span in sentence.gold:
        found.gold[span.type] += 1
        letters = _letters(sentence.text, span.start, span.end)
        if not letters <= hidden:
            found.missed.append(Miss(sentence, span.start, span.end, span.type))
            continue
        found.recalled[span.type] += 1
        of_type = _covered(mask for mask in masks if mask.type == span.type)
        if 2 * len(letters & of_type) >= len(letters):
            found.typed[span.type] += 1
        else:
            found.mistyped.append(Miss(sentence, span.start, span.end, span.type))


def _score_right(found: Score, sentence: Sentence, masks: Sequence[Entity | MaskSpan]) -> None:
    gold = _covered(sentence.gold)
    for mask in masks:
        found.masks[mask.type] += 1
        letters = _letters(sentence.text, mask.start, mask.end)
        if 2 * len(letters & gold) >= len(letters):
            found.right[mask.type] += 1
        else:
            found.false_alarms.append(Miss(sentence, mask.start, mask.end, mask.type))


def _score_allowed(found: Score, sentence: Sentence, masks: Sequence[Entity], allowed: Spans) -> None:
    gold = _covered(sentence.gold)
    for start, end in allowed:
        word = sentence.text[start:end]
        if len(word) <= SHORT and not word.isupper():  # "de" is not the DE of "demandeur d'emploi"
            continue
        over = [mask.type for mask in masks if mask.start < end and start < mask.end]
        if over and over[0] not in SPECIAL_CATEGORIES and gold.isdisjoint(range(start, end)):
            found.allowed.append(Miss(sentence, start, end, over[0]))


def _covered(spans: Iterable[Entity | MaskSpan]) -> set[int]:
    return {at for span in spans for at in range(span.start, span.end)}


def _letters(text: str, start: int, end: int) -> set[int]:
    return {at for at in range(start, end) if text[at].isalnum()}


def _share(hits: Counter[EntityType], totals: Counter[EntityType], types: Iterable[EntityType]) -> Share:
    chosen = list(types)
    return Share(sum(hits[kind] for kind in chosen), sum(totals[kind] for kind in chosen))


def _figure(value: float) -> str:
    return f"{value:.3f}".replace(".", ",")
