"""What the parsing libraries raise on bad input: the one list of their errors, and the French reason of each.

Found by truncating and garbling real files of every format (see `tests/test_parse_bad_input.py`). The
builtin types are there because these libraries index, convert and subscript what a damaged file holds
without checking it.
"""

import binascii
import csv
import struct
import zipfile
import zlib
from xml.etree.ElementTree import ParseError

from ingest.errors import UnreadableFile
from ingest.parse.detect import Format

_UNCHECKED = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    LookupError,
    ArithmeticError,
    NotImplementedError,
    RecursionError,
    EOFError,
    struct.error,
    zlib.error,
    binascii.Error,
)


def library_errors(format_: Format) -> tuple[type[Exception], ...]:
    """List what reading a format may raise besides `UnreadableFile`. Imports the libraries concerned."""
    match format_:
        case Format.PDF:
            from pypdfium2 import PdfiumError

            return (PdfiumError, *_UNCHECKED)
        case Format.DOCX | Format.ODT | Format.PPTX | Format.XLSX | Format.ODS | Format.ODP:
            return (*_office_errors(), *_UNCHECKED)
        case Format.XML:
            from defusedxml import DefusedXmlException

            return (DefusedXmlException, ParseError, *_UNCHECKED)
        case Format.CSV:
            return (csv.Error, *_UNCHECKED)
        case _:
            from email.errors import MessageError

            from lxml.etree import LxmlError

            return (LxmlError, MessageError, *_UNCHECKED)


def _office_errors() -> tuple[type[Exception], ...]:
    from docx.exceptions import PythonDocxError
    from lxml.etree import LxmlError
    from openpyxl.utils.exceptions import InvalidFileException
    from pptx.exc import PythonPptxError

    return (zipfile.BadZipFile, LxmlError, ParseError, PythonDocxError, PythonPptxError, InvalidFileException)


def refusal(format_: Format, error: Exception) -> UnreadableFile:
    """Give the French reason of a library's error."""
    if format_ is Format.XML and not isinstance(error, ParseError) and "Forbidden" in type(error).__name__:
        return UnreadableFile("le fichier contient des entités XML : il a été refusé, vérifiez son origine")
    if format_ is Format.CSV:
        return UnreadableFile(
            "le tableau CSV est mal formé (guillemet non fermé, cellule démesurée) :"
            " exportez-le à nouveau depuis le tableur"
        )
    return UnreadableFile(
        f"le contenu de ce fichier {format_} est endommagé ou mal formé :"
        " ouvrez-le dans son logiciel et enregistrez-le à nouveau"
    )
