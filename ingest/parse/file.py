"""Any file: a path goes in, its blocks come out, or the French reason why it cannot be read."""

from functools import partial
from pathlib import Path

from ingest.errors import UnreadableFile
from ingest.parse.archive import open_archive
from ingest.parse.detect import Format, detect
from ingest.parse.failures import library_errors, refusal
from ingest.parse.parsed import MEGABYTE, Limits, ParsedFile

_MAX_MAIL_DEPTH = 2
_ZIPPED = (Format.DOCX, Format.ODT, Format.PPTX, Format.XLSX, Format.ODS, Format.ODP)
_CONVERTED = (Format.DOC, Format.PPT, Format.XLS, Format.ODS, Format.ODP)
_DEFAULT_LIMITS = Limits()


def parse_file(path: Path, limits: Limits = _DEFAULT_LIMITS) -> ParsedFile:
    """Read a file of any supported format.

    Args:
        path: the file; its extension and its content both tell the format.
        limits: what it may cost.

    Returns:
        Its title, its blocks (at least one) and its date.

    Raises:
        UnreadableFile: it cannot be read, whatever the cause; the message says why and what to do, in French.
        LoadLater: a long scan, and the limits ask not to wait for it.
    """
    try:
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise UnreadableFile(
                f"le fichier pèse {size // MEGABYTE} Mo, plus que les {limits.max_bytes // MEGABYTE} Mo permis :"
                " découpez-le ou allégez-le"
            )
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(
            "le fichier ne peut pas être ouvert : vérifiez qu'il existe et ses droits"
        ) from error
    return parse_bytes(data, path.name, limits)


def parse_bytes(data: bytes, name: str, limits: Limits = _DEFAULT_LIMITS, mail_depth: int = 0) -> ParsedFile:
    """Read a file that is already in memory.

    Args:
        data: the whole file.
        name: its name, for its extension.
        limits: what it may cost.
        mail_depth: how many e-mails it is attached in.

    Raises:
        UnreadableFile, LoadLater: as for `parse_file`.
    """
    format_ = detect(data, name)
    try:
        if format_ in _ZIPPED:
            open_archive(data, limits).close()
        parsed = _parse(format_, data, limits, mail_depth)
    # The tuple is built only once something was raised: it imports the libraries whose errors it lists.
    except library_errors(format_) as error:
        raise refusal(format_, error) from error
    if not parsed.blocks:
        raise UnreadableFile("le fichier ne contient aucun texte")
    return parsed


def _parse(format_: Format, data: bytes, limits: Limits, mail_depth: int) -> ParsedFile:
    """Call the parser of a format; each is imported when the first file of its format comes."""
    match format_:
        case Format.PDF:
            from ingest.parse.pdf import parse_pdf

            return parse_pdf(data, limits)
        case Format.DOCX:
            from ingest.parse.word import parse_docx

            return parse_docx(data)
        case Format.ODT | Format.PPTX | Format.XLSX:
            return _parse_office(format_, data, limits)
        case Format.EML:
            from ingest.parse.mail import parse_mail

            attached = partial(parse_bytes, limits=limits, mail_depth=mail_depth + 1)
            return parse_mail(data, attached if mail_depth < _MAX_MAIL_DEPTH else None)
        case converted if converted in _CONVERTED:
            from ingest.parse.libreoffice import convert

            return parse_bytes(*convert(data, format_, limits), limits)
        case _:
            return _parse_text(format_, data)


def _parse_office(format_: Format, data: bytes, limits: Limits) -> ParsedFile:
    from ingest.parse import office

    if format_ is Format.ODT:
        return office.parse_odt(data, limits)
    return office.parse_pptx(data, limits) if format_ is Format.PPTX else office.parse_xlsx(data)


def _parse_text(format_: Format, data: bytes) -> ParsedFile:
    match format_:
        case Format.HTML:
            from ingest.parse.html import parse_html

            return parse_html(data)
        case Format.CSV:
            from ingest.parse.table import parse_csv

            return parse_csv(data)
        case Format.XML:
            from ingest.parse.xml import parse_xml

            return parse_xml(data)
        case Format.RTF:
            from ingest.parse.rtf import parse_rtf

            return parse_rtf(data)
        case _:
            from ingest.parse import text

            return text.parse_markdown(data) if format_ is Format.MARKDOWN else text.parse_text(data)
