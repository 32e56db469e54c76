"""A passage that cites a text brings it along, marked as its legal basis, and only what the caller may see."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.chunk import chunk_document
from ingest.documents import Document, Kind, Status
from ingest.index import Hit, Query, SearchFilter
from ingest.index_edge import EdgeIndex
from server.links import BASIS, NEAREST, citations, descending, marked, with_cited
from server.retrieve import HybridRetriever, named_references, passage_of
from server.schemas import Passage, Scope
from tests.support import WordEmbedder, make_document

TODAY = date(2026, 11, 22)
QUESTION = "Quel est le délai de prévenance du salarié ?"


def article(number: str, *texts: str, source: str = "code-du-travail", **fields: Any) -> Document:
    return make_document(
        number,
        *texts,
        source=source,
        kind=Kind.LEGAL,
        title=f"Article {number} du code",
        number=number,
        **fields,
    )


def citing(document: Document, *links: str) -> Document:
    return replace(document, blocks=tuple(replace(block, links=links) for block in document.blocks))


def sheet(
    *links: str, key: str = "fiche", text: str = "Le délai de prévenance du salarié.", **fields: Any
) -> Document:
    return citing(make_document(key, text, source="fiches", kind=Kind.LEGAL, title="Fiche", **fields), *links)


def fillers(count: int = 40) -> list[Document]:
    """Documents nearer to the question than a law that uses other words."""
    return [
        make_document(f"r{n}", f"Le délai n° {n} de prévenance ou de salarié du service {n}.")
        for n in range(count)
    ]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EdgeIndex]:
    with closing(EdgeIndex(tmp_path / "index", WordEmbedder.dimension)) as opened:
        yield opened


def fill(index: EdgeIndex, *documents: Document) -> None:
    embedder = WordEmbedder()
    chunks = [chunk for document in documents for chunk in chunk_document(document, 1_800)]
    dense = {chunk.hash: embedder.query(chunk.embedded_text) for chunk in chunks}
    index.upsert(chunks, dense, embedder.name)


def search(
    index: EdgeIndex, question: str = QUESTION, k: int = 6, groups: Sequence[str] = (), **scope: Any
) -> list[Passage]:
    retriever = HybridRetriever(index, WordEmbedder(), dense_share=lambda: 1.0, today=lambda: TODAY)
    hits, _ = retriever.search(question, Scope(**scope), frozenset(groups), k)
    passages = [passage_of(hit) for hit in hits]
    assert passages == retriever.retrieve(question, Scope(**scope), frozenset(groups), k).passages
    scores = [passage.score for passage in passages]
    assert scores == sorted(scores, reverse=True)
    return passages


def ids(passages: Sequence[Passage]) -> list[str]:
    return [passage.document_id for passage in passages]


LAW = article("L1234-1", "Le contrat est rompu selon les usages de la profession.")
LAW_ID = "code-du-travail:L1234-1"


def test_a_sheet_brings_its_legal_basis(index: EdgeIndex) -> None:
    fill(index, *fillers(), LAW, sheet())
    assert LAW_ID not in ids(search(index))
    fill(index, sheet(LAW_ID, "https://www.exemple.fr/page"))
    found = search(index)
    [law] = [passage for passage in found if passage.document_id == LAW_ID]
    [fiche] = [passage for passage in found if passage.document_id == "fiches:fiche"]
    assert law.legal_basis_of == [fiche.id]
    assert all(passage.legal_basis_of == [] for passage in found if passage is not law)
    assert len(found) == 6


def test_a_procedure_that_names_an_article_brings_it_without_links(index: EdgeIndex) -> None:
    text = "Le délai de prévenance du salarié suit l’article L. 1234-1 du code du travail."
    fill(index, *fillers(), LAW, make_document("PR-1", text, number="PR-1", title="Prévenance"))
    found = search(index)
    [law] = [passage for passage in found if passage.document_id == LAW_ID]
    assert law.legal_basis_of == [passage.id for passage in found if passage.document_id == "essai:PR-1"]


def test_an_article_leads_to_the_one_that_it_cites(index: EdgeIndex) -> None:
    near = citing(article("L1234-9", "Le délai de prévenance du salarié est fixé."), LAW_ID)
    fill(index, *fillers(3), LAW, near)
    [law] = [passage for passage in search(index) if passage.document_id == LAW_ID]
    assert len(law.legal_basis_of) == 1


def test_one_found_directly_is_not_shown_twice(index: EdgeIndex) -> None:
    direct = article("L1234-1", "Le délai de prévenance du salarié est de deux mois.")
    fill(index, direct, sheet(LAW_ID))
    found = search(index)
    assert sorted(ids(found)) == [LAW_ID, "fiches:fiche"]
    [law] = [passage for passage in found if passage.document_id == LAW_ID]
    assert len(law.legal_basis_of) == 1


def test_of_a_long_article_the_passage_nearest_to_the_question_comes(index: EdgeIndex) -> None:
    parts = [
        "# I",
        "Rien de tel. " * 60,
        "# II",
        "Un préavis prévient le salarié. " + "Autre. " * 60,
        "# III",
        "Fin. " * 60,
    ]
    fill(index, *fillers(), article("L1234-1", *parts), sheet(LAW_ID))
    [law] = [passage for passage in search(index) if passage.document_id == LAW_ID]
    assert "préavis" in law.text


@pytest.mark.parametrize("k", [3, 6, 10])
def test_few_passages_owe_their_place_to_links(index: EdgeIndex, k: int) -> None:
    laws = [article(f"L2000-{n}", f"Texte {n} sans rapport.") for n in range(1, 15)]
    fill(index, *fillers(), *laws, sheet(*(law.document_id for law in laws)))
    query = Query(QUESTION, WordEmbedder().query(QUESTION), where=SearchFilter(as_of=TODAY))
    found = index.search(replace(query, k=k + 10))
    assert not any(hit.payload["source"] == "code-du-travail" for hit in found)
    lifted = [
        hit
        for hit in with_cited(index, query, found, k)[: len(found)]
        if hit.payload["source"] == "code-du-travail"
    ]
    assert len(lifted) == min(NEAREST, -(-k // 3))


@pytest.mark.parametrize(
    ("fields", "scope"),
    [
        ({"groups": ("direction",)}, {}),
        ({"valid_to": date(2026, 1, 1)}, {}),
        ({"valid_from": date(2027, 1, 1)}, {}),
        ({"status": Status.REPEALED}, {}),
        ({}, {"sources": ["fiches"]}),
        ({"valid_from": date(2025, 1, 1)}, {"as_of": date(2024, 6, 1)}),
    ],
)
def test_what_the_caller_may_not_see_is_not_followed(
    index: EdgeIndex, fields: dict[str, Any], scope: dict[str, Any]
) -> None:
    law = article("L1234-1", "Le contrat est rompu selon les usages.", **fields)
    fill(index, law, sheet(LAW_ID), make_document("PR", "Le délai de prévenance suit l’article L. 1234-1."))
    assert LAW_ID not in ids(search(index, **scope))
    only_procedures = search(index, kinds=[Kind.PROCEDURE])
    assert ids(only_procedures) == ["essai:PR"]


def test_a_member_of_the_group_sees_it(index: EdgeIndex) -> None:
    fill(index, *fillers(), article("L1234-1", "Le contrat.", groups=("direction",)), sheet(LAW_ID))
    assert LAW_ID in ids(search(index, groups=["direction"]))


def test_a_text_of_the_organisation_is_no_legal_basis(index: EdgeIndex) -> None:
    note = make_document(
        "FJ-01", "Le délai de prévenance.", source="juridique", kind=Kind.LEGAL, number="FJ-01"
    )
    fill(index, note, sheet("juridique:FJ-01"))
    assert all(passage.legal_basis_of == [] for passage in search(index))


def test_an_article_does_not_cite_itself() -> None:
    payload = {
        "document_id": "c:1",
        "number": "L1-1",
        "links": ["c:1"],
        "text": "",
        "kind": "legal",
        "source": "c",
    }
    assert not citations(Hit("a", 1.0, payload)).documents
    named = {
        **payload,
        "links": [],
        "text": "Voir l’article L. 6323-1 et l’article L. 6323-2.",
        "number": "L6323-1",
    }
    assert citations(Hit("a", 1.0, named)).numbers == {"L6323-2"}


def code_hit(source: str, name: str, number: str = "L221-1") -> Hit:
    payload: dict[str, Any] = {
        "document_id": f"{source}:{number}",
        "kind": "legal",
        "number": number,
        "source": source,
        "path": [name],
        "links": [],
        "text": "Texte de l’article.",
    }
    return Hit(payload["document_id"], 1.0, payload)


TWO_CODES = [
    code_hit("code-du-travail", "Code du travail"),
    code_hit("css", "Code de la sécurité sociale"),  # its own name in sources.toml says nothing of it
]


def bases(text: str, *hits: Hit, **fields: Any) -> list[str]:
    """Give the articles marked as the legal basis of a procedure that says `text`."""
    payload = {"document_id": "PR", "kind": "procedure", "number": "PR-1", "source": "procedures", **fields}
    citing_hit = Hit("PR", 1.0, {"path": ["PR"], "links": [], "text": text, **payload})
    return [hit.chunk_id for hit in marked([citing_hit, *hits]) if hit.payload[BASIS] == ["PR"]]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Voir l’article L. 221-1 du code de la sécurité sociale.", ["css:L221-1"]),
        ("Voir l’article L. 221-1 du Code du travail.", ["code-du-travail:L221-1"]),
        ("Voir l’article L. 221-1 (2e alinéa) du code\ndu travail.", ["code-du-travail:L221-1"]),
        ("Les articles L. 221-1, L. 221-2 et R. 221-3 du code du travail.", ["code-du-travail:L221-1"]),
        ("L’article L. 221-1 du code du sport.", []),
        ("L’article L. 221-1 le prévoit.", []),  # two codes have one: which is meant?
        ("L’article L. 221-1. Voir la suite du code du travail.", []),
    ],
)
def test_of_two_codes_that_share_a_number_only_the_one_named_is_a_basis(text: str, wanted: list[str]) -> None:
    assert bases(text, *TWO_CODES) == wanted


def test_a_code_need_not_be_named_where_one_alone_has_the_number() -> None:
    assert bases("L’article L. 221-1 le prévoit.", TWO_CODES[0]) == ["code-du-travail:L221-1"]


def test_an_article_that_names_no_code_speaks_of_its_own() -> None:
    own = {"kind": "legal", "number": "L221-9", "source": "code-du-travail"}
    assert bases("Voir l’article L. 221-1.", *TWO_CODES, **own) == ["code-du-travail:L221-1"]


@pytest.mark.parametrize(
    ("named", "wanted"),
    [(" du code de la sécurité sociale", ["code-securite-sociale:L1234-1"]), ("", [])],
)
def test_an_article_of_the_same_number_in_another_code_is_not_brought(
    index: EdgeIndex, named: str, wanted: list[str]
) -> None:
    other = article("L1234-1", "La caisse verse une pension.", source="code-securite-sociale")
    text = f"Le délai de prévenance du salarié suit l’article L. 1234-1{named}."
    fill(index, *fillers(), LAW, other, make_document("PR-1", text, number="PR-1", title="Prévenance"))
    found = search(index)
    assert "essai:PR-1" in ids(found)
    assert [passage.document_id for passage in found if passage.kind == Kind.LEGAL] == wanted


def test_a_reference_is_named_in_any_case() -> None:
    assert named_references("pr-031, Ns-2026-04, PR-031 et l. 6323-17 ?") == [
        "L6323-17",
        "PR-031",
        "NS-2026-04",
    ]


def test_scores_of_moved_passages_take_those_of_their_place() -> None:
    hits = [
        Hit("a", 9.0, {}),
        Hit("linked", 77.0, {}),
        Hit("low", 2.0, {}),
        Hit("b", 5.0, {}),
        Hit("end", 0.1, {}),
    ]
    scores = [hit.score for hit in descending(hits, {"a", "b", "low"})]
    assert scores == [9.0, 5.0, 5.0, 5.0, 2.0]
