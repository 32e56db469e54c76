"""The index: the same behaviour on Qdrant's core in the process and through its client."""

import multiprocessing
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from ingest.chunk import chunk_document
from ingest.documents import EVERYONE, Chunk, Document, Kind, Status
from ingest.errors import IndexBusy, IndexMismatch
from ingest.index import Index, Query, SearchFilter, Side
from ingest.index_edge import EdgeIndex
from tests.support import BACKENDS, WordEmbedder, make_document

ALL = SearchFilter(groups=None)

CPF = make_document("cpf", "# Alimentation", "Le compte personnel de formation reçoit 500 euros par an.")
PTP = make_document(
    "ptp",
    "Le projet de transition professionnelle demande un congé de l'employeur.",
    kind=Kind.LEGAL,
    number="L6323-17-1",
    valid_from=date(2023, 4, 16),
)
OLD = make_document(
    "ancien",
    "Les frais de déplacement sont remboursés sous dix jours.",
    valid_to=date(2025, 12, 31),
    status=Status.SUPERSEDED,
)
RESERVED = make_document("budget", "Le budget prévoit deux recrutements.", groups=("direction",))


def chunks_of(*documents: Document) -> list[Chunk]:
    return [chunk for document in documents for chunk in chunk_document(document, 1_800)]


def write(index: Index, documents: Iterable[Document], *, dense: bool = True) -> list[Chunk]:
    embedder = WordEmbedder()
    chunks = chunks_of(*documents)
    vectors = {c.hash: embedder.passages([c.embedded_text])[0] for c in chunks} if dense else {}
    index.upsert(chunks, vectors, embedder.name)
    return chunks


def titles(index: Index, text: str, where: SearchFilter = ALL, side: Side = "hybrid") -> list[str]:
    query = Query(text, WordEmbedder().query(text), side=side, where=where)
    return [hit.payload["title"] for hit in index.search(query)]


@pytest.mark.parametrize("side", ["hybrid", "dense", "sparse"])
def test_each_side_finds_the_passage_that_shares_the_question_s_words(index: Index, side: Side) -> None:
    write(index, [CPF, PTP, OLD])
    assert titles(index, "congé pour un projet de transition", side=side)[0] == "ptp"


def test_a_passage_is_found_by_words_before_it_has_a_dense_vector(index: Index) -> None:
    chunks = write(index, [CPF, PTP], dense=False)
    assert titles(index, "compte personnel", side="hybrid")[0] == "cpf"
    assert index.count(SearchFilter(groups=None, embedded=True)) == 0
    vector = WordEmbedder().passages([chunks[0].embedded_text])[0]
    index.set_dense({chunks[0].chunk_id: vector})
    assert index.count(SearchFilter(groups=None, embedded=True)) == 1
    assert titles(index, "compte personnel", side="dense") == ["cpf"]


def test_a_vector_for_a_passage_that_was_deleted_meanwhile_is_passed_over(index: Index) -> None:
    cpf, ptp = write(index, [CPF, PTP], dense=False)
    index.delete(SearchFilter(groups=None, document_id="essai:cpf"))
    vector = WordEmbedder().passages([ptp.embedded_text])[0]
    index.set_dense({cpf.chunk_id: vector, ptp.chunk_id: vector})
    assert index.count(SearchFilter(groups=None, embedded=True)) == 1


def test_headings_are_searched_with_the_text(index: Index) -> None:
    write(index, [CPF, PTP])
    assert titles(index, "alimentation", side="sparse") == ["cpf"]


def test_accents_case_and_inflexions_do_not_matter_to_words(index: Index) -> None:
    write(index, [CPF, PTP, OLD])
    assert titles(index, "FRAIS DE DEPLACEMENT REMBOURSE", side="sparse")[0] == "ancien"


def test_a_reserved_passage_exists_for_its_group_only(index: Index) -> None:
    write(index, [CPF, RESERVED])
    assert "budget" not in titles(index, "budget recrutements", SearchFilter())
    assert "budget" not in titles(index, "budget recrutements", SearchFilter(groups=frozenset({"accueil"})))
    assert titles(index, "budget recrutements", SearchFilter(groups=frozenset({"direction"})))[0] == "budget"


@pytest.mark.parametrize(
    ("day", "found"), [(date(2025, 12, 31), True), (date(2026, 1, 1), False), (date(2026, 11, 22), False)]
)
def test_an_ended_text_is_found_until_its_last_day_and_never_after(
    index: Index, day: date, found: bool
) -> None:
    write(index, [OLD])
    assert ("ancien" in titles(index, "frais déplacement", SearchFilter(as_of=day))) is found


def test_a_text_that_is_not_yet_in_force_is_not_found(index: Index) -> None:
    write(index, [PTP])
    assert titles(index, "transition", SearchFilter(as_of=date(2023, 4, 15))) == []
    assert titles(index, "transition", SearchFilter(as_of=date(2023, 4, 16))) == ["ptp"]


def test_a_superseded_text_without_dates_is_never_in_force(index: Index) -> None:
    write(index, [make_document("vieux", "Pôle emploi traite la demande.", status=Status.SUPERSEDED)])
    assert titles(index, "demande", SearchFilter(as_of=date(2010, 1, 1))) == []
    assert titles(index, "demande", ALL) == ["vieux"]


def test_filters_by_kind_source_and_number_narrow_the_search(index: Index) -> None:
    write(index, [CPF, PTP, make_document("autre", "transition", source="ailleurs")])
    assert titles(index, "transition", SearchFilter(kinds=(Kind.LEGAL,))) == ["ptp"]
    assert titles(index, "transition", SearchFilter(sources=("ailleurs",))) == ["autre"]
    assert titles(index, "congé", SearchFilter(numbers=("L6323-17-1",))) == ["ptp"]


def test_writing_a_document_again_replaces_its_passages(index: Index) -> None:
    write(index, [CPF])
    write(index, [make_document("cpf", "# Alimentation", "Le compte reçoit 800 euros par an.")])
    assert [hit.payload["text"] for hit in index.passages(ALL)] == ["Le compte reçoit 800 euros par an."]


def test_passages_beyond_the_last_one_of_a_shorter_version_can_be_dropped(index: Index) -> None:
    write(index, [make_document("long", "# Un", "Premier.", "# Deux", "Second.")])
    index.delete(SearchFilter(groups=None, document_id="essai:long", from_ordinal=1))
    assert [hit.payload["text"] for hit in index.passages(ALL)] == ["Premier."]


def test_deleting_a_document_leaves_the_others(index: Index) -> None:
    write(index, [CPF, PTP])
    index.delete(SearchFilter(groups=None, document_id="essai:cpf"))
    assert {hit.payload["title"] for hit in index.passages(ALL)} == {"ptp"}


def test_groups_said_anew_decide_who_finds_a_passage(index: Index) -> None:
    cpf, _ = write(index, [CPF, PTP])
    index.set_groups([cpf.chunk_id], ["direction"])
    assert titles(index, "compte personnel", SearchFilter()) == ["ptp"]
    assert titles(index, "compte personnel", SearchFilter(groups=frozenset({"direction"})))[0] == "cpf"
    [changed] = index.get([cpf.chunk_id])
    assert changed.payload["text"] == cpf.text
    assert index.count(SearchFilter(groups=None, embedded=True)) == 2
    index.set_groups([cpf.chunk_id], [EVERYONE])
    assert titles(index, "compte personnel", SearchFilter())[0] == "cpf"


def test_groups_of_a_passage_that_was_deleted_meanwhile_are_passed_over(index: Index) -> None:
    cpf, ptp = write(index, [CPF, PTP])
    index.delete(SearchFilter(groups=None, document_id="essai:cpf"))
    index.set_groups([cpf.chunk_id, ptp.chunk_id], ["direction"])
    assert [hit.payload["groups"] for hit in index.passages(ALL)] == [["direction"]]


def test_passages_come_in_reading_order(index: Index) -> None:
    write(index, [make_document("long", *(f"# Partie {n}\n" for n in range(3)), "Fin."), PTP])
    ordinals = [
        hit.payload["ordinal"] for hit in index.passages(SearchFilter(groups=None, document_id="essai:long"))
    ]
    assert ordinals == sorted(ordinals)


def test_a_rare_word_weighs_more_than_a_common_one_and_an_unknown_one_the_most(index: Index) -> None:
    write(index, [CPF, PTP, OLD, make_document("d", "Le compte de la formation.")])
    rarity = index.rarity(["compt", "cong", "tartiflet"], ALL)
    assert rarity["tartiflet"] > rarity["cong"] > rarity["compt"] > 0


def test_what_others_may_read_does_not_change_how_rare_a_word_is(index: Index) -> None:
    write(index, [CPF, PTP, OLD])
    words = ["compt", "budget", "recrut", "tartiflet"]
    before = index.rarity(words, SearchFilter())
    assert before == pytest.approx(index.rarity(words, ALL))
    write(index, [RESERVED, make_document("budget-2", "Le compte du budget.", groups=("direction",))])
    assert index.rarity(words, SearchFilter()) == pytest.approx(before)
    directed = index.rarity(words, SearchFilter(groups=frozenset({"direction"})))
    assert directed["budget"] < before["budget"]
    assert directed["budget"] < directed["recrut"] < directed["tartiflet"]


def test_the_index_remembers_which_embedder_it_was_written_for(index: Index) -> None:
    assert index.embedder() is None
    write(index, [CPF])
    assert index.embedder() == WordEmbedder.name


def test_the_embedded_index_survives_being_closed(tmp_path: Path) -> None:
    first = EdgeIndex(tmp_path / "i", 64)
    write(first, [CPF, PTP])
    first.close()
    again = EdgeIndex(tmp_path / "i", 64)
    assert titles(again, "transition")[0] == "ptp"
    again.close()


def _open_elsewhere(folder: Path, answer: "multiprocessing.Queue[str]") -> None:
    try:
        EdgeIndex(folder, 64).close()
        answer.put("opened")
    except IndexBusy as error:
        answer.put(str(error))


def test_a_second_process_is_refused_with_a_clear_line(tmp_path: Path) -> None:
    first = EdgeIndex(tmp_path / "i", 64)
    write(first, [CPF])
    context = multiprocessing.get_context("spawn")
    answer: multiprocessing.Queue[str] = context.Queue()
    other = context.Process(target=_open_elsewhere, args=(tmp_path / "i", answer))
    other.start()
    assert "déjà ouvert" in answer.get(timeout=60)
    other.join()
    first.close()


def test_an_index_of_another_dimension_is_refused(tmp_path: Path) -> None:
    first = EdgeIndex(tmp_path / "i", 64)
    write(first, [CPF])
    first.close()
    with pytest.raises(IndexMismatch, match="autre modèle"):
        EdgeIndex(tmp_path / "i", 32)


def test_the_embedded_index_and_the_client_rank_alike(tmp_path: Path) -> None:
    documents = [
        make_document(
            f"d{n}", f"La procédure {n} traite du thème {n % 7} et de la durée {n % 5} du stage {n % 3}."
        )
        for n in range(60)
    ]
    with ExitStack() as stack:
        both = [
            stack.enter_context(BACKENDS[name](tmp_path / name, 64)) for name in ("edge", "local", "rest")
        ]
        for opened in both:
            write(opened, documents)
        for n in range(12):
            text = f"thème {n % 7} stage {n % 3} procédure {n}"
            for side in ("sparse", "dense", "hybrid"):
                query = Query(text, WordEmbedder().query(text), side=side, where=ALL)
                edge, *others = ([round(hit.score, 3) for hit in opened.search(query)] for opened in both)
                for other in others:
                    assert edge == pytest.approx(other, abs=2e-3), (text, side)


def test_entries_give_every_passage_with_the_fields_that_are_asked(index: Index) -> None:
    documents = [make_document(f"d{number}", f"Texte {number}.") for number in range(30)]
    chunks = [chunk for document in documents for chunk in chunk_document(document, 1_800)]
    index.upsert(chunks, {}, "essai")
    entries = list(index.entries(SearchFilter(groups=None), ("document_id", "hash")))
    assert {entry.chunk_id: dict(entry.payload) for entry in entries} == {
        chunk.chunk_id: {"document_id": chunk.document.document_id, "hash": chunk.hash} for chunk in chunks
    }
