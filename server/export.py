"""Export of a draft: a validated draft, its template and a format go in, a file comes out."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.draft_schemas import DraftView, ExportFormat, TemplateView
from server.exporting import docx, odt, pdf
from server.exporting.sheet import NotValidated, Sheet, sheet_of

__all__ = ["Exported", "NotValidated", "export"]

_WRITERS: Mapping[ExportFormat, tuple[Callable[[Sheet], bytes], str]] = {
    "docx": (docx.write_docx, docx.MEDIA_TYPE),
    "odt": (odt.write_odt, odt.MEDIA_TYPE),
    "pdf": (pdf.write_pdf, pdf.MEDIA_TYPE),
}


@dataclass(frozen=True, slots=True)
class Exported:
    """A file.

    Args:
        filename: letters without accents, digits and hyphens; it names nobody.
    """

    data: bytes
    media_type: str
    filename: str


def export(draft: DraftView, template: TemplateView | None, format_: ExportFormat) -> Exported:
    """Write a validated draft; it takes a tenth of a second, more for a PDF, and is bound by the processor.

    Args:
        draft: with the names back.
        template: the one it was made with; None when it is no longer offered, and its rules are left out.

    Raises:
        NotValidated: nobody has validated the draft.
        SettingFailed: the PDF could not be made.
    """
    sheet = sheet_of(draft, template)
    write, media_type = _WRITERS[format_]
    name = f"{_plain(draft.template)}-{sheet.written_at:%Y-%m-%d}.{format_}"
    return Exported(write(sheet), media_type, name)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", decomposed.lower()).strip("-") or "synthese"
