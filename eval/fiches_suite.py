"""The suite `fiches-travail`: the labour ministry's sheets and the code du travail go in, a file of cases comes out.

A case asks what a section of a sheet is about; its gold are the articles that the section's own text names, by number
(docs/decisions/0004 says why not those that the package lists). Its tags are its half (`eval.halves`: what is tuned is
tuned on `tune`, and reported on `report`) and the part of the code that most of its articles are in.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console

from eval.halves import half_of, titles
from eval.suites import BUILT
from ingest.documents import Document, headings
from ingest.sources.legal import LABOUR_CODE, SheetQuestion, read_code, sheet_questions
from ingest.sources.packages import DATASETS, fetch
from server.case_schemas import Case, GoldPassage
from server.quality.case_files import write_cases
from server.quality.case_records import derived_id

NAME = "fiches-travail"

_TAG_CHARS = 64


def build(cache: Path, output: Path | None, console: Console) -> Path:
    """Fetch what is missing, and write the suite; gives the file.

    Args:
        output: the file to write; where `load_suite` looks for it when None.

    Raises:
        SourceUnavailable: a package is not in the cache, and the registry does not answer.
        UnreadableFile: a package is not what it was.
    """
    for name in (LABOUR_CODE, NAME):
        fetch(DATASETS[name], cache)
    code = read_code(DATASETS[LABOUR_CODE].place(cache), LABOUR_CODE)
    cases = cases_of(DATASETS[NAME].place(cache), code)
    path = output or cache / BUILT / f"{NAME}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(write_cases(cases, "jsonl"))
    report = sum("report" in case.tags for case in cases)
    console.print(
        f"{len(cases)} cas écrits dans « {path} », dont {report} pour rendre compte (étiquette « report »)."
    )
    return path


def cases_of(sheets: Path, code: Iterable[Document]) -> list[Case]:
    """Make a case of each question that the sheets' sections ask.

    Args:
        sheets: `fiches-travail.json` of `@socialgouv/fiches-travail-data`.
        code: the articles of the code du travail.
    """
    articles = {article.document_id: article for article in code}
    asked = list(sheet_questions(sheets, articles.keys()))
    return [_case(one, title, articles) for one, title in zip(asked, titles(asked), strict=True)]


def _case(asked: SheetQuestion, title: str, articles: Mapping[str, Document]) -> Case:
    cited = [articles[key] for key in sorted(asked.gold)]
    case = Case(
        id="x",
        question=asked.question,
        gold=[GoldPassage(document=article.number or article.document_id) for article in cited],
        tags=[half_of(title), _theme(cited)],
    )
    return case.model_copy(update={"id": derived_id(case)})


def _theme(cited: Iterable[Document]) -> str:
    """Name the part of the code that most of these articles are in."""
    parts = Counter(next(iter(headings(article.path[1:])), article.source) for article in cited)
    name = parts.most_common(1)[0][0]
    return name if len(name) <= _TAG_CHARS else f"{name[: _TAG_CHARS - 1].rsplit(' ', 1)[0]}…"
