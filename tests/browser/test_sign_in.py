"""Signing in, in a real browser: the provider, the server that checks its tokens, and the page between them."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ask, current, panel, screenshot
from tests.browser.signing_in import (
    OPEN_QUESTION,
    PATIENCE_MS,
    RESERVED_QUESTION,
    Place,
    sign_in,
    signed_in,
    signing_in,
)

pytestmark = pytest.mark.browser

NOTES = "Elle veut devenir soudeuse. Elle habite près de la gare."


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Start everything once."""
    with signing_in(tmp_path_factory.mktemp("sign-in")) as started:
        yield started


def menu(page: Page) -> list[str]:
    """Give the pages of the menu."""
    return page.get_by_test_id("stTopNavLink").all_inner_texts()


def ask_whole(page: Page, question: str) -> None:
    """Ask, and wait until the answer is whole."""
    ask(page, question)
    expect(page.get_by_test_id("asked").last).to_contain_text(question, timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Refaire la réponse")).to_be_visible(timeout=PATIENCE_MS)


def test_nothing_is_shown_before_one_signs_in(place: Place, page: Page) -> None:
    page.goto(f"{place.page}/qualite")
    expect(page.get_by_role("button", name="Se connecter")).to_be_visible(timeout=PATIENCE_MS)
    assert not menu(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert httpx.get(f"{place.api}/v1/sources").status_code == httpx.codes.UNAUTHORIZED
    screenshot(page, "sign-in")


def test_an_advisor_asks_and_opens_the_document(place: Place, page: Page) -> None:
    signed_in(page, place, "Iris Conseil")
    assert menu(page) == ["Question", "Sources"]
    ask_whole(page, OPEN_QUESTION)
    expect(current(page)).to_contain_text("cinq jours ouvrés")
    screenshot(page, "sign-in-advisor")

    current(page).get_by_test_id("citation").first.click()
    link = panel(page).get_by_role("link", name="Ouvrir le document d’origine")
    expect(link).to_be_visible()
    address = link.get_attribute("href") or ""
    assert "ticket" not in address
    assert httpx.get(address).status_code == httpx.codes.UNAUTHORIZED
    with page.expect_download() as download:
        link.click()
    assert "cinq jours ouvrés" in download.value.path().read_text("utf-8")


def test_a_document_of_another_group_is_not_seen(place: Place, page: Page) -> None:
    signed_in(page, place, "Iris Conseil")
    ask(page, RESERVED_QUESTION)
    expect(page.get_by_test_id("abstention")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("body")).not_to_contain_text("deux recrutements")


def test_the_quality_team_has_its_page_and_its_groups(place: Place, page: Page) -> None:
    signed_in(page, place, "Quentin Qualité")
    assert menu(page) == ["Question", "Sources", "Qualité"]
    ask_whole(page, RESERVED_QUESTION)
    expect(current(page)).to_contain_text("deux recrutements")
    page.get_by_test_id("stTopNavLink").filter(has_text="Qualité").click()
    expect(page.get_by_test_id("place")).to_be_visible(timeout=PATIENCE_MS)


def test_who_may_not_open_a_page_is_told_so(place: Place, page: Page) -> None:
    signed_in(page, place, "Iris Conseil")
    page.goto(f"{place.page}/synthese")
    expect(page.get_by_test_id("not-yours")).to_be_visible(timeout=PATIENCE_MS)
    page.goto(f"{place.page}/sources")
    expect(page.get_by_role("heading", name="Sources")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Lancer")).to_have_count(0)


def test_somebody_without_a_role_is_told_whom_to_ask(place: Place, page: Page) -> None:
    sign_in(page, place, "Noé Nouveau")
    expect(page.get_by_test_id("no-role")).to_contain_text("administrateur", timeout=PATIENCE_MS)
    assert not menu(page)
    screenshot(page, "sign-in-no-role")
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("button", name="Se connecter")).to_be_visible(timeout=PATIENCE_MS)


def test_one_signs_out_at_the_provider_too(place: Place, page: Page) -> None:
    signed_in(page, place, "Iris Conseil")
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("button", name="Se connecter")).to_be_visible(timeout=PATIENCE_MS)
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert not {name for name in names if name.startswith("_streamlit_user")}
    signed_in(page, place, "Quentin Qualité")


def test_a_question_outlives_its_session(place: Place, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(place.provider, "lifetime_s", 25)
        signed_in(page, place, "Iris Conseil")
    notice = page.get_by_test_id("session-ends")
    expect(notice).to_contain_text("Votre session a expiré", timeout=PATIENCE_MS)
    ask(page, OPEN_QUESTION)
    expect(page.get_by_test_id("asked")).to_have_count(0)
    expect(page.get_by_label("Question", exact=True)).to_have_value(OPEN_QUESTION)
    screenshot(page, "sign-in-over")

    screenshot(sign_in_again(page), "sign-in-back")
    expect(notice).to_have_count(0)
    expect(page.get_by_label("Question", exact=True)).to_have_value(OPEN_QUESTION)
    page.get_by_role("button", name="Demander").click()
    expect(current(page)).to_contain_text("cinq jours ouvrés", timeout=PATIENCE_MS)


def test_notes_outlive_their_session_and_the_keys_of_the_provider(
    place: Place, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(place.provider, "lifetime_s", 45)
        signed_in(page, place, "Rémi Redac")
    assert menu(page) == ["Question", "Synthèse", "Assistants", "Sources"]
    page.get_by_test_id("stTopNavLink").filter(has_text="Synthèse").click()
    page.get_by_test_id("stRadioGroup").first.get_by_text("Entretien de suivi", exact=True).click()
    page.get_by_text("Elle accepte", exact=True).click()
    page.get_by_role("button", name="Continuer vers les notes").click()
    notes = page.get_by_label("Notes d’entretien")
    notes.fill(NOTES)
    over = page.get_by_test_id("session-ends").filter(has_text="Votre session a expiré")
    expect(over).to_be_visible(timeout=2 * PATIENCE_MS)
    page.get_by_role("button", name="Relire les masques").click()
    expect(page.get_by_test_id("notice")).to_contain_text("reconnectez-vous")
    expect(notes).to_have_value(NOTES)

    place.provider.keys.rotate()
    sign_in_again(page)
    expect(over).to_have_count(0)
    expect(notes).to_have_value(NOTES)
    page.get_by_role("button", name="Relire les masques").click()
    expect(page.get_by_test_id("notes")).to_contain_text("veut devenir soudeuse", timeout=PATIENCE_MS)


def sign_in_again(page: Page) -> Page:
    """Follow « Se reconnecter », and wait until the tab that it opens has handed its session over; gives that tab."""
    with page.expect_popup() as opened:
        page.get_by_test_id("session-ends").get_by_role("link", name="Se reconnecter").click()
    expect(opened.value.get_by_test_id("session-back")).to_be_visible(timeout=PATIENCE_MS)
    return opened.value
