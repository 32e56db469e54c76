"""A sheet as a PDF: a `Sheet` goes in, the bytes of a tagged PDF come out, with its title, language and outline.

Typst sets it (a compiler that comes in one wheel, without LibreOffice or any library of the system), with Noto Sans,
which comes in a wheel too and holds the letters of French, Turkish, Vietnamese, Slavic and Arabic names. The file
meets PDF/UA-1 (ISO 14289-1), unless a letter is in no font: it then shows as a box, and the file is tagged all the
same. Typst keeps what it has set in memory, so that it runs in a process of its own: nobody's synthesis stays there.
"""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from ingest.errors import FanalError
from server.exporting.sheet import (
    AI_SUBJECT,
    PRODUCER,
    Block,
    Heading,
    Items,
    Paragraph,
    Sheet,
    is_right_to_left,
)

MEDIA_TYPE = "application/pdf"
MAX_SECONDS = 60
"""Longest that a PDF may take; sixty pages take one."""

LONG_WORD = 40
"""Letters of a word in which a line may break: one that is wider than the page cannot be seen to its end."""

FONTS = ("fontpkg_noto_sans", "fontpkg_noto_sans_arabic")
PAGE = Path(__file__).with_name("page.typ")


class SettingFailed(FanalError):
    """The PDF could not be made; the other formats hold the same."""

    def __init__(self) -> None:
        super().__init__(
            "Le PDF n’a pas pu être fabriqué. Exportez la synthèse en DOCX ou en ODT ; si cela se répète, prévenez"
            " votre administrateur."
        )


def write_pdf(sheet: Sheet) -> bytes:
    """Write a sheet.

    Raises:
        SettingFailed: Typst failed, or took more than `MAX_SECONDS`.
    """
    request = {
        "at": int(sheet.written_at.timestamp()),
        "sheet": {
            "title": sheet.title,
            "subject": AI_SUBJECT,
            "producer": PRODUCER,
            "blocks": [_as_json(block) for block in sheet.blocks],
        },
    }
    command = [sys.executable, "-m", "server.exporting.pdf"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=MAX_SECONDS,
            cwd=Path(__file__).parents[2],
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SettingFailed from None  # its command would bring the synthesis into the log
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise SettingFailed
    return done.stdout


def _as_json(block: Block) -> dict[str, Any]:
    match block:
        case Heading(level, text):
            return {"kind": "heading", "level": level, "text": _breakable(text)}
        case Paragraph(text, label):
            return {"kind": "paragraph", "label": label, **_text(text)}
        case Items(items):
            return {"kind": "items", "items": [_text(item) for item in items]}


def _text(text: str) -> dict[str, Any]:
    return {"text": _breakable(text), "right_to_left": is_right_to_left(text)}


def _breakable(text: str) -> str:
    """Let a line break in a word that is too long for it, with ZERO WIDTH SPACE."""
    return _LONG_WORD.sub(lambda word: _TEN.sub("\\g<0>\u200b", word[0]), text)


_LONG_WORD = re.compile(rf"\S{{{LONG_WORD},}}")
_TEN = re.compile(r"\S{10}(?=\S)")


def _set(request: dict[str, Any]) -> bytes:
    import typst

    folders = [str(files(name) / "files") for name in FONTS]
    compiler = typst.Compiler(font_paths=typst.Fonts(include_system_fonts=False, font_paths=folders))
    inputs = {"sheet": json.dumps(request["sheet"])}
    at = datetime.fromtimestamp(request["at"], UTC)
    page = PAGE.read_bytes()
    try:
        pdf = compiler.compile(page, format="pdf", sys_inputs=inputs, timestamp=at, pdf_standards=["ua-1"])
    except typst.TypstError:  # PDF/UA refuses a letter that no font shows
        pdf = compiler.compile(page, format="pdf", sys_inputs=inputs, timestamp=at)
    if not isinstance(pdf, bytes):
        raise TypeError("typst gives several files for pictures only")
    return pdf


if __name__ == "__main__":
    sys.stdout.buffer.write(_set(json.load(sys.stdin.buffer)))
