"""The code du travail: from its file to linked articles."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.chunk import chunk_document
from ingest.documents import Block, Document, Kind, Status
from ingest.errors import UnreadableFile
from ingest.index import Index, Query, SearchFilter
from ingest.sources.legal import read_code
from tests.legal_files import blocks, real, texts, write_json

NEVER = 32472144000000
"""1 January 2999, as LEGI writes "no end", in milliseconds."""
IN_2019, SEPTEMBER_2026 = 1546300800000, 1788220800000


def article(number: str, cid: int, text: str = "<p>Texte.</p>", **fields: Any) -> dict[str, Any]:
    ids = [f"LEGIARTI{version:012d}" for version in (cid, cid + 500)]
    data = {
        "cid": ids[0],
        "id": ids[1],
        "num": number,
        "etat": "VIGUEUR",
        "dateDebut": IN_2019,
        "dateFin": NEVER,
        "articleVersions": [{"id": known} for known in ids],
        "texteHtml": text,
        "nota": "",
        "notaHtml": "",
    }
    return {"type": "article", "data": data | fields}


def code(*articles: dict[str, Any]) -> dict[str, Any]:
    chapter = {
        "type": "section",
        "data": {"title": "Chapitre Ier :  Essais\r\n. "},
        "children": list(articles),
    }
    part = {"type": "section", "data": {"title": "Partie législative  "}, "children": [chapter]}
    data = {"title": "Code des phares", "dateDebutVersion": "2026-03-27"}
    return {"type": "code", "data": data, "children": [part]}


@pytest.fixture
def read_articles(tmp_path: Path) -> Any:
    def read(*articles: dict[str, Any]) -> list[Document]:
        return list(read_code(write_json(tmp_path, code(*articles)), "phares"))

    return read


def test_an_article_says_its_number_its_code_and_its_place(read_articles: Any) -> None:
    (document,) = read_articles(article(" L6313-4 ", 7))
    assert document.document_id == "phares:LEGIARTI000000000007"
    assert document.title == "Article L6313-4 du code des phares"
    assert document.number == "L6313-4"
    assert document.kind is Kind.LEGAL
    assert document.path == ("Code des phares", "Partie législative", "Chapitre Ier : Essais")
    assert document.url == "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000000000507"


def test_an_annex_has_no_article_number(read_articles: Any) -> None:
    (document,) = read_articles(article("Annexe I", 7))
    assert document.title == "Annexe I du code des phares"
    assert document.number is None


@pytest.mark.parametrize(
    ("state", "end", "status", "valid_to"),
    [
        ("VIGUEUR", NEVER, Status.IN_FORCE, None),
        ("VIGUEUR_DIFF", NEVER, Status.IN_FORCE, None),
        ("ABROGE_DIFF", SEPTEMBER_2026, Status.IN_FORCE, date(2026, 8, 31)),
        ("ABROGE_DIFF", 7956748800000, Status.IN_FORCE, None),  # 22 February 2222: no day is known
        ("ABROGE", IN_2019 + 86_400_000, Status.REPEALED, date(2019, 1, 1)),
        ("MODIFIE", IN_2019 + 86_400_000, Status.SUPERSEDED, date(2019, 1, 1)),
        ("MODIFIE", SEPTEMBER_2026, Status.IN_FORCE, date(2026, 8, 31)),  # ends after the extraction
        (None, NEVER, Status.IN_FORCE, None),
    ],
)
def test_an_article_holds_from_its_first_day_to_the_eve_of_the_next_version(
    read_articles: Any, state: str | None, end: int, status: Status, valid_to: date | None
) -> None:
    (document,) = read_articles(article("L1-1", 7, etat=state, dateFin=end))
    assert document.validity.valid_from == date(2019, 1, 1)
    assert document.validity.valid_to == valid_to
    assert document.validity.status is status


def test_versions_of_an_article_are_documents_of_their_own_each_with_its_dates(read_articles: Any) -> None:
    ended, to_come = 1_767_225_600_000, SEPTEMBER_2026  # 1 January 2026
    documents = read_articles(
        article("L1-1", 7, "<p>Avant.</p>", id="LEGIARTI000000000001", etat="ABROGE", dateFin=ended),
        article("L1-1", 7, "<p>Maintenant.</p>", etat="ABROGE_DIFF", dateDebut=ended, dateFin=to_come),
        article(
            "L1-1", 7, "<p>Ensuite.</p>", id="LEGIARTI000000000002", etat="VIGUEUR_DIFF", dateDebut=to_come
        ),
        article("L1-2", 8, '<p><a href="/affichCode?idArticle=LEGIARTI000000000002">L1-1</a></p>'),
    )
    before, now, after, citing = documents
    assert [document.document_id.partition(":")[2] for document in documents] == [
        "LEGIARTI000000000007@LEGIARTI000000000001",
        "LEGIARTI000000000007",
        "LEGIARTI000000000007@LEGIARTI000000000002",
        "LEGIARTI000000000008",
    ]
    assert (before.validity.status, now.validity.status, after.validity.status) == (
        Status.REPEALED, Status.IN_FORCE, Status.IN_FORCE,
    )  # fmt: skip
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 8, 31), date(2026, 9, 1)]
    held = [[d.blocks[0].text for d in (before, now, after) if d.validity.holds_on(day)] for day in days]
    assert held == [["Avant."], ["Maintenant."], ["Maintenant."], ["Ensuite."]]
    assert citing.blocks[0].links == (after.document_id,)


def test_a_search_on_a_day_gives_the_version_in_force_on_that_day(
    read_articles: Any, edge_index: Index
) -> None:
    documents = read_articles(
        article("L1-1", 7, "<p>Le phare brûle de l’huile.</p>", etat="ABROGE_DIFF", dateFin=SEPTEMBER_2026),
        article("L1-1", 8, "<p>Le phare brûle du gaz.</p>", etat="VIGUEUR_DIFF", dateDebut=SEPTEMBER_2026),
        article("L1-2", 9, "<p>Le phare brûle du bois.</p>", etat="ABROGE", dateFin=IN_2019 + 86_400_000),
    )
    edge_index.upsert([c for d in documents for c in chunk_document(d, 1_800)], {}, "essai")

    def texts(day: date) -> list[str]:
        hits = edge_index.search(Query("phare", where=SearchFilter(as_of=day)))
        return [hit.payload["text"] for hit in hits]

    assert texts(date(2018, 12, 31)) == []
    assert sorted(texts(date(2019, 1, 1))) == ["Le phare brûle de l’huile.", "Le phare brûle du bois."]
    assert texts(date(2026, 8, 31)) == ["Le phare brûle de l’huile."]
    assert texts(date(2026, 9, 1)) == ["Le phare brûle du gaz."]


def test_a_long_article_is_cut_between_its_paragraphs_and_each_piece_cites_it(read_articles: Any) -> None:
    paragraphs = [
        f"{rank}° Le gardien du phare note {'le temps ' * 20}de son quart." for rank in range(1, 30)
    ]
    text = "<p>" + "</p><p>".join(paragraphs) + "</p>"
    short, long = read_articles(article("L1-1", 7), article("L1-2", 8, text))
    assert len(chunk_document(short, 1_800)) == 1
    chunks = chunk_document(long, 1_800)
    assert len(chunks) > 1
    assert [line for chunk in chunks for line in chunk.text.split("\n")] == paragraphs
    assert all(chunk.document.number == "L1-2" for chunk in chunks)
    assert all(chunk.path[-1] == "Article L1-2 du code des phares" for chunk in chunks)


def test_an_article_links_to_the_articles_it_cites_whatever_their_version(read_articles: Any) -> None:
    href = "/affichCodeArticle.do?cidTexte=LEGITEXT000000000001&idArticle=LEGIARTI000000000508&dateTexte="
    citing, _ = read_articles(
        article("L1-1", 7, f'<p>Voir <a href="{href}">L. 1-2</a>.</p>'), article("L1-2", 8)
    )
    assert citing.blocks == (Block("paragraph", "Voir L. 1-2.", links=("phares:LEGIARTI000000000008",)),)


@pytest.mark.parametrize(
    ("href", "link"),
    [
        (
            "/affichCodeArticle.do?cidTexte=LEGITEXT000006070719&idArticle=LEGIARTI000006417944",
            "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000006417944",
        ),
        (
            "/affichTexteArticle.do?cidTexte=JORFTEXT000000000001&idArticle=LEGIARTI000000000099",
            "https://www.legifrance.gouv.fr/loda/article_lc/LEGIARTI000000000099",
        ),
        (
            "/affichTexteArticle.do?cidTexte=JORFTEXT000000000001&idArticle=JORFARTI000000000099",
            "https://www.legifrance.gouv.fr/jorf/article_jo/JORFARTI000000000099",
        ),
        (
            "/affichTexte.do?cidTexte=JORFTEXT000000000001&categorieLien=cid",
            "https://www.legifrance.gouv.fr/jorf/id/JORFTEXT000000000001",
        ),
        ("https://exemple.fr/phare", "https://exemple.fr/phare"),
    ],
)
def test_what_is_not_in_the_code_is_linked_by_its_address(read_articles: Any, href: str, link: str) -> None:
    (document,) = read_articles(article("L1-1", 7, f'<p><a href="{href}">ici</a></p>'))
    assert document.blocks[0].links == (link,)


@pytest.mark.parametrize(
    "href", ["", "/affichCode.do?cidTexte=LEGITEXT000000000001&idSectionTA=LEGISCTA000000000001"]
)
def test_an_address_that_names_no_text_is_no_link(read_articles: Any, href: str) -> None:
    (document,) = read_articles(article("L1-1", 7, f'<p><a href="{href}">ici</a></p>'))
    assert document.blocks[0].links == ()


def test_an_article_does_not_link_to_itself(read_articles: Any) -> None:
    href = "/affichCodeArticle.do?cidTexte=LEGITEXT000000000001&idArticle=LEGIARTI000000000007"
    (document,) = read_articles(article("L1-1", 7, f'<p><a href="{href}">L. 1-1</a></p>'))
    assert document.blocks[0].links == ()


def test_the_nota_is_the_last_paragraph_and_says_so(read_articles: Any) -> None:
    (document,) = read_articles(
        article("L1-1", 7, nota="x", notaHtml="<p>NOTA :</p><p>S'applique en 2027.</p>")
    )
    assert [block.text for block in document.blocks] == ["Texte.", "Nota : S'applique en 2027."]


@pytest.mark.parametrize(
    "content", ['{"type": "code"', '{"type": "code"}', '{"type": "code", "data": null}', "[]"]
)
def test_a_file_that_is_no_code_is_unreadable(tmp_path: Path, content: str) -> None:
    path = tmp_path / "data.json"
    path.write_text(content)
    with pytest.raises(UnreadableFile, match=r"data\.json"):
        list(read_code(path, "phares"))


# --- the real code ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def labour_code() -> dict[str, Document]:
    return {
        document.document_id: document for document in read_code(real("code-du-travail"), "code-du-travail")
    }


@pytest.fixture(scope="module")
def by_number(labour_code: dict[str, Document]) -> dict[str, Document]:
    return {document.number: document for document in labour_code.values() if document.number}


@pytest.mark.law
@pytest.mark.slow
def test_the_code_du_travail_is_read_whole(labour_code: dict[str, Document]) -> None:
    assert len(labour_code) == 11_545
    assert all(document.blocks for document in labour_code.values())
    assert all(block.text.strip() == block.text != "" for block in blocks(list(labour_code.values())))
    assert Counter(document.number is None for document in labour_code.values())[True] == 10


@pytest.mark.law
@pytest.mark.slow
def test_the_article_on_skills_assessments_is_word_for_word(by_number: dict[str, Document]) -> None:
    document = by_number["L6313-4"]
    assert document.url == "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000037385673"
    assert document.blocks[-1].text == (
        "La durée du bilan de compétences ne peut excéder vingt-quatre heures par bilan."
    )
    assert by_number["L6313-1"].document_id in document.blocks[0].links


@pytest.mark.law
@pytest.mark.slow
def test_articles_whose_end_is_planned_hold_until_the_day_before(
    labour_code: dict[str, Document], by_number: dict[str, Document]
) -> None:
    assert by_number["L6323-13"].validity.valid_to == date(2026, 8, 31)
    assert by_number["L6323-13"].validity.status is Status.IN_FORCE
    assert by_number["R4451-39"].validity.valid_to == date(2027, 6, 30)
    assert by_number["D1142-19"].validity.valid_to == date(2029, 2, 28)
    assert sum(document.validity.valid_to is not None for document in labour_code.values()) == 88


@pytest.mark.law
@pytest.mark.slow
def test_no_word_of_the_code_is_lost(labour_code: dict[str, Document]) -> None:
    def characters(text: str) -> Counter[str]:
        return Counter("".join(text.split()))

    lost = []
    pending = [json.loads(real("code-du-travail").read_bytes())]
    while pending:
        node = pending.pop()
        pending += node.get("children", [])
        if node["type"] == "article":
            read = labour_code[f"code-du-travail:{node['data']['cid']}"]
            if characters(node["data"]["texte"]) - characters("".join(texts(read))):
                lost.append(read.number)
    assert lost == []


@pytest.mark.law
@pytest.mark.slow
def test_the_links_of_the_code_are_its_articles_or_addresses(labour_code: dict[str, Document]) -> None:
    links = [link for block in blocks(list(labour_code.values())) for link in block.links]
    assert sum(link in labour_code for link in links) > 12_000
    assert all(link in labour_code or link.startswith("http") for link in links)
