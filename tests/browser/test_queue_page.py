"""Waiting for the model in a real browser: the place, told as it changes, a way out, and when to ask again."""

from collections.abc import Iterator
from threading import Event

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from server.errors import ModelBusy, TooManyRequests
from server.problems import problem_of
from server.rate_limit import ANSWERS
from tests.browser.conftest import ask, open_page, screenshot
from tests.browser.drafting import masks, to_masks
from tests.browser.notes_scenes import NOTES
from tests.browser.test_assistants_page import choose, run

pytestmark = pytest.mark.browser

QUESTION = "Combien de temps garde-t-on la synthèse d’un bilan ?"
THIRD = "Le modèle est occupé\u00a0: vous êtes 3e dans la file."
NEXT = "Le modèle est occupé\u00a0: votre tour est le prochain."


@pytest.fixture
def api(scripted: tuple[FastAPI, str]) -> Iterator[FastAPI]:
    """Give the scripted server, where two wait already."""
    app, _ = scripted
    app.state.asked.clear()
    app.state.drafts.clear()
    app.state.draft_problem = None
    app.state.place = 3
    yield app
    app.state.place, app.state.refusal = 0, None


def has_left(left: Event) -> bool:
    """Tell whether the page closed its connection, within the time of a busy machine."""
    return left.wait(10.0)


def test_a_question_shows_its_place_and_then_its_answer(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, ui_url)
    ask(page, QUESTION)
    place = page.get_by_test_id("queue")
    expect(place).to_have_text(THIRD)
    expect(place).to_have_attribute("role", "status")
    expect(page.get_by_role("button", name="Arrêter")).to_be_visible()
    screenshot(page, "file-question")

    api.state.place = 2
    expect(place).to_contain_text("vous êtes 2e dans la file")
    api.state.place = 1
    expect(place).to_have_text(NEXT)
    api.state.place = 0
    expect(page.get_by_test_id("trust")).to_be_visible()
    expect(place).to_have_count(0)


def test_leaving_the_queue_frees_the_place(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, ui_url)
    ask(page, QUESTION)
    expect(page.get_by_test_id("queue")).to_have_text(THIRD)
    page.get_by_role("button", name="Arrêter").click()

    expect(page.get_by_test_id("stopped")).to_be_visible()
    assert has_left(api.state.left)
    expect(page.get_by_test_id("asked")).to_contain_text(QUESTION)
    api.state.place = 0
    page.get_by_role("button", name="Reposer la question").click()
    expect(page.get_by_test_id("trust")).to_be_visible()
    assert [request.question for request in api.state.asked] == [QUESTION, QUESTION]


def test_one_who_asks_too_much_is_told_when_to_ask_again(page: Page, ui_url: str, api: FastAPI) -> None:
    api.state.place = 0
    api.state.refusal = problem_of(TooManyRequests(ANSWERS, 24))
    open_page(page, ui_url)
    ask(page, QUESTION)

    expect(page.get_by_text("réessayez dans 24 secondes")).to_be_visible()
    expect(page.get_by_test_id("asked")).to_contain_text(QUESTION)
    screenshot(page, "limite-question")
    page.get_by_role("button", name="Reposer la question").click()
    expect(page.get_by_test_id("trust")).to_be_visible()


def test_a_synthesis_shows_its_place_and_may_be_stopped(page: Page, ui_url: str, api: FastAPI) -> None:
    to_masks(page, ui_url, NOTES)
    page.get_by_role("button", name="Rédiger la synthèse").click()
    expect(page.get_by_test_id("queue")).to_have_text(THIRD)
    screenshot(page, "file-synthese")
    page.get_by_role("button", name="Arrêter").click()

    expect(page.get_by_test_id("not-written")).to_contain_text("arrêtée à votre demande")
    assert has_left(api.state.draft_left)
    expect(masks(page)).to_have_count(5)
    api.state.place = 1
    page.get_by_role("button", name="Rédiger la synthèse").click()
    expect(page.get_by_test_id("queue")).to_have_text(NEXT)
    api.state.place = 0
    expect(page.get_by_test_id("draft-head")).to_be_visible()


def test_an_assistant_shows_its_place_and_may_be_stopped(page: Page, ui_url: str, api: FastAPI) -> None:
    choose(page, ui_url, "Suggérer des formations")
    page.get_by_label("Le projet").fill("Devenir conseillère")
    run(page)
    expect(page.get_by_test_id("queue")).to_have_text(THIRD)
    expect(page.get_by_role("button", name="Lancer l’assistant")).to_have_count(0)
    screenshot(page, "file-assistant")
    page.get_by_role("button", name="Arrêter").click()

    expect(page.get_by_test_id("not-assisted")).to_contain_text("Assistant arrêté à votre demande")
    assert has_left(api.state.assistant_left)
    api.state.place = 0
    page.get_by_role("button", name="Lancer l’assistant").click()
    expect(page.get_by_test_id("answer-section")).to_be_visible()


def test_a_full_queue_says_when_to_try_again_and_keeps_everything(
    page: Page, ui_url: str, api: FastAPI
) -> None:
    api.state.place = 0
    busy = problem_of(ModelBusy())
    choose(page, ui_url, "Suggérer des formations")
    page.get_by_label("Le projet").fill("Devenir conseillère")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_test_id("notes")).to_be_visible()
    api.state.draft_problem = (busy.status, busy.detail)
    page.get_by_role("button", name="Lancer l’assistant").click()
    expect(page.get_by_test_id("not-assisted")).to_contain_text("Réessayez dans une minute")

    page.get_by_role("button", name="Revenir").click()
    expect(page.get_by_label("Le projet")).to_have_value("Devenir conseillère")
