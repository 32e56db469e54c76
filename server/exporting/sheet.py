"""What an exported draft says: the draft and its template go in, headings, paragraphs and lists come out.

The three formats write the same sheet. Nothing in it can be markup, a control character or half a character: what a
person typed or a document says stays text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ingest.sources.readings import MONTHS
from server.draft_schemas import NON_RENSEIGNE, DraftSection, DraftView, Retention, TemplateView, Validation
from server.drafting.types import REST_ID
from server.schemas import Passage

LANGUAGE = "fr-FR"
PRODUCER = "Fanal"
"""The author in the properties of a file: never the name of an account or of a machine."""

AI_SUBJECT = "Premier jet préparé par un logiciel d’aide à la rédaction, relu et validé par une personne"
"""In the properties of a file, where a program that reads only those finds it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` 1 or 2 under the title."""

    level: Literal[1, 2]
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `label` stands before it, in bold."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list with bullets."""

    items: Sequence[str]


Block = Heading | Paragraph | Items


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says.

    Args:
        title: of the document and of the file's properties.
        written_at: in the file's properties, with its zone.
    """

    title: str
    blocks: Sequence[Block]
    written_at: datetime


class NotValidated(ValueError):
    """A draft is exported once a person has validated it."""


def sheet_of(draft: DraftView, template: TemplateView | None) -> Sheet:
    """Lay a validated draft out.

    Args:
        draft: with the names back.
        template: the one it was made with, None if it is no longer offered; its version may be another by now.

    Raises:
        NotValidated: nobody has validated it.
    """
    if draft.validation is None:
        raise NotValidated(draft.id)
    title = _line(template.title if template else draft.template_title) or "Synthèse"
    head = _head(draft, template, draft.validation)
    blocks = [*head, *_sections(draft), *_about(draft, template, draft.validation)]
    return Sheet(title, blocks, draft.validation.at.astimezone())


def _head(draft: DraftView, template: TemplateView | None, validation: Validation) -> Iterator[Block]:
    yield Paragraph(_line(f"{draft.template_title}, version {draft.template_version}"), "Modèle")
    yield Paragraph(written_day(draft.created_at.astimezone().date()), "Rédigé le")
    if draft.consent.on:
        yield Paragraph(written_day(draft.consent.on), "Accord de la personne recueilli le")
    yield Paragraph(f"{_line(validation.name)}, le {_written_time(validation.at)}", "Relu et validé par")
    if template is not None and template.recipients:
        yield Paragraph("Qui la reçoit :")
        yield Items([_line(one) for one in template.recipients])


def _sections(draft: DraftView) -> Iterator[Block]:
    passages = {passage.id: passage for passage in draft.passages}
    for section in draft.sections:
        if section.id == REST_ID:
            continue  # what nobody sorted (an address, a remark not to be written) is for the advisor, not for a reader
        yield Heading(1, _line(section.title))
        yield from text_blocks(section.text)
        if section.kind == "advice" and (sources := _sources(section, passages, draft)):
            yield Heading(2, "Sources")
            yield Items(sources)


def text_blocks(text: str) -> list[Block]:
    """Cut what a person wrote into paragraphs and lists; `non renseigné` when there is nothing."""
    found: list[Block] = []
    items: list[str] = []
    for line in cleaned(text).split("\n"):
        bullet = _BULLET.match(line)
        if items and not bullet:
            found.append(Items(items))
            items = []
        if bullet:
            items.append(bullet["text"].strip())
        elif line.strip():
            found.append(Paragraph(line.strip()))
    if items:
        found.append(Items(items))
    return found or [Paragraph(NON_RENSEIGNE)]


_BULLET = re.compile(r"\s*(?:[•‣◦▪·*–—-])\s+(?P<text>\S.*)$")


def _sources(section: DraftSection, passages: dict[str, Passage], draft: DraftView) -> list[str]:
    cited = dict.fromkeys(
        citation.passage_id for sentence in section.sentences for citation in sentence.citations
    )
    day = draft.created_at.astimezone().date()
    return list(dict.fromkeys(_source(passages[one], day) for one in cited if one in passages))


def _source(passage: Passage, day: date) -> str:
    number = passage.number if passage.number and passage.number not in passage.title else ""
    holds = "en vigueur" if passage.validity.holds_on(day) else "qui n’était pas en vigueur"
    parts = [passage.title, number, f"{holds} le {written_day(day)}", passage.url or ""]
    return _line(", ".join(part for part in parts if part))


def _about(draft: DraftView, template: TemplateView | None, validation: Validation) -> Iterator[Block]:
    yield Heading(1, "À propos de ce document")
    yield Heading(2, "Comment il a été écrit")
    yield Paragraph(_notice(draft, validation))
    yield Paragraph(_consent(draft))
    if template is not None:
        yield from _of_the_template(draft, template)
    yield Heading(1, "Signatures")
    yield Paragraph("(date et signature)", "La personne")
    yield Paragraph("(date et signature)", _line(validation.name))


def _notice(draft: DraftView, validation: Validation) -> str:
    if draft.mode == "generative":
        label = f", {draft.model_label}" if draft.model_label else ""
        version = f", consignes {draft.prompt_version}" if draft.prompt_version else ""
        first = (
            "Un premier jet a été rédigé par une intelligence artificielle"
            f" (modèle « {draft.model} »{label}{version}) à partir des notes de l’entretien, masquées."
        )
    else:
        first = (
            "Un premier jet a été préparé par un logiciel, sans modèle de langage : il a rangé dans les"
            " sections les phrases des notes de l’entretien, masquées."
        )
    return _line(
        f"{first} {validation.name} l’a relu, l’a corrigé au besoin et l’a validé ;"
        f" ce qui n’a pas été renseigné à partir des notes est marqué « {NON_RENSEIGNE} »."
    )


def _consent(draft: DraftView) -> str:
    on = f", le {written_day(draft.consent.on)}" if draft.consent.on else ""
    kept = " et à la conservation de la synthèse pour un suivi" if draft.consent.keep else ""
    return f"La personne a donné son accord à cette aide à la rédaction{kept}{on}."


def _of_the_template(draft: DraftView, template: TemplateView) -> Iterator[Block]:
    yield Heading(2, "Combien de temps il est gardé")
    yield from text_blocks(_kept(template.retention, draft.consent.keep))
    if template.legal_basis:
        yield Heading(2, "Textes sur lesquels il s’appuie")
        yield Items([_line(f"{one.number} : {one.title}") for one in template.legal_basis])
    yield Heading(2, "D’où vient son plan")
    yield from text_blocks(template.source)
    if template.version != draft.template_version:
        yield Paragraph(
            f"Ces règles sont celles de la version {_line(template.version)} du modèle, en usage le jour de"
            f" l’export ; le document a été rédigé avec la version {_line(draft.template_version)}."
        )


def _kept(retention: Retention, agreed: bool) -> str:
    days = retention.synthesis_days
    if agreed and retention.agreed_days is not None:
        days = retention.agreed_days
    notes = (
        f"les notes le sont {_span(retention.notes_days)}"
        if retention.notes_days
        else "les notes sont effacées sans attendre"
    )
    return f"Après la validation, la synthèse est gardée {_span(days)} et {notes}.\n{retention.basis}"


def _span(days: int) -> str:
    years, rest = divmod(days, 365)
    if years and not rest:
        return f"{years} an{'s' if years > 1 else ''}"
    return f"{days} jour{'s' if days > 1 else ''}"


def written_day(day: date) -> str:
    """Write a day in full: 1er décembre 2026."""
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def _written_time(at: datetime) -> str:
    local = at.astimezone()
    return f"{written_day(local.date())} à {local:%H} h {local:%M}"


def cleaned(text: str) -> str:
    """Take out what no file format holds: control characters, half characters, changes of direction by force."""
    lines = re.sub(r"\r\n?|[\v\f\x85\u2028\u2029]", "\n", text)
    return "".join(
        "\ufffd" if unicodedata.category(char) == "Cs" else char for char in lines if not _is_unwanted(char)
    )


def _is_unwanted(char: str) -> bool:
    if char in "\n\t":
        return False
    is_noncharacter = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return unicodedata.category(char) == "Cc" or is_noncharacter or char in "\u202d\u202e\ufeff"


def _line(text: str) -> str:
    return " ".join(cleaned(text).split())


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter with a direction is of a script that goes from right to left."""
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((one != "L" for one in directions if one in ("L", "R", "AL")), False)
