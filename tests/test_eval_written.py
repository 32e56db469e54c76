"""Which answers and drafts count as the measured model's own: what the server warns of is what is read."""

import pytest

from eval.written import is_whole
from server.drafting.warnings import Course, course_warnings, cut_short
from server.errors import ModelError, ModelMisbehaved, ModelUnavailable
from server.evaluation_schemas import DraftRecord

SILENT = ModelUnavailable("http://127.0.0.1:9/v1")
BROKEN = ModelMisbehaved("petit", "elle n’en finit pas")


def drafted(*warnings: str) -> DraftRecord:
    return DraftRecord(mode="generative", model="petit", sections=[], warnings=list(warnings))


@pytest.mark.parametrize("error", [SILENT, BROKEN])
@pytest.mark.parametrize(
    "course",
    [
        Course(with_model=True, sorted=["Le projet"]),
        Course(with_model=True, written=["La demande"], sorted=["Le projet"]),
        Course(with_model=True, written=["La demande"], lost=[(1, 4, "« Le projet »")]),
        Course(with_model=True, written=["La demande"], cut=[(1, 4, "« Le projet »")]),
        Course(with_model=True, written=["La demande"], advice_failed=["Repères"]),
    ],
)
def test_a_draft_that_the_model_failed_on_is_not_its_own(course: Course, error: ModelError) -> None:
    course.error = error
    assert not is_whole(drafted(*course_warnings(course, [])), "generative")


def test_a_draft_that_was_cut_in_an_advice_is_not_its_own() -> None:
    assert not is_whole(drafted(cut_short("Repères")), "generative")


def test_a_draft_with_doubts_is_the_model_s_own() -> None:
    doubts = course_warnings(Course(with_model=True, written=["La demande"], dropped=2, unused=[3]), [])
    assert doubts
    assert is_whole(drafted(*doubts), "generative")
    assert not is_whole(drafted(*doubts), "extractive")
