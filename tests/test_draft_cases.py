"""The draft cases of the sample: thirty notes and more, whose expectations agree with them and with the templates."""

import pytest

from eval.scoring.facts import says
from eval.suites import load_suite
from server.case_schemas import Case, DraftExpectation
from server.templates import SHIPPED, load_templates

CASES = load_suite("drafts").cases
TEMPLATES = load_templates([SHIPPED])


def _expected(case: Case) -> DraftExpectation:
    assert case.draft is not None
    return case.draft


def test_there_are_enough_of_them_over_every_template() -> None:
    expected = [_expected(case) for case in CASES]
    assert len(expected) >= 30
    assert len({one.template for one in expected}) >= 7
    assert sum(bool(one.non_renseigne) for one in expected) >= 10
    assert sum(len(one.facts) for one in expected) >= 100


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_a_draft_must_say_is_in_its_notes_and_for_a_section_of_its_template(case: Case) -> None:
    expected = _expected(case)
    template = TEMPLATES.get(expected.template)
    assert template is not None
    sections = {section.id for section in template.sections if section.kind == "notes"}
    told = {fact.section for fact in expected.facts}
    assert told <= sections
    assert set(expected.non_renseigne) <= sections - told
    assert [fact.text for fact in expected.facts if not says(expected.notes, fact.text)] == []
    assert [words for words in expected.forbidden if words in expected.notes] == []
