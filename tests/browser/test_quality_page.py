"""Evaluations, trends and comparisons of the page « Qualité », in a real browser, against the real server."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import panel, screenshot
from tests.browser.quality_steps import choose, picture, visit
from tests.browser.scripted_quality import BIG, BROKEN, FIRST, JUDGED, RUNNING, SECOND
from tests.browser.test_accessible_names import nameless

pytest_plugins = ["tests.browser.quality_fixtures"]
pytestmark = pytest.mark.browser


def metric(page: Page, name: str) -> Locator:
    """Give a measure of the run that is open."""
    return page.locator(f'[data-testid=metric][data-metric="{name}"]')


def run_of(page: Page, run_id: str) -> Locator:
    """Give a run of the list."""
    return page.locator(f'[data-run="{run_id}"]')


# Evaluations


def test_runs_are_listed_newest_first_with_their_figures_and_thresholds(page: Page, quality: str) -> None:
    visit(page, quality)
    expect(page.get_by_test_id("run")).to_have_count(5)
    shown = [one.get_attribute("data-run") for one in page.get_by_test_id("run").all()]
    assert shown == [RUNNING, JUDGED, SECOND, BIG, FIRST]
    expect(run_of(page, FIRST)).to_contain_text("2 seuils ne sont pas tenus")
    expect(run_of(page, FIRST).locator("[data-metric=fact_recall]")).to_contain_text("entre")
    expect(run_of(page, JUDGED)).to_contain_text("le modèle se juge lui-même")
    expect(run_of(page, JUDGED)).to_contain_text("Rédigé par modele-de-redaction-8b")
    expect(run_of(page, RUNNING)).to_contain_text("En cours")
    expect(run_of(page, RUNNING).get_by_test_id("advance")).to_contain_text("100 sur 200")
    expect(page.get_by_test_id("broken")).to_contain_text(BROKEN)
    assert nameless(page) == []
    picture(page, "1-evaluations", page.get_by_test_id("place"))


def test_a_run_is_told_in_words_with_its_intervals_and_what_its_judge_is_worth(
    page: Page, quality: str
) -> None:
    visit(page, quality)
    run_of(page, JUDGED).get_by_role("button", name="Ouvrir").click()
    expect(page).to_have_url(f"{quality}?evaluation={JUDGED}")
    expect(page.get_by_test_id("self-judge")).to_contain_text("0,26")
    expect(page.get_by_test_id("judge-failures")).to_contain_text("Ces notes manquent")
    expect(page.get_by_test_id("thresholds")).to_contain_text("Tous les seuils sont tenus")
    expect(metric(page, "recall_at_5")).to_contain_text("entre")
    expect(metric(page, "faithfulness").get_by_test_id("agreement")).to_contain_text("kappa 0,62")
    expect(metric(page, "context_recall").get_by_test_id("agreement")).to_contain_text("non étalonné")
    expect(metric(page, "faithfulness").get_by_test_id("failures")).to_contain_text("manque")
    assert nameless(page) == []
    picture(page, "2-resultats", page.get_by_test_id("place"))
    picture(page, "3-juge", page.get_by_test_id("family-judged"))
    page.get_by_role("button", name="Temps et configuration").click()
    expect(page.get_by_test_id("latencies")).to_contain_text("Chercher les passages")
    expect(page.get_by_test_id("configuration")).to_contain_text("answer-7")
    page.get_by_role("button", name="Toutes les évaluations").click()
    expect(page.get_by_test_id("runs")).to_be_visible()


def test_a_run_without_a_judge_says_what_is_missing_and_names_the_thresholds(
    page: Page, quality: str
) -> None:
    visit(page, f"{quality}?evaluation={FIRST}")
    expect(page.get_by_test_id("missing")).to_contain_text("Sans juge")
    expect(page.get_by_test_id("thresholds")).to_contain_text("il faut au moins")
    expect(page.get_by_test_id("family-judged")).to_have_count(0)


def test_cases_are_filtered_and_opened_down_to_the_passage(page: Page, quality: str) -> None:
    visit(page, f"{quality}?evaluation={SECOND}")
    expect(page.get_by_test_id("in-short")).to_contain_text("faits attendus sur 10")
    page.get_by_test_id("outcomes").get_by_role("button", name="à revoir").click()
    expect(page.get_by_test_id("outcome").first).to_have_text("Donnée non masquée")
    choose(page, "Montrer", "Tous les cas")
    expect(page.get_by_test_id("case-line")).to_have_count(25)
    choose(page, "Montrer", "S’est tu ou a répondu à tort")
    expect(page.get_by_test_id("case-line").first).to_contain_text("à tort")
    choose(page, "Montrer", "Une mesure trop basse")
    expect(page.get_by_test_id("case-line").first).to_contain_text("Faits attendus dits : 0 %")
    picture(page, "4-cas", page.get_by_test_id("place"))
    page.get_by_test_id("case-line").first.locator("button").click()
    expect(page.get_by_test_id("diagnosis")).to_contain_text("attendu")
    expect(page.get_by_test_id("expected")).to_contain_text("Passages qui répondent")
    expect(page.get_by_test_id("scores")).to_contain_text("Manque")
    expect(page.get_by_test_id("case-place")).to_contain_text("Cas 1 sur")
    screenshot(page, "qualite-cas-ouvert")
    page.get_by_test_id("passage").first.locator("summary").click()
    expect(page.get_by_test_id("passage").first.locator("mark")).to_be_visible()
    picture(page, "5-un-cas", page.get_by_test_id("case-question"))
    page.get_by_test_id("citation").first.click()
    expect(panel(page).locator("mark").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)
    page.get_by_role("button", name="Cas suivant").click()
    expect(page.get_by_test_id("case-place")).to_contain_text("Cas 2 sur")
    page.get_by_role("button", name="Retour aux cas").click()
    expect(page.get_by_test_id("case-line").first).to_contain_text("Faits attendus dits : 0 %")


def test_a_theme_leads_to_its_cases(page: Page, quality: str) -> None:
    visit(page, f"{quality}?evaluation={SECOND}")
    page.get_by_role("button", name="Voir les cas : suivi").click()
    expect(page.get_by_test_id("case-line").first).to_contain_text("suivi")
    for line in page.get_by_test_id("case-line").all():
        expect(line.locator(".fanal-tag", has_text="suivi")).to_have_count(1)


def test_a_link_opens_a_case_and_the_page_of_a_thousand_turns(page: Page, quality: str) -> None:
    visit(page, f"{quality}?evaluation={BIG}&cas=cas-0042")
    expect(page.get_by_test_id("case-question")).to_contain_text("cas-0042")
    expect(page.get_by_test_id("case-place")).to_have_text("Cas 43 sur 1000")
    visit(page, f"{quality}?evaluation={BIG}&volet=cas")
    choose(page, "Montrer", "Tous les cas")
    expect(page.get_by_test_id("pager")).to_have_text("1 à 25 sur 1\u202f000")
    page.get_by_role("button", name="Suivants").click()
    expect(page.get_by_test_id("pager")).to_have_text("26 à 50 sur 1\u202f000")
    page.get_by_label("Mots de la question").fill("cas-0777")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("case-line")).to_have_count(1)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("note-0007", "La synthèse rédigée"),
        ("masque-0019", "Le texte masqué"),
        ("hostile-1", "onerror=alert(1)"),
    ],
)
def test_drafts_masks_and_hostile_texts_are_shown_as_text(
    page: Page, quality: str, case: str, said: str
) -> None:
    visit(page, f"{quality}?evaluation={SECOND}&cas={case}")
    expect(page.locator("[data-testid=stMain]")).to_contain_text(said)
    expect(page.locator("img[src='x']")).to_have_count(0)


def test_a_report_is_downloaded_and_a_missing_one_is_told(
    page: Page, quality: str, faults: dict[str, tuple[int, str]]
) -> None:
    visit(page, f"{quality}?evaluation={SECOND}")
    for label, start in (("Rapport HTML", b"<!"), ("Données (JSON)", b"{"), ("Texte (Markdown)", b"#")):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        assert Path(download.value.path()).read_bytes().lstrip().startswith(start)
    expect(
        page.get_by_role("button", name="Prendre le fichier")
    ).to_be_visible()  # for whom the browser refused
    screenshot(page, "qualite-telecharge")
    faults[f"/v1/evaluations/{SECOND}/report"] = (404, "Le rapport de cette évaluation n’a pas été écrit.")
    page.get_by_role("button", name="Rapport HTML").click()
    expect(page.get_by_test_id("no-report")).to_contain_text("n’a pas été écrit")
    expect(page.get_by_test_id("no-report")).to_be_in_viewport()


# Trends and comparisons


def test_trends_are_drawn_and_told_in_a_table(page: Page, quality: str) -> None:
    visit(page, quality)
    page.get_by_role("button", name="Tendances").click()
    expect(page.locator("[data-testid=stVegaLiteChart] :is(canvas, svg)").first).to_be_visible()
    picture(page, "6-tendances", page.get_by_test_id("place"))
    page.get_by_test_id("trend-table").first.locator("summary").click()
    expect(page.get_by_test_id("trend-table").first.locator("tbody tr")).to_have_count(3)
    assert nameless(page) == []


def test_two_runs_are_compared_down_to_both_answers(page: Page, quality: str) -> None:
    visit(page, f"{quality}?evaluation={SECOND}")
    expect(page.get_by_role("button", name="Données (JSON)")).to_be_visible()
    choose(page, "Comparer avec", "5\u00a0octobre\u00a02026")
    page.get_by_role("button", name="Comparer", exact=True).click()
    expect(page).to_have_url(f"{quality}?evaluation={SECOND}&avec={FIRST}")
    expect(page.get_by_test_id("summary")).to_contain_text("Mieux")
    changed = page.locator("[data-testid=change][data-metric=fact_recall]")
    expect(changed).to_contain_text("Mieux")
    expect(changed).to_contain_text("points")
    expect(page.get_by_test_id("differences")).to_be_visible()
    picture(page, "7-comparaison", page.get_by_test_id("place"))
    screenshot(page, "qualite-comparaison")
    page.get_by_test_id("changed-case").first.locator("button").click()
    expect(page.get_by_test_id("answer")).to_have_count(2)
    expect(page.locator(".fanal-part-title", has_text="Avant")).to_be_visible()
    picture(page, "8-cote-a-cote", page.get_by_test_id("place"))
    page.get_by_role("button", name="Retour à la comparaison").click()
    page.get_by_role("button", name="Inverser").click()
    expect(page.get_by_test_id("summary")).to_contain_text("Moins bien")
