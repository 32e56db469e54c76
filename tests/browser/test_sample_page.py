"""What `make run` starts, in a real browser: a day of an advisor on the sample organisation, with the real server."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Running, ask, current, listens, make_run, open_page, panel, screenshot

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "Combien de mois après la fin du bilan propose-t-on un entretien de suivi ?"
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start Fanal on the sample organisation, over an empty data folder."""
    with make_run(tmp_path_factory.mktemp("fanal")) as started:
        yield started


def ask_whole(page: Page, question: str) -> None:
    """Ask, and wait until the answer is whole."""
    ask(page, question)
    expect(page.get_by_test_id("asked").last).to_contain_text(question, timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Refaire la réponse")).to_be_visible(timeout=PATIENCE_MS)


def test_an_advisor_reads_a_pdf_follows_up_rates_and_comes_back(running: Running, page: Page) -> None:
    open_page(page, running.page)
    ask_whole(page, QUESTION)
    expect(page.get_by_test_id("trust")).to_contain_text("vérifiée")

    marked = 0
    for citation in current(page).get_by_test_id("citation").all():
        citation.click()
        shown = panel(page).locator("[data-testid=page], [data-testid=document-text]")
        expect(shown.first).to_be_visible()
        if panel(page).get_by_test_id("page").count():
            marked += int(panel(page).get_by_test_id("page").get_attribute("data-marked") or 0)
            if marked:
                break
        page.keyboard.press("Escape")
        expect(panel(page)).to_have_count(0)
    assert marked, "no citation of the answer is marked on a page of a PDF"
    screenshot(page, "end-to-end-panel")
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)

    ask_whole(page, "et sa durée ?")
    expect(page.get_by_test_id("understood")).to_contain_text("suivi")
    page.get_by_role("button", name="Non", exact=True).click()
    page.get_by_role("button", name="Il manque quelque chose").click()
    page.get_by_role("button", name="Envoyer l’avis").click()
    expect(page.get_by_test_id("feedback-said")).to_contain_text("pas utile (il manque quelque chose)")

    open_page(page, running.page)
    listens(page)
    page.get_by_test_id("conversation").get_by_role("button").first.click()
    expect(page.get_by_test_id("turn")).to_contain_text(QUESTION)
    expect(page.get_by_test_id("feedback-said")).to_contain_text("pas utile")
    screenshot(page, "end-to-end-history")

    [kept] = httpx.get(f"{running.api}/v1/conversations", timeout=60).json()
    [_, last] = httpx.get(f"{running.api}/v1/conversations/{kept['id']}", timeout=60).json()["turns"]
    assert last["feedback"]["reasons"] == ["incomplete"]


def test_an_answer_done_again_replaces_the_former_in_the_store(running: Running, page: Page) -> None:
    httpx.delete(f"{running.api}/v1/conversations", timeout=60)
    open_page(page, running.page)
    ask_whole(page, QUESTION)
    [before] = httpx.get(f"{running.api}/v1/conversations", timeout=60).json()

    page.get_by_role("button", name="Refaire la réponse").click()
    expect(page.get_by_test_id("progress")).to_have_count(0)
    expect(page.get_by_test_id("copy")).to_be_visible(timeout=PATIENCE_MS)

    [after] = httpx.get(f"{running.api}/v1/conversations", timeout=60).json()
    assert (after["id"], after["turns"]) == (before["id"], 1)
