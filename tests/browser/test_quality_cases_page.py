"""Feedback, cases and faults of the page « Qualité », in a real browser, against the real server; faults by script."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREENSHOTS
from tests.browser.quality_steps import NARROW, is_too_wide, picture, visit
from tests.browser.scripted_quality import BROKEN, EMPTY, FIRST, JUDGED, SECOND, SILENT, WRONG
from tests.browser.test_accessible_names import nameless

pytest_plugins = ["tests.browser.quality_fixtures"]
pytestmark = pytest.mark.browser


def cases_of(server: tuple[FastAPI, str]) -> list[dict[str, Any]]:
    """Give the cases that the server keeps."""
    found: list[dict[str, Any]] = httpx.get(f"{server[1]}/v1/cases", timeout=60).json()
    return found


# Feedback and cases


def test_two_clicks_make_a_case_of_a_comment(page: Page, quality: str, server: tuple[FastAPI, str]) -> None:
    visit(page, f"{quality}?vue=retours")
    silent = (
        page.locator(".stVerticalBlock", has=page.get_by_test_id("feedback-item"))
        .filter(has_text=SILENT)
        .last
    )
    picture(page, "9-retours", page.get_by_test_id("place"))
    silent.get_by_role("button", name="En faire un cas").click()
    expect(page.get_by_label("Question", exact=True)).to_have_value(SILENT)
    expect(page.get_by_label("Les documents ne répondent pas")).to_be_checked()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_test_id("kept")).to_be_visible()
    expect(page.get_by_test_id("made")).to_have_count(1)
    kept = [one for one in cases_of(server) if one["origin"] == "feedback"]
    assert [one["case"]["question"] for one in kept] == [SILENT]
    assert kept[0]["case"]["must_abstain"]
    assert kept[0]["state"] == "accepted"
    page.get_by_role("button", name="Voir le cas").click()
    expect(page.get_by_test_id("own-case")).to_have_count(1)


def test_what_is_typed_stays_when_a_case_cannot_be_kept(
    page: Page, quality: str, server: tuple[FastAPI, str], faults: dict[str, tuple[int, str]]
) -> None:
    visit(page, f"{quality}?vue=retours")
    page.get_by_role("button", name=f"En faire un cas : {WRONG}").click()
    facts = page.get_by_label("Ce que la réponse doit dire")
    facts.fill("Trois ans avec un accord écrit.")
    page.get_by_text("PR-031 Clôture").last.click()
    picture(page, "10-un-cas-d-un-retour", page.locator("#case-form"))
    faults["/v1/cases"] = (507, "Le disque du serveur est plein.")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_test_id("not-kept")).to_contain_text("Le disque du serveur est plein.")
    expect(facts).to_have_value("Trois ans avec un accord écrit.")
    page.wait_for_function("() => !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))")
    for _ in range(4):  # whoever comes back at once stops the run that had begun to draw the other part
        page.get_by_role("button", name="Évaluations").click()
        page.get_by_role("button", name="Retours").click()
        expect(facts).to_have_value("Trois ans avec un accord écrit.")
    facts.fill("Trois ans avec un accord écrit, pas plus.")  # and leaves before the page has taken it in
    page.get_by_role("button", name="Évaluations").click()
    page.get_by_role("button", name="Retours").click()
    expect(facts).to_have_value("Trois ans avec un accord écrit, pas plus.")
    faults.clear()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_test_id("kept")).to_be_visible()
    [kept] = [one for one in cases_of(server) if one["case"]["question"] == WRONG]
    assert kept["case"]["facts"] == ["Trois ans avec un accord écrit, pas plus."]
    assert kept["case"]["gold"][0]["quote"].startswith("La synthèse est conservée trois ans")


def test_proposed_cases_are_decided_with_one_key_each(
    page: Page, quality: str, server: tuple[FastAPI, str]
) -> None:
    visit(page, f"{quality}?vue=cas")
    page.get_by_role("button", name="À relire (3)").click()
    expect(page.get_by_test_id("review-progress")).to_contain_text("3 restent à relire")
    picture(page, "11-a-relire", page.get_by_test_id("place"))
    page.keyboard.press("a")
    expect(page.get_by_test_id("review-progress")).to_contain_text("2 restent à relire")
    page.keyboard.press("e")
    expect(page.get_by_test_id("review-progress")).to_contain_text("1\u00a0reste à relire")
    page.get_by_role("button", name="Modifier").click()
    page.get_by_label("Question", exact=True).fill("Quel est le prix d’un repas à la cantine ?")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_test_id("kept")).to_be_visible()
    states = {one["case"]["id"]: one["state"] for one in cases_of(server) if one["origin"] == "generated"}
    assert states == {"propose-1": "accepted", "propose-2": "rejected", "propose-3": "accepted"}


def test_a_case_is_added_exported_put_aside_and_deleted(
    page: Page, quality: str, server: tuple[FastAPI, str]
) -> None:
    visit(page, f"{quality}?vue=cas")
    page.get_by_role("button", name="Acceptés").click()
    page.get_by_role("button", name="Ajouter un cas").click()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_test_id("not-kept")).to_contain_text("Écrivez la question.")
    page.get_by_label("Question", exact=True).fill("Quel est le délai d’une réclamation ?")
    page.get_by_label("Document (nom du fichier").first.fill("PR-029")
    page.get_by_label("Ses mots qui répondent").first.fill("cinq jours ouvrés")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_test_id("kept")).to_be_visible()
    picture(page, "12-cas", page.get_by_test_id("place"))
    with page.expect_download() as download:
        page.get_by_role("button", name="JSONL").click()
    lines = [json.loads(line) for line in Path(download.value.path()).read_text("utf-8").splitlines()]
    assert "Quel est le délai d’une réclamation ?" in [line["question"] for line in lines]
    expect(page.get_by_text("python -m eval run organisation")).to_be_visible()
    page.get_by_role("button", name="Écarter : Quel est le délai").click()
    expect(page.get_by_test_id("decided")).to_be_visible()
    page.get_by_role("button", name="Écartés").click()
    page.get_by_role("button", name="Supprimer : Quel est le délai").click()
    page.get_by_role("button", name="Supprimer", exact=True).click()
    expect(page.get_by_test_id("deleted")).to_be_visible()
    assert "Quel est le délai d’une réclamation ?" not in [
        one["case"]["question"] for one in cases_of(server)
    ]


# What goes wrong


@pytest.mark.parametrize(
    ("path", "view", "status"),
    [("/v1/evaluations", "", 403), ("/v1/feedback", "?vue=retours", 403), ("/v1/cases", "?vue=cas", 503)],
)
def test_a_refusal_is_told_in_french(
    page: Page, quality: str, faults: dict[str, tuple[int, str]], path: str, view: str, status: int
) -> None:
    faults[path] = (
        status,
        "Cette page est réservée à l’équipe qualité : demandez l’accès à l’administrateur.",
    )
    visit(page, quality + view)
    expect(page.get_by_test_id("failed")).to_contain_text("demandez l’accès")
    faults.clear()
    page.get_by_role("button", name="Tendances").click()
    expect(page.get_by_test_id("trend-table").first).to_be_visible()


def test_an_empty_server_says_how_to_begin(
    page: Page, quality: str, faults: dict[str, tuple[int, str]]
) -> None:
    faults |= {"/v1/evaluations": (EMPTY, '{"runs": [], "catalogue": []}'), "/v1/feedback": (EMPTY, "[]")}
    faults["/v1/cases"] = (EMPTY, "[]")
    visit(page, quality)
    expect(page.get_by_test_id("empty")).to_contain_text("python -m eval run")
    for tab, said in (("Tendances", "python -m eval run"), ("Retours", "Oui"), ("Cas", "En faire un cas")):
        page.get_by_role("button", name=tab, exact=True).click()
        expect(page.get_by_test_id("place")).to_have_text(tab)
        expect(page.get_by_test_id("empty")).to_contain_text(said)


@pytest.mark.parametrize(
    "asked", ["?evaluation=inconnue", f"?evaluation={SECOND}&cas=rien", f"?evaluation={BROKEN}"]
)
def test_a_link_that_leads_nowhere_leads_back(page: Page, quality: str, asked: str) -> None:
    visit(page, quality + asked)
    expect(page.get_by_test_id("failed")).to_be_visible()
    page.locator(".fanal-back").click()
    expect(page.get_by_test_id("failed")).to_have_count(0)


@pytest.mark.parametrize(
    "view",
    ["", f"?evaluation={JUDGED}", f"?evaluation={JUDGED}&volet=cas", f"?evaluation={JUDGED}&volet=details",
     f"?evaluation={SECOND}&cas=cas-0001", f"?evaluation={SECOND}&avec={FIRST}", "?vue=tendances", "?vue=retours",
     "?vue=cas"],
)  # fmt: skip
def test_a_narrow_screen_is_wide_enough(page: Page, quality: str, view: str) -> None:
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    visit(page, quality + view)
    page.wait_for_timeout(500)
    name = view.translate(str.maketrans("?=&", "---")) or "liste"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"qualite-etroit{name}-{NARROW['width']}.png")
    assert not is_too_wide(page)
    assert nameless(page) == []
