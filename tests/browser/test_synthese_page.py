"""Writing, reviewing, validating and keeping a synthesis in a real browser, against the scripted server."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from tests.browser.conftest import listens, open_page, panel, screenshot
from tests.browser.drafting import edit, masks, press, section_text, to_masks, to_review, validate, write
from tests.browser.notes_scenes import NOTES
from tests.browser.scripted_drafts import INVENTED
from tests.browser.test_accessible_names import nameless

pytestmark = pytest.mark.browser


@pytest.fixture
def api(scripted: tuple[FastAPI, str]) -> Iterator[FastAPI]:
    """Give the scripted server, which keeps nothing yet."""
    app, _ = scripted
    app.state.drafts.clear()
    app.state.drafted.clear()
    app.state.draft_problem = None
    app.state.write_on.clear()
    yield app
    app.state.draft_problem = None
    app.state.write_on.set()


def patch(scripted: tuple[FastAPI, str], section: str, text: str) -> None:
    """Change a section of the only draft, as another window does."""
    app, url = scripted
    [draft_id] = app.state.drafts
    body = {"sections": [{"id": section, "text": text}]}
    httpx.patch(f"{url}/v1/drafts/{draft_id}", json=body, timeout=20).raise_for_status()


def test_sections_appear_as_they_are_verified(page: Page, ui_url: str, api: FastAPI) -> None:
    to_masks(page, ui_url, f"Elle parle lentement. {NOTES}")
    page.get_by_role("button", name="Rédiger la synthèse").click()
    expect(page.get_by_test_id("section-written")).to_have_count(1)
    expect(page.get_by_test_id("writing")).to_contain_text("1\u00a0rubrique écrite sur 4")
    expect(masks(page)).to_have_count(0)
    screenshot(page, "synthese-redaction")

    api.state.write_on.set()
    expect(page.get_by_test_id("draft-head")).to_be_visible()
    expect(page.get_by_test_id("section-written")).to_have_count(0)


def test_stopping_keeps_the_notes_and_the_masks(page: Page, ui_url: str, api: FastAPI) -> None:
    to_masks(page, ui_url, f"Elle parle lentement. {NOTES}")
    page.get_by_role("button", name="Rédiger la synthèse").click()
    expect(page.get_by_test_id("section-written")).to_have_count(1)
    page.get_by_role("button", name="Arrêter").click()

    expect(page.get_by_test_id("not-written")).to_contain_text("arrêtée à votre demande")
    assert api.state.draft_left.wait(5.0)
    expect(masks(page)).to_have_count(5)
    assert api.state.drafts == {}
    page.get_by_role("button", name="Revenir aux notes").click()
    expect(page.get_by_label("Notes d’entretien")).to_have_value(f"Elle parle lentement. {NOTES}")


def test_an_error_on_the_way_keeps_everything_and_can_be_tried_again(
    page: Page, ui_url: str, api: FastAPI
) -> None:
    to_masks(page, ui_url, NOTES)
    api.state.draft_problem = (503, "Le modèle est occupé.")
    page.get_by_role("button", name="Rédiger la synthèse").click()
    expect(page.get_by_test_id("not-written")).to_contain_text("Le modèle est occupé.")
    expect(masks(page)).to_have_count(5)
    write(page)
    assert len(api.state.drafts) == 1


def test_each_sentence_leads_to_the_notes_it_rests_on(page: Page, ui_url: str, api: FastAPI) -> None:
    to_review(page, ui_url, NOTES)
    assert api.state.drafted
    expect(page.get_by_test_id("draft-head")).to_contain_text("1\u00a0non vérifiée")
    expect(page.get_by_test_id("contradictions")).to_contain_text("Aucun diplôme, puis un CAP.")
    expect(page.get_by_test_id("unanswered")).to_contain_text("1\u00a0question sans réponse")
    expect(page.get_by_test_id("missing")).to_contain_text("Non renseigné")
    expect(section_text(page, "Mobilité")).to_have_value("non renseigné")
    assert nameless(page) == []

    doubtful = page.get_by_test_id("sentence").filter(has_text=INVENTED)
    expect(doubtful).to_have_attribute("data-verified", "false")
    expect(doubtful).to_contain_text("« 3 » n’est pas dans les phrases citées")
    sure = page.get_by_test_id("sentence").filter(has_text="conseillé une VAE")
    sure.hover()
    expect(page.locator("li.fanal-lit")).to_have_count(1)
    expect(page.locator("li.fanal-lit")).to_contain_text("Josiane Pradel lui a conseillé une VAE.")
    sure.get_by_test_id("source").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#note-projet-6")).to_be_focused()


def test_advice_opens_its_passage(page: Page, ui_url: str, api: FastAPI) -> None:
    to_review(page, ui_url, NOTES)
    assert api.state.drafted
    listens(page)
    page.get_by_test_id("citation").click()
    expect(panel(page).locator("mark")).to_contain_text("La synthèse est conservée trois ans")
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)


def test_changes_are_saved_compared_validated_and_exported(page: Page, ui_url: str, api: FastAPI) -> None:
    to_review(page, ui_url, NOTES)
    edit(page, "Mobilité", "Elle vient à vélo.")
    [draft] = api.state.drafts.values()
    assert {one.id: one.text for one in draft.sections}["mobilite"] == "Elle vient à vélo."

    page.get_by_text("Voir mes changements").click()
    diff = page.get_by_test_id("diff")
    expect(diff).to_have_count(1)
    expect(diff.locator("del")).to_contain_text("non renseigné")
    expect(diff.locator("ins")).to_contain_text("Elle vient à vélo.")
    page.get_by_text("Voir mes changements").click()
    for _ in range(3):  # editors that come and go are never taken for emptied
        page.get_by_text("Voir mes changements").click()
        page.get_by_text("Voir mes changements").click()
    expect(section_text(page, "Mobilité")).to_have_value("Elle vient à vélo.")

    expect(page.get_by_role("button", name="DOCX")).to_have_count(0)
    page.get_by_role("button", name="J’ai relu et je valide").click()
    expect(page.get_by_text("Écrivez votre prénom et votre nom")).to_be_visible()
    validate(page, "Claire Morin")
    with page.expect_download() as download:
        page.get_by_role("button", name="ODT").click()
    assert download.value.suggested_filename == "synthese-2026-11-22.odt"
    exported = download.value.path().read_text("utf-8")
    assert "Elle vient à vélo." in exported
    assert "Martine Lefèvre, 42 ans" in exported

    edit(page, "Mobilité", "Elle vient à pied.")
    expect(page.get_by_test_id("validated")).to_have_count(0)
    expect(page.get_by_role("button", name="J’ai relu et je valide")).to_be_visible()


def test_what_was_typed_last_is_saved_before_it_is_validated(page: Page, ui_url: str, api: FastAPI) -> None:
    to_review(page, ui_url, NOTES)
    section_text(page, "Mobilité").fill("Elle vient en train.")
    validate(page, "Claire Morin")
    [draft] = api.state.drafts.values()
    assert {one.id: one.text for one in draft.sections}["mobilite"] == "Elle vient en train."
    assert draft.status == "validated"


def test_a_press_on_a_button_straight_from_a_text_counts(page: Page, ui_url: str, api: FastAPI) -> None:
    to_review(page, ui_url, NOTES)
    page.get_by_label("Votre prénom et votre nom").fill("Claire Morin")
    section_text(page, "Mobilité").fill("Elle vient en train.")
    press(page, page.get_by_role("button", name="J’ai relu et je valide"))
    expect(page.get_by_test_id("validated")).to_contain_text("Validée par Claire Morin")
    [draft] = api.state.drafts.values()
    assert {one.id: one.text for one in draft.sections}["mobilite"] == "Elle vient en train."


def test_an_export_whose_validation_was_withdrawn_in_another_window_is_told(
    page: Page, ui_url: str, scripted: tuple[FastAPI, str], api: FastAPI
) -> None:
    to_review(page, ui_url, NOTES)
    validate(page, "Claire Morin")
    assert api.state.drafts
    patch(scripted, "mobilite", "Elle vient en bus.")
    page.get_by_role("button", name="DOCX").click()
    expect(page.get_by_text("La validation a été retirée")).to_be_visible()
    expect(section_text(page, "Mobilité")).to_have_value("Elle vient en bus.")
    expect(page.get_by_text("Failed to generate")).to_have_count(0)


def test_a_change_made_in_another_window_is_explained_and_nothing_is_lost(
    page: Page, ui_url: str, scripted: tuple[FastAPI, str], api: FastAPI
) -> None:
    to_review(page, ui_url, NOTES)
    patch(scripted, "mobilite", "Elle vient en bus.")
    section_text(page, "Mobilité").fill("Elle vient à vélo.")
    page.keyboard.press("Tab")

    stale = page.get_by_test_id("stale")
    expect(stale).to_contain_text("Cette synthèse a été modifiée ailleurs")
    expect(stale).to_contain_text("« Elle vient en bus. »")
    expect(section_text(page, "Mobilité")).to_have_value("Elle vient à vélo.")
    screenshot(page, "synthese-ailleurs")
    page.get_by_role("button", name="Enregistrer mon texte").click()
    expect(stale).to_have_count(0)
    [draft] = api.state.drafts.values()
    assert {one.id: one.text for one in draft.sections}["mobilite"] == "Elle vient à vélo."

    patch(scripted, "mobilite", "Elle vient à cheval.")
    section_text(page, "Mobilité").fill("Elle vient à pied.")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Prendre l’autre texte").click()
    expect(stale).to_have_count(0)
    expect(section_text(page, "Mobilité")).to_have_count(1)
    expect(section_text(page, "Mobilité")).to_have_value("Elle vient à cheval.")


def test_what_cannot_be_saved_stays_and_the_browser_asks_before_it_is_lost(
    page: Page, ui_url: str, api: FastAPI
) -> None:
    to_review(page, ui_url, NOTES)
    api.state.draft_problem = (507, "Le disque du serveur est plein.")
    section_text(page, "Mobilité").fill("Elle vient à vélo.")
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("unsaved")).to_contain_text("Le disque du serveur est plein.")
    expect(section_text(page, "Mobilité")).to_have_value("Elle vient à vélo.")
    # The page's script is told at the end of the run that showed the notice.
    page.wait_for_function("() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))")

    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.get_by_test_id("unsaved")).to_have_count(0)
    page.wait_for_function("() => window.dispatchEvent(new Event('beforeunload', {cancelable: true}))")


def test_a_synthesis_is_found_again_and_deleted_once_confirmed(page: Page, ui_url: str, api: FastAPI) -> None:
    to_review(page, ui_url, NOTES, label="dossier 118")
    page.get_by_role("button", name="Mes synthèses").click()
    entry = page.get_by_test_id("former-draft")
    expect(entry).to_contain_text("Supprimée automatiquement le 22\u00a0décembre\u00a02026")
    expect(entry).to_contain_text("Brouillon")
    screenshot(page, "synthese-mes-syntheses")

    open_page(page, f"{ui_url}/synthese")
    listens(page)
    page.get_by_role("button", name="Ouvrir : dossier 118").click()
    expect(section_text(page, "Parcours")).to_have_value(
        next(iter(api.state.drafts.values())).sections[0].text
    )
    page.get_by_role("button", name="Mes synthèses").click()
    page.get_by_role("button", name="Supprimer : dossier 118").click()
    page.get_by_role("button", name="Annuler").click()
    expect(page.get_by_text("Supprimer définitivement cette synthèse")).to_have_count(0)
    assert len(api.state.drafts) == 1
    page.get_by_role("button", name="Supprimer : dossier 118").click()
    expect(page.get_by_text("Supprimer définitivement cette synthèse")).to_be_visible()
    page.get_by_role("button", name="Supprimer", exact=True).click()
    expect(page.get_by_test_id("deleted")).to_be_visible()
    expect(entry).to_have_count(0)
    assert api.state.drafts == {}
