"""Candidates: the best of both sides, with both scores, and nothing that the filter shuts out."""

from datetime import date

import numpy as np
import pytest

from ingest.candidates import most_promising
from ingest.chunk import chunk_document
from ingest.documents import Document
from ingest.index import Index, Query, SearchFilter
from tests.support import WordEmbedder, make_document

QUESTION = "remboursement des frais"
DOCUMENTS = [
    make_document("frais", "Les frais de déplacement : remboursement sous dix jours."),
    make_document("accueil", "Le conseiller reçoit les frais du bénéficiaire et note sa demande."),
    make_document("autre", "Une salle se réserve auprès du secrétariat."),
]
RESERVED = make_document("budget", "Remboursement des frais de la direction.", groups=("direction",))
OLD = make_document("ancien", "Remboursement des frais sous un mois.", valid_to=date(2025, 12, 31))


def fill(index: Index, *documents: Document, dense: bool = True) -> None:
    embedder = WordEmbedder()
    chunks = [chunk for document in documents for chunk in chunk_document(document, 1_800)]
    vectors = {c.hash: embedder.passages([c.embedded_text])[0] for c in chunks} if dense else {}
    index.upsert(chunks, vectors, embedder.name)


def asked(where: SearchFilter, prefetch: int = 300) -> Query:
    return Query(QUESTION, WordEmbedder().query(QUESTION), prefetch=prefetch, where=where)


def test_each_candidate_has_the_score_of_both_sides_even_if_one_alone_brought_it(index: Index) -> None:
    fill(index, *DOCUMENTS)
    found = {one.hit.payload["title"]: one for one in index.candidates(asked(SearchFilter(), prefetch=1))}
    everything = {one.hit.payload["title"]: one for one in index.candidates(asked(SearchFilter()))}
    assert "frais" in found
    for title, one in found.items():
        assert one.dense == pytest.approx(everything[title].dense)
        assert one.sparse == pytest.approx(everything[title].sparse)
    assert everything["frais"].dense == pytest.approx(_cosine(DOCUMENTS[0]), abs=1e-5)
    assert everything["autre"].sparse is None
    assert everything["autre"].dense is not None


def _cosine(document: Document) -> float:
    one, other = (
        WordEmbedder().passages([chunk_document(document, 1_800)[0].embedded_text])[0],
        WordEmbedder().query(QUESTION),
    )
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.mark.parametrize("prefetch", [1, 300])
def test_what_the_filter_shuts_out_is_never_a_candidate(index: Index, prefetch: int) -> None:
    fill(index, *DOCUMENTS, RESERVED, OLD)
    today = SearchFilter(groups=frozenset({"accueil"}), as_of=date(2026, 11, 22))
    titles = {one.hit.payload["title"] for one in index.candidates(asked(today, prefetch))}
    assert titles <= {"frais", "accueil", "autre"}
    boss = SearchFilter(groups=frozenset({"direction"}), as_of=date(2025, 12, 31))
    assert {"budget", "ancien"} <= {one.hit.payload["title"] for one in index.candidates(asked(boss))}


def test_the_most_promising_come_first_and_no_more_than_are_wanted(index: Index) -> None:
    fill(index, *DOCUMENTS)
    found = index.candidates(asked(SearchFilter()), limit=2)
    assert [one.hit.payload["title"] for one in found] == ["frais", "accueil"]


def test_without_a_vector_for_the_question_the_words_alone_bring_candidates(index: Index) -> None:
    fill(index, *DOCUMENTS)
    found = index.candidates(Query(QUESTION, where=SearchFilter()))
    assert {one.hit.payload["title"] for one in found} == {"frais", "accueil"}
    assert {one.dense for one in found} == {None}


def test_a_passage_that_has_no_vector_yet_is_a_candidate_by_its_words(index: Index) -> None:
    fill(index, *DOCUMENTS[1:])
    fill(index, DOCUMENTS[0], dense=False)
    found = {one.hit.payload["title"]: one for one in index.candidates(asked(SearchFilter()))}
    assert found["frais"].dense is None
    assert found["frais"].sparse is not None


def test_an_empty_index_and_a_question_without_words_give_no_error(index: Index) -> None:
    assert index.candidates(asked(SearchFilter())) == []
    fill(index, *DOCUMENTS)
    assert index.candidates(Query("et de la ?", where=SearchFilter())) == []
    assert index.candidates(Query("et de la ?", WordEmbedder().query("frais"), where=SearchFilter()))


def test_only_the_passages_named_are_found(index: Index) -> None:
    fill(index, *DOCUMENTS)
    chosen = chunk_document(DOCUMENTS[1], 1_800)[0].chunk_id
    assert [hit.chunk_id for hit in index.passages(SearchFilter(chunk_ids=(chosen,)))] == [chosen]
    assert index.passages(SearchFilter(chunk_ids=())) == []


def test_standardised_sums_weigh_both_lists_alike_whatever_their_scale() -> None:
    words = {"a": 30.0, "b": 20.0, "c": 10.0}
    sense = {"b": 0.83, "a": 0.82, "d": 0.81}
    assert most_promising([words, sense], 2) == most_promising([sense, words], 2)
    assert set(most_promising([words, sense], 2)) == {"a", "b"}
    assert most_promising([words, {}], 2) == ["a", "b"]
    assert most_promising([{}, {}], 2) == []
