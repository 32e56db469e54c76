"""Scores of an answer, against figures worked out by hand: passages, citations, facts, abstention, failures."""

import math

import pytest

from eval.scoring import score
from eval.scoring.facts import says
from eval.scoring.retrieval import METRICS, average_precision, ndcg_at
from server.case_schemas import GoldPassage
from server.evaluation_schemas import CaseResult, Verdict
from server.quality.catalogue import CATALOGUE
from server.schemas import Citation, Statement
from tests.passages import BILAN, bilan_and_frais, make_passage
from tests.scored import BILAN_QUOTE, FRAIS_QUOTE, GOLD, answered, asked, beside, cite, result_of, sound

OTHERS = [make_passage(f"Rien à voir, numéro {n}.", f"x{n}") for n in range(12)]
RETRIEVAL = dict.fromkeys(METRICS, 0.0)


def scores(result: CaseResult) -> dict[str, float]:
    return score(result).scores


def texts(result: CaseResult, metric: str) -> list[str]:
    return [
        verdict.text for verdict in score(result).verdicts if verdict.metric == metric and not verdict.good
    ]


def test_a_sound_answer_has_the_best_scores_and_no_reproach() -> None:
    result = score(result_of(asked(forbidden=["mot de passe"]), sound()))
    assert set(result.scores) == {
        *RETRIEVAL,
        *(
            "quotes_verified",
            "cited_statements",
            "citation_precision",
            "citation_recall",
            "supported_figures",
        ),
        *("fact_recall", "nothing_forbidden", "abstention_accuracy"),
    }
    assert set(result.scores.values()) == {1.0}
    assert all(verdict.good for verdict in result.verdicts)
    assert set(result.scores) <= set(CATALOGUE)


@pytest.mark.parametrize(
    ("place", "at_5", "at_10", "overall"), [(2, 1, 1, 1), (6, 0, 1, 1), (11, 0, 0, 1), (0, 0, 0, 0)]
)
def test_what_is_found_further_down_counts_less(
    place: int, at_5: float, at_10: float, overall: float
) -> None:
    found = OTHERS[: place - 1] + bilan_and_frais()[:1] if place else OTHERS
    told = scores(result_of(asked(), passages=found))
    assert (told["recall_at_5"], told["recall_at_10"], told["context_recall_id"]) == (at_5, at_10, overall)
    assert told["mrr_at_10"] == pytest.approx(at_10 / place if place else 0)
    assert told["ndcg_at_10"] == pytest.approx(at_10 / math.log2(place + 1) if place else 0)
    assert told["context_precision_id"] == pytest.approx(1 / place if place else 0)


def test_several_passages_of_one_gold_are_one_hit_and_one_passage_may_hold_two() -> None:
    bilan = bilan_and_frais()[0]
    whole = GoldPassage(document="PR-012")
    twice = [bilan, bilan.model_copy(update={"id": "bilan-2"}), *OTHERS]
    assert scores(result_of(asked(gold=[whole]), passages=twice))["recall_at_5"] == 1.0
    both = scores(
        result_of(asked(gold=[GOLD, GoldPassage(document="PR-012", quote="la phase d’investigation")]))
    )
    assert (both["recall_at_5"], both["ndcg_at_10"]) == (1.0, 1.0)
    half = scores(result_of(asked(gold=[GOLD, GoldPassage(document="Introuvable.pdf")])))
    assert (half["recall_at_10"], half["mrr_at_10"]) == (0.5, 1.0)
    assert half["ndcg_at_10"] == pytest.approx(1 / (1 + 1 / math.log2(3)))


def test_two_gold_items_in_one_passage_are_one_passage_that_is_well_ranked() -> None:
    second, third = 1 / math.log2(3), 1 / math.log2(4)
    assert ndcg_at([1, 1, None], 10) == pytest.approx(1 / (1 + second))
    assert ndcg_at([1, 2, None], 10) == pytest.approx((1 + second) / (1 + second + third))
    assert ndcg_at([1, 1, None], 10) < ndcg_at([1, 2, None], 10)
    assert ndcg_at([1, 1], 10) == 1.0
    assert ndcg_at([2, 2], 10) == pytest.approx(second)


def test_precision_is_averaged_over_the_places_of_what_is_relevant() -> None:
    assert average_precision([True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([False, False]) == 0.0
    assert average_precision([]) == 0.0


def test_a_passage_expected_and_not_found_is_named() -> None:
    assert texts(result_of(passages=OTHERS), "context_recall_id") == [
        f"Passage attendu, mais pas trouvé : « PR-012 », « {BILAN_QUOTE} »."
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"quote": "dure au plus trente-quatre heures, réparties"},
        {"start": 3, "end": 8},
        {"passage_id": "frais"},
        {"passage_id": "nulle part"},
        {"quote": "Le bilan", "start": 0, "end": 8},
    ],
    ids=["other words", "other place", "other passage", "no passage", "two words"],
)
def test_a_quote_is_looked_for_again_whatever_the_server_says(change: dict[str, object]) -> None:
    citation = sound().citations[0].model_copy(update=change)
    result = result_of(asked(), sound().model_copy(update={"citations": [citation]}))
    told = scores(result)
    assert (told["quotes_verified"], told["cited_statements"], told["citation_recall"]) == (0.0, 0.0, 0.0)
    assert told["citation_precision"] == 0.0
    assert told["supported_figures"] == 0.0
    assert texts(result, "quotes_verified")
    assert texts(result, "cited_statements")


def test_a_statement_without_its_quote_counts_as_a_quote_that_is_nowhere() -> None:
    bare = Statement(text="Il faut l’accord de la personne.", verified=False, citations=[])
    told = scores(result_of(asked(), sound(), bare))
    assert (told["quotes_verified"], told["cited_statements"]) == (0.5, 0.5)
    partly = sound().model_copy(update={"verified": False})
    assert scores(result_of(asked(), partly))["quotes_verified"] == 0.5
    assert texts(result_of(asked(), partly), "quotes_verified")


def test_a_statement_whose_figures_fail_keeps_its_quotes() -> None:
    wrong = sound().model_copy(update={"verified": False, "unsupported": ["26 heures"]})
    told = scores(result_of(asked(), wrong))
    assert (told["quotes_verified"], told["supported_figures"]) == (1.0, 0.0)
    assert "« 26 heures »" in texts(result_of(asked(), wrong), "supported_figures")[0]


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("Il dure 24 heures, sur 6 à 10 semaines.", True),
        ("Il dure 26 heures.", False),
        ("Il dure trente heures.", False),
        ("La procédure PR-012 le dit.", True),
        ("La procédure PR-031 le dit.", False),
        ("Il demande l’accord de la personne.", True),
    ],
)
def test_figures_are_read_again_without_the_server(text: str, supported: bool) -> None:
    told = scores(result_of(asked(), sound().model_copy(update={"text": text})))
    assert told["supported_figures"] == float(supported)


def test_an_amount_is_the_same_whatever_its_spaces() -> None:
    spaced = beside().model_copy(update={"text": "Le plafond est de 1500 euros."})
    assert scores(result_of(asked(), spaced))["supported_figures"] == 1.0


def test_a_true_quote_of_another_text_is_no_right_citation() -> None:
    result = result_of(asked(), sound(), beside())
    told = scores(result)
    assert (told["quotes_verified"], told["citation_precision"], told["citation_recall"]) == (1.0, 0.5, 1.0)
    assert texts(result, "citation_precision") == [
        "Cite « PR-031 Frais de déplacement », qui n’est pas attendu."
    ]
    only_beside = result_of(asked(), beside())
    assert scores(only_beside)["citation_recall"] == 0.0
    assert texts(only_beside, "citation_recall") == [
        f"Passage attendu, mais pas cité : « PR-012 », « {BILAN_QUOTE} »."
    ]


@pytest.mark.parametrize(
    ("text", "fact", "said"),
    [
        ("Le bilan dure vingt-quatre heures au plus.", "Le bilan dure 24 heures au plus.", True),
        ("Le bilan dure 24 mois au plus.", "Le bilan dure 24 heures au plus.", False),
        ("Le bilan dure au plus une journée.", "Le bilan dure 24 heures au plus.", False),
        ("Le consentement du bénéficiaire est nécessaire.", "Il faut le consentement du bénéficiaire.", True),
        ("Le budget est voté en mars.", "Il faut le consentement du bénéficiaire.", False),
        ("Cela coûte 1 500 €.", "1500 euros", True),
        ("Cela coûte 500 €.", "1500 euros", False),
        ("Oui.", "Oui", True),
        ("", "Oui", False),
    ],
)
def test_a_fact_is_its_figures_and_most_of_its_words(text: str, fact: str, said: bool) -> None:
    assert says(text, fact) is said


def test_facts_that_lack_are_listed() -> None:
    result = result_of(asked(facts=["Le bilan dure 24 heures.", "Il coûte 1 850 €."]), sound())
    assert scores(result)["fact_recall"] == 0.5
    assert texts(result, "fact_recall") == ["Fait attendu, mais pas dit : « Il coûte 1 850 €. »."]


@pytest.mark.parametrize("words", ["LIMITE de 1 500 €", "frais de deplacement", "pr-031"])
def test_what_is_forbidden_is_looked_for_in_all_that_shows(words: str) -> None:
    result = result_of(asked(forbidden=[words, "introuvable"]), sound())
    assert scores(result)["nothing_forbidden"] == 0.0
    assert texts(result, "nothing_forbidden") == [f"Paraît, et ne devait pas : « {words} »."]
    assert scores(result_of(asked(forbidden=["limite"], must_abstain=True)))["nothing_forbidden"] == 0.0
    assert scores(result_of(asked(forbidden=["limit"]), sound()))["nothing_forbidden"] == 1.0  # no whole word


def test_who_abstains_when_it_should_answer_is_scored_on_what_it_found_and_said() -> None:
    result = score(result_of())
    assert result.scores == {**dict.fromkeys(RETRIEVAL, 1.0), "fact_recall": 0.0, "abstention_accuracy": 0.0}
    assert result.counts == {"abstention_precision": (0, 1)}


def test_an_answer_that_neither_speaks_nor_abstains_has_nothing_of_the_citations() -> None:
    answer = answered()
    mute = CaseResult(case=asked(), answer=answer.model_copy(update={"statements": [], "abstained": False}))
    names = (
        "quotes_verified",
        "cited_statements",
        "supported_figures",
        "citation_precision",
        "citation_recall",
    )
    assert {name: scores(mute).get(name) for name in names} == dict.fromkeys(names, 0.0)
    assert texts(mute, "cited_statements")
    without_gold = CaseResult(case=asked(gold=[]), answer=mute.answer)
    assert "citation_recall" not in scores(without_gold)
    abstained = CaseResult(
        case=asked(), answer=answer.model_copy(update={"statements": [], "abstained": True})
    )
    assert not set(names).intersection(scores(abstained))


@pytest.mark.parametrize(
    ("must_abstain", "abstains", "right", "counts"),
    [
        (True, True, 1.0, {"abstention_precision": (1, 1), "abstention_recall": (1, 1)}),
        (True, False, 0.0, {"abstention_recall": (0, 1)}),
        (False, False, 1.0, {}),
    ],
)
def test_silence_is_right_where_nothing_answers(
    must_abstain: bool, abstains: bool, right: float, counts: dict[str, tuple[int, int]]
) -> None:
    result = score(result_of(asked(must_abstain=must_abstain), *([] if abstains else [sound()])))
    assert result.scores["abstention_accuracy"] == right
    assert result.counts == counts
    assert bool(texts(result, "abstention_accuracy")) is not bool(right)
    if must_abstain:  # no passage nor fact is expected then
        assert not RETRIEVAL.keys() & result.scores.keys()
        assert "fact_recall" not in result.scores


def test_a_failed_case_has_the_worst_scores_that_it_calls_for() -> None:
    result = score(CaseResult(case=asked(), status="failed", error="Erreur 500 : panne."))
    assert result.scores == {**RETRIEVAL, "fact_recall": 0.0, "abstention_accuracy": 0.0}
    assert (
        result.verdicts[0].text
        == "Le cas a échoué et compte comme une mauvaise réponse : Erreur 500 : panne."
    )
    silent = score(CaseResult(case=asked(must_abstain=True), status="failed"))
    assert (silent.scores, silent.counts) == ({"abstention_accuracy": 0.0}, {"abstention_recall": (0, 1)})


def test_a_case_that_says_done_with_nothing_in_it_failed() -> None:
    assert score(CaseResult(case=asked())).scores["abstention_accuracy"] == 0.0


def test_a_skipped_case_has_no_score() -> None:
    result = score(CaseResult(case=asked(), status="skipped"))
    assert (result.scores, result.counts, result.verdicts) == ({}, {}, [])


def test_what_the_judge_said_stays_and_scoring_twice_is_scoring_once() -> None:
    judged = result_of(asked(), sound()).model_copy(
        update={
            "scores": {"faithfulness": 0.8, "recall_at_5": 0.1},
            "unscored": {"answer_relevancy": "pas de nombre"},
            "verdicts": [
                Verdict(metric="faithfulness", text="Tout est dit."),
                Verdict(metric="mrr_at_10", text="Vieux."),
            ],
        }
    )
    once = score(judged)
    assert (once.scores["faithfulness"], once.scores["recall_at_5"]) == (0.8, 1.0)
    assert once.unscored == judged.unscored
    assert [verdict.text for verdict in once.verdicts if verdict.metric == "faithfulness"] == [
        "Tout est dit."
    ]
    assert "Vieux." not in {verdict.text for verdict in once.verdicts}
    assert score(once) == once


def test_a_long_quote_is_cut_in_a_verdict() -> None:
    citation = Citation(passage_id="bilan", quote=BILAN * 2, start=0, end=len(BILAN) * 2)
    wrong = Statement(text="Le bilan.", verified=True, citations=[citation])
    assert all(len(text) < 260 for text in texts(result_of(asked(), wrong), "quotes_verified"))


def test_the_answer_of_the_tests_is_as_the_server_makes_them() -> None:
    record = answered(sound(), beside())
    for statement in record.statements:
        for citation in statement.citations:
            passage = next(one for one in record.passages if one.id == citation.passage_id)
            assert passage.text[citation.start : citation.end] == citation.quote
    assert cite(record.passages[1], FRAIS_QUOTE).quote == FRAIS_QUOTE
