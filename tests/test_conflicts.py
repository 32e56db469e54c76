"""Two texts that give different figures for the same thing are both shown, dated, the newer first; no false alarms."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.chunk import chunk_document
from ingest.documents import Document, Kind
from ingest.index import Hit
from ingest.index_edge import EdgeIndex
from ingest.parse import parse_bytes
from ingest.settings import ROOT
from server.conflicts import find_conflicts, newer_first
from server.retrieval import Retrieval
from server.retrieve import HybridRetriever
from server.schemas import Conflict, Scope
from tests.support import WordEmbedder, make_document

TODAY = date(2026, 11, 22)
OLD = "Le repas du midi pris en déplacement est remboursé dans la limite de 18,50 € par personne."
NEW = "Le repas du midi pris en déplacement est remboursé dans la limite de 20,20 € par personne."


def hit(key: str, text: str, since: str | None = "2026-01-01", **fields: Any) -> Hit:
    payload = {
        "document_id": key,
        "kind": "procedure",
        "title": f"Note {key}",
        "text": text,
        "valid_from": since,
        "valid_to": None,
        "dated": None,
        "from_day": 0,
        "to_day": date.max.toordinal(),
        **fields,
    }
    return Hit(key, 1.0, payload)


def test_says_both_figures_and_both_dates() -> None:
    [conflict] = find_conflicts([hit("a", OLD), hit("b", NEW, "2026-09-01")], TODAY)
    assert (conflict.newer, conflict.older) == ("b", "a")
    assert conflict.explanation == (
        "Deux textes ne disent pas la même chose : « Note b » (en vigueur depuis le 01/09/2026) indique 20,20 €, "
        "« Note a » (en vigueur depuis le 01/01/2026) indique 18,50 €. "
        "Le plus récent est présenté en premier ; vérifiez lequel s’applique."
    )


def test_a_text_that_holds_no_more_is_said_to() -> None:
    ended = hit("a", OLD, valid_to="2026-08-31", to_day=date(2026, 8, 31).toordinal())
    [conflict] = find_conflicts([ended, hit("b", NEW, "2026-09-01")], TODAY)
    assert "« Note a » (jusqu’au 31/08/2026, plus en vigueur)" in conflict.explanation
    [coming] = find_conflicts([hit("a", OLD), hit("b", NEW, "2027-01-01")], TODAY)
    assert "« Note b » (à partir du 01/01/2027)" in coming.explanation
    [written] = find_conflicts([hit("a", OLD, None, dated="2024-05-06"), hit("b", NEW)], TODAY)
    assert "« Note a » (du 06/05/2024)" in written.explanation


@pytest.mark.parametrize(
    ("sentence", "one", "other"),
    [
        ("La séance de bilan peut être reportée si on prévient {} avant.", "48 heures", "24 heures"),
        ("La demande complète est déposée au plus tard le {}.", "3 mai 2026", "9 mai 2026"),
        ("L’avance versée couvre au plus {} du montant estimé.", "75 %", "60 %"),
        ("- le dossier complet est conservé {} par l’agence ;", "trois ans", "5 ans"),
    ],
)
def test_durations_dates_and_shares_count(sentence: str, one: str, other: str) -> None:
    pair = [hit("a", sentence.format(one)), hit("b", sentence.format(other), "2026-02-02")]
    assert len(find_conflicts(pair, TODAY)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (OLD, OLD),
        (OLD, OLD.replace("18,50 €", "18,5 euros")),
        (OLD, NEW.replace("midi", "soir").replace("repas", "hébergement").replace("personne", "nuit")),
        (OLD, "Le repas est à 20,20 €."),
        (OLD, "Le repas du midi pris en déplacement est remboursé sur justificatif."),
        (OLD, OLD.replace("18,50 €", "18,50 € ou de 20,20 €")),
        ("La formule Essentielle du bilan dure 14 heures.", "La formule Complète du bilan dure 24 heures."),
        ("L’agence de Pont-Serein ferme le 3 mai à midi.", "L’agence de Port-Ellien ferme le 9 mai à midi."),
        ("Le délai suit l’avis reçu, article L. 6323-1.", "Le délai suit l’avis reçu, article L. 6323-4."),
        (
            "La phase 1 du bilan de compétences dure 3 heures.",
            "La phase 2 du bilan de compétences dure 6 heures.",
        ),
        (
            "Au niveau 1, le plafond remboursé du repas est de 25 €.",
            "Au niveau 2, le plafond remboursé du repas est de 30 €.",
        ),
        (
            "Le parking de l’agence est remboursé dans la limite de 10 € par jour.",
            "Le parking de l’agence est remboursé dans la limite de 100 € par mois.",
        ),
        (
            "Le premier entretien du bilan de compétences dure 2 heures.",
            "Le deuxième entretien du bilan de compétences dure 1 heure.",
        ),
        (
            "Une entreprise de plus de 50 salariés verse une contribution annuelle de 2 %.",
            "Une entreprise de moins de 50 salariés verse une contribution annuelle de 1 %.",
        ),
        (
            "La nuit d’hôtel à Paris est remboursée dans la limite de 125 €.",
            "La nuit d’hôtel à Lyon est remboursée dans la limite de 90 €.",
        ),
        (
            "La nuit d’hôtel à Paris est remboursée dans la limite de 125 €.",
            "La nuit d’hôtel est remboursée dans la limite de 90 €.",
        ),
        (
            "Le contrôle des pièces du dossier avec avocat prend 10 jours.",
            "Le contrôle des pièces du dossier sans avocat prend 15 jours.",
        ),
        (
            "La convention signée part 8 jours avant la séance de bilan.",
            "La convention signée part 15 jours après la séance de bilan.",
        ),
        ("| Voiture | barème annuel remboursé | 0,45 € |", "| Voiture | barème annuel remboursé | 0,41 € |"),
    ],
)
def test_no_false_alarm(one: str, other: str) -> None:
    assert find_conflicts([hit("a", one), hit("b", other, "2026-02-02")], TODAY) == []


def test_the_date_of_a_text_is_no_figure() -> None:
    line = "Fiche relue et mise à jour par le service Qualité le {}."
    one = hit("a", line.format("20 avril 2026"), "2026-04-20")
    other = hit("b", line.format("30 mars 2026"), "2026-04-01", dated="2026-03-30")
    assert find_conflicts([one, other], TODAY) == []


def test_what_has_no_date_the_same_date_or_the_same_document_is_no_conflict_by_date() -> None:
    assert find_conflicts([hit("a", OLD, None), hit("b", NEW)], TODAY) == []
    assert find_conflicts([hit("a", OLD), hit("b", NEW)], TODAY) == []
    assert find_conflicts([hit("a", OLD), hit("b", NEW, "2026-09-01", document_id="a")], TODAY) == []


def test_laws_and_trainings_are_not_compared() -> None:
    for kind in ("legal", "training"):
        pair = [hit("a", OLD, kind=kind), hit("b", NEW, "2026-09-01", kind=kind)]
        assert find_conflicts(pair, TODAY) == []
    mixed = [hit("a", OLD, kind="legal"), hit("b", NEW, "2026-09-01")]
    assert len(find_conflicts(mixed, TODAY)) == 1


def test_the_newer_comes_right_before_the_older() -> None:
    hits = [hit(key, "") for key in "axby"]
    conflicts = [Conflict(newer="b", older="a", explanation="")]
    assert [one.chunk_id for one in newer_first(hits, conflicts, TODAY)] == ["b", "a", "x", "y"]
    assert newer_first(hits, [Conflict(newer="a", older="y", explanation="")], TODAY) == hits


@pytest.mark.parametrize(
    "fields",
    [
        {"since": "2026-03-01", "valid_to": "2026-06-30", "to_day": date(2026, 6, 30).toordinal()},
        {"since": "2027-01-01", "from_day": date(2027, 1, 1).toordinal()},
    ],
)
def test_a_newer_text_that_does_not_hold_stays_after_the_one_in_force(fields: dict[str, Any]) -> None:
    hits = [hit("a", OLD), hit("b", NEW, **fields)]
    [conflict] = find_conflicts(hits, TODAY)
    assert newer_first(hits, [conflict], TODAY) == hits
    assert conflict.explanation.endswith(
        "Parmi les passages, le texte en vigueur vient en premier ; vérifiez lequel s’applique."
    )


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EdgeIndex]:
    with closing(EdgeIndex(tmp_path / "index", WordEmbedder.dimension)) as opened:
        yield opened


MEALS = "remboursement du repas du midi en déplacement"


def retrieve(
    index: EdgeIndex, documents: Sequence[Document], question: str = MEALS, **scope: Any
) -> Retrieval:
    embedder = WordEmbedder()
    chunks = [chunk for document in documents for chunk in chunk_document(document, 1_800)]
    index.upsert(chunks, {chunk.hash: embedder.query(chunk.embedded_text) for chunk in chunks}, embedder.name)
    retriever = HybridRetriever(index, embedder, dense_share=lambda: 1.0, today=lambda: TODAY)
    return retriever.retrieve(question, Scope(**scope), frozenset(), 5)


NOTES = [
    make_document("ancienne", OLD, valid_from=date(2025, 1, 1), valid_to=date(2026, 8, 31)),
    make_document("nouvelle", NEW, valid_from=date(2026, 9, 1)),
    make_document("autre", "Le remboursement du repas du midi se demande dans Quittance."),
]


def test_an_ended_text_is_found_only_when_asked_for_after_those_in_force(index: EdgeIndex) -> None:
    found = retrieve(index, NOTES)
    assert {passage.document_id for passage in found.passages} == {"essai:nouvelle", "essai:autre"}
    assert found.conflicts == []
    everything = retrieve(index, NOTES, include_expired=True)
    ids = [passage.document_id for passage in everything.passages]
    assert ids[-1] == "essai:ancienne"
    assert everything.passages[-1].valid_to == date(2026, 8, 31)
    [conflict] = everything.conflicts
    assert "plus en vigueur" in conflict.explanation


def test_on_a_former_day_the_text_of_that_day_answers(index: EdgeIndex) -> None:
    found = retrieve(index, NOTES, as_of=date(2026, 3, 1))
    assert {passage.document_id for passage in found.passages} == {"essai:ancienne", "essai:autre"}


def test_two_texts_in_force_are_both_shown_the_newer_first(index: EdgeIndex) -> None:
    both = [replace(NOTES[0], validity=replace(NOTES[0].validity, valid_to=None)), *NOTES[1:]]
    found = retrieve(index, both)
    ids = [passage.document_id for passage in found.passages]
    assert ids.index("essai:nouvelle") < ids.index("essai:ancienne")
    [conflict] = found.conflicts
    by_id = {passage.id: passage.document_id for passage in found.passages}
    assert (by_id[conflict.newer], by_id[conflict.older]) == ("essai:nouvelle", "essai:ancienne")
    scores = [passage.score for passage in found.passages]
    assert scores == sorted(scores, reverse=True)


def test_a_text_of_another_group_starts_no_conflict(index: EdgeIndex) -> None:
    secret = make_document(
        "secrète", OLD, valid_from=date(2025, 1, 1), groups=("direction",), kind=Kind.PROCEDURE
    )
    assert retrieve(index, [secret, *NOTES[1:]]).conflicts == []


@pytest.mark.slow
def test_the_sample_has_a_note_that_contradicts_a_procedure(index: EdgeIndex) -> None:
    folder = ROOT / "sample" / "documents"
    files = {
        date(2026, 3, 1): folder / "procedures" / "PR-031 Frais de déplacement (2026).pdf",
        date(2026, 11, 9): folder
        / "notes-de-service"
        / "NS-2026-20 Clôture des comptes 2026 : frais et avances.docx",
    }
    documents = []
    for since, path in files.items():
        blocks = tuple(parse_bytes(path.read_bytes(), path.name).blocks)
        documents.append(replace(make_document(path.stem, valid_from=since), blocks=blocks))
    found = retrieve(index, documents, question="Quand régulariser une avance sur frais après le retour ?")
    assert [conflict.explanation.count("15 jours") for conflict in found.conflicts] == [1]
    assert "8 jours" in found.conflicts[0].explanation
    places = {passage.id: place for place, passage in enumerate(found.passages)}
    assert places[found.conflicts[0].newer] < places[found.conflicts[0].older]
