"""Check a drafted sentence against the notes: its quotes, its figures, its placeholders, its words, its negations.

What a model proposed and the numbered notes go in; a `DraftSentence` comes out, each of whose sources is a slice of a
sentence of the notes, or nothing when it rests on none. `verified` is what a machine can vouch for: that the sentence
says no more than its quotes is the reader's to judge.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ingest.text import fold, terms
from server.draft_schemas import DraftSentence, NoteQuote
from server.drafting.answer import NotedSource
from server.drafting.figures import moved_figures
from server.drafting.instructions import INSTRUCTION, is_instruction
from server.drafting.shifts import KIN_BEFORE, shifted
from server.figures import find_figures
from server.guard import leaks
from server.notes import NumberedSentence
from server.placeholders import placeholders_of, without_placeholders
from server.prompts.fences import one_line
from server.support import foreign_words
from server.verify import find_quote, is_quotable, normalise

SHORT_CHARS = 80
"""A sentence of the notes so short is quoted whole, where two words of it are no quote."""

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>()\"«»]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_PERSON = "[PERSONNE_"
_EDGES = " \n\t\"'«».,;:…"


class QuotedNotes:
    """The notes, to find quotes in."""

    def __init__(self, sentences: Sequence[NumberedSentence]) -> None:
        self._by_number = {sentence.number: sentence for sentence in sentences}
        self._persons = {
            one
            for sentence in sentences
            for one in placeholders_of(sentence.masked)
            if one.startswith(_PERSON)
        }

    def get(self, number: int) -> NumberedSentence | None:
        """Give the sentence of that number, None when there is none."""
        return self._by_number.get(number)

    @property
    def only_person(self) -> str | None:
        """Give the one person that the notes name; None when they name several, or another's mother, employer…"""
        if len(self._persons) != 1 or any(
            KIN_BEFORE.search(fold(text)) for text in self._normalised.values()
        ):
            return None
        return next(iter(self._persons))

    def find(self, source: NotedSource) -> NoteQuote | None:
        """Find a quote in the sentence that is announced, or in another one, word for word."""
        announced = self.get(source.sentence)
        if announced and (place := _place(source.quote, announced.masked)):
            return _quote(announced, *place)
        if not is_quotable(source.quote):
            return None
        wanted = normalise(source.quote).strip(_EDGES)
        for number, text in self._normalised.items():
            sentence = self._by_number[number]
            if wanted in text and (place := find_quote(source.quote, sentence.masked)):
                return _quote(sentence, *place)
        return None

    @cached_property
    def _normalised(self) -> dict[int, str]:
        return {number: normalise(sentence.masked) for number, sentence in self._by_number.items()}


@dataclass(frozen=True, slots=True)
class _Cited:
    """A place of the notes that a drafted sentence rests on."""

    quote: NoteQuote
    sentence: NumberedSentence


def verify_sentence(text: str, sources: Sequence[NotedSource], notes: QuotedNotes) -> DraftSentence | None:
    """Check a drafted sentence.

    A source whose words are not in the notes is kept as the whole sentence that it announces, and the drafted sentence
    is not verified.

    Returns:
        None when it rests on no sentence of the notes, or recites the model's instructions.
    """
    text = unicodedata.normalize("NFC", one_line(text))  # as it shows: "de\u200bux ans" reads as two years
    found = [(notes.find(source), notes.get(source.sentence)) for source in sources]
    quotes = [
        quote or (_quote(announced, 0, len(announced.masked)) if announced else None)
        for quote, announced in found
    ]
    places = {(quote.sentence, quote.start, quote.end): quote for quote in quotes if quote}
    cited = [_Cited(quote, sentence) for quote in places.values() if (sentence := notes.get(quote.sentence))]
    if not cited or leaks(text):
        return None
    unsupported = list(dict.fromkeys(_unsupported(text, cited, notes)))
    return DraftSentence(
        text=text,
        verified=all(quote for quote, _ in found) and not unsupported,
        sources=[one.quote for one in cited],
        unsupported=unsupported,
    )


def _quote(sentence: NumberedSentence, start: int, end: int) -> NoteQuote:
    return NoteQuote(sentence=sentence.number, quote=sentence.masked[start:end], start=start, end=end)


def _place(quote: str, text: str) -> tuple[int, int] | None:
    """Find a quote in the sentence that it is announced in: notes are short, and so may their quotes be."""
    wanted, held = normalise(quote).strip(_EDGES), normalise(text).strip(_EDGES)
    if not wanted:
        return None
    short = len(text) <= SHORT_CHARS and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", held)
    if wanted == held or (short and not is_quotable(quote)):
        return 0, len(text)
    # A model begins its quote in lower case where the notes' sentence begins in upper case, and the other way round.
    return find_quote(quote, text) or find_quote(quote[:1].swapcase() + quote[1:], text)


def _unsupported(text: str, cited: Sequence[_Cited], notes: QuotedNotes) -> Iterator[str]:
    sentences = [one.sentence.masked for one in cited]
    yield from _unsupported_figures(text, cited)
    held = set(placeholders_of(*sentences))
    yield from (one for one in placeholders_of(text) if one not in held and one != notes.only_person)
    quoted = " ".join(one.quote.quote for one in cited)
    yield from (link for link in _LINK.findall(text) if link not in quoted)
    yield from _foreign(text, sentences)
    yield from shifted(text, sentences)
    if all(is_instruction(sentence) for sentence in sentences):
        yield INSTRUCTION


def _foreign(text: str, sentences: Sequence[str]) -> list[str]:
    """List the words of a sentence that is about something else than the notes that it cites: however short it is."""
    bare = without_placeholders(text)
    given = [without_placeholders(sentence) for sentence in sentences]
    own, held = set(terms(bare)), {term for one in given for term in terms(one)}
    if own and not own & held:
        return [word for word in _WORD.findall(bare) if terms(word)]
    return foreign_words(bare, given)


def _unsupported_figures(text: str, cited: Sequence[_Cited]) -> Iterator[str]:
    """List the figures that no quote gives, or gives of another thing.

    They are read in the whole sentence, so that none is cut.
    """
    given = [
        figure
        for one in cited
        for figure in find_figures(one.sentence.masked)
        if one.quote.start <= figure.start and figure.end <= one.quote.end
    ]
    moved = moved_figures(text, [one.sentence.masked for one in cited])
    for figure in find_figures(text):
        written = text[figure.start : figure.end]
        if placeholders_of(written):
            continue
        if not any(figure.supported_by(source) for source in given) or figure in moved:
            yield written
