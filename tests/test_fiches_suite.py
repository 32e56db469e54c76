"""The suite of practical sheets: a section asks, the articles that its own text names are gold."""

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from eval.fiches_suite import build, cases_of
from eval.halves import half_of
from eval.suites import load_suite
from ingest.documents import Document, Kind
from server.case_schemas import GoldPassage
from tests.legal_files import CACHE, real, write_json
from tests.support import make_document

CODE = "LEGITEXT000006072050"


def article(place: int, number: str | None, *path: str) -> Document:
    made = make_document(
        f"LEGIARTI{place:012d}", "Texte.", source="code-du-travail", kind=Kind.LEGAL, number=number
    )
    return replace(made, path=("Code du travail", "Partie législative", *path))


WORK = "Première partie : Les relations individuelles de travail"
PAY = "Troisième partie : Durée du travail, salaire, intéressement, participation et épargne salariale"
ARTICLES = [
    article(1, "L1234-5", WORK),
    article(2, "L3121-1", PAY),
    article(3, None, PAY),
    article(4, "L1234-9", WORK),
]


def section(title: str, markup: str, *cited: int) -> dict[str, Any]:
    articles = [
        {"text": one.number, "fmt": one.number, "cid": one.document_id.partition(":")[2], "id": f"x{place}"}
        for place, one in enumerate(ARTICLES, start=1)
        if place in cited
    ]
    references = {CODE: {"name": "code", "articles": articles}} if articles else {}
    return {
        "title": title,
        "html": markup,
        "references": references,
        "text": "",
        "anchor": "",
        "description": "",
    }


def sheets(folder: Path, *sections: dict[str, Any]) -> Path:
    whole = {"title": "Le congé de phare", "pubId": "a1", "url": "https://exemple.fr/", "date": "13/11/2025"}
    return write_json(
        folder, [{**whole, "intro": "<p>En bref.</p>", "description": "", "sections": list(sections)}]
    )


def test_a_section_is_a_case_and_the_articles_it_names_are_its_gold(tmp_path: Path) -> None:
    path = sheets(
        tmp_path,
        section("Quelle durée ?", "<p>Articles L. 1234-5 et L. 3121-1.</p>", 1, 2, 4),
        section("Combien ?", "<p>Article L. 3121-1.</p>", 2),
        section("Et sinon ?", "<p>Rien n’est cité.</p>", 1),
    )
    first, second = cases_of(path, ARTICLES)
    assert first.question == "Le congé de phare Quelle durée ?"
    assert first.gold == [GoldPassage(document="L1234-5"), GoldPassage(document="L3121-1")]
    assert second.gold == [GoldPassage(document="L3121-1")]
    assert first.tags == [half_of("Le congé de phare"), "Les relations individuelles de travail"]
    assert second.tags[1] == "Durée du travail, salaire, intéressement, participation et…"
    assert first.facts == []
    assert first.id != second.id


def test_the_same_sheets_make_the_same_cases(tmp_path: Path) -> None:
    path = sheets(tmp_path, section("Quelle durée ?", "<p>Articles L. 1234-5 et L. 3121-1.</p>", 1, 2))
    assert cases_of(path, ARTICLES) == cases_of(path, reversed(ARTICLES))


@pytest.mark.law
@pytest.mark.slow
def test_the_real_sheets_are_built_and_loaded(tmp_path: Path) -> None:
    for name in ("code-du-travail", "fiches-travail"):
        folder = real(name).relative_to(CACHE).parts[0]
        (tmp_path / folder).symlink_to(CACHE / folder)
    written = build(tmp_path, None, Console(file=StringIO()))
    suite = load_suite("fiches-travail", tmp_path)
    assert written.is_relative_to(tmp_path)
    assert (len(suite.cases), sum("report" in case.tags for case in suite.cases)) == (585, 274)
    assert len({case.question for case in suite.cases}) == 585
    assert suite.documents == "code-du-travail"
    assert all(case.gold and len(case.tags) == 2 for case in suite.cases)
