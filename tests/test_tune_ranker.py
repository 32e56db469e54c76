"""What tunes the ranker: halves that share no sheet, weights that find what tells right from wrong."""

import numpy as np
import pytest

from eval.bm25 import Bm25, as_written, folded, stemmed
from eval.halves import fold_of, half_of, of_half, titles
from eval.tune_ranker import Judged, cross_validated, fit
from ingest.sources.legal import SheetQuestion
from server.quality.statistics import relative_gain
from server.rank import FEATURES


def asked(title: str, section: str, sheet: str) -> SheetQuestion:
    question = title if section == "Textes de référence" else f"{title} {section}"
    return SheetQuestion(question, f"fiches-travail:{sheet}", section, frozenset({"code-du-travail:a"}))


QUESTIONS = [
    asked(f"Fiche {sheet}", section, str(sheet))
    for sheet in range(60)
    for section in ("Quels droits ?", "Textes de référence")
]


def test_a_sheet_s_questions_and_those_of_its_namesake_are_in_one_half() -> None:
    namesakes = [asked("Le CDD", "Quelle durée ?", "employeur"), asked("Le CDD", "Quel terme ?", "salarie")]
    assert titles(namesakes) == ["Le CDD", "Le CDD"]
    assert titles(QUESTIONS) == [f"Fiche {sheet}" for sheet in range(60) for _ in range(2)]
    tune, report = of_half(QUESTIONS, "tune"), of_half(QUESTIONS, "report")
    assert len(tune) + len(report) == len(QUESTIONS)
    assert tune
    assert report
    assert not {one.sheet_id for one in tune} & {one.sheet_id for one in report}


def test_the_halves_stay_the_same() -> None:
    halves = ["tune", "report", "tune", "report", "tune", "tune"]
    assert [half_of(f"Fiche {sheet}") for sheet in range(6)] == halves
    assert {fold_of(f"Fiche {sheet}", 5) for sheet in range(60)} == set(range(5))


def judged(count: int) -> list[Judged]:
    """Make questions whose right passage has the highest `dense` value; the other features are noise."""
    random = np.random.default_rng(7)
    found = []
    for number in range(count):
        values = random.normal(size=(20, len(FEATURES)))
        right = int(np.argmax(values[:, FEATURES.index("dense")]))
        found.append(
            Judged(f"Fiche {number}", frozenset({f"d{right}"}), tuple(f"d{n}" for n in range(20)), values)
        )
    return found


def test_the_weights_learned_are_those_of_what_tells_right_from_wrong() -> None:
    weights = dict(zip(FEATURES, fit(judged(60)), strict=True))
    assert weights["dense"] > 5 * max(abs(value) for name, value in weights.items() if name != "dense")


def test_a_feature_left_out_has_no_weight_and_its_loss_is_seen() -> None:
    questions = judged(60)
    others = [name for name in FEATURES if name != "dense"]
    assert fit(questions, others)[FEATURES.index("dense")] == 0.0
    assert np.mean(cross_validated(questions, others)) < np.mean(cross_validated(questions, FEATURES)) - 0.3


def test_a_question_without_any_right_candidate_teaches_nothing() -> None:
    lost = Judged("Perdue", frozenset({"ailleurs"}), ("d0", "d1"), np.ones((2, len(FEATURES))))
    assert fit([*judged(30), lost]) == pytest.approx(fit(judged(30)))


def test_analyses_of_words_go_from_none_to_folded_stems() -> None:
    text = "Les salariés licenciés"
    assert as_written(text) == ["les", "salariés", "licenciés"]
    assert stemmed(text) == ["salari", "licenci"]
    assert folded("SALARIES LICENCIES") == folded(text)


def test_bm25_prefers_the_shorter_text_and_the_rarer_word() -> None:
    held = Bm25([["a", "b"], ["a", "b", "c", "d", "e", "f"], ["a"], ["c"]])
    scores = held.scores(["b", "inconnu"])
    assert scores[0] > scores[1] > 0 == scores[2]
    assert held.scores(["b"])[0] > held.scores(["a"])[0]


def test_a_relative_gain_is_a_ratio_of_means() -> None:
    gain = relative_gain([0.4, 0.6], [0.2, 0.6])
    assert gain.mean == pytest.approx(0.25)
    assert gain.low <= gain.mean <= gain.high
