"""The service-public.fr sheets of 2020: small ones made here, then, where it was fetched, the real package."""

import io
import json
import os
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.chunk import chunk_document
from ingest.documents import Document, Status
from ingest.errors import UnreadableFile
from ingest.index import Index, Query, SearchFilter
from ingest.sources.packages import DATASETS
from ingest.sources.service_public import COLLECTION, FROZEN_ON, read_service_public
from ingest.sources.sheet_tree import REFERENCES, sheet_blocks

TODAY = date(2026, 11, 22)
Tree = dict[str, Any]


def node(tag: str, *inner: Tree | str, **attributes: str) -> Tree:
    children = [{"type": "text", "text": child} if isinstance(child, str) else child for child in inner]
    return {"type": "element", "name": tag, "attributes": attributes, "children": children}


def p(*inner: Tree | str) -> Tree:
    return node("Paragraphe", *inner)


def titled(tag: str, title: str, *inner: Tree | str, **attributes: str) -> Tree:
    return node(tag, node("Titre", p(title)), *inner, **attributes)


def sheet(number: str, *inner: Tree) -> Tree:
    trail = [
        node("Niveau", name) for name in ("Accueil particuliers", "Travail", "Compte personnel de formation")
    ]
    url = f"https://www.service-public.fr/particuliers/vosdroits/{number}"
    root = node(
        "Publication",
        node("dc:title", "Compte personnel de formation"),
        node("dc:description", "Ce qu’est le compte."),
        node("dc:date", "modified 2020-01-15"),
        node("FilDAriane", *trail),
        *inner,
        ID=number,
        spUrl=url,
    )
    return {"id": number, "children": [root]}


def archive(path: Path, **sheets: Tree) -> Path:
    with tarfile.open(path, "w:gz") as package:
        for name, content in sheets.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(f"package/data/particuliers/{name}.json")
            member.size = len(data)
            package.addfile(member, io.BytesIO(data))
    return path


def blocks_of(*inner: Tree) -> list[tuple[str, int, str]]:
    root = sheet("F1", *inner)["children"][0]
    return [(block.kind, block.level, block.text) for block in sheet_blocks(root, lambda *_: None)]


def test_a_sheet_is_one_document_that_says_how_old_it_is(tmp_path: Path) -> None:
    (document,) = read_service_public(archive(tmp_path / "a.tgz", F1=sheet("F1")), "sp")
    assert document.document_id == "sp:particuliers/F1"
    assert document.title == "Compte personnel de formation"
    assert document.path == (COLLECTION, "Particuliers", "Travail")
    assert document.url == "https://www.service-public.fr/particuliers/vosdroits/F1"
    assert document.dated == date(2020, 1, 15)
    assert document.validity.status is Status.SUPERSEDED
    assert document.validity.holds_on(date(2020, 1, 15))
    assert not document.validity.holds_on(date(2020, 1, 14))
    assert not document.validity.holds_on(TODAY)


def test_chapters_and_cases_are_headings_and_what_follows_a_case_comes_back_above_it() -> None:
    chapter = titled(
        "Chapitre",
        "Alimentation",
        node("BlocCas", titled("Cas", "Salarié", p("500 €.")), titled("Cas", "Saisonnier", p("800 €."))),
        p("Chaque année."),
    )
    assert blocks_of(node("Texte", chapter)) == [
        ("heading", 1, "Alimentation"),
        ("heading", 2, "Salarié"),
        ("paragraph", 0, "500 €."),
        ("heading", 2, "Saisonnier"),
        ("paragraph", 0, "800 €."),
        ("heading", 1, "Alimentation"),
        ("paragraph", 0, "Chaque année."),
    ]


def test_text_after_the_chapters_belongs_to_the_sheet_and_not_to_the_last_of_them(tmp_path: Path) -> None:
    body = node("Texte", titled("Chapitre", "Coût", p("Rien.")), p("Pour tous."))
    (document,) = read_service_public(archive(tmp_path / "a.tgz", F1=sheet("F1", body)), "sp")
    paths = {chunk.text: chunk.path[-1] for chunk in chunk_document(document, 1_800)}
    assert paths == {"Rien.": "Coût", "Pour tous.": "Compte personnel de formation"}


def test_lists_remarks_services_and_tables_are_kept_and_pictures_and_conditions_are_not() -> None:
    def row(*cells: Tree) -> Tree:
        return node("Rangée", *cells)

    text = node(
        "Texte",
        node(
            "Liste", node("Item", p("un "), node("Liste", node("Item", p("dedans")))), node("Item", p("deux"))
        ),
        node("ANoter", node("Titre", "À noter"), p("le 1", node("Exposant", "er"), " janvier.")),
        node("ServiceEnLigne", node("Titre", "Mon compte"), node("Source", "Ministère"), URL="https://a.fr"),
        node("Image", node("Legende", "photo")),
        node("Condition", node("estVrai", "R1")),
        titled(
            "Tableau",
            "Montants",
            row(node("Cellule", p("Année")), node("Cellule", p("Montant"))),
            row(node("Cellule", p("2019"), fusionVerticale="2"), node("Cellule", p("500 €"))),
            row(node("Cellule", p("800 €"))),
        ),
    )
    assert blocks_of(text) == [
        ("list_item", 0, "un"),
        ("list_item", 0, "dedans"),
        ("list_item", 0, "deux"),
        ("paragraph", 0, "À noter : le 1er janvier."),
        ("paragraph", 0, "Service en ligne ou formulaire : Mon compte"),
        ("paragraph", 0, "Montants"),
        ("table", 0, "| Année | Montant |\n| --- | --- |\n| 2019 | 500 € |\n| 2019 | 800 € |"),
    ]


def test_a_sheet_without_text_gives_its_description_and_the_texts_it_rests_on() -> None:
    reference = node(
        "Reference", node("Titre", "Code du travail : L6323-1"), URL="https://www.legifrance.gouv.fr/x"
    )
    assert blocks_of(reference) == [
        ("paragraph", 0, "Ce qu’est le compte."),
        ("heading", 1, REFERENCES),
        ("list_item", 0, "Texte de référence : Code du travail : L6323-1"),
    ]


def test_links_lead_to_sheets_that_are_there_and_to_web_addresses_only(tmp_path: Path) -> None:
    def inner(number: str) -> Tree:
        return node("LienInterne", number, LienPublication=number, audience="Particuliers")

    def outer(address: str) -> Tree:
        return node("LienExterne", "site", URL=address)

    text = node("Texte", p(inner("F2"), inner("F404"), outer("https://a.fr/x"), outer("javascript:alert(1)")))
    path = archive(tmp_path / "a.tgz", F1=sheet("F1", text), F2=sheet("F2"))
    first, _ = read_service_public(path, "sp")
    assert first.blocks[0].links == ("sp:particuliers/F2", "https://a.fr/x")


def test_members_that_are_no_sheets_or_climb_out_of_the_archive_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "a.tgz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as package:
        for name in (
            "package/data/particuliers/index.json",
            "../../evil.json",
            "package/data/particuliers/../F1.json",
        ):
            package.addfile(tarfile.TarInfo(name), io.BytesIO())
        link = tarfile.TarInfo("package/data/particuliers/F9.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        package.addfile(link)
    assert list(read_service_public(path, "sp")) == []
    assert [found.name for found in tmp_path.rglob("*") if found.is_file()] == ["a.tgz"]


@pytest.mark.parametrize("content", [b"", b"rien", b"\x1f\x8b\x08\x00 court"])
def test_what_is_not_the_archive_is_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tgz").write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"a\.tgz"):
        list(read_service_public(tmp_path / "a.tgz", "sp"))


def test_a_sheet_of_another_shape_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="forme attendue"):
        list(read_service_public(archive(tmp_path / "a.tgz", F1={"children": [{"type": "element"}]}), "sp"))


CACHE = Path(os.environ.get("FANAL_CACHE") or Path(__file__).resolve().parent.parent / ".cache")


@pytest.fixture(scope="module")
def real_sheets() -> dict[str, Document]:
    dataset = DATASETS["fiches-service-public-2020"]
    if not dataset.is_whole(CACHE):
        pytest.skip(f"{dataset.name} is not in {CACHE}: python -m ingest fetch {dataset.name}")
    return {document.document_id: document for document in dataset.reader(dataset.place(CACHE), "sp")}


@pytest.mark.law
@pytest.mark.slow
def test_the_package_is_read_whole(real_sheets: dict[str, Document]) -> None:
    assert len(real_sheets) == 7_591
    for document in real_sheets.values():
        assert document.blocks
        assert document.title
        assert document.dated is not None
        assert document.dated <= date(2020, 11, 12)
        assert document.validity.valid_to == FROZEN_ON
    links = {link for document in real_sheets.values() for block in document.blocks for link in block.links}
    assert all(link in real_sheets for link in links if not link.startswith("http"))


@pytest.mark.law
@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "sheet_title"),
    [
        (
            "alimentation du compte personnel de formation CPF salarié 500 euros",
            "Compte personnel de formation (CPF)",
        ),
        ("inscription à Pôle emploi", "Pôle emploi"),
    ],
)
def test_an_old_sheet_answers_in_2020_and_never_today(
    real_sheets: dict[str, Document], edge_index: Index, question: str, sheet_title: str
) -> None:
    about = [d for d in real_sheets.values() if "CPF" in d.title or "Pôle emploi" in d.title]
    chunks = [chunk for document in about for chunk in chunk_document(document, 1_800)]
    edge_index.upsert(chunks, {}, "essai")

    def titles(day: date) -> list[str]:
        hits = edge_index.search(Query(question, where=SearchFilter(as_of=day)))
        return [hit.payload["title"] for hit in hits]

    assert sheet_title in titles(date(2020, 11, 15))[0]
    assert titles(date(2020, 12, 1)) == titles(TODAY) == []
