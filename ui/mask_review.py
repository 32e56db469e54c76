"""The review of what is masked in a text: what was found, what a person changes, and the way back.

Nothing of it reaches a model: each change goes to the organisation's own server, which says what a model would
read, and the same words are masked wherever they stand.
"""

from dataclasses import dataclass, field

from server.mask_schemas import EntityType, MaskedEntity, MaskedText, MaskSpan
from ui.calls import ClientError
from ui.draft_client import DraftClient
from ui.mask_types import INDIRECT, LABELS
from ui.masks import (
    moved,
    retyped,
    same_places,
    span_at,
    whole_words,
    with_span,
    with_words,
    without,
    words_at,
)

NO_WORD = "Cette sélection ne contient aucun mot à masquer."
KEPT_CHANGES = 100


@dataclass(slots=True)
class MaskReview:
    """A text under review.

    Args:
        name: names the text on the page.
        masked: what the server masks of it now.
        chosen: where the mask that is being changed begins.
        removing: whether taking that mask off is to be confirmed.
        notice: what is to be said once, in French.
        former: the spans before each change, oldest first.
    """

    name: str
    text: str
    masked: MaskedText
    chosen: int | None = None
    removing: bool = False
    notice: str = ""
    former: list[list[MaskSpan]] = field(default_factory=list)

    @classmethod
    def begin(cls, client: DraftClient, name: str, text: str) -> "MaskReview":
        """Have a text masked; raises `ClientError`."""
        return cls(name, text, client.mask(text))

    def continued(self, client: DraftClient, text: str) -> "MaskReview":
        """Take up the same text with more at its end: what a person decided of its beginning holds in the rest."""
        review = MaskReview.begin(client, self.name, text)
        before = [span for span in review.spans if span.end <= len(self.text)]
        shown = {words_at(text, span) for span in before} - {words_at(text, span) for span in self.spans}
        added = [
            span
            for span in review.spans
            if span.start >= len(self.text) and words_at(text, span) not in shown
        ]
        review.masked = client.mask(text, [*self.spans, *added])
        return review

    @property
    def spans(self) -> list[MaskSpan]:
        """What is masked: what a draft is asked with."""
        return [
            MaskSpan(start=entity.start, end=entity.end, type=entity.type) for entity in self.masked.entities
        ]

    @property
    def chosen_mask(self) -> MaskedEntity | None:
        """The mask that is being changed."""
        return next((entity for entity in self.masked.entities if entity.start == self.chosen), None)

    @property
    def places(self) -> int:
        """How many places have the words of the chosen mask."""
        chosen = self.chosen_mask
        return len(same_places(self.text, self.spans, chosen)) if chosen else 0

    def choose(self, start: int | None) -> None:
        """Begin to change a mask; None ends it."""
        self.chosen = start if start is not None and span_at(self.spans, start) else None
        self.removing = False

    def mask_selection(self, client: DraftClient, start: int, end: int, kind: EntityType) -> None:
        """Mask what is selected, widened to whole words, and the same words elsewhere."""
        bounds = whole_words(self.text, start, end)
        if bounds is None:
            self.notice = NO_WORD
            return
        added = MaskSpan(start=bounds[0], end=bounds[1], type=kind)
        self._change(client, with_span(self.spans, added))

    def mask_words(self, client: DraftClient, words: str, kind: EntityType) -> bool:
        """Mask words wherever they stand; tells whether they stand anywhere."""
        spans, found = with_words(self.text, self.spans, words, kind)
        if found:
            return self._change(client, spans)
        self.notice = f"« {words.strip()} » ne se trouve pas dans le texte, lettre pour lettre."
        return False

    def retype(self, client: DraftClient, kind: EntityType) -> None:
        """Give the chosen mask another type."""
        if chosen := self.chosen_mask:
            self._change(client, retyped(self.text, self.spans, chosen, kind))

    def move(self, client: DraftClient, side: str, step: int) -> None:
        """Move an edge of the chosen mask by a word; see `ui.masks.moved`."""
        chosen = self.chosen_mask
        if chosen is None:
            return
        changed = moved(self.text, MaskSpan(start=chosen.start, end=chosen.end, type=chosen.type), side, step)
        if (changed.start, changed.end) != (chosen.start, chosen.end):
            others = [span for span in self.spans if span.start != chosen.start]
            if self._change(client, with_span(others, changed)):
                self.chosen = changed.start if span_at(self.spans, changed.start) else None

    def remove(self, client: DraftClient, *, confirmed: bool = False) -> None:
        """Take the chosen mask off all places of its words; one that names a person is confirmed first."""
        chosen = self.chosen_mask
        if chosen is None:
            return
        if chosen.type not in INDIRECT and not confirmed:
            self.removing = True
            return
        if self._change(client, without(self.text, self.spans, chosen)):
            self.choose(None)

    def undo(self, client: DraftClient) -> None:
        """Take the last change back."""
        if self.former:
            spans = self.former.pop()
            if self._apply(client, spans):
                self.choose(None)
            else:
                self.former.append(spans)

    def describe(self, entity: MaskedEntity) -> str:
        """Say what a mask hides, and as what."""
        words = " ".join(self.text[entity.start : entity.end].split())
        return f"« {words} », {LABELS[entity.type].lower()}"

    def _change(self, client: DraftClient, spans: list[MaskSpan]) -> bool:
        before = self.spans
        if not self._apply(client, spans):
            return False
        self.former = [*self.former, before][-KEPT_CHANGES:]
        return True

    def _apply(self, client: DraftClient, spans: list[MaskSpan]) -> bool:
        self.removing = False
        try:
            self.masked = client.mask(self.text, spans)
        except ClientError as error:
            self.notice = f"Le masque n’a pas été changé. {error}"
            return False
        self.notice = ""
        return True
