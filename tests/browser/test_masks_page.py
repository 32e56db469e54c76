"""The notes and the review of their masks in a real browser, up to what is sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from server.mask_schemas import MaskSpan
from tests.browser.conftest import listens, open_page, screenshot
from tests.browser.drafting import mask_selection, masks, select_words, to_consent, to_masks, to_notes, write
from tests.browser.notes_scenes import NOTES
from tests.browser.test_accessible_names import nameless

pytestmark = pytest.mark.browser

HOSTILE = (
    "🙂👩‍🏫 Née à 𝒫aris, elle écrit <script>document.title = 'piège'</script> et **gras** [lien](javascript:alert(1))."
    "\n"
    "  \n\t\n<img src=x onerror=\"document.title='piège'\"> $x$ &amp; مرحبا بالعالم שלום. "
    "🇫🇷 Son amie Josiane Pradel appelle au 06 12 34 56 78."
)


@pytest.fixture
def api(scripted: tuple[FastAPI, str]) -> Iterator[FastAPI]:
    """Give the scripted server, which was asked nothing yet."""
    app, _ = scripted
    app.state.masked.clear()
    app.state.drafted.clear()
    app.state.drafts.clear()
    app.state.draft_problem = None
    app.state.write_on.clear()
    yield app
    app.state.draft_problem = None
    app.state.write_on.set()


def sent(api: FastAPI) -> list[MaskSpan]:
    """Give what the last draft was asked to mask."""
    spans: list[MaskSpan] = api.state.drafted[-1].mask
    return spans


def test_a_refusal_stops_before_anything_is_sent(page: Page, ui_url: str, api: FastAPI) -> None:
    to_consent(page, ui_url, "Bilan de compétences")
    expect(page.get_by_role("radio", name="Elle accepte")).not_to_be_checked()
    expect(page.get_by_role("radio", name="Elle refuse")).not_to_be_checked()

    page.get_by_text("Elle refuse", exact=True).click()

    expect(page.get_by_test_id("refused")).to_contain_text("rien n’est enregistré")
    expect(page.get_by_role("button", name="Continuer vers les notes")).to_have_count(0)
    assert api.state.masked == api.state.drafted == []
    screenshot(page, "synthese-refus")


def test_another_template_asks_again(page: Page, ui_url: str) -> None:
    to_consent(page, ui_url, "Bilan de compétences")
    page.get_by_text("Elle accepte", exact=True).click()
    expect(page.get_by_text("accord écrit pour que la synthèse soit conservée 3")).to_be_visible()

    page.get_by_text("Synthèse libre", exact=True).click()

    expect(page.get_by_test_id("consent")).to_contain_text("résumer cet entretien")
    expect(page.get_by_role("radio", name="Elle accepte")).not_to_be_checked()
    expect(page.get_by_role("button", name="Continuer vers les notes")).to_have_count(0)


def test_a_selection_is_masked_everywhere_and_is_what_is_sent(page: Page, ui_url: str, api: FastAPI) -> None:
    to_masks(page, ui_url, NOTES)
    expect(masks(page)).to_have_count(5)
    expect(page.get_by_test_id("legend")).to_contain_text("5\u00a0endroits masqués")

    select_words(page, "Josiane Pradel", place=1)
    mask_selection(page, "Personne")
    expect(masks(page)).to_have_count(7)
    page.get_by_text("Le texte masqué, tel qu’il servira").click()
    expect(page.get_by_test_id("model-reads")).to_contain_text("[PERSONNE_2] lui a conseillé une VAE")
    expect(page.get_by_test_id("model-reads")).not_to_contain_text("Josiane")
    assert api.state.drafted == [], "nothing leaves before it is asked for"
    write(page)

    assert [NOTES[span.start : span.end] for span in sent(api)].count("Josiane Pradel") == 2
    assert api.state.drafted[-1].notes == NOTES


def test_a_mask_is_taken_off_changed_moved_and_undone(page: Page, ui_url: str, api: FastAPI) -> None:
    to_masks(page, ui_url, NOTES)
    masks(page).first.click()
    expect(page.get_by_test_id("chosen")).to_contain_text("« Martine Lefèvre », personne")
    page.get_by_role("button", name="Retirer ce masque").click()
    expect(page.get_by_test_id("confirm-removal")).to_contain_text("permet de reconnaître une personne")
    screenshot(page, "synthese-retrait")
    page.get_by_role("button", name="Garder le masque").click()
    expect(masks(page)).to_have_count(5)

    page.get_by_role("button", name="Réduire à droite").click()
    expect(page.get_by_test_id("chosen")).to_contain_text("« Martine », personne")
    page.get_by_role("button", name="Étendre à droite").click()
    expect(page.get_by_test_id("chosen")).to_contain_text("« Martine Lefèvre »")
    page.get_by_role("button", name="Terminer").click()
    expect(page.get_by_test_id("chosen")).to_have_count(0)

    page.locator('[data-type="EMPLOYEUR"]').click()
    page.get_by_role("button", name="Retirer ce masque").click()
    expect(masks(page)).to_have_count(4)
    page.get_by_role("button", name="Annuler le dernier changement").click()
    expect(masks(page)).to_have_count(5)
    write(page)
    assert len(sent(api)) == 5


def test_a_type_is_changed(page: Page, ui_url: str, api: FastAPI) -> None:
    to_masks(page, ui_url, NOTES)
    page.locator('[data-type="SANTE"]').click()
    page.get_by_label("Type du masque").click()
    page.get_by_role("option", name="Handicap").click()
    expect(page.locator('[data-type="HANDICAP"]')).to_have_text("diabète")
    page.get_by_role("button", name="Terminer").click()
    write(page)
    assert "HANDICAP" in {span.type for span in sent(api)}


def test_masks_work_from_the_keyboard_and_every_control_has_a_name(page: Page, ui_url: str) -> None:
    to_masks(page, ui_url, NOTES)
    assert nameless(page) == []
    masks(page).first.focus()
    page.keyboard.press("ArrowRight")
    expect(masks(page).nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("chosen")).to_contain_text("Boulangerie Clairval")
    expect(page.locator(".st-key-mask-editor button").first).to_be_focused()
    assert nameless(page) == []
    page.get_by_role("button", name="Terminer").focus()
    page.keyboard.press("Enter")
    expect(masks(page).nth(1)).to_be_focused()

    page.get_by_label("Mots à masquer").fill("tullins")
    page.keyboard.press("Enter")
    expect(masks(page)).to_have_count(6)
    expect(masks(page).last).to_have_text("Tullins")


def test_hostile_notes_run_nothing_and_their_offsets_are_right(page: Page, ui_url: str, api: FastAPI) -> None:
    to_masks(page, ui_url, HOSTILE)
    box = page.get_by_test_id("notes")
    assert box.evaluate("box => box.textContent") == HOSTILE
    expect(box.locator("script, img, b, a")).to_have_count(0)

    select_words(page, "Josiane Pradel")
    mask_selection(page, "Personne")
    expect(masks(page).first).to_have_text("Josiane Pradel")
    select_words(page, "𝒫aris")
    mask_selection(page, "Lieu de naissance")
    expect(masks(page)).to_have_count(3)
    screenshot(page, "synthese-hostile")
    write(page)

    assert sorted(HOSTILE[span.start : span.end] for span in sent(api)) == sorted(
        ["06 12 34 56 78", "Josiane Pradel", "𝒫aris"]
    )
    expect(page).to_have_title("Synthèse · Fanal")
    expect(page.locator("[data-testid=stMain] img, [data-testid=stMain] script")).to_have_count(0)


def test_a_file_adds_its_text_to_the_notes(page: Page, ui_url: str, tmp_path: Path) -> None:
    notes = to_notes(page, ui_url)
    notes.fill("Déjà là.")
    notes.blur()  # as a click on the upload button does
    file = tmp_path / "notes.txt"
    file.write_text("Martine Lefèvre est venue.\r\nElle revient lundi.", "utf-8")
    page.locator("input[type=file]").set_input_files(file)
    # While the page is drawn again, the former text area may still stand beside the new one.
    expect(notes.first).to_have_value("Déjà là.\n\nMartine Lefèvre est venue.\nElle revient lundi.")
    expect(page.get_by_text("La page 2 était illisible.")).to_be_visible()

    empty = tmp_path / "vide.txt"
    empty.write_text(" ", "utf-8")
    page.locator("input[type=file]").set_input_files(empty)
    expect(page.get_by_test_id("file-refused")).to_contain_text("Ce fichier est vide.")
    expect(notes).to_have_value("Déjà là.\n\nMartine Lefèvre est venue.\nElle revient lundi.")


def test_a_server_that_fails_keeps_what_was_typed(page: Page, ui_url: str, api: FastAPI) -> None:
    notes = to_notes(page, ui_url)
    notes.fill(NOTES)
    api.state.draft_problem = (503, "L’analyseur ne répond pas.")
    page.get_by_role("button", name="Relire les masques").click()
    expect(page.get_by_role("alert")).to_contain_text("L’analyseur ne répond pas.")
    expect(notes).to_have_value(NOTES)

    page.get_by_role("link", name="Sources").click()
    expect(page.get_by_test_id("sources")).to_be_visible()
    page.get_by_role("link", name="Synthèse").click()
    expect(notes).to_have_value(NOTES)


def test_no_name_reaches_the_address_or_the_title(page: Page, ui_url: str) -> None:
    to_masks(page, ui_url, NOTES, label="Martine Lefèvre, bilan")
    masks(page).first.click()
    expect(page.get_by_test_id("chosen")).to_be_visible()
    page.get_by_role("button", name="Terminer").click()
    write(page)

    assert page.url == f"{ui_url}/synthese"
    expect(page).to_have_title("Synthèse · Fanal")


def test_notes_of_thirty_pages_stay_usable(page: Page, ui_url: str, api: FastAPI) -> None:
    lines = [
        f"Entretien {number} : Martine Lefèvre joint la Boulangerie Clairval au 06 12 34 56 78, puis attend."
        for number in range(1, 901)
    ]
    text = "\n".join(lines)
    assert len(text) > 75_000
    to_masks(page, ui_url, text, template="Synthèse libre")
    expect(masks(page)).to_have_count(2_700)
    expect(page.get_by_role("button", name="Rédiger la synthèse")).to_be_in_viewport()

    select_words(page, "Entretien 875")
    mask_selection(page, "Autre numéro officiel")
    expect(masks(page)).to_have_count(2_701)
    assert api.state.masked[-1].mask is not None
    places = {(span.start, span.end) for span in api.state.masked[-1].mask}
    assert (text.index("Entretien 875"), text.index("Entretien 875") + len("Entretien 875")) in places


def test_the_pages_hand_over_to_each_other(page: Page, ui_url: str) -> None:
    """Each page listens for its own buttons, also after another one did."""
    open_page(page, f"{ui_url}/assistants")
    page.get_by_role("link", name="Synthèse").click()
    expect(page.get_by_text("Quelle synthèse voulez-vous écrire ?")).to_be_visible()
    page.get_by_test_id("stRadioGroup").first.get_by_text("Bilan de compétences", exact=True).click()
    page.get_by_text("Elle accepte", exact=True).click()
    page.get_by_role("button", name="Continuer vers les notes").click()
    page.get_by_label("Notes d’entretien").fill(NOTES)
    page.get_by_role("button", name="Relire les masques").click()
    listens(page)
    masks(page).first.click()
    expect(page.get_by_test_id("chosen")).to_be_visible()
