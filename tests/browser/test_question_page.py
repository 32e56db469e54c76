"""The page in a real browser, against the scripted server: what an advisor sees, clicks and is told."""

import json
from datetime import date

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from ingest.documents import Kind
from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    StartStreamlit,
    ask,
    current,
    free_port,
    open_page,
    screenshot,
)
from tests.browser.scenes import FORMER, SCENES
from ui.components import ABSTENTION, EXTRACTIVE
from ui.wording import long_date

pytestmark = pytest.mark.browser


def test_the_page_speaks_french_and_asks_nothing_of_the_outside(page: Page, ui_url: str) -> None:
    outside: list[str] = []
    page.on("request", lambda request: outside.append(request.url))

    open_page(page, ui_url)

    expect(page).to_have_title("Question · Fanal")
    expect(page.get_by_text("Lire une réponse")).to_be_visible()
    expect(page.get_by_role("link", name="Sources")).to_be_visible()
    assert [url for url in outside if not url.startswith((ui_url, "data:", "blob:"))] == []
    screenshot(page, "question-start")


def test_an_answer_comes_in_statement_by_statement_and_ends_with_its_trust(
    page: Page, ui_url: str, scripted: tuple[FastAPI, str]
) -> None:
    scripted[0].state.go_on.clear()
    open_page(page, ui_url)

    ask(page, "Réponds lentement : combien de temps garde-t-on la synthèse d’un bilan ?")

    statements = page.get_by_test_id("statement")
    expect(statements).to_have_count(1)
    expect(page.get_by_test_id("progress")).to_contain_text("Rédaction et vérification en cours")
    scripted[0].state.go_on.set()
    expect(statements).to_have_count(2)
    expect(page.get_by_test_id("trust")).to_contain_text(
        f"Vérifié 2 phrases, toutes vérifiées dans 2 documents en vigueur au {long_date(date.today())}."
    )
    expect(page.get_by_test_id("mode")).to_have_text(EXTRACTIVE)
    expect(page.get_by_text("Lire une réponse")).to_have_count(0)
    screenshot(page, "question-answer")


def test_an_unverified_statement_never_looks_verified(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)

    ask(page, "Une réponse rédigée")

    expect(page.get_by_test_id("trust")).to_contain_text("À contrôler 3 phrases : 1 non vérifiée")
    expect(page.get_by_test_id("mode")).to_contain_text(
        "intelligence artificielle (modèle mistral-small-3.2)"
    )
    doubtful = page.locator("[data-testid=statement][data-verified=false]")
    expect(doubtful).to_have_count(1)
    expect(doubtful.get_by_test_id("unverified")).to_contain_text("Non vérifié :")
    look = "node => getComputedStyle(node.querySelector('p')).color + getComputedStyle(node).borderLeftStyle"
    sure = page.locator("[data-testid=statement][data-verified=true]").first
    assert doubtful.evaluate(look) != sure.evaluate(look)
    expect(page.get_by_text(SCENES["rédigée"].warnings[0])).to_be_visible()
    screenshot(page, "question-unverified")


def test_a_superseded_document_lowers_the_trust_line(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)

    ask(page, "Et autrefois ?")

    expect(page.get_by_test_id("trust")).to_contain_text("1 document qui n’est pas en vigueur")
    expect(page.get_by_test_id("passage").first.get_by_test_id("status").first).to_have_text("remplacé")
    screenshot(page, "question-superseded")


def test_without_an_answer_the_page_says_so_calmly_and_shows_the_nearest_passages(
    page: Page, ui_url: str
) -> None:
    open_page(page, ui_url)

    ask(page, "Qui a marché sur la lune ?")

    expect(page.get_by_test_id("abstention")).to_contain_text("Sans réponse")
    expect(page.get_by_test_id("abstention")).to_contain_text(ABSTENTION)
    expect(page.get_by_test_id("passage")).to_have_count(2)
    page.get_by_test_id("passage").first.locator("summary").click()
    expect(page.get_by_test_id("passage").first.get_by_test_id("passage-text")).to_be_visible()
    screenshot(page, "question-abstention", full=True)


@pytest.mark.parametrize(
    ("question", "label", "passages"),
    [("Comment faire des crêpes ?", "Hors sujet", 1), ("Bonjour", "Bonjour. Posez votre question", 0)],
)
def test_what_is_no_question_for_these_documents_is_said_differently(
    page: Page, ui_url: str, question: str, label: str, passages: int
) -> None:
    open_page(page, ui_url)

    ask(page, question)

    expect(page.get_by_test_id("abstention")).to_contain_text(label)
    expect(page.get_by_test_id("passage")).to_have_count(passages)
    expect(page.get_by_text("Passages les plus proches")).to_have_count(0)


def test_figures_without_support_are_marked_and_repairs_are_said(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)

    ask(page, "Un chiffre ?")

    expect(page.get_by_test_id("trust")).to_contain_text("1 non vérifiée")
    expect(page.get_by_test_id("unsupported")).to_have_text("12 jours")
    expect(page.get_by_test_id("repaired")).to_be_visible()
    screenshot(page, "question-figures")


def test_texts_that_disagree_are_shown_with_their_dates_and_lower_the_trust(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)

    ask(page, "Quel délai pour une réclamation ?")

    expect(page.get_by_test_id("trust")).to_contain_text("À contrôler")
    sides = page.get_by_test_id("conflict").locator("li")
    expect(sides.nth(0)).to_contain_text("En vigueur depuis le 1er février 2026")
    expect(sides.nth(1)).to_contain_text("En vigueur depuis le 1er février 2023")
    screenshot(page, "question-conflict")


def test_the_legal_basis_of_a_sheet_has_its_own_group(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)

    ask(page, "Quelle base légale ?")

    expect(page.get_by_role("heading", name="Base légale")).to_be_visible()
    expect(page.get_by_test_id("legal-basis")).to_have_text("base légale de [1]")
    screenshot(page, "question-legal-basis", full=True)


def test_the_former_answer_is_folded_away_while_the_next_one_is_written(
    page: Page, ui_url: str, scripted: tuple[FastAPI, str]
) -> None:
    scripted[0].state.go_on.clear()
    open_page(page, ui_url)
    ask(page, "Une réponse rédigée")
    expect(current(page).get_by_test_id("statement")).to_have_count(3)
    expect(page.get_by_test_id("trust")).to_be_visible()

    ask(page, "Et autrefois ? Réponds lentement.")

    expect(current(page).get_by_test_id("statement")).to_have_count(1)
    expect(current(page).get_by_test_id("statement")).to_contain_text(FORMER.text)
    expect(page.get_by_test_id("progress")).to_be_visible()
    expect(page.get_by_test_id("copy")).to_have_count(0)
    expect(page.get_by_test_id("turn")).to_have_count(1)
    expect(page.get_by_test_id("turn").get_by_test_id("trust")).to_be_hidden()
    scripted[0].state.go_on.set()
    expect(page.get_by_test_id("trust").last).to_contain_text("1 phrase")


def test_the_filters_reach_the_server(page: Page, ui_url: str, scripted: tuple[FastAPI, str]) -> None:
    open_page(page, ui_url)
    page.get_by_role("button", name="Formations").click()
    page.get_by_role("combobox", name="Sources").click()
    page.get_by_role("option", name="procedures").click()
    page.keyboard.press("Escape")
    page.get_by_text("Inclure les textes qui ne sont plus en vigueur").click()

    ask(page, "Que dit la synthèse ?")
    expect(page.get_by_test_id("trust")).to_be_visible()

    request = scripted[0].state.asked[-1]
    assert request.question == "Que dit la synthèse ?"
    assert request.as_of == date.today()
    assert set(request.kinds) == {Kind.PROCEDURE, Kind.LEGAL}
    assert request.sources == ["procedures"]
    assert request.include_expired


def test_an_empty_question_is_not_sent(page: Page, ui_url: str, scripted: tuple[FastAPI, str]) -> None:
    open_page(page, ui_url)
    before = len(scripted[0].state.asked)

    page.get_by_role("button", name="Demander").click()

    expect(page.get_by_text("Écrivez une question avant de l’envoyer.")).to_be_visible()
    assert len(scripted[0].state.asked) == before


def test_an_answer_that_breaks_off_keeps_what_came_and_says_why(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)

    ask(page, "Une panne pendant la synthèse")

    expect(page.get_by_role("alert")).to_contain_text("La réponse est incomplète")
    expect(page.get_by_role("alert")).to_contain_text("Réessayez dans quelques minutes")
    expect(page.get_by_test_id("statement")).to_have_count(1)
    expect(page.get_by_test_id("trust")).to_have_count(0)
    screenshot(page, "question-incomplete")


def test_the_answer_is_still_there_after_a_visit_to_the_sources(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)
    ask(page, "Que dit la synthèse ?")
    expect(page.get_by_test_id("trust")).to_be_visible()

    page.get_by_role("link", name="Sources").click()
    expect(page.get_by_test_id("sources")).to_be_visible()
    page.get_by_role("link", name="Question").click()

    expect(page.get_by_test_id("statement")).to_have_count(2)
    expect(page.get_by_test_id("asked")).to_contain_text("Que dit la synthèse ?")


def test_without_a_server_the_page_says_so_before_and_after_the_question(
    page: Page, start_streamlit: StartStreamlit
) -> None:
    open_page(page, start_streamlit(f"http://127.0.0.1:{free_port()}"))
    expect(page.get_by_test_id("not-ready")).to_contain_text("Le serveur de Fanal ne répond pas")

    ask(page, "Que dit la synthèse ?")

    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.get_by_role("alert")).to_contain_text("La question n’a pas reçu de réponse")
    screenshot(page, "question-no-server")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=lambda size: str(size["width"]))
def test_nothing_overflows_sideways(page: Page, ui_url: str, size: dict[str, int]) -> None:
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    open_page(page, ui_url)
    ask(page, "Une réponse rédigée")
    expect(page.get_by_test_id("trust")).to_be_visible()

    widest = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")

    assert widest <= size["width"], json.dumps(size)
