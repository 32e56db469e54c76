"""The browser tests wait for a thing that the page holds twice for a moment, and still refuse one that stays twice."""

import pytest
from playwright.sync_api import Error, Page, expect

pytestmark = pytest.mark.browser

TWICE = """<button onclick="document.title = 'new'">Valider</button><button class="former">Valider</button>
<label>Notes <textarea>nouvelles</textarea></label><label class="former">Notes <textarea></textarea></label>"""
TAKE_AWAY = "setTimeout(() => document.querySelectorAll('.former').forEach(one => one.remove()), 400)"


def test_a_former_element_is_waited_out(page: Page) -> None:
    page.set_content(TWICE)
    page.evaluate(TAKE_AWAY)
    expect(page.get_by_label("Notes")).to_have_value("nouvelles")

    page.set_content(TWICE)
    page.evaluate(TAKE_AWAY)
    page.get_by_role("button", name="Valider").click()
    assert page.title() == "new"


def test_an_element_that_stays_twice_is_refused(page: Page) -> None:
    page.set_content(TWICE)
    for settled in (page.get_by_label("Notes"), page.get_by_role("button", name="Valider")):
        with pytest.raises((Error, AssertionError), match="strict mode violation"):
            expect(settled).to_be_visible()
