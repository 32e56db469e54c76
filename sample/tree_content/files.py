"""The readable files of the tree: a seed goes in, `Planned` files come out, folder by folder."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from sample.rendering.office import render_docx, render_odt, render_pptx
from sample.rendering.pdf import render_columns, render_pdf
from sample.rendering.scan import render_scan
from sample.rendering.source import Source
from sample.rendering.web import render_html, render_md
from sample.tree_content.formats import render_rtf, render_txt, render_xml
from sample.tree_content.tables import follow_up, render_csv, render_ruled_pdf, render_xlsx
from sample.tree_content.wording import KINDS, Draft

RENDERERS: dict[str, Callable[[Source], bytes]] = {
    "pdf": render_pdf,
    "pdf-colonnes": render_columns,
    "pdf-scan": render_scan,
    "docx": render_docx,
    "odt": render_odt,
    "pptx": render_pptx,
    "html": render_html,
    "md": render_md,
    "rtf": render_rtf,
    "txt": lambda source: render_txt(source, "utf-8"),
    "txt-cp1252": lambda source: render_txt(source, "cp1252"),
    "doc": render_docx,
    "ppt": render_pptx,
    "odp": render_pptx,
}
"""By name; the part before the dash is the extension. DOC, PPT and ODP are converted from what is given here."""

WRITTEN_AS = {"doc": "docx", "ppt": "pptx", "odp": "pptx", "ods": "xlsx"}
"""Formats that only LibreOffice writes, and what it converts them from."""

SERIES: tuple[tuple[str, str, str, str, int], ...] = (
    *(("Procédures", "PRO", "procedure", name, count) for name, count in
      {"docx": 16, "odt": 12, "pdf": 16, "rtf": 10, "doc": 6}.items()),
    *(("Notes de service", "NDS", "note", name, count) for name, count in
      {"pdf": 12, "docx": 8, "md": 8, "txt": 6, "html": 6}.items()),
    *(("Comptes rendus d'équipe", "CRE", "minutes", name, count) for name, count in
      {"odt": 10, "docx": 10, "txt-cp1252": 8, "md": 6, "pdf-scan": 2}.items()),
    *(("Intranet/Foire aux questions", "FAQ", "faq", name, count) for name, count in
      {"html": 8, "md": 4, "docx": 4}.items()),
    *(("Intranet/Fiches pratiques", "FIP", "leaflet", name, count) for name, count in
      {"pdf-colonnes": 14, "html": 8, "rtf": 8}.items()),
    *(("Présentations & supports", "SUP", "deck", name, count) for name, count in
      {"pptx": 8, "ppt": 3, "odp": 3}.items()),
)  # fmt: skip
"""Top folder, prefix of the references, kind of text, format and how many."""


@dataclass(frozen=True)
class Planned:
    """A file to be written.

    Args:
        path: below the shared folder, with `/`.
        content: its bytes, in the format that it is written or converted from.
        sentence: what a reader must find in it.
        convert: the extension to convert it to with LibreOffice, None where it is written as it is.
        row: its row of `metadonnees.csv`.
    """

    path: str
    content: bytes
    sentence: str
    convert: str | None = None
    row: tuple[str, ...] = ()


def planned(seed: int) -> Iterator[Planned]:
    """Give all the readable files."""
    numbers: dict[str, int] = {}
    for folder, prefix, kind, format_, count in SERIES:
        for _ in range(count):
            number = numbers[prefix] = numbers.get(prefix, 0) + 1
            yield _text(Draft(seed, f"{prefix}-{number:03d}", number), folder, kind, format_)
    yield from _mails(seed)
    yield from _tables(seed)
    yield from _catalogues(seed)


def _text(draft: Draft, folder: str, kind: str, format_: str) -> Planned:
    source = KINDS[kind](draft)
    extension = format_.partition("-")[0]
    below = draft.subject.service if kind == "procedure" else str(draft.day.year)
    path = f"{folder}/{below}/{draft.reference} {source.title}.{extension}".replace(" : ", " - ")
    name = path.rpartition("/")[2]
    row = (name, draft.reference, source.title, draft.day.isoformat(), draft.day.isoformat(), "en_vigueur")
    convert = extension if extension in WRITTEN_AS else None
    return Planned(path, RENDERERS[format_](source), draft.last_words, convert, row)


def _mails(seed: int) -> Iterator[Planned]:
    """Messages whose attachments hold what must be found."""
    attached = {"docx": render_docx, "pdf": render_pdf, "odt": render_odt, "html": render_html}
    for number in range(1, 17):
        draft = Draft(seed, f"MEL-{number:03d}", number)
        extension = list(attached)[number % len(attached)]
        message = _message(
            draft, f"annexe n° {number}.{extension}", attached[extension](KINDS["note"](draft))
        )
        subject = draft.subject.topic
        yield Planned(
            f"Courriels archivés/{draft.town}/RE_ {subject} ({number}).eml", message, draft.last_words
        )


def _message(draft: Draft, name: str, attachment: bytes) -> bytes:
    source = draft.source("")
    message = EmailMessage(policy=SMTP)
    for field in ("From", "To", "Subject"):
        message[field] = source.meta[field.lower()]
    message["Date"] = format_datetime(datetime.combine(draft.day, time(9, 12), UTC))
    message["Message-ID"] = f"<{draft.reference.lower()}@cap-brisecombe.example>"
    message.set_content(
        f"Bonjour,\n\n{draft.rules[0]}\nLe détail est dans l'annexe.\n\nBien à vous,\n", cte="8bit"
    )
    message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename=name)
    message.set_boundary(f"=_{draft.reference}_=")
    return message.as_bytes()


def _tables(seed: int) -> Iterator[Planned]:
    """Follow-up tables; the sentence is that of the last row."""
    formats = ["xlsx"] * 8 + ["csv"] * 4 + ["csv-cp1252"] * 4 + ["tsv"] * 2 + ["ods"] * 3 + ["pdf"] * 3
    for number, format_ in enumerate(formats, start=1):
        draft = Draft(seed, f"SUI-{number:03d}", number)
        rows = follow_up([Draft(seed, f"SUI-{number:03d}/{row}", row) for row in range(25 + 5 * number)])
        path = f"Tableaux de suivi/{draft.subject.service}/Suivi n° {number}, l'année {draft.day.year}"
        extension = format_.partition("-")[0]
        convert = extension if extension in WRITTEN_AS else None
        yield Planned(f"{path}.{extension}", _table(draft, rows, format_), rows[-1][-1], convert)


def _table(draft: Draft, rows: list[list[str]], format_: str) -> bytes:
    match format_:
        case "xlsx" | "ods":
            return render_xlsx(draft.title, rows)
        case "csv":
            return render_csv(rows, ";", "utf-8-sig")
        case "csv-cp1252":
            return render_csv(rows, ";", "cp1252")
        case "tsv":
            return render_csv(rows, "\t", "utf-8")
        case _:
            return render_ruled_pdf(draft, rows)


def _catalogues(seed: int) -> Iterator[Planned]:
    """Catalogues of workshops, exported in XML."""
    for number in range(1, 7):
        drafts = [Draft(seed, f"ATE-{number:03d}-{workshop:02d}", workshop) for workshop in range(12)]
        content = render_xml([KINDS["note"](draft) for draft in drafts])
        yield Planned(
            f"Catalogue d'ateliers/{2020 + number}/Ateliers {2020 + number}.xml",
            content,
            drafts[-1].last_words,
        )
