"""Read a content file: Markdown with a front matter goes in, a typed `Source` with its blocks comes out."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

EXTENSIONS = {
    "pdf": "pdf",
    "pdf-colonnes": "pdf",
    "pdf-scan": "pdf",
    "docx": "docx",
    "odt": "odt",
    "pptx": "pptx",
    "html": "html",
    "md": "md",
    "eml": "eml",
}
MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août"]
MONTHS += ["septembre", "octobre", "novembre", "décembre"]
ITEM = re.compile(r"(?:-|\d+\.) +(.*)")


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Items:
    ordered: bool
    items: list[str]


@dataclass(frozen=True)
class Table:
    rows: list[list[str]]


Block = Heading | Paragraph | Items | Table


@dataclass(frozen=True)
class Source:
    """One document to render: its front matter, its Markdown body and the blocks read from it."""

    meta: dict[str, str]
    body: str
    blocks: list[Block]

    @property
    def reference(self) -> str:
        return self.meta["reference"]

    @property
    def title(self) -> str:
        return self.meta["title"]

    @property
    def format(self) -> str:
        return self.meta["format"]

    @property
    def day(self) -> date:
        return date.fromisoformat(self.meta["date"])

    @property
    def file_name(self) -> str:
        name = self.meta.get("file") or f"{self.reference} {self.title}"
        return f"{name}.{EXTENSIONS[self.format]}"

    @property
    def subtitle(self) -> str:
        """The line under the title: reference, date of the text, first day of validity, what it replaces."""
        line = f"Référence {self.reference} - version du {french_date(self.day)}"
        if start := self.meta.get("valid_from"):
            line += f" - applicable à compter du {french_date(date.fromisoformat(start))}"
        if replaced := self.meta.get("replaces"):
            line += f" - remplace {replaced}"
        return line


def french_date(day: date) -> str:
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {MONTHS[day.month - 1]} {day.year}"


def read_source(path: Path) -> Source:
    """Read one content file.

    Args:
        path: a Markdown file that begins with `key: value` lines between two `---` lines.

    Returns:
        The document, its body split into blocks.
    """
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta = {key.strip(): value.strip() for key, value in (line.split(":", 1) for line in front.splitlines())}
    return Source(meta, body.strip() + "\n", parse_blocks(body))


def parse_blocks(body: str) -> list[Block]:
    """Split a Markdown body on its blank lines; each part is one heading, list, table or paragraph."""
    return [_block(part.splitlines()) for part in re.split(r"\n\s*\n", body.strip()) if part.strip()]


def _block(lines: list[str]) -> Block:
    first = lines[0]
    if first.startswith("#"):
        marks, text = first.split(" ", 1)
        return Heading(len(marks), text.strip())
    if first.startswith("|"):
        return Table([_cells(line) for line in lines if not re.fullmatch(r"[|\s:-]+", line)])
    if ITEM.match(first):
        return Items(first[0].isdigit(), _items(lines))
    return Paragraph(" ".join(line.strip() for line in lines))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if match := ITEM.match(line):
            items.append(match[1])
        else:
            items[-1] += " " + line.strip()
    return items
