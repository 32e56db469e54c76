"""Whether to answer: what is looked at, how it is weighed, and what the advisor is told."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from ingest.documents import Kind
from ingest.embed import Vectors
from ingest.errors import ConfigurationError, SourceUnavailable
from ingest.text import terms
from server.abstain import AbstentionFile, CalibratedAbstainer, Decision, message_for, smalltalk
from server.abstain_features import DENSE_FEATURES, FEATURES, NOTHING_KEPT, features
from server.retrieval import Retrieval, Signals
from server.schemas import AbstentionKind, Passage
from server.settings import ServerSettings
from tests.passages import bilan_and_frais, make_passage, make_retrieval
from tests.support import WordEmbedder

SHIPPED: Path = ServerSettings.model_fields["abstention_file"].default


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour",
        "salut, ça va ?",
        "Bonsoir à tous !",
        "MERCI beaucoup, bonne journée",
        "ok merci",
        "merci pour ton aide",
        "Tu es une vraie personne ?",
        "Comment t’appelles-tu ?",
        "à quoi tu sers",
        "au revoir et à bientôt",
        "t’es nul",
        "désolée, je me suis trompée",
    ],
)
def test_what_asks_nothing_is_smalltalk(text: str) -> None:
    assert smalltalk(text)


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour, quel est le délai de réponse à un courriel ?",
        "merci, et pour un CDD ?",
        "ok et le télétravail",
        "Est-ce que le bilan est gratuit ?",
        "À quoi sert la fiche F-027 ?",
        "Tu es sûr que la personne doit signer ?",
        "note de service",
        "compris dans le prix ?",
        "CPF",
        "",
        "?!",
        "merci " * 20 + "de me dire",
    ],
)
def test_a_question_is_not_smalltalk_whatever_goes_before(text: str) -> None:
    assert not smalltalk(text)


def dense(*cosines: float, question: str = "", embedder: str = "words-64") -> Signals:
    words = WordEmbedder()
    return Signals(cosines, embedder, words.query(question), words.query)


def measured(question: str, passages: list[Passage], *cosines: float) -> dict[str, float]:
    found = make_retrieval(question, passages)
    signals = dense(*cosines, question=question) if cosines else None
    return features(question, replace(found, signals=signals))


def test_every_feature_is_told_and_measured() -> None:
    assert measured("Combien dure un bilan ?", bilan_and_frais(), 0.9).keys() == FEATURES.keys()
    words = measured("Combien dure un bilan ?", bilan_and_frais()).keys()
    assert words == FEATURES.keys() - DENSE_FEATURES


def test_nothing_found_and_nothing_asked_are_measured_too() -> None:
    for question, passages in (("Combien dure un bilan ?", []), ("combien ?", bilan_and_frais())):
        assert all(abs(value) < 10 for value in measured(question, passages, 0.9).values())


def test_words_that_the_first_passage_lacks_are_weighed_by_what_they_mean() -> None:
    passage = make_passage("Le bilan de compétences dure 24 heures.")
    assert measured("Quelle facture pour un bilan ?", [passage], 0.9)["kept"] < 1
    assert measured("bilan de compétences", [passage], 0.9)["kept"] == 1
    assert measured("licenciement", [passage], 0.9)["kept"] == NOTHING_KEPT


def test_a_question_that_the_passage_repeats_is_better_covered_than_another() -> None:
    near = measured("Combien d’heures dure un bilan de compétences ?", bilan_and_frais())
    far = measured("Combien de calories dans un gâteau au yaourt ?", bilan_and_frais())
    for name in ("covered_first", "reach", "pairs"):
        assert near[name] > far[name]


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("À quoi sert le formulaire F-099 ?", True),
        ("À quoi sert le formulaire F-018 ?", False),
        ("Que dit l’article L. 1237-19 ?", True),
        ("Que veut dire l’erreur 55 ?", True),
        ("Que veut dire l’erreur 17 ?", False),
        ("Combien coûte le bilan en 2013 ?", True),
        ("Combien coûte le bilan en 2025 ?", False),
        ("Combien coûte le bilan en 2091 ?", True),
        ("Ma voisine a fait 800 km pour un bilan de 24 heures", False),
    ],
)
def test_a_code_a_number_or_a_year_that_no_passage_holds_is_missing(question: str, missing: bool) -> None:
    passage = make_passage(
        "Le consentement se donne sur le formulaire F-018. Le bilan coûte 1 200 €. Erreur 17 : dossier ouvert.",
        valid_from="2024-01-01",
        valid_to="2026-12-31",
    )
    assert measured(question, [passage])["names_missing"] == missing


@pytest.mark.parametrize(
    ("question", "fits"),
    [
        ("Quel est le prix du bilan ?", 1),
        ("Quel est le délai du bilan ?", -1),
        ("À qui parler du bilan ?", 0),
    ],
)
def test_an_extract_holds_the_kind_of_thing_asked_for_or_not(question: str, fits: int) -> None:
    assert measured(question, [make_passage("Le bilan coûte 1 200 €.")])["expected"] == fits


def test_the_catalogue_s_share_and_the_cosines_are_read() -> None:
    passages = [make_passage("Boulanger", kind=Kind.TRAINING), make_passage("Le bilan.", "p2")]
    found = measured("Une formation de boulanger ?", passages, 0.9, 0.85, *[0.8] * 20)
    assert found["training"] == 0.2
    assert (found["cosine"], round(found["cosine_margin"], 6)) == (0.9, 0.1)


def weighing(
    feature: str, threshold: float = 0.5, lenient: float = 0.2, foreign: float = -4.0
) -> dict[str, Any]:
    """Write a calibration in which one feature decides: its probability is over a half from 0.5 on."""
    return {
        "answers": {"intercept": -2.0, "terms": {feature: {"mean": 0.0, "scale": 1.0, "weight": 4.0}}},
        "threshold": threshold,
        "lenient": lenient,
        "foreign": {"intercept": foreign, "terms": {}},
        "foreign_threshold": 0.5,
    }


def abstainer(**hybrid: Any) -> CalibratedAbstainer:
    held = {"hybrid": weighing("cosine", **hybrid), "words": weighing("found")}
    return CalibratedAbstainer(
        AbstentionFile.model_validate({"provenance": {}, "embedder": "words-64", **held})
    )


def found(coverage: float, signals: Signals | None) -> Retrieval:
    weights = dict.fromkeys(terms("bilan gratuit"), 1.0)
    return Retrieval([make_passage("Le bilan dure 24 heures.")], coverage, weights, signals=signals)


def test_it_answers_from_its_threshold_on() -> None:
    near, far = found(0.0, dense(0.9)), found(0.0, dense(0.3))
    assert abstainer().decide("bilan", near, "extractive").answers
    decision = abstainer().decide("bilan", far, "extractive")
    assert decision == Decision(decision.answerable, answers=False, kind="unanswerable")
    assert 0.3 < decision.answerable < 0.32


def test_a_model_is_asked_where_extracts_are_not_shown_unless_it_is_hopeless() -> None:
    doubtful, hopeless = found(0.0, dense(0.3)), found(0.0, dense(0.1))
    assert abstainer().decide("bilan", doubtful, "generative").answers
    assert not abstainer().decide("bilan", hopeless, "generative").answers


def refused(_text: str) -> Vectors:
    raise SourceUnavailable("Le service d'embeddings ne répond pas.")


@pytest.mark.parametrize(
    "signals",
    [None, dense(0.9, embedder="another model"), replace(dense(0.9), embed=refused)],
    ids=["no vectors", "another model", "an embedder that fails"],
)
def test_the_words_decide_without_the_cosines_of_its_model(signals: Signals | None) -> None:
    for coverage in (0.9, 0.1):
        decision = abstainer().decide("bilan gratuit", found(coverage, signals), "extractive")
        assert decision.answers == (coverage > 0.5)


def test_a_question_from_elsewhere_is_told_apart() -> None:
    far = found(0.0, dense(0.1))
    assert abstainer(foreign=4.0).decide("recette", far, "extractive").kind == "out_of_scope"
    assert abstainer(foreign=-4.0).decide("bilan", far, "extractive").kind == "unanswerable"


def test_each_kind_is_said_in_its_own_words() -> None:
    messages = {message_for(kind) for kind in get_args(AbstentionKind)}
    assert len(messages) == len(get_args(AbstentionKind))
    assert "passages les plus proches" in message_for("unanswerable")


def test_the_shipped_file_loads_and_uses_every_feature() -> None:
    held = AbstentionFile.model_validate_json(SHIPPED.read_bytes())
    assert held.hybrid.answers.terms.keys() == FEATURES.keys()
    assert held.words.answers.terms.keys() == FEATURES.keys() - DENSE_FEATURES
    for part in (held.hybrid, held.words):
        assert 0 < part.lenient <= part.threshold < 1
    assert {"written", "questions", "counts"} <= held.provenance.keys()
    CalibratedAbstainer.load(SHIPPED)


def broken_files() -> dict[str, str]:
    whole = json.loads(SHIPPED.read_bytes())
    unknown = {**whole, "hybrid": weighing("beauty")}
    dense = {**whole, "words": weighing("cosine")}
    flat = {**whole, "words": weighing("found") | {"threshold": 1.5}}
    nothing = weighing("found")
    nothing["answers"]["terms"]["found"]["scale"] = 0.0
    return {
        "no JSON": "{",
        "a list": "[]",
        "a part is missing": json.dumps({key: whole[key] for key in whole if key != "words"}),
        "an unknown feature": json.dumps(unknown),
        "cosines without vectors": json.dumps(dense),
        "a threshold over 1": json.dumps(flat),
        "a scale of nothing": json.dumps({**whole, "words": nothing}),
    }


@pytest.mark.parametrize(
    "fault",
    [
        "no JSON",
        "a list",
        "a part is missing",
        "an unknown feature",
        "cosines without vectors",
        "a threshold over 1",
        "a scale of nothing",
    ],
)
def test_a_broken_file_is_said_in_french_with_what_to_do(fault: str, tmp_path: Path) -> None:
    path = tmp_path / "abstention.json"
    path.write_text(broken_files()[fault], "utf-8")
    with pytest.raises(ConfigurationError, match=r"abîmé[\s\S]*python -m eval calibrate"):
        CalibratedAbstainer.load(path)


def test_a_missing_file_is_said_in_french(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="ne peut pas être lu"):
        CalibratedAbstainer.load(tmp_path / "absent.json")
