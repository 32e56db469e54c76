"""A conversation in a real browser: follow-ups, stopping, doing again, copying, rating, and the history."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from server.schemas import FeedbackRequest
from tests.browser.conftest import ask, current, listens, open_page, panel, screenshot
from tests.browser.scenes import CONNECTED, KEPT, SCENES

pytestmark = pytest.mark.browser


@pytest.fixture
def api(scripted: tuple[FastAPI, str]) -> Iterator[FastAPI]:
    """Give the scripted server, with no conversation behind it."""
    app, _ = scripted
    app.state.turns.clear()
    app.state.rated.clear()
    app.state.asked.clear()
    app.state.deleted.clear()
    app.state.go_on.clear()
    yield app
    app.state.is_refusing = False
    app.state.go_on.set()


def ask_whole(page: Page, question: str) -> None:
    """Ask, and wait until the answer is whole."""
    ask(page, question)
    expect(page.get_by_test_id("asked").last).to_contain_text(question)
    expect(page.get_by_role("button", name="Refaire la réponse")).to_be_visible()


def test_a_follow_up_says_how_it_was_understood_and_folds_what_came_before(
    page: Page, ui_url: str, api: FastAPI
) -> None:
    open_page(page, ui_url)
    ask_whole(page, "Que dit la synthèse ?")

    ask_whole(page, "et pour un CDD ?")

    first, second = api.state.asked
    assert first.conversation_id is None
    assert second.conversation_id in api.state.turns
    expect(page.get_by_test_id("understood")).to_have_text(
        f"Question comprise\u00a0: {SCENES['et pour'].standalone_question}"
    )
    expect(page.get_by_test_id("asked").last).to_be_in_viewport()
    expect(page.get_by_test_id("turn")).to_contain_text("1. Que dit la synthèse ?")
    expect(page.get_by_label("Question", exact=True)).to_have_value("")
    screenshot(page, "conversation-follow-up")

    page.get_by_test_id("turn").locator("summary").first.click()
    page.get_by_test_id("turn").get_by_test_id("citation").first.click()
    expect(panel(page).locator("mark")).to_have_text(KEPT.citations[0].quote)


def test_a_new_conversation_forgets_the_former_one(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, ui_url)
    ask_whole(page, "Que dit la synthèse ?")

    page.get_by_role("button", name="Nouvelle conversation").click()
    expect(page.get_by_text("Lire une réponse")).to_be_visible()
    expect(page.get_by_test_id("statement")).to_have_count(0)
    ask_whole(page, "Que faire du CPF ?")

    assert api.state.asked[-1].conversation_id is None
    assert len(api.state.turns) == 2


def test_stopping_closes_the_connection_within_a_second_and_keeps_what_came(
    page: Page, ui_url: str, api: FastAPI
) -> None:
    open_page(page, ui_url)
    ask(page, "Réponds lentement : que dit la synthèse ?")
    expect(page.get_by_test_id("statement")).to_have_count(1)
    assert not api.state.left.is_set()

    page.get_by_role("button", name="Arrêter").click()

    expect(page.get_by_test_id("stopped")).to_contain_text("Réponse arrêtée à votre demande")
    assert api.state.left.wait(1.0)
    expect(page.get_by_test_id("statement")).to_have_count(1)
    expect(page.get_by_test_id("trust")).to_have_count(0)
    expect(page.get_by_role("button", name="Arrêter")).to_have_count(0)
    expect(page.get_by_role("button", name="Demander")).to_be_enabled()
    screenshot(page, "conversation-stopped")


def test_closing_the_page_stops_the_model(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, ui_url)
    ask(page, "Réponds lentement : que dit la synthèse ?")
    expect(page.get_by_test_id("statement")).to_have_count(1)

    page.close()

    assert api.state.left.wait(29.0)


def test_an_answer_is_done_again_in_the_place_of_the_former(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, ui_url)
    ask_whole(page, "Que dit la synthèse ?")
    ask_whole(page, "Que faire du CPF ?")
    [conversation] = api.state.turns.values()
    former = conversation[-1].id

    page.get_by_role("button", name="Refaire la réponse").click()
    expect(page.get_by_test_id("progress")).to_be_visible()
    expect(page.get_by_test_id("copy")).to_be_visible()

    assert api.state.asked[-1].replaces == former
    assert api.state.asked[-1].question == "Que faire du CPF ?"
    expect(page.get_by_test_id("turn")).to_have_count(1)
    expect(current(page).get_by_test_id("statement")).to_contain_text(CONNECTED.text)


def test_the_answer_is_copied_with_its_sources(page: Page, ui_url: str, api: FastAPI) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, ui_url)
    ask_whole(page, "Que dit la synthèse ?")

    page.get_by_test_id("copy").click()

    expect(page.get_by_test_id("copy")).to_have_text("Copié")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"- {KEPT.text} [1]" in copied
    assert "[1] PR-031 Clôture d’un bilan de compétences" in copied
    assert "à vérifier avant usage" in copied
    expect(page.get_by_test_id("copy")).to_have_text("Copier avec les sources")


def test_the_answer_is_copied_where_the_page_is_not_a_secure_context(
    page: Page, ui_url: str, api: FastAPI
) -> None:
    page.context.grant_permissions(["clipboard-read"])
    page.add_init_script("Object.defineProperty(navigator.clipboard, 'writeText', {value: undefined})")
    open_page(page, ui_url)
    ask_whole(page, "Que dit la synthèse ?")

    page.get_by_test_id("copy").click()

    expect(page.get_by_test_id("copy")).to_have_text("Copié")
    assert KEPT.text in page.evaluate("navigator.clipboard.readText()")


def test_a_thumb_up_is_sent_and_may_be_changed(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, ui_url)
    ask_whole(page, "Que dit la synthèse ?")

    page.get_by_role("button", name="Oui", exact=True).click()

    expect(page.get_by_test_id("feedback-said")).to_contain_text("avis enregistré\u00a0: utile")
    [said] = api.state.rated.values()
    assert (said.useful, said.reasons) == (True, [])
    page.get_by_role("button", name="Modifier mon avis").click()
    page.get_by_role("button", name="Oui", exact=True).click()
    expect(page.get_by_test_id("feedback-said")).to_be_visible()


def test_a_thumb_down_asks_why_and_keeps_what_was_written_when_it_fails(
    page: Page, ui_url: str, api: FastAPI
) -> None:
    api.state.is_refusing = True
    open_page(page, ui_url)
    ask_whole(page, "Que dit la synthèse ?")

    page.get_by_role("button", name="Non", exact=True).click()
    page.get_by_role("button", name="Il manque quelque chose").click()
    page.get_by_role("button", name="Ce n’est plus à jour").click()
    page.get_by_label("Précisez si vous le souhaitez").fill("Le délai des CDD")
    screenshot(page, "conversation-feedback", full=True)
    page.get_by_role("button", name="Envoyer l’avis").click()
    expect(page.get_by_test_id("feedback-trouble")).to_contain_text("Le disque du serveur est plein.")
    expect(page.get_by_label("Précisez si vous le souhaitez")).to_have_value("Le délai des CDD")

    api.state.is_refusing = False
    page.get_by_role("button", name="Envoyer l’avis").click()

    expect(page.get_by_test_id("feedback-said")).to_contain_text("pas utile (il manque quelque chose")
    [(answer_id, said)] = api.state.rated.items()
    assert FeedbackRequest(**said.model_dump(exclude={"created_at"})) == FeedbackRequest(
        answer_id=answer_id, useful=False, reasons=["incomplete", "outdated"], comment="Le délai des CDD"
    )


def test_a_former_conversation_is_opened_again_after_a_reload(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, ui_url)
    ask_whole(page, "Que dit la synthèse ?")
    ask_whole(page, "Que faire du CPF ?")
    page.get_by_role("button", name="Oui", exact=True).click()
    expect(page.get_by_test_id("feedback-said")).to_be_visible()

    open_page(page, ui_url)
    entry = page.get_by_test_id("conversation")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("Que dit la synthèse ?")
    expect(page.get_by_text("Les conversations sont gardées masquées")).to_be_visible()
    listens(page)
    entry.get_by_role("button").first.click()

    expect(page.get_by_test_id("turn")).to_contain_text("1. Que dit la synthèse ?")
    expect(current(page).get_by_test_id("statement")).to_contain_text(CONNECTED.text)
    expect(page.get_by_test_id("feedback-said")).to_contain_text("utile")
    screenshot(page, "conversation-history")
    ask_whole(page, "et pour un CDD ?")
    assert api.state.asked[-1].conversation_id in api.state.turns


def test_conversations_are_deleted_once_it_is_confirmed(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, ui_url)
    for _ in range(3):
        ask_whole(page, "Que dit la synthèse ?")
        page.get_by_role("button", name="Nouvelle conversation").click()
        expect(page.get_by_text("Lire une réponse")).to_be_visible()
    entries = page.get_by_test_id("conversation")
    expect(entries).to_have_count(3)

    entries.first.get_by_role("button", name="Supprimer").click()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("Supprimer définitivement cette conversation")).to_have_count(0)
    expect(entries).to_have_count(3)
    assert len(api.state.turns) == 3
    entries.first.get_by_role("button", name="Supprimer").click()
    expect(page.get_by_text("Supprimer définitivement cette conversation")).to_be_visible()
    page.get_by_role("button", name="Supprimer", exact=True).click()
    expect(entries).to_have_count(2)
    assert len(api.state.deleted) == 1, "one click, one request"

    page.get_by_role("button", name="Tout supprimer").click()
    expect(page.get_by_text("Supprimer définitivement toutes vos conversations")).to_be_visible()
    page.get_by_role("button", name="Supprimer", exact=True).click()
    expect(page.get_by_text("Vos conversations apparaîtront ici.")).to_be_visible()
    assert api.state.turns == {}
