"""Notes of an interview: a text or a file goes in, its sentences come out, numbered, as typed and as masked.

Real notes are lines and fragments ("-> dispo lundi ; pas de permis"): each line is at least one sentence, marks of
lists are left out, and every other word is in exactly one sentence. They are cut on the masked text, so that no name,
address or date is ever cut in two.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest.documents import Block
from ingest.errors import FanalError, LoadLater, UnreadableFile
from ingest.parse.detect import Format, detect
from ingest.parse.parsed import MEGABYTE, Limits, ParsedFile
from server.draft_schemas import NoteSentence
from server.held_file import read_held
from server.mask import Entity, Masked
from server.mask_schemas import MAX_NOTES_CHARS, NotesText
from server.sentences import split_sentences

MAX_SENTENCE_CHARS = 600
"""A longer run without a stop is cut: a sentence is what a reader checks at a glance, and what a prompt must hold."""

WRAPPED_CHARS = (60, 100)
"""Between these widths, in characters, a text may have been broken at a margin, as mails and old files are."""

NEAR_MARGIN = 14
WRAPPED_SHARE = 0.3
"""Share of a broken text's lines that end within `NEAR_MARGIN` characters of its margin."""

NOTES_LIMITS = Limits(
    max_bytes=20 * MEGABYTE,
    max_pages=200,
    max_uncompressed_bytes=200 * MEGABYTE,
    max_seconds=30.0,
    max_ocr_seconds=120.0,
    ocr_seconds_per_page=30.0,
    max_memory_bytes=1_024 * MEGABYTE,
    patient=False,
)
"""What a file of notes may cost: somebody waits for it."""

READ_FORMATS = (Format.DOCX, Format.ODT, Format.PDF, Format.TEXT)

_LINE = re.compile(r"\S(?:.*\S)?")
_MARK = re.compile(
    r"(?:->|=>|→|⇒|➔|►|➢|[•*·▪◦‣✓✔☐☑+>])\s*(?=\S)"
    r"|[-–—](?:\s+(?=\S)|(?=[^\W\d]))"
    r"|o\s+(?=\S)"
    r"|\d{1,2}[.)]\s+(?=[^\W\d])"
    r"|[a-z]\)\s+"
)
"""What announces an item of a list, and says nothing."""

_LATER_STOP = re.compile(r"[.;]\s+(?=\S)")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_STOPPED = re.compile(r"[.!?…:;][»”\")\]\s]*$")
_SAYS = re.compile(r"\w")
_PLACEHOLDER = re.compile(r"\[[A-Z_]+_\d+\]")
_SHORT_ANSWERS = ("ok", "oui", "non", "an", "ans", "mois", "fait", "vu", "cdi", "cdd")
_UNABBREVIATED = 6
"""Letters of a word before a stop that no one abbreviates: "en 3e. veut" may go on, "terminée. veut" does not."""


@dataclass(frozen=True, slots=True)
class NumberedSentence:
    """A sentence of the notes.

    Args:
        number: from 1, over all the texts of one draft.
        text: as its author typed it: `notes[start:end]`.
        masked: as a model may read it: `masked_notes[masked_start:masked_end]`.
        source: which of several texts it comes from; empty for the notes of an interview.
        opens: whether it begins a paragraph: a blank line, or nothing, stands before it.
    """

    number: int
    text: str
    masked: str
    start: int
    end: int
    masked_start: int
    masked_end: int
    source: str = ""
    opens: bool = False

    def wire(self) -> NoteSentence:
        """Give it as the wire has it."""
        return NoteSentence(number=self.number, text=self.text, masked=self.masked)


def number_sentences(text: str) -> list[tuple[int, int]]:
    """Cut notes into sentences: `(start, end)` of each, in order; only white space and marks of lists lie between."""
    return [
        cut
        for start, end in _lines(text)
        for piece in _pieces(text, start, end)
        for cut in _short_enough(text, *piece)
        if _SAYS.search(text, *cut)
    ]


def number_notes(text: str, masked: Masked) -> list[NumberedSentence]:
    """Number the sentences of notes, from 1.

    Args:
        text: the notes as typed.
        masked: the same, masked; its entities' offsets are those of `text`.
    """
    return number_texts([("", text, masked)])


def number_texts(texts: Iterable[tuple[str, str, Masked]]) -> list[NumberedSentence]:
    """Number the sentences of several texts in a row, from 1.

    Args:
        texts: of each what it is ("CV"), the text as typed, and masked.
    """
    numbered: list[NumberedSentence] = []
    for source, text, masked in texts:
        typed = _Typed(masked.entities)
        end_before = 0
        for start, end in number_sentences(masked.text):
            opens = end_before == 0 or masked.text.count("\n", end_before, start) > 1
            begin, stop = typed.offset(start), typed.offset(end)
            shown, hidden = text[begin:stop], masked.text[start:end]
            number = len(numbered) + 1
            numbered.append(NumberedSentence(number, shown, hidden, begin, stop, start, end, source, opens))
            end_before = end
    return numbered


class _Typed:
    """From offsets of a masked text to those of the text as typed; they are asked in rising order."""

    def __init__(self, entities: Sequence[Entity]) -> None:
        self._entities = entities
        self._passed = 0
        self._shift = 0

    def offset(self, masked_offset: int) -> int:
        """Give where `masked_offset`, which is inside no placeholder, stands in the text as typed."""
        while self._passed < len(self._entities):
            entity = self._entities[self._passed]
            if entity.start + self._shift + len(entity.placeholder) > masked_offset:
                break
            self._shift += len(entity.placeholder) - (entity.end - entity.start)
            self._passed += 1
        return masked_offset - self._shift


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Give the lines without their outer white space and marks; one broken at a margin takes the next."""
    margin = _margin(text)
    held: tuple[int, int] | None = None
    for match in _LINE.finditer(text):
        start, end = match.span()
        if held and margin and _goes_on(text, held, start, margin):
            held = held[0], end
            continue
        if held:
            yield held
        mark = _MARK.match(text, start, end)
        held = (mark.end() if mark else start), end
    if held:
        yield held


def _margin(text: str) -> int:
    """Give the width at which the lines of a text were broken, 0 when they were not: a line is then a note."""
    widths = [len(line) for line in text.splitlines() if line.strip()]
    widest = max(widths, default=0)
    if not WRAPPED_CHARS[0] <= widest <= WRAPPED_CHARS[1]:
        return 0
    near = sum(width >= widest - NEAR_MARGIN for width in widths)
    return widest if near >= max(3, WRAPPED_SHARE * len(widths)) else 0


def _goes_on(text: str, held: tuple[int, int], start: int, margin: int) -> bool:
    line = text[text.rfind("\n", 0, held[1]) + 1 : held[1]]
    return (
        len(line) >= margin - NEAR_MARGIN
        and text.count("\n", held[1], start) == 1
        and text[start].islower()
        and not _MARK.match(text, start)
        and not _STOPPED.search(line)
        and not line.startswith("|")
    )


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a line at its stops, those that a small letter follows included."""
    line = text[start:end]
    for sentence in split_sentences(line):
        begin = sentence.start
        if sentence.kind != "row":
            for stop in _LATER_STOP.finditer(line, sentence.start, sentence.end):
                if _is_stop(line, stop):
                    yield start + begin, start + stop.start() + 1
                    begin = stop.end()
        yield start + begin, start + sentence.end


def _is_stop(line: str, stop: re.Match[str]) -> bool:
    if stop.group().startswith(";"):
        return True
    word = _LAST_WORD.search(line, 0, stop.start())
    if word is None or not line[stop.end()].islower():
        return False
    return len(word.group()) >= _UNABBREVIATED or word.group().lower() in _SHORT_ANSWERS


def _short_enough(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_SENTENCE_CHARS:
        limit = start + MAX_SENTENCE_CHARS
        at = max(text.rfind(mark, start + MAX_SENTENCE_CHARS // 2, limit) for mark in (" ", "\n", "\t")) + 1
        cut = at or limit
        for placeholder in _PLACEHOLDER.finditer(text, max(start, cut - 40), min(end, cut + 40)):
            if placeholder.start() < cut < placeholder.end():
                cut = placeholder.start()
        yield start, cut - (len(text[start:cut]) - len(text[start:cut].rstrip()))
        start = cut
    if start < end:
        yield start, end


def read_notes(name: str, data: bytes, limits: Limits = NOTES_LIMITS) -> NotesText:
    """Read a file of notes in a process of its own; nothing of it is written to a disk.

    Args:
        name: of the file, for its extension.
        data: the whole file: DOCX, ODT, PDF or plain text.
        limits: what it may cost.

    Raises:
        UnreadableFile: it is too heavy or too long, of another format, protected by a password, damaged, or holds no
            text; the message says which, in French.
    """
    if len(data) > limits.max_bytes:
        raise UnreadableFile(
            f"Ce fichier pèse {len(data) // MEGABYTE} Mo, plus que les {limits.max_bytes // MEGABYTE} Mo permis pour "
            "des notes : découpez-le, ou retirez-en les images."
        )
    try:
        _check_format(name, data)
        parsed = read_held(name, data, limits)
    except LoadLater as error:
        raise UnreadableFile(
            "Ce PDF est une longue numérisation : le lire prendrait plusieurs minutes. Tapez les notes, ou joignez le "
            "fichier d’origine."
        ) from error
    except FanalError as error:
        raise UnreadableFile(f"Ces notes ne peuvent pas être lues : {_sentence(str(error))}") from error
    return _text_of(parsed)


def _check_format(name: str, data: bytes) -> None:
    found = detect(data, name)
    if found not in READ_FORMATS:
        raise UnreadableFile(
            f"c’est un fichier {found}, et les notes se joignent en DOCX, ODT, PDF ou texte : enregistrez-les dans un "
            "de ces formats, ou copiez leur texte"
        )


def _sentence(reason: str) -> str:
    return reason.replace("'", "’").rstrip(".") + "."


def _text_of(parsed: ParsedFile) -> NotesText:
    text = "\n".join(_lines_of(parsed.blocks)).strip()
    if len(text) > MAX_NOTES_CHARS:
        raise UnreadableFile(
            f"Ces notes font {len(text)} caractères, plus que les {MAX_NOTES_CHARS} permis : découpez-les."
        )
    return NotesText(text=text)


def _lines_of(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if block.kind == "heading":
            yield ""
        yield f"- {block.text}" if block.kind == "list_item" else block.text
