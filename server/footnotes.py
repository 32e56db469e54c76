"""An answer as text for a chat client: statements with `[1]` marks, then what the marks stand for.

Events of the ask path go in; pieces of text come out, which joined make the whole answer. It reads well as it is and
as Markdown. What comes from documents or from a model is made harmless: it can neither become a link or an
image, nor HTML, nor a block of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from ingest.documents import Kind, web_host
from server.schemas import Answer, Passage, Statement

RULE = "\n\n---\n\n"
"""Stands between the statements and the notes; no document's line can look like it."""

UNVERIFIED = "non vérifié"
UNDERSTOOD = "Question comprise ainsi :"
EXTRACTIVE = "Phrases des documents, mot pour mot, sans modèle de langage."
NEAREST = 3
"""Passages that are shown in place of an answer."""

JOINER = "\u2060"
"""WORD JOINER: it shows nothing and takes no room, but Markdown no longer sees the signs around it as one mark."""

_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>\"«»]*[^\s<>\"«».,;:!?)\]]", re.IGNORECASE)
_LINK = re.compile(r"(?<=\])(?=[(\[:])")
_TAG = re.compile(r"<(?=[a-z/!?])", re.IGNORECASE)
_BLOCK = re.compile(r"^(?=#|>|~{3}|:{3}|[-=*_+ ]+$)")
_MARK = re.compile(rf" (?:\[\d+\]|\({UNVERIFIED}[^()\n]*\))(?=\s|$)")


class Footnotes:
    """Writes one answer, piece by piece, and numbers the passages in the order in which they are cited."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._begun = False

    def understood(self, standalone_question: str | None) -> str:
        """Say how a follow-up was understood."""
        if not standalone_question:
            return ""
        return self._paragraph(f"{UNDERSTOOD} « {on_one_line(standalone_question)} »")

    def statement(self, statement: Statement) -> str:
        """Write a statement and its marks."""
        cited = dict.fromkeys(citation.passage_id for citation in statement.citations)
        marks = [f"[{self._number(passage_id)}]" for passage_id in cited]
        if not statement.verified:
            doubtful = re.sub(r"[()]", "", ", ".join(map(on_one_line, statement.unsupported)))
            marks.append(f"({UNVERIFIED} : {doubtful})" if doubtful else f"({UNVERIFIED})")
        return self._paragraph(" ".join([harmless(statement.text), *marks]))

    def closing(self, answer: Answer, links_base: str) -> str:
        """Write what is said in place of statements, and the notes.

        Args:
            links_base: address of the server, for the documents that have none of their own.
        """
        said = self._paragraph(answer.message) if answer.message and not answer.statements else ""
        notes = "\n\n".join(_Notes(answer, self._numbers, links_base).sections())
        return f"{said}{RULE}{notes}" if notes else said

    def _paragraph(self, text: str) -> str:
        before = "\n\n" if self._begun else ""
        self._begun = True
        return before + text

    def _number(self, passage_id: str) -> int:
        return self._numbers.setdefault(passage_id, len(self._numbers) + 1)


@dataclass(frozen=True, slots=True)
class _Notes:
    """What stands under the statements of an answer whose citations are numbered."""

    answer: Answer
    numbers: Mapping[str, int]
    links_base: str

    def sections(self) -> Iterator[str]:
        listed = {
            "Sources :": self._sources(),
            "Passages les plus proches :": self._nearest(),
            "Base légale :": self._legal_basis(),
            "Textes qui se contredisent :": self._conflicts(),
            "À noter :": map(on_one_line, self.answer.warnings),
        }
        for title, items in listed.items():
            if lines := [f"- {item}" for item in items]:
                yield "\n".join([title, "", *lines])
        if self.answer.statements:
            yield self._written_by()

    def _sources(self) -> Iterator[str]:
        quotes: dict[str, dict[str, None]] = {}
        for statement in self.answer.statements:
            for citation in statement.citations:
                quotes.setdefault(citation.passage_id, {})[on_one_line(citation.quote)] = None
        passages = {passage.id: passage for passage in self.answer.passages}
        for passage_id, number in self.numbers.items():
            if passage_id in passages:
                quoted = " ; ".join(f"« {one} »" for one in quotes.get(passage_id, {}))
                yield f"[{number}] {quoted} — {self._reference(passages[passage_id])}"

    def _nearest(self) -> Iterator[str]:
        if self.answer.abstained and self.answer.abstention != "smalltalk":
            yield from map(self._reference, self.answer.passages[:NEAREST])

    def _legal_basis(self) -> Iterator[str]:
        """Name the articles that the cited passages rest on."""
        for passage in self.answer.passages:
            rests = [f"[{self.numbers[one]}]" for one in passage.legal_basis_of if one in self.numbers]
            if rests:
                yield f"{self._name(passage)} (pour {', '.join(rests)})"

    def _conflicts(self) -> Iterator[str]:
        passages = {passage.id: passage for passage in self.answer.passages}
        for conflict in self.answer.conflicts:
            pair = [("Le plus récent", conflict.newer), ("Le plus ancien", conflict.older)]
            texts = [f"{label} : {self._name(passages[one])}." for label, one in pair if one in passages]
            yield " ".join([on_one_line(conflict.explanation), *texts])

    def _name(self, passage: Passage) -> str:
        number = self.numbers.get(passage.id)
        return f"[{number}]" if number else self._reference(passage)

    def _reference(self, passage: Passage) -> str:
        """Name a passage: its place in its document, its number and page, its dates, its address."""
        place = passage.path if passage.title in passage.path else [passage.title, *passage.path]
        facts = [" › ".join(map(on_one_line, place))]
        if passage.number and passage.number not in facts[0]:
            facts.append(f"n° {on_one_line(passage.number)}")
        if passage.page is not None:
            facts.append(f"page {passage.page}")
        facts.append(_validity(passage, self.answer.as_of))
        address = _site(passage.url) or self._document(passage)
        return ", ".join(facts) + (f" : {address}" if address else "")

    def _document(self, passage: Passage) -> str | None:
        """Give where this server shows the document; a training session has none of its own."""
        if passage.kind is Kind.TRAINING:
            return None
        return f"{self.links_base}/v1/documents/{quote(passage.document_id, safe='')}/file"

    def _written_by(self) -> str:
        if self.answer.mode == "extractive":
            return EXTRACTIVE
        model = on_one_line(", ".join(filter(None, (self.answer.model, self.answer.model_label))))
        return f"Rédigé par une IA (modèle {model}) d’après ces documents : à relire avant usage."


def without_footnotes(text: str) -> str:
    """Give back the statements of an answer that `Footnotes` wrote; empty when it had none."""
    said = text.split(RULE, 1)[0].removeprefix("\n")
    paragraphs = said.split("\n\n")
    if paragraphs[0].startswith(UNDERSTOOD):
        del paragraphs[0]
    stated = [paragraph for paragraph in paragraphs if _MARK.search(paragraph)]
    return " ".join(_MARK.sub("", paragraph).replace(JOINER, "").strip() for paragraph in stated)


def harmless(text: str) -> str:
    """Take from a text what Markdown or HTML would act on; it still reads the same.

    An address stays readable and can be copied, as code: a click does not follow it.
    """
    lines = (line.strip() for line in text.replace("`", "'").splitlines())
    return "\n".join(_harmless_line(line) for line in lines if line)


def on_one_line(text: str) -> str:
    """Do the same, on one line."""
    return harmless(" ".join(text.split()))


def _harmless_line(line: str) -> str:
    pieces, end = [], 0
    for address in _ADDRESS.finditer(line):
        pieces += [_harmless_piece(line[end : address.start()]), f"`{address.group()}`"]
        end = address.end()
    return _BLOCK.sub(JOINER, "".join([*pieces, _harmless_piece(line[end:])]))


def _harmless_piece(piece: str) -> str:
    return _TAG.sub(f"<{JOINER}", _LINK.sub(JOINER, piece))


def _validity(passage: Passage, day: date) -> str:
    start, end = passage.valid_from, passage.valid_to
    standing = passage.validity.standing(day)
    if start and end:
        return f"{standing} (du {_written(start)} au {_written(end)})"
    if start:
        return (
            f"{standing} depuis le {_written(start)}"
            if start <= day
            else f"{standing} (le {_written(start)})"
        )
    return f"{standing} (jusqu’au {_written(end)})" if end else f"{standing}, dates non renseignées"


def _written(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _site(url: str | None) -> str | None:
    """Give a web address that nothing can follow in its line; None for what a browser should not be sent to."""
    if url is None or web_host(url) is None:
        return None
    return quote(url, safe="/:?&=#%@+,;~-._")
