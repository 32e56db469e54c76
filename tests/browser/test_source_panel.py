"""The panel beside the answer in a real browser: the cited passage in its document, page or text, and the keyboard."""

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, ask, current, open_page, panel, screenshot
from tests.browser.scenes import CPF, KEPT, LONG

pytestmark = pytest.mark.browser


def ask_and_open(page: Page, ui_url: str, question: str) -> None:
    """Ask, and open the first citation once the answer is whole."""
    open_page(page, ui_url)
    ask(page, question)
    expect(page.get_by_test_id("copy")).to_be_visible()
    current(page).get_by_test_id("citation").first.click()


def test_a_pdf_shows_its_page_with_the_quote_marked_and_turns(page: Page, ui_url: str) -> None:
    ask_and_open(page, ui_url, "Que faire du CPF ?")

    image = panel(page).get_by_role("img", name=f"Page 1 de\u00a0: {CPF.title}, citation surlignée")
    expect(image).to_be_visible()
    assert image.evaluate("img => img.naturalWidth") == 1000
    expect(panel(page).get_by_test_id("page")).to_have_attribute("data-marked", "1")
    expect(panel(page).get_by_test_id("page-number")).to_have_text("Page 1 sur 3")
    expect(panel(page).get_by_test_id("status")).to_have_text("en vigueur")
    expect(panel(page)).to_contain_text("En vigueur depuis le 23 mars 2026")
    expect(panel(page).get_by_role("link", name="Ouvrir le document d’origine")).to_be_visible()
    screenshot(page, "panel-pdf")

    panel(page).get_by_role("button", name="Page suivante").click()
    expect(panel(page).get_by_test_id("page-number")).to_have_text("Page 2 sur 3")
    panel(page).get_by_role("button", name="Page précédente").click()
    expect(panel(page).get_by_test_id("page-number")).to_have_text("Page 1 sur 3")
    expect(panel(page).get_by_role("button", name="Page précédente")).to_be_disabled()
    panel(page).get_by_role("button", name="Fermer").click()
    expect(panel(page)).to_have_count(0)


def test_another_document_shows_its_text_with_the_passage_framed(page: Page, ui_url: str) -> None:
    ask_and_open(page, ui_url, "Combien de temps garde-t-on la synthèse d’un bilan ?")

    expect(panel(page).locator("mark")).to_have_text(KEPT.citations[0].quote)
    expect(panel(page)).to_contain_text("Référence PR-031")
    expect(panel(page).get_by_role("group", name="Passage cité")).to_contain_text("Pièce")
    expect(panel(page).locator("table th").first).to_have_text("Pièce")
    screenshot(page, "panel-text")


def test_on_a_wide_screen_the_panel_stands_beside_the_answer(page: Page, ui_url: str) -> None:
    ask_and_open(page, ui_url, "Que dit la synthèse ?")
    expect(panel(page).locator("mark")).to_be_visible()

    statement, opened = current(page).bounding_box(), panel(page).bounding_box()
    assert statement
    assert opened
    assert statement["x"] + statement["width"] <= opened["x"]
    assert opened["width"] >= 560


def test_on_a_phone_the_panel_covers_the_answer_and_leaves_it_again(page: Page, ui_url: str) -> None:
    page.set_viewport_size(PHONE)
    ask_and_open(page, ui_url, "Que faire du CPF ?")
    expect(panel(page).get_by_test_id("page")).to_be_visible()

    opened = panel(page).bounding_box()
    assert opened
    assert opened["width"] == PHONE["width"]
    expect(panel(page).get_by_role("button", name="Fermer")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)


def test_citations_work_from_the_keyboard(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)
    ask(page, "Que dit la synthèse ?")
    expect(page.get_by_test_id("copy")).to_be_visible()

    citation = page.get_by_test_id("citation").first
    citation.focus()
    page.keyboard.press("Enter")
    expect(panel(page).locator("mark")).to_have_text(KEPT.citations[0].quote)
    expect(panel(page)).to_have_attribute("aria-label", "Source citée")
    expect(panel(page).get_by_role("button", name="Fermer")).to_be_focused()
    page.keyboard.press("Escape")

    expect(panel(page)).to_have_count(0)
    expect(citation).to_be_focused()


def test_a_quote_deep_in_a_long_passage_is_in_sight_when_it_opens(page: Page, ui_url: str) -> None:
    ask_and_open(page, ui_url, "Quelle est l’avant-dernière étape ?")

    assert LONG.text.count("\n") > 70
    expect(panel(page).locator("mark")).to_be_in_viewport()
    expect(panel(page).get_by_role("button", name="Fermer")).to_be_in_viewport()


def test_a_card_opens_its_passage_too(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)
    ask(page, "Que dit la synthèse ?")
    expect(page.get_by_test_id("copy")).to_be_visible()

    card = page.get_by_test_id("passage").nth(1)
    card.locator("summary").click()
    card.get_by_test_id("open").click()

    expect(panel(page)).to_contain_text("Article R6313-7")
    expect(panel(page).get_by_role("link", name="Lire sur Légifrance")).to_be_visible()


def test_a_document_that_is_gone_leaves_the_passage_as_it_was_cited(page: Page, ui_url: str) -> None:
    ask_and_open(page, ui_url, "Et autrefois ?")

    expect(panel(page).get_by_role("alert")).to_contain_text("Ce document n’existe pas ou plus.")
    expect(panel(page).locator("mark")).to_contain_text("conservées cinq ans")


def test_a_source_opens_while_the_answer_is_still_being_written(
    page: Page, ui_url: str, scripted: tuple[FastAPI, str]
) -> None:
    scripted[0].state.go_on.clear()
    open_page(page, ui_url)
    ask(page, "Réponds lentement : que dit la synthèse ?")
    expect(page.get_by_test_id("statement")).to_have_count(1)

    page.get_by_test_id("citation").first.click()
    expect(panel(page).locator("mark")).to_be_visible()
    expect(page.get_by_test_id("progress")).to_be_visible()
    scripted[0].state.go_on.set()

    expect(page.get_by_test_id("trust")).to_contain_text("2 phrases")
    expect(panel(page).locator("mark")).to_be_visible()
    assert not scripted[0].state.left.is_set()


def test_a_hostile_passage_runs_nothing(page: Page, ui_url: str) -> None:
    ask_and_open(page, ui_url, "C’est un piège")

    expect(panel(page).locator("mark")).to_have_text("<script>document.title = 'piège'</script>")
    expect(panel(page).get_by_test_id("passage-text")).to_contain_text(
        "[lien](javascript:alert(1)) **gras** & $x$"
    )
    expect(page.locator("[data-testid=stMain] img")).to_have_count(0)
    expect(page).to_have_title("Question · Fanal")
