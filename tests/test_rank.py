"""The ranker: its features say nothing where a passage has nothing, and order passages where it has."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ingest.chunk import chunk_document
from ingest.documents import Kind
from ingest.index import Candidate, Hit, Index, Query, SearchFilter
from server.rank import FEATURES, Ranker, features, find, section, shipped_ranker, standardised
from tests.support import WordEmbedder, make_document

PATH = ("Code", "Titre II", "Section 1", "Sous-section 2")


def candidate(
    key: str,
    sparse: float | None = 1.0,
    dense: float | None = 0.8,
    *,
    path: Sequence[str] = ("Procédure",),
    links: Sequence[str] = (),
    **payload: Any,
) -> Candidate:
    values = {
        "document_id": f"essai:{key}",
        "source": "essai",
        "text": "Un texte.",
        "number": None,
        "title": "Procédure",
        **payload,
        "path": list(path),
        "links": list(links),
    }
    return Candidate(Hit(key, 0.0, values), sparse, dense)


def order(ranker: Ranker, *candidates: Candidate) -> list[str]:
    return [hit.chunk_id for hit in ranker.ranked(candidates)]


def test_the_shipped_weights_are_those_of_the_features() -> None:
    assert tuple(shipped_ranker().weights) == FEATURES
    assert tuple(sorted(features([candidate("a"), candidate("b")]))) == tuple(sorted(FEATURES))


def test_scores_are_standardised_whatever_their_scale() -> None:
    assert standardised([1.0, 2.0, 3.0]) == pytest.approx(standardised([0.81, 0.82, 0.83]))
    assert standardised([5.0, None, 1.0])[1] == standardised([5.0, None, 1.0])[2]
    assert standardised([None, None]).tolist() == [0.0, 0.0]
    assert standardised([0.7]).tolist() == [0.0]


def test_the_order_does_not_depend_on_the_scale_of_the_scores() -> None:
    few = [candidate("a", 3.0, 0.82), candidate("b", 9.0, 0.85), candidate("c", 1.0, 0.84)]
    scaled = [
        Candidate(
            one.hit, 100 * (one.sparse or 0) + 7, 0.1 * (one.dense or 0) - 1
        )  # another embedder's cosines
        for one in few
    ]
    assert order(shipped_ranker(), *few) == order(shipped_ranker(), *scaled)


def test_passages_that_differ_in_their_scores_alone_come_in_the_order_of_these() -> None:
    found = order(
        shipped_ranker(),
        candidate("mot", 9.0, 0.80, path=("Un",)),
        candidate("rien", None, 0.80, path=("Deux",)),
        candidate("deux", 9.0, 0.90, path=("Trois",)),
    )
    assert found == ["deux", "mot", "rien"]


def test_a_passage_among_good_ones_of_its_section_comes_before_a_lone_one() -> None:
    lone = candidate("seul", 4.0, 0.82, path=("Code", "Titre I", "Section 9", "Article 1"), title="Article 1")
    here = [
        candidate(f"v{n}", 9.0, 0.88, path=(*PATH, f"Article {n}"), title=f"Article {n}") for n in range(3)
    ]
    beside = candidate("voisin", 4.0, 0.82, path=(*PATH, "Article 4"), title="Article 4")
    others = [candidate(f"a{n}", 1.0, 0.8, path=("Code", f"Titre {n + 5}", "S", "A")) for n in range(5)]
    found = order(shipped_ranker(), lone, *others, beside, *here)
    assert found.index("voisin") < found.index("seul")


def test_an_article_that_the_best_passages_cite_comes_before_one_that_nobody_cites() -> None:
    cited = candidate("cite", 2.0, 0.81, path=("A",))
    other = candidate("autre", 2.0, 0.81, path=("B",))
    best = candidate("meilleur", 9.0, 0.9, path=("C",), links=["essai:cite", "https://exemple.fr"])
    assert order(shipped_ranker(), other, cited, best) == ["meilleur", "cite", "autre"]


def test_a_document_that_cites_itself_gains_nothing() -> None:
    itself = features([candidate("a", links=["essai:a"]), candidate("b")])
    assert itself["cited"].tolist() == [0.0, 0.0]


def test_statutes_and_regulations_are_told_apart_and_a_procedure_is_neither() -> None:
    numbers = ["L1234-1", "LO1112-3", "R4323-12", "D6323-1", "R*136-8", "PR-031", "RNCP37948", None]
    parts = features([candidate(str(n), number=number) for n, number in enumerate(numbers)])["part"]
    assert parts.tolist() == [1, 1, -1, -1, -1, 0, 0, 0]


def test_a_section_is_what_stands_above_a_document_in_a_larger_work() -> None:
    article = candidate("a", path=(*PATH, "Article 1", "II"), title="Article 1")
    assert section(article, 0) == ("essai", *PATH)
    assert section(article, 1) == ("essai", *PATH[:-1])
    assert section(candidate("b", path=("Code", "Article 2"), title="Article 2"), 1) == ("essai", "Code")


def test_the_passages_of_a_document_on_its_own_do_not_speak_for_each_other() -> None:
    parts = [
        candidate(key, path=("Procédure", heading)) for key, heading in (("a", "Objet"), ("b", "Délais"))
    ]
    assert section(parts[0], 0) != section(parts[1], 0)
    assert section(parts[0], 1) != section(parts[1], 1)
    assert section(candidate("c", path=()), 0) == ("c",)


def test_no_candidates_give_no_passages_and_one_gives_itself() -> None:
    assert shipped_ranker().ranked([]) == []
    assert order(shipped_ranker(), candidate("a", None, None)) == ["a"]
    assert np.isfinite(shipped_ranker().scores([candidate("a", None, None)])).all()


def test_the_best_passages_of_an_index_come_first_with_falling_scores(index: Index) -> None:
    embedder = WordEmbedder()
    chunks = [
        chunk
        for document in (
            make_document("cpf", "Le compte personnel de formation reçoit 500 euros par an."),
            make_document(
                "conge", "Le congé de transition demande l’accord de l’employeur.", kind=Kind.LEGAL
            ),
            make_document("frais", "Les frais de déplacement sont remboursés."),
        )
        for chunk in chunk_document(document, 1_800)
    ]
    index.upsert(chunks, {c.hash: embedder.passages([c.embedded_text])[0] for c in chunks}, embedder.name)
    question = "congé de transition"
    for vector in (embedder.query(question), None):
        hits = find(index, Query(question, vector, k=2, where=SearchFilter()), shipped_ranker())
        assert hits[0].payload["title"] == "conge"
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert len(hits) <= 2


def test_a_sheet_has_no_vote_on_articles_of_a_code() -> None:
    article = candidate("article", 2.0, 0.81, source="code", document_id="code:1")
    sheet = candidate("fiche", 9.0, 0.9, source="fiches", document_id="fiches:1", links=["code:1"])
    neighbour = candidate("voisin", 9.0, 0.9, source="code", document_id="code:2", links=["code:1"])
    assert features([article, sheet])["cited"].tolist() == [0.0, 0.0]
    assert features([article, neighbour])["cited"][0] > 0
