"""A text with what is known of each of its words: allowed or not, and the named entity that spaCy sees there.

A legible text and spaCy's entities go in; the recognisers of names ask it for words, gaps and neighbours.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable

from presidio_analyzer.nlp_engine import NlpArtifacts
from spacy.tokens import Span

from server.recognisers.allowed import Allowed
from server.recognisers.tokens import Token, words_of

_JOINT = re.compile(r"[ \t]{0,2}|-")
_VOWEL = re.compile(r"[aeiouy]")


class Page:
    """A text and its words.

    Args:
        entities: spaCy's.
    """

    def __init__(self, text: str, entities: Iterable[Span], allowed: Allowed) -> None:
        self.text = text
        self.words: list[Token] = words_of(text)
        self._starts = [word.start for word in self.words]
        self.entities = [(one.start_char, one.end_char, one.label_) for one in entities]
        self.labels = [""] * len(self.words)
        for start, end, label in self.entities:
            for at in self.range_of(start, end):
                self.labels[at] = label
        self.allowed = [False] * len(self.words)
        for start, end in allowed.spans(text):
            for at in self.range_of(start, end):
                self.allowed[at] = self.words[at].end <= end

    def range_of(self, start: int, end: int) -> range:
        """Give the words that begin at `text[start:end]`."""
        return range(bisect_left(self._starts, start), bisect_left(self._starts, end))

    def gap(self, at: int) -> str:
        """Give what stands between a word and the next one."""
        if at + 1 >= len(self.words):
            return "\n"
        return self.text[self.words[at].end : self.words[at + 1].start]

    def joined(self, at: int) -> bool:
        """Tell whether a word and the next one stand together, on one line."""
        return 0 <= at < len(self.words) - 1 and _JOINT.fullmatch(self.gap(at)) is not None

    def shouted(self, at: int) -> bool:
        """Tell whether the words around are in capitals as well, which then tell nothing."""
        around = [*self.words[max(0, at - 4) : at], *self.words[at + 1 : at + 5]]
        long = [word for word in around if len(word.text) > 2]
        return len(long) > 1 and sum(word.shape == "upper" for word in long) * 3 >= len(long) * 2

    def pronounceable(self, at: int) -> bool:
        """Tell a word from an abbreviation."""
        return _VOWEL.search(self.words[at].folded) is not None


def page_of(text: str, artifacts: NlpArtifacts, allowed: Allowed) -> Page:
    """Give the page of a text; the recognisers that read it one after the other share it.

    Args:
        artifacts: what spaCy found in the text; the page is kept with it.
    """
    kept = vars(artifacts)
    page = kept.get("page")
    if not isinstance(page, Page):
        page = kept["page"] = Page(text, artifacts.entities, allowed)
    return page
