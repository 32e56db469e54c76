"""The report of 500 cases in Chromium: it opens at once from a file, filters, and is read with the keyboard alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from eval.report import write_reports
from tests.browser.conftest import DESKTOP
from tests.quality_cases import HOSTILE_ID
from tests.quality_runs import make_run

pytestmark = pytest.mark.browser

RUN = "20260105-090000-echantillon"
MEGABYTES = 1_000_000
NOTE_FIRST_ROW = """new MutationObserver((_, observer) => {
  if (!document.querySelector('#cases > li')) return;
  window.firstRow = performance.now();
  observer.disconnect();
}).observe(document, {childList: true, subtree: true})"""
"""Run before the page's own script: when the first case was drawn, in milliseconds from the start of the navigation."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of 500 cases of 10 passages each, nearly all of them different."""
    root = tmp_path_factory.mktemp("report")
    make_run(root, RUN, cases=500, judged=True, self_judged=True, mode="generative", distinct=5_000)
    write_reports(root / RUN)
    return root / RUN / "report.html"


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Page]:
    """Open it from its file; anything on the console, or asked of a network, fails the test."""
    context = browser.new_context(viewport=DESKTOP, locale="fr-FR")
    tab = context.new_page()
    said: list[str] = []
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("request", lambda request: said.append(request.url) if "//" in request.url[7:] else None)
    tab.add_init_script(NOTE_FIRST_ROW)
    tab.goto(report.as_uri())
    yield tab
    context.close()
    assert not said


def rows(page: Page) -> int:
    return page.locator("#cases > li").count()


def test_it_opens_and_is_small(opened: Page, report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expect(opened.locator("#cases > li").first).to_be_visible()
    drawn = opened.evaluate("firstRow")
    timing = opened.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    size = report.stat().st_size / MEGABYTES
    with capsys.disabled():
        loaded = timing["domContentLoadedEventEnd"]
        print(f"\nreport of 500 cases: {size:.2f} MB, loaded in {loaded:.0f} ms, drawn by {drawn:.0f} ms")

    assert size < 10
    expect(opened.get_by_text("500 cas sur 500")).to_be_visible()
    assert rows(opened) == 100
    opened.get_by_role("button", name="Montrer la suite").click()
    assert rows(opened) == 200


def test_a_case_is_opened_and_read_with_the_keyboard(opened: Page) -> None:
    opened.get_by_label("Mots de la question, de la réponse ou du cas").fill(HOSTILE_ID)
    expect(opened.get_by_text("1 cas sur 500")).to_be_visible()
    opened.get_by_role("button", name="Tout montrer").focus()
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")

    case = opened.locator(f"#cas-{HOSTILE_ID}")
    expect(case.get_by_role("heading", name="Ce qui était attendu")).to_be_visible()
    expect(case.locator(".statement p").first).to_contain_text("</script><img src=x onerror=alert(1)>")
    expect(case.locator(".passages mark.quote").first).to_have_text("L’accueil est au rez-de-chaussée.")
    expect(case.get_by_text("se juge lui-même").first).to_be_visible()
    assert opened.locator("img").count() == 0
    assert case.locator("a[href^=javascript]").count() == 0

    case.get_by_role("button", name="Passage 1 cité").focus()
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.textContent").startswith("1. ")


def test_filters_keep_what_they_say(opened: Page) -> None:
    opened.get_by_role("link", name="cas à revoir").click()
    expect(opened.locator("#filter-outcome")).to_have_value("review")
    tones = opened.locator("#cases .state").evaluate_all("all => all.map(one => one.className)")
    assert set(tones) <= {"state bad", "state caution"}

    opened.get_by_role("button", name="Tout montrer").click()
    opened.locator("#filter-metric").select_option("fact_recall")
    opened.get_by_label("inférieure à (%)").fill("60")
    values = opened.locator("#cases .mean").evaluate_all("all => all.map(one => parseFloat(one.textContent))")
    assert values
    assert values == sorted(values)
    assert max(values) < 60

    opened.get_by_role("button", name="Tout montrer").click()
    opened.locator("#filter-tag").select_option("suivi")
    labels = opened.locator("#cases small").all_inner_texts()
    assert labels
    assert all("suivi" in label for label in labels)
    opened.get_by_label("Mots de la question, de la réponse ou du cas").fill("zzzz")
    expect(opened.get_by_text("Aucun cas ne répond à ces critères.")).to_be_visible()


def test_a_link_from_outside_opens_its_case(browser: Browser, report: Path) -> None:
    context = browser.new_context(viewport=DESKTOP)
    tab = context.new_page()
    tab.goto(f"{report.as_uri()}#cas-cas-0400")
    expect(tab.locator("#cas-cas-0400 .case")).to_be_visible()
    context.close()


def test_the_summary_reads_without_scripts(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 400, "height": 800})
    tab = context.new_page()
    tab.goto(report.as_uri())
    expect(tab.get_by_role("heading", name="En bref")).to_be_visible()
    expect(tab.get_by_role("table", name="Recherche : les bons passages sont-ils trouvés ?")).to_be_visible()
    expect(tab.locator("noscript p")).to_be_visible()
    expect(tab.locator("#filters")).to_be_hidden()
    context.close()
