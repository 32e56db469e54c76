"""Passages follow a document's own structure and lose none of its text."""

import re

from hypothesis import given
from hypothesis import strategies as st

from ingest.chunk import chunk_document
from ingest.documents import Block, Document, Kind, headings
from tests.support import make_document


def document(*blocks: Block) -> Document:
    return Document("essai:d", "essai", Kind.PROCEDURE, "Frais de déplacement", blocks)


def test_a_passage_never_crosses_a_heading_and_carries_its_title_path() -> None:
    chunks = chunk_document(
        make_document("d", "Avant.", "# Barème", "Dix euros.", "# Délais", "Dix jours."), 1_800
    )
    assert [(chunk.path, chunk.text) for chunk in chunks] == [
        (("d",), "Avant."),
        (("d", "Barème"), "Dix euros."),
        (("d", "Délais"), "Dix jours."),
    ]


def test_a_deeper_heading_keeps_those_above_it_and_a_higher_one_drops_them() -> None:
    blocks = [
        Block("heading", "Un", 1),
        Block("heading", "Un a", 2),
        Block("paragraph", "x"),
        Block("heading", "Deux", 1),
        Block("paragraph", "y"),
    ]
    assert [chunk.path[1:] for chunk in chunk_document(document(*blocks), 1_800)] == [
        ("Un", "Un a"),
        ("Deux",),
    ]


def test_the_documents_own_title_is_not_repeated_in_the_path() -> None:
    blocks = [Block("heading", "Frais de déplacement", 1), Block("paragraph", "x")]
    assert chunk_document(document(*blocks), 1_800)[0].path == ("Frais de déplacement",)


def test_a_long_table_repeats_its_header_in_each_passage() -> None:
    rows = "\n".join(f"| {n} km | {n} euros |" for n in range(200))
    table = f"| Distance | Montant |\n| --- | --- |\n{rows}"
    chunks = chunk_document(document(Block("table", table)), 400)
    assert len(chunks) > 5
    assert all(chunk.text.startswith("| Distance | Montant |\n| --- | --- |\n| ") for chunk in chunks)
    assert sum(chunk.text.count("euros |") for chunk in chunks) == 200


def test_a_header_as_long_as_a_passage_is_not_repeated() -> None:
    rows = "\n".join(f"| {n} km | {n} euros |" for n in range(40))
    chunks = chunk_document(document(Block("table", f"| {'introduction ' * 30}| |\n{rows}")), 400)
    assert len(chunks) < 10
    assert sum(chunk.text.count("euros |") for chunk in chunks) == 40


def test_a_passage_knows_the_page_on_which_it_begins_and_what_it_cites() -> None:
    blocks = [
        Block("paragraph", "a" * 300, page=1, links=("x",)),
        Block("paragraph", "b" * 300, page=2, links=("y", "x")),
    ]
    chunks = chunk_document(document(*blocks), 400)
    assert [(chunk.page, chunk.links) for chunk in chunks] == [(1, ("x",)), (2, ("y", "x"))]


def test_what_a_heading_cites_belongs_to_the_passages_below_it() -> None:
    blocks = [
        Block("heading", "Article R. 4323-58", 1, links=("r4323-58",)),
        Block("paragraph", "x", links=("y",)),
    ]
    assert chunk_document(document(*blocks), 400)[0].links == ("r4323-58", "y")


def test_list_items_stay_lists() -> None:
    blocks = [
        Block("paragraph", "Il faut :"),
        Block("list_item", "un devis"),
        Block("list_item", "une pièce"),
    ]
    assert chunk_document(document(*blocks), 1_800)[0].text == "Il faut :\n- un devis\n- une pièce"


def test_a_numbered_item_keeps_its_number_alone() -> None:
    blocks = [Block("list_item", "1. Il reçoit la personne."), Block("list_item", "2024 est clos.")]
    assert chunk_document(document(*blocks), 1_800)[0].text == "1. Il reçoit la personne.\n- 2024 est clos."


def test_a_document_of_headings_alone_can_still_be_found() -> None:
    chunks = chunk_document(document(Block("heading", "Annexe", 1)), 1_800)
    assert [chunk.text for chunk in chunks] == ["Annexe"]


def test_an_empty_document_gives_no_passage() -> None:
    assert chunk_document(document(), 1_800) == []


def test_numbering_and_repeats_are_left_out_of_what_is_embedded() -> None:
    path = ("Code du travail", "Partie législative", "Livre III : La formation", "Section 2 : La formation")
    assert headings(path) == ("Code du travail", "La formation")


def test_ids_depend_on_the_document_and_the_place_alone() -> None:
    first = chunk_document(make_document("d", "# A", "un", "# B", "deux"), 1_800)
    again = chunk_document(make_document("d", "# A", "changé", "# B", "deux"), 1_800)
    assert [chunk.chunk_id for chunk in first] == [chunk.chunk_id for chunk in again]
    assert first[0].hash != again[0].hash
    assert first[1].hash == again[1].hash


words = st.text(alphabet="abcdé.,; \n|'-", min_size=1, max_size=2_000).filter(str.strip)


@given(st.lists(words, min_size=1, max_size=5), st.integers(min_value=200, max_value=800))
def test_no_text_is_lost_and_no_passage_is_too_long(texts: list[str], max_chars: int) -> None:
    chunks = chunk_document(document(*(Block("paragraph", text) for text in texts)), max_chars)
    assert _letters("".join(chunk.text for chunk in chunks)) == _letters("".join(texts))
    assert all(len(chunk.text) <= max_chars + 1 for chunk in chunks)


def _letters(text: str) -> str:
    return re.sub(r"\s", "", text)
