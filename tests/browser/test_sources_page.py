"""The sources page in a real browser: what is up to date, and a run that is started from it."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from server.schemas import IngestionRequest
from tests.browser.conftest import DESKTOP, PHONE, open_page, screenshot

pytestmark = pytest.mark.browser


@pytest.fixture
def api(scripted: tuple[FastAPI, str]) -> Iterator[FastAPI]:
    """Give the scripted server, with no run behind it."""
    app, _ = scripted
    app.state.ingestions.clear()
    app.state.is_read.clear()
    yield app
    app.state.busy = False
    app.state.is_read.set()


def test_what_needs_care_comes_first_and_is_said_in_words(page: Page, ui_url: str) -> None:
    open_page(page, f"{ui_url}/sources")

    rows = page.get_by_test_id("source")
    expect(rows).to_have_count(4)
    expect(page.get_by_test_id("summary")).to_contain_text("2 sources ne sont pas à jour sur 4")
    expect(rows.nth(0)).to_contain_text("Pas à jour")
    expect(rows.nth(0)).to_contain_text("est introuvable")
    expect(rows.nth(1)).to_contain_text("Jamais lue en entier")
    expect(rows.nth(2)).to_contain_text(
        re.compile(r"À jour, sauf.*3\sfichiers illisibles, dont 2 mis de côté")
    )
    expect(rows.nth(3)).to_contain_text(re.compile(r"À jour.*7\s412 passages sur 18\s230"))
    expect(page).to_have_title("Sources · Fanal")
    screenshot(page, "sources", full=True)


def test_moments_are_in_the_time_zone_of_the_reader(page: Page, ui_url: str) -> None:
    open_page(page, f"{ui_url}/sources")

    expect(page.get_by_test_id("source").nth(3)).to_contain_text(
        re.compile(r"Lue le 22\snovembre\s2026 à\s4\sh\s05")
    )


def test_a_run_shows_its_progress_then_its_report(page: Page, ui_url: str, api: FastAPI) -> None:
    open_page(page, f"{ui_url}/sources")
    page.get_by_role("button", name="Lancer").click()

    expect(page.get_by_test_id("run-progress")).to_contain_text("24 sur 68")
    expect(page.get_by_role("button", name="Lancer")).to_have_count(0)
    screenshot(page, "sources-progress", full=True)
    api.state.is_read.set()

    report = page.get_by_test_id("run-report")
    expect(report).to_contain_text(re.compile(r"procedures.*3\sajoutés \(dont 1\srenommé\), 2\smodifiés"))
    expect(report).to_contain_text("Plan.docx : le fichier est vide")
    assert api.state.ingestions == [IngestionRequest()]
    screenshot(page, "sources-report", full=True)


def test_withheld_removals_are_accepted_for_that_source_alone(page: Page, ui_url: str, api: FastAPI) -> None:
    api.state.is_read.set()
    open_page(page, f"{ui_url}/sources")
    page.get_by_role("button", name="Lancer").click()
    expect(page.get_by_test_id("withheld")).to_contain_text(re.compile(r"12\sdocuments ont disparu"))

    page.get_by_role("button", name="Accepter ces retraits (qualite)").click()

    expect(page.get_by_test_id("run-report")).to_contain_text(re.compile(r"qualite.*12\sretirés"))
    expect(page.get_by_test_id("withheld")).to_have_count(0)
    assert api.state.ingestions[-1] == IngestionRequest(sources=["qualite"], accept_removals=True)


def test_one_source_and_the_files_set_aside_can_be_asked_for(page: Page, ui_url: str, api: FastAPI) -> None:
    api.state.is_read.set()
    open_page(page, f"{ui_url}/sources")
    page.get_by_role("combobox", name="Mettre à jour").press_sequentially("proc", delay=50)
    page.get_by_role("option", name="procedures").click()
    page.get_by_text("Réessayer aussi les fichiers mis de côté").click()
    page.get_by_role("button", name="Lancer").click()

    expect(page.get_by_test_id("run-report")).to_be_visible()
    assert api.state.ingestions == [IngestionRequest(sources=["procedures"], retry_set_aside=True)]


def test_another_run_under_way_is_a_plain_message(page: Page, ui_url: str, api: FastAPI) -> None:
    api.state.busy = True
    open_page(page, f"{ui_url}/sources")
    page.get_by_role("button", name="Lancer").click()

    expect(page.get_by_test_id("refusal")).to_contain_text("Une mise à jour est déjà en cours")
    expect(page.get_by_test_id("refusal")).not_to_contain_text("python")
    screenshot(page, "sources-busy", full=True)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=lambda size: str(size["width"]))
def test_nothing_overflows_sideways(page: Page, ui_url: str, size: dict[str, int]) -> None:
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    open_page(page, f"{ui_url}/sources")
    expect(page.get_by_test_id("sources")).to_be_visible()

    widest = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")

    assert widest <= size["width"]
