"""The sample organisation: its documents, their metadata and its questions agree with each other."""

import csv
import email
import email.policy
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import docx
import openpyxl
import pptx
import pypdfium2
import pytest
from lxml import etree, html

SAMPLE = Path(__file__).parent.parent / "sample"
FOLDERS = {"procedures", "notes-de-service", "faq", "juridique", "direction"}
FORMATS = {"pdf", "pdf-colonnes", "pdf-scan", "docx", "odt", "pptx", "html", "md", "eml"}
SUPERSEDED = [("PR-004", "PR-029"), ("PR-007", "PR-031")]


def front_matter(path: Path) -> dict[str, str]:
    front = path.read_text(encoding="utf-8").split("---\n", 2)[1]
    return {key: value.strip() for key, value in (line.split(":", 1) for line in front.splitlines())}


@cache
def sources() -> dict[str, dict[str, str]]:
    """Front matter of every content file, by reference."""
    return {path.stem: front_matter(path) for path in (SAMPLE / "content").glob("*.md")}


@cache
def metadata() -> dict[str, dict[str, str]]:
    """Rows of every `metadonnees.csv`, by reference, with the path of the document they describe."""
    rows = {}
    for folder in FOLDERS:
        table = SAMPLE / "documents" / folder / "metadonnees.csv"
        with table.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                rows[row["reference"]] = row | {"path": f"{folder}/{row['fichier']}"}
    return rows


TUNE, REPORT = "questions.jsonl", "questions_abstention.jsonl"
DATES, RIGHTS = "questions_dates.jsonl", "questions_rights.jsonl"


@cache
def questions(name: str = TUNE) -> list[dict[str, Any]]:
    lines = (SAMPLE / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def answerable(name: str = TUNE) -> list[dict[str, Any]]:
    return [question for question in questions(name) if not question.get("must_abstain")]


def all_answerable() -> list[dict[str, Any]]:
    return [question for name in (TUNE, REPORT, DATES, RIGHTS) for question in answerable(name)]


def abstentions(name: str) -> Counter[str]:
    """How many questions of each kind must be left without an answer."""
    return Counter(question["abstention"] for question in questions(name) if question.get("must_abstain"))


def normalised(text: str) -> str:
    """Same words, whatever the typography: table bars, bold marks, apostrophes and every kind of space."""
    text = re.sub(r"[|*\ufffe]|^\s*(?:-|\d+\.) ", " ", text, flags=re.MULTILINE)
    return " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def pdf_text(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def docx_text(path: Path) -> str:
    paragraphs = docx.Document(str(path)).element.body.iter("{*}p")
    return "\n".join("".join(run.text or "" for run in paragraph.iter("{*}t")) for paragraph in paragraphs)


def odt_text(path: Path) -> str:
    with ZipFile(path) as archive:
        content = etree.fromstring(archive.read("content.xml"))
    blocks = content.iter("{*}p", "{*}h")
    return "\n".join("".join(map(str, block.itertext())) for block in blocks)


def pptx_text(path: Path) -> str:
    lines = []
    for slide in pptx.Presentation(str(path)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                lines.append(shape.text_frame.text)
            if shape.has_table:
                lines += [" ".join(cell.text for cell in row.cells) for row in shape.table.rows]
    return "\n".join(lines)


def html_text(path: Path) -> str:
    main = html.fromstring(path.read_bytes()).find(".//main")
    assert main is not None
    return " ".join(map(str, main.itertext()))


def eml_text(path: Path) -> str:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
    return "\n".join(part if isinstance(part, str) else part.decode() for part in parts)


READERS: dict[str, Callable[[Path], str]] = {
    ".pdf": pdf_text,
    ".docx": docx_text,
    ".odt": odt_text,
    ".pptx": pptx_text,
    ".html": html_text,
    ".md": lambda path: path.read_text(encoding="utf-8"),
    ".eml": eml_text,
}


@cache
def built_text(name: str) -> str:
    path = next((SAMPLE / "documents").rglob(name))
    return READERS[path.suffix](path)


def test_every_source_is_built_once() -> None:
    assert len(sources()) >= 46
    assert sources().keys() == metadata().keys()
    listed = {row["path"] for row in metadata().values()}
    assert listed == {
        f"{folder}/{path.name}"
        for folder in FOLDERS
        for path in (SAMPLE / "documents" / folder).iterdir()
        if path.name != "metadonnees.csv"
    }


def test_every_format_and_folder_is_present() -> None:
    assert {source["format"] for source in sources().values()} == FORMATS
    assert {source["folder"] for source in sources().values()} == FOLDERS


def test_documents_stay_small() -> None:
    files = [path for folder in FOLDERS for path in (SAMPLE / "documents" / folder).iterdir()]
    assert sum(path.stat().st_size for path in files) < 4_000_000


@pytest.mark.parametrize(("old", "new"), SUPERSEDED)
def test_superseded_pairs_follow_each_other(old: str, new: str) -> None:
    before, after = metadata()[old], metadata()[new]
    assert (before["statut"], after["statut"]) == ("remplace", "en_vigueur")
    assert (before["remplace_par"], after["remplace"]) == (new, old)
    end, start = date.fromisoformat(before["valable_jusqu_au"]), date.fromisoformat(after["valable_du"])
    assert end + timedelta(days=1) == start


def test_one_procedure_is_not_yet_in_force() -> None:
    assert any(row["valable_du"].startswith("2027") for row in metadata().values())


def test_only_the_management_reads_the_direction_folder() -> None:
    for row in metadata().values():
        assert row["groupes"] == ("direction" if row["path"].startswith("direction/") else "")


def test_scan_has_no_text_layer() -> None:
    scans = [reference for reference, source in sources().items() if source["format"] == "pdf-scan"]
    assert scans
    for reference in scans:
        assert built_text(metadata()[reference]["fichier"]).strip() == ""


def test_questions_cover_what_the_evaluation_needs() -> None:
    tagged = [tag for question in answerable() for tag in set(question["tags"])]
    assert len(answerable()) >= 60
    assert len(questions()) - len(answerable()) >= 25
    assert len({question["question"] for question in questions()}) == len(questions())
    assert tagged.count("remplacement") >= 6
    assert tagged.count("tableau") >= 4
    assert sum(question.get("group") == "direction" for question in answerable()) >= 4


def test_both_sets_hold_what_abstention_is_calibrated_and_judged_on() -> None:
    tune, report = abstentions(TUNE), abstentions(REPORT)
    assert (tune["unanswerable"] >= 50, tune["out_of_scope"] >= 25, tune["smalltalk"] >= 15) == (True,) * 3
    assert (report["unanswerable"] >= 45, report["out_of_scope"] >= 15, report["smalltalk"] >= 10) == (
        True,
    ) * 3
    assert report.total() >= 70
    assert len(answerable(REPORT)) >= 70
    assert len({question["document"] for question in answerable(REPORT)}) >= 45


def test_no_question_of_the_report_set_is_asked_elsewhere() -> None:
    asked = [question["question"].casefold() for name in (TUNE, REPORT) for question in questions(name)]
    assert len(set(asked)) == len(asked)


def test_what_is_forbidden_is_really_written_somewhere() -> None:
    texts = [normalised(path.read_text(encoding="utf-8")) for path in (SAMPLE / "content").glob("*.md")]
    asked = [question for name in (DATES, RIGHTS) for question in questions(name) if "forbidden" in question]
    assert len(asked) >= 30
    for question in asked:
        for words in question["forbidden"]:
            assert any(normalised(words) in text for text in texts), question


def test_what_one_group_is_told_the_others_are_not() -> None:
    told = {question["question"] for question in answerable(RIGHTS)}
    silent = {question["question"] for question in questions(RIGHTS) if question.get("must_abstain")}
    assert told == silent
    assert len(told) >= 12


def test_quotes_of_the_catalogue_are_in_its_files() -> None:
    texts = {
        path.name: normalised(catalogue_text(path)) for path in (SAMPLE / "documents/catalogue").iterdir()
    }
    asked = [question for question in all_answerable() if question["document"] in texts]
    assert len(asked) >= 10
    for question in asked:
        assert normalised(question["quote"]) in texts[question["document"]], question


def catalogue_text(path: Path) -> str:
    if path.suffix == ".xml":
        return " ".join(map(str, etree.parse(str(path)).getroot().itertext()))
    book = openpyxl.load_workbook(path, read_only=True)
    cells = (cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    return " ".join(str(cell) for cell in cells if cell is not None)


def of_documents() -> list[dict[str, Any]]:
    """Questions that a text answers, and not the catalogue."""
    return [question for question in all_answerable() if "catalogue" not in question["tags"]]


def test_quotes_are_in_their_sources() -> None:
    by_file = {row["fichier"]: reference for reference, row in metadata().items()}
    for question in of_documents():
        path = SAMPLE / "content" / f"{by_file[question['document']]}.md"
        assert normalised(question["quote"]) in normalised(path.read_text(encoding="utf-8")), question


def test_quotes_survive_in_the_built_documents() -> None:
    for question in of_documents():
        text = normalised(built_text(question["document"]))
        if text:
            assert normalised(question["quote"]) in text, question


def test_questions_are_asked_while_their_document_holds() -> None:
    by_file = {row["fichier"]: row for row in metadata().values()}
    for question in of_documents():
        row, day = by_file[question["document"]], question.get("as_of", "2026-11-22")
        assert row["valable_du"] <= day <= (row["valable_jusqu_au"] or "9999"), question
        assert question.get("group", "") == row["groupes"], question
