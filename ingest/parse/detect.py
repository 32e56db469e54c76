"""Find what a file really is: its name and its bytes go in, a `Format` comes out, or the reason it is refused."""

import zipfile
from enum import StrEnum
from io import BytesIO
from pathlib import PurePath

from ingest.errors import UnreadableFile

_PDF_MAGIC_WITHIN = 1024
_TEXT_SAMPLE_BYTES = 64 * 1024
_RTF_MAGIC = b"{\\rtf"
_ZIP_MAGIC = b"PK\x03\x04"
_OLE2_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


class Format(StrEnum):
    """A format that can be read; the value is what a reader calls it."""

    PDF = "PDF"
    DOCX = "Word (DOCX)"
    ODT = "OpenDocument (ODT)"
    PPTX = "PowerPoint (PPTX)"
    XLSX = "Excel (XLSX)"
    HTML = "HTML"
    MARKDOWN = "Markdown"
    TEXT = "texte"
    CSV = "CSV"
    XML = "XML"
    EML = "courriel (EML)"
    RTF = "RTF"
    DOC = "Word 97-2003 (DOC)"
    PPT = "PowerPoint 97-2003 (PPT)"
    XLS = "Excel 97-2003 (XLS)"
    ODS = "OpenDocument (ODS)"
    ODP = "OpenDocument (ODP)"


_EXTENSIONS = {
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".odt": Format.ODT,
    ".pptx": Format.PPTX,
    ".xlsx": Format.XLSX,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".txt": Format.TEXT,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".xml": Format.XML,
    ".eml": Format.EML,
    ".rtf": Format.RTF,
    ".docm": Format.DOCX,
    ".pptm": Format.PPTX,
    ".xlsm": Format.XLSX,
    ".doc": Format.DOC,
    ".ppt": Format.PPT,
    ".xls": Format.XLS,
    ".ods": Format.ODS,
    ".odp": Format.ODP,
}
_ODF_MIMETYPES = {
    "application/vnd.oasis.opendocument.text": Format.ODT,
    "application/vnd.oasis.opendocument.spreadsheet": Format.ODS,
    "application/vnd.oasis.opendocument.presentation": Format.ODP,
}
_OLE2_STREAMS = {
    "WordDocument": Format.DOC,
    "PowerPoint Document": Format.PPT,
    "Workbook": Format.XLS,
    "Book": Format.XLS,
}
_OFFICE_PARTS = {
    "word/document.xml": Format.DOCX,
    "ppt/presentation.xml": Format.PPTX,
    "xl/workbook.xml": Format.XLSX,
}
_TEXTS = (Format.HTML, Format.MARKDOWN, Format.TEXT, Format.CSV, Format.XML, Format.EML)


def detect(data: bytes, name: str) -> Format:
    """Find the format of a file from its first bytes, and from its extension where bytes cannot tell.

    Args:
        data: the whole file.
        name: its name; only the extension counts.

    Raises:
        UnreadableFile: empty, unsupported format, password, or content that belies the extension.
    """
    if not data:
        raise UnreadableFile("le fichier est vide")
    extension = PurePath(name).suffix.lower()
    if b"%PDF-" in data[:_PDF_MAGIC_WITHIN] and extension != ".eml":
        return Format.PDF
    if data.startswith(_RTF_MAGIC):
        return Format.RTF
    if data.startswith(_OLE2_MAGIC):
        return _ole2_format(data, _EXTENSIONS.get(extension))
    if data.startswith(_ZIP_MAGIC):
        return _zip_format(data)
    return _text_format(data, extension)


def _ole2_format(data: bytes, expected: Format | None) -> Format:
    """Find which program wrote a file of before 2007, by the names of the streams it holds."""
    if _ENCRYPTED_STREAM in data:
        raise UnreadableFile(
            "le fichier est protégé par un mot de passe : enregistrez-en une copie sans mot de passe"
        )
    held = [found for name, found in _OLE2_STREAMS.items() if f"{name}\0".encode("utf-16-le") in data]
    if not held:
        raise UnreadableFile(
            "ce n'est ni un document Word, ni un classeur Excel, ni une présentation PowerPoint :"
            " enregistrez un message Outlook (MSG) au format EML, un autre document en PDF"
        )
    # A report that holds a sheet has the streams of both.
    return expected if expected in held else held[0]


def _zip_format(data: bytes) -> Format:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = (
                archive.open("mimetype").read(100).decode("ascii", "replace") if "mimetype" in names else ""
            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError) as error:
        raise UnreadableFile(
            "le fichier est endommagé ou incomplet : ouvrez-le dans son logiciel et enregistrez-le à nouveau"
        ) from error
    if (found := _ODF_MIMETYPES.get(mimetype.strip())) and "content.xml" in names:
        return found
    for part, office in _OFFICE_PARTS.items():
        if part in names:
            return office
    raise UnreadableFile(
        "c'est une archive zip, pas un document : déposez les documents qu'elle contient, au format DOCX, ODT ou PDF"
    )


def _text_format(data: bytes, extension: str) -> Format:
    expected = _EXTENSIONS.get(extension)
    if expected is None:
        raise UnreadableFile(
            f"le format « {extension or 'sans extension'} » n'est pas pris en charge :"
            " enregistrez le document en PDF, DOCX, ODT, RTF, PPTX, XLSX, HTML, MD, TXT, CSV, XML ou EML"
        )
    if expected not in _TEXTS:
        raise UnreadableFile(
            f"le contenu n'est pas celui d'un fichier {expected} :"
            " ouvrez-le dans son logiciel et enregistrez-le à nouveau"
        )
    if not _is_text(data):
        raise UnreadableFile(f"le contenu n'est pas du texte : ce n'est pas un fichier {expected}")
    return expected


def _is_text(data: bytes) -> bool:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    sample = data[:_TEXT_SAMPLE_BYTES]
    controls = sum(sample.count(code) for code in range(32) if code not in (9, 10, 11, 12, 13, 27))
    return b"\x00" not in sample and controls <= len(sample) // 100
