"""Scores of drafts and of masks, against figures worked out by hand."""

from typing import Any

import pytest

from eval.scoring import aggregate, score
from server.case_schemas import Case, DraftExpectation, MaskExpectation
from server.evaluation_schemas import CaseResult, DraftedSection, DraftedSentence, DraftRecord, MaskRecord
from server.mask_schemas import MaskSpan

NOTES = "Elle est vendeuse depuis neuf ans. Elle veut devenir aide-soignante."
TEXT = "Jeanne Ployer, suivie pour un diabète, vient de Rennes."
NAME, ILLNESS = MaskSpan(start=0, end=13, type="PERSONNE"), MaskSpan(start=30, end=37, type="SANTE")
TOWN = MaskSpan(start=48, end=54, type="ADRESSE")


def drafted(sections: dict[str, list[str]], **expected: Any) -> CaseResult:
    """Give a draft of these sections, each sentence pointing to the notes; "?" before one that does not."""
    case = Case(
        id="note-1",
        kind="draft",
        draft=DraftExpectation.model_validate(
            {
                "template": "cep-niveau-1",
                "notes": NOTES,
                "facts": [
                    {"text": "vendeuse depuis neuf ans", "section": "parcours"},
                    {"text": "aide-soignante"},
                ],
                "non_renseigne": ["freins"],
                "forbidden": ["infirmière"],
                **expected,
            }
        ),
    )
    record = DraftRecord(
        mode="extractive",
        model="extractif",
        sections=[
            DraftedSection(id=id_, title=id_.title(), sentences=[_sentence(one) for one in sentences])
            for id_, sentences in sections.items()
        ],
    )
    return score(CaseResult(case=case, draft=record))


def _sentence(text: str) -> DraftedSentence:
    sourced = not text.startswith("?")
    return DraftedSentence(text=text.strip("?"), verified=sourced, sources=[NOTES] if sourced else [])


def masked(
    *spans: MaskSpan, gold: tuple[MaskSpan, ...] = (NAME, ILLNESS), status: str = "done"
) -> CaseResult:
    case = Case(id="masque-1", kind="mask", mask=MaskExpectation(text=TEXT, spans=list(gold)))
    record = MaskRecord(text=TEXT, spans=list(spans)) if status == "done" else None
    return score(CaseResult.model_validate({"case": case, "masked": record, "status": status}))


GOOD = {
    "parcours": ["Elle est vendeuse depuis neuf ans."],
    "projet": ["Elle veut devenir aide-soignante."],
    "freins": [],
}


def test_a_right_draft_has_the_best_scores() -> None:
    result = drafted(GOOD)
    assert set(result.scores) == {
        "draft_fact_recall",
        "draft_non_renseigne_precision",
        "draft_non_renseigne_recall",
        "draft_sourced",
        "draft_nothing_invented",
    }
    assert set(result.scores.values()) == {1.0}
    assert result.verdicts == []


def test_a_fact_in_another_section_is_not_where_it_is_looked_for() -> None:
    result = drafted(
        {"parcours": ["Elle veut devenir aide-soignante."], "projet": [GOOD["parcours"][0]], "freins": []}
    )
    assert result.scores["draft_fact_recall"] == 0.5
    assert result.verdicts[0].text == "Fait des notes absent de « parcours » : « vendeuse depuis neuf ans »."


def test_sections_without_a_sentence_are_those_of_which_the_notes_say_nothing() -> None:
    result = drafted({"parcours": [], "projet": GOOD["projet"], "freins": ["Elle craint de déménager."]})
    assert result.counts["draft_non_renseigne_precision"] == (0, 1)
    assert result.counts["draft_non_renseigne_recall"] == (0, 1)
    assert {verdict.metric for verdict in result.verdicts} >= {
        "draft_non_renseigne_precision",
        "draft_non_renseigne_recall",
    }
    full = drafted(GOOD, non_renseigne=[])
    assert full.counts == {"draft_non_renseigne_precision": (0, 1)}


def test_advice_comes_from_the_index_and_is_not_held_to_the_notes() -> None:
    draft = drafted(GOOD).draft
    assert draft is not None
    advice = DraftedSection(id="conseils", title="Conseils", kind="advice", sentences=[])
    record = draft.model_copy(update={"sections": [*draft.sections, advice]})
    result = score(drafted(GOOD).model_copy(update={"draft": record}))
    assert result.scores["draft_non_renseigne_precision"] == 1.0


def test_what_was_invented_or_has_no_source_is_told() -> None:
    result = drafted({**GOOD, "projet": ["Elle veut devenir aide-soignante.", "?Elle sera infirmière."]})
    assert result.scores["draft_nothing_invented"] == 0.0
    assert result.scores["draft_sourced"] == pytest.approx(2 / 3)


def test_a_draft_that_failed_tells_no_fact_and_no_silence() -> None:
    failed = score(drafted(GOOD).model_copy(update={"status": "failed", "draft": None}))
    assert failed.scores == {"draft_fact_recall": 0.0}
    assert failed.counts == {"draft_non_renseigne_recall": (0, 1)}


def test_masks_that_hide_all_and_only_what_is_personal() -> None:
    result = masked(NAME, ILLNESS)
    assert result.scores == {"mask_recall_direct": 1.0, "mask_recall_special": 1.0, "mask_precision": 1.0}
    assert result.verdicts == []


def test_a_letter_that_shows_is_a_leak_and_a_town_is_hidden_for_nothing() -> None:
    result = masked(NAME.model_copy(update={"end": 12}), TOWN)
    assert result.counts == {
        "mask_recall_direct": (0, 1),
        "mask_recall_special": (0, 1),
        "mask_precision": (1, 2),
    }
    assert [verdict.text for verdict in result.verdicts] == [
        "Reste lisible (PERSONNE) : « Jeanne Ployer ».",
        "Reste lisible (SANTE) : « diabète ».",
        "Masqué sans raison (ADRESSE) : « Rennes ».",
    ]


def test_a_text_that_could_not_be_masked_shows_all() -> None:
    result = masked(status="failed")
    assert result.counts == {"mask_recall_direct": (0, 1), "mask_recall_special": (0, 1)}


def test_masks_of_a_suite_are_counted_by_span_not_by_text() -> None:
    many = [NAME.model_copy(update={"start": at, "end": at + 6}) for at in (0, 7)]
    results = [masked(many[0], gold=(*many, TOWN)), masked(NAME, gold=(NAME,))]
    figures = {value.name: value for value in aggregate(results, []).metrics}
    assert figures["mask_recall_direct"].value == pytest.approx(2 / 4)  # not the mean of 1/3 and 1
    assert figures["mask_precision"].value == 1.0
    assert "mask_recall_special" not in figures
