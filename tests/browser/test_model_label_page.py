"""What a small model writes says so in a real browser: a question, a synthesis, an assistant."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from tests.browser.conftest import ask, open_page, screenshot
from tests.browser.drafting import to_review
from tests.browser.notes_scenes import NOTES
from tests.browser.scenes import MODEL_LABEL

pytestmark = pytest.mark.browser

SHOWN = f"« {MODEL_LABEL} »"


@pytest.fixture
def api(scripted: tuple[FastAPI, str]) -> Iterator[FastAPI]:
    """Give the scripted server, which keeps nothing yet."""
    app, _ = scripted
    app.state.drafts.clear()
    app.state.draft_problem = None
    app.state.go_on.clear()
    app.state.write_on.set()
    yield app
    app.state.go_on.set()


def test_an_answer_is_labelled_while_it_is_written_and_once_it_is_folded(
    page: Page, ui_url: str, api: FastAPI
) -> None:
    open_page(page, ui_url)
    ask(page, "Que répond, lentement, le petit modèle ?")
    expect(page.get_by_test_id("statement")).to_have_count(1)
    expect(page.get_by_test_id("model-label")).to_have_text(SHOWN)
    api.state.go_on.set()
    expect(page.get_by_test_id("trust")).to_be_visible()
    expect(page.get_by_test_id("model-label")).to_have_text(SHOWN)
    screenshot(page, "question-petit-modele")

    ask(page, "Et la CPF ?")  # the documents' own sentences
    expect(page.get_by_test_id("turn")).to_have_count(1)
    labels = page.get_by_test_id("model-label")
    expect(labels).to_have_count(1)
    expect(page.get_by_test_id("turn").get_by_test_id("model-label")).to_have_count(1)


def test_a_synthesis_is_labelled(page: Page, ui_url: str, api: FastAPI) -> None:
    to_review(page, ui_url, NOTES, label=MODEL_LABEL)
    expect(page.get_by_test_id("model-label")).to_have_text(SHOWN)
    screenshot(page, "synthese-petit-modele")


def test_an_assistant_is_labelled(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, f"{ui_url}/assistants")
    page.get_by_text("Analyser un CV", exact=True).click()
    page.get_by_label("Le CV", exact=True).fill(NOTES)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Lancer l’assistant").click()
    expect(page.get_by_test_id("model-label")).to_have_text(SHOWN)
