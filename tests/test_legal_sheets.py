"""The practical sheets: from their files to documents whose blocks link to the articles that they name."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.documents import Block, Document, Kind
from ingest.errors import UnreadableFile
from ingest.sources.legal import SheetQuestion, read_code, read_sheets, sheet_questions
from tests.legal_files import blocks, real, texts, write_json

LABOUR = "LEGITEXT000006072050"


def reference(number: str, cid: int) -> dict[str, str]:
    known = f"LEGIARTI{cid:012d}"
    return {"text": number, "fmt": number, "cid": known, "id": f"LEGIARTI{cid + 500:012d}"}


def section(title: str, markup: str, *references: dict[str, str], law: str = LABOUR) -> dict[str, Any]:
    cited = {law: {"name": "code", "articles": list(references)}} if references else {}
    return {"title": title, "html": markup, "references": cited, "text": "", "anchor": "", "description": ""}


def sheet(
    *sections: dict[str, Any], title: str = "Le congé de phare", key: str = "article1"
) -> dict[str, Any]:
    return {
        "title": title,
        "pubId": key,
        "url": "https://exemple.fr/conge",
        "date": "13/11/2025",
        "intro": "<p>En bref.</p>",
        "description": "",
        "sections": list(sections),
    }


@pytest.fixture
def read_sheet(tmp_path: Path) -> Any:
    def read(*sections: dict[str, Any], articles: set[str] | None = None) -> Document:
        (document,) = read_sheets(write_json(tmp_path, [sheet(*sections)]), "fiches", articles)
        return document

    return read


def links_of(document: Document) -> dict[str, tuple[str, ...]]:
    return {block.text: block.links for block in document.blocks if block.links}


def test_a_sheet_is_one_document_with_its_day_and_its_sections_as_headings(read_sheet: Any) -> None:
    document = read_sheet(
        section("Le congé de phare", "<p>Présentation.</p>"),
        section("Quelle durée\u00a0?", "<h3>Cas général</h3><ul><li>Un an.</li></ul>"),
    )
    assert (document.document_id, document.title, document.kind) == (
        "fiches:article1",
        "Le congé de phare",
        Kind.LEGAL,
    )
    assert (document.url, document.dated) == ("https://exemple.fr/conge", date(2025, 11, 13))
    assert document.validity.valid_from is None
    assert document.blocks == (
        Block("paragraph", "En bref."),
        Block("paragraph", "Présentation."),
        Block("heading", "Quelle durée ?", 1),
        Block("heading", "Cas général", 2),
        Block("list_item", "Un an."),
    )


@pytest.mark.parametrize(
    "naming",
    [
        "Voir l'article L. 1234-5.",
        "Voir les articles L. 1234-1 à L. 1234-9.",
        "Voir les articles L. 1234-1 à 1234-9.",
        "Voir les articles L. 1234-1 à 9.",
        'Voir <a href="https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000000000507">la loi</a>.',
    ],
)
def test_the_block_that_names_an_article_links_to_it(read_sheet: Any, naming: str) -> None:
    document = read_sheet(section("Q", f"<p>Rien.</p><p>{naming}</p>", reference("L1234-5", 7)))
    assert list(links_of(document).values()) == [("code-du-travail:LEGIARTI000000000007",)]
    assert document.blocks[-1].links


@pytest.mark.parametrize(
    "naming", ["L. 1234-6", "L. 1234-1 à L. 1234-4", "L. 1234-1 à R. 1234-9", "R. 1234-5"]
)
def test_a_reference_that_the_section_does_not_name_is_no_link(read_sheet: Any, naming: str) -> None:
    document = read_sheet(section("Q", f"<p>Voir {naming}.</p>", reference("L1234-5", 7)))
    assert links_of(document) == {}


def test_the_social_security_code_has_its_own_source(read_sheet: Any) -> None:
    document = read_sheet(
        section("Q", "<p>Article L. 161-1.</p>", reference("L161-1", 7), law="LEGITEXT000006073189")
    )
    assert document.blocks[-1].links == ("code-securite-sociale:LEGIARTI000000000007",)


def test_an_article_that_is_not_at_hand_is_linked_by_its_page(read_sheet: Any) -> None:
    document = read_sheet(
        section("Q", "<p>Article L. 1234-5.</p>", reference("L1234-5", 7)),
        articles={"code-du-travail:LEGIARTI000000000008"},
    )
    assert document.blocks[-1].links == (
        "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000000000007",
    )


@pytest.mark.parametrize(
    "markup",
    [
        "",
        '<ul><li><a href="https://exemple.fr/a">Calculer une indemnité</a></li></ul>',
        '<ul><li><div class="fr-card"><h3>Le CDI</h3><p>Un contrat.</p></div></li></ul>',
        '<div class="youtube_player"></div><section class="fr-accordion"><h3><button>Lire la retranscription'
        "</button></h3><p>Bonjour, c'est Honorine.</p></section>",
        "<h3>Titre seul</h3>",
    ],
)
def test_menus_cards_and_videos_are_left_out_with_their_heading(read_sheet: Any, markup: str) -> None:
    assert texts(read_sheet(section("Services en ligne", markup))) == ["En bref."]


@pytest.mark.parametrize("title", ["Qui contacter\u00a0?", "Textes de référence"])
def test_contacts_and_texts_stay_even_when_they_are_links(read_sheet: Any, title: str) -> None:
    document = read_sheet(
        section(title, '<ul><li><a href="https://exemple.fr">Article L. 1234-5</a></li></ul>')
    )
    assert texts(document)[1:] == [title.replace("\u00a0", " "), "Article L. 1234-5"]


def test_the_title_of_a_box_opens_no_section(read_sheet: Any) -> None:
    document = read_sheet(
        section("Q", '<div class="fr-highlight"><h3>À savoir !</h3><p>Un mois.</p></div><p>Suite.</p>')
    )
    assert [block.kind for block in document.blocks[2:]] == ["paragraph"] * 3


def test_a_sheet_question_joins_the_titles_and_knows_its_articles(tmp_path: Path) -> None:
    cited = (reference("L1234-5", 7), reference("L1234-6", 8))
    path = write_json(
        tmp_path,
        [
            sheet(
                section("Quelle durée ?", "<p>Articles L. 1234-5 et L. 1234-6.</p>", *cited),
                section("Combien ?", "<p>Article L. 1234-6.</p>", *cited),
            )
        ],
    )
    known = "code-du-travail:LEGIARTI000000000007"
    assert list(sheet_questions(path, {known}, "fiches")) == [
        SheetQuestion(
            "Le congé de phare Quelle durée ?", "fiches:article1", "Quelle durée ?", frozenset({known})
        )
    ]


def test_the_list_of_texts_answers_the_title_and_the_same_question_is_asked_once(tmp_path: Path) -> None:
    path = write_json(
        tmp_path,
        [
            sheet(section("Textes de référence", "<p>L. 1234-5</p>", reference("L1234-5", 7))),
            sheet(section("Le congé de phare", "<p>L. 1234-6</p>", reference("L1234-6", 8)), key="article2"),
        ],
    )
    gold = frozenset(f"code-du-travail:LEGIARTI00000000000{last}" for last in "78")
    (question,) = sheet_questions(path, gold)
    assert (question.question, question.gold) == ("Le congé de phare", gold)


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        list(read_sheets(tmp_path / "absent.json", "fiches"))


# --- the real sheets --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def labour_code() -> dict[str, Document]:
    return {
        document.document_id: document for document in read_code(real("code-du-travail"), "code-du-travail")
    }


@pytest.fixture(scope="module")
def all_articles(labour_code: dict[str, Document]) -> set[str]:
    social = read_code(real("code-securite-sociale"), "code-securite-sociale")
    return {*labour_code, *(document.document_id for document in social)}


@pytest.mark.law
@pytest.mark.slow
def test_the_sheets_are_read_whole_and_their_links_resolve(all_articles: set[str]) -> None:
    documents = list(read_sheets(real("fiches-travail"), "fiches-travail", all_articles))
    links = [link for block in blocks(documents) for link in block.links]
    assert len({document.document_id for document in documents}) == len(documents) == 269
    assert all(block.text.strip() == block.text != "" for block in blocks(documents))
    assert all(link in all_articles or link.startswith("http") for link in links)
    assert sum(link in all_articles for link in links) > 8_000


@pytest.mark.law
@pytest.mark.slow
def test_the_sheets_ask_several_hundred_questions(labour_code: dict[str, Document]) -> None:
    questions = list(sheet_questions(real("fiches-travail"), labour_code))
    assert len({question.question for question in questions}) == len(questions) == 585
    assert all(question.gold <= labour_code.keys() for question in questions)
