"""The assistants in a real browser: a form made of their inputs, masks, an answer with its sources, a dialogue."""

from collections.abc import Iterator
from datetime import date

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from server.assistant_schemas import AssistantRequest, TrainingFilters
from tests.browser.conftest import listens, open_page, panel, screenshot
from tests.browser.drafting import masks
from tests.browser.notes_scenes import NOTES
from tests.browser.test_accessible_names import nameless

pytestmark = pytest.mark.browser


@pytest.fixture
def api(scripted: tuple[FastAPI, str]) -> Iterator[FastAPI]:
    """Give the scripted server, which was asked nothing yet."""
    app, _ = scripted
    app.state.assisted.clear()
    app.state.draft_problem = None
    yield app
    app.state.draft_problem = None


def choose(page: Page, ui_url: str, title: str) -> None:
    """Open the page and choose an assistant."""
    open_page(page, f"{ui_url}/assistants")
    page.get_by_text(title, exact=True).click()
    expect(page.get_by_role("button", name="Continuer")).to_be_visible()


def run(page: Page) -> None:
    """Go through the masks, and have the assistant work."""
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Lancer l’assistant").click()


def last(api: FastAPI) -> AssistantRequest:
    """Give what the server was asked last."""
    request: AssistantRequest = api.state.assisted[-1][1]
    return request


def test_a_cv_is_masked_and_each_sentence_leads_to_it(page: Page, ui_url: str, api: FastAPI) -> None:
    choose(page, ui_url, "Analyser un CV")
    assert nameless(page) == []
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("Il manque : Le CV.")).to_be_visible()
    page.get_by_label("Le CV", exact=True).fill(NOTES)
    page.get_by_role("button", name="Continuer").click()
    expect(masks(page)).to_have_count(5)
    listens(page)
    page.locator('[data-type="EMPLOYEUR"]').click()
    page.get_by_role("button", name="Retirer ce masque").click()
    expect(masks(page)).to_have_count(4)
    assert api.state.assisted == []

    page.get_by_role("button", name="Lancer l’assistant").click()
    expect(page.get_by_test_id("answer-section")).to_have_text("Ce que le CV montre")
    expect(page.get_by_test_id("sentence").first).to_contain_text("Martine Lefèvre")
    assert last(api).inputs == {"cv": NOTES, "ton": "simple"}
    decided = last(api).mask
    assert decided is not None
    assert {NOTES[span.start : span.end] for span in decided["cv"]} == {
        "Martine Lefèvre",
        "06 12 34 56 78",
        "martine.lefevre@exemple.fr",
        "diabète",
    }
    page.get_by_test_id("copy").click()
    expect(page.get_by_test_id("copy")).to_have_text("Copié")
    screenshot(page, "assistants-cv")


def test_training_is_filtered_and_cites_its_passages(page: Page, ui_url: str, api: FastAPI) -> None:
    choose(page, ui_url, "Suggérer des formations")
    page.get_by_label("Le projet").fill("Devenir conseillère")
    page.get_by_label("Région").fill("Bretagne")
    page.get_by_role("spinbutton", name="day, Début à partir du").press_sequentially("01022027")
    page.keyboard.press("Tab")
    page.get_by_label("Niveau").click()
    page.get_by_role("option", name="5 (bac +2)").click()
    run(page)

    page.get_by_test_id("citation").click()
    expect(panel(page).locator("mark")).to_be_visible()
    assert last(api).filters == TrainingFilters(region="Bretagne", starts_after=date(2027, 2, 1), level=5)


def test_an_interview_is_a_dialogue(page: Page, ui_url: str, api: FastAPI) -> None:
    choose(page, ui_url, "Simuler un entretien d’embauche")
    page.get_by_label("Le poste").fill("Boulangère")
    run(page)
    said = page.get_by_test_id("turn-said")
    expect(said).to_have_text(["Pourquoi ce poste ?"])

    page.get_by_label("Réponse de la personne").fill("Je suis Martine Lefèvre,\nj’aime ce métier.")
    page.get_by_role("button", name="Répondre").click()
    expect(masks(page).last).to_have_text("Martine Lefèvre")
    page.get_by_role("button", name="Lancer l’assistant").click()

    expect(said).to_have_text(
        ["Pourquoi ce poste ?", "Je suis Martine Lefèvre, j’aime ce métier.", "Pourquoi ce poste ?"]
    )
    assert last(api).inputs["dialogue"] == (
        "Question : Pourquoi ce poste ?\nRéponse : Je suis Martine Lefèvre, j’aime ce métier.\n"
    )
    screenshot(page, "assistants-entretien")


def test_an_assistant_that_fails_keeps_what_was_typed(page: Page, ui_url: str, api: FastAPI) -> None:
    choose(page, ui_url, "Suggérer des formations")
    page.get_by_label("Le projet").fill("Devenir conseillère")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_test_id("notes")).to_be_visible()
    api.state.draft_problem = (503, "Le modèle est occupé.")
    page.get_by_role("button", name="Lancer l’assistant").click()

    expect(page.get_by_test_id("not-assisted")).to_contain_text("Le modèle est occupé.")
    page.get_by_role("button", name="Revenir").click()
    expect(page.get_by_label("Le projet")).to_have_value("Devenir conseillère")
