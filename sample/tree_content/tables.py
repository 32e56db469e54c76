"""Follow-up tables: drafts go in, the bytes of a workbook, of a CSV or of a ruled PDF come out."""

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO, StringIO

from openpyxl import Workbook

from sample.catalogue import ZIP_DATE, with_fixed_dates
from sample.rendering.pdf import render_pdf
from sample.tree_content.wording import Draft

HEADER = ["Dossier", "Agence", "Ouvert le", "Échéance", "État", "Observation"]
STATES = ("à faire", "en cours", "en attente", "clos")

Row = list[str]


def follow_up(drafts: Sequence[Draft]) -> list[Row]:
    """Give one row a draft; each ends with the draft's last words."""
    return [_row(number, draft) for number, draft in enumerate(drafts, start=1)]


def _row(number: int, draft: Draft) -> Row:
    due = draft.day + timedelta(days=draft.chance.randrange(20, 200))
    state = draft.chance.choice(STATES)
    key = f"DOS-{draft.day.year}-{number:03d}"
    return [key, draft.town, f"{draft.day:%d/%m/%Y}", f"{due:%d/%m/%Y}", state, draft.last_words]


def render_xlsx(title: str, rows: Sequence[Row]) -> bytes:
    """A sheet of rows under a title, with real dates, and a second sheet that explains the states."""
    book = Workbook()
    book.properties.created = datetime(*ZIP_DATE)
    sheet = book.active or book.create_sheet()
    sheet.title = "Suivi"
    sheet.append([title])
    sheet.append([])
    sheet.append(HEADER)
    for key, town, opened, due, state, words in rows:
        sheet.append([key, town, _moment(opened), _moment(due), state, words])
    legend = book.create_sheet("Légende")
    legend.append(["État", "Signification"])
    for state in STATES:
        legend.append([state, f"le dossier est {state}"])
    stream = BytesIO()
    book.save(stream)
    return with_fixed_dates(stream.getvalue())


def _moment(day: str) -> datetime:
    return datetime.strptime(day, "%d/%m/%Y")


def render_csv(rows: Sequence[Row], delimiter: str, encoding: str) -> bytes:
    """A spreadsheet's export."""
    stream = StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return stream.getvalue().encode(encoding)


def render_ruled_pdf(draft: Draft, rows: Sequence[Row]) -> bytes:
    """A PDF whose ruled table runs over several pages, its header repeated by the word processor."""
    lines = [f"| {' | '.join(row)} |" for row in [HEADER, ["---"] * len(HEADER), *rows]]
    body = "## Dossiers suivis\n\n" + "\n".join(lines) + "\n"
    return render_pdf(draft.source(body, f"Suivi : {draft.subject.topic}"))
