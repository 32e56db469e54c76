"""What `make run` starts, in a real browser: the sample organisation, then the real law while the server runs."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import Page, expect

from ingest.sources.packages import DATASETS
from tests.browser.conftest import ROOT, Running, ask, make_run, open_page, panel, screenshot, until

pytestmark = [pytest.mark.browser, pytest.mark.law]

CACHE = Path(os.environ.get("FANAL_CACHE", ROOT / ".cache"))
LAW = ("code-du-travail", "fiches-travail")
SEARCHABLE_S = 120.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start Fanal as `make run` does, over an empty data folder."""
    missing = [name for name in LAW if not DATASETS[name].is_whole(CACHE)]
    if missing:
        pytest.skip(f"not in the cache: {', '.join(missing)} (python -m ingest fetch … --download-only)")
    with make_run(tmp_path_factory.mktemp("fanal"), FANAL_CACHE_DIR=str(CACHE)) as started:
        yield started


def _sources(running: Running) -> dict[str, dict[str, int]]:
    return {source["name"]: source for source in httpx.get(f"{running.api}/v1/sources", timeout=60).json()}


def _cite_and_read(page: Page, words: str) -> None:
    """Open each citation in turn until one marks these words in its passage."""
    expect(page.get_by_test_id("copy")).to_be_visible(timeout=30_000)
    marked = []
    for citation in page.get_by_test_id("citation").all():
        citation.click()
        shown = panel(page).locator("mark")
        expect(shown.first).to_be_attached()
        marked += shown.all_text_contents()
        page.keyboard.press("Escape")
        expect(panel(page)).to_have_count(0)
    assert words in " ".join(" ".join(marked).split()), marked


def test_the_sample_answers_with_its_procedure_and_marks_the_quote(running: Running, page: Page) -> None:
    open_page(page, running.page)
    ask(page, "Quelles sont les conditions pour mobiliser le CPF pendant un arrêt de travail ?")
    expect(page.get_by_test_id("trust")).to_contain_text("toutes vérifiées", timeout=30_000)
    _cite_and_read(page, "accord écrit de sa caisse")
    screenshot(page, "end-to-end-sample")


def test_a_question_that_the_documents_do_not_answer_is_said_so(running: Running, page: Page) -> None:
    open_page(page, running.page)
    ask(page, "Comment réussir une pâte à crêpes sans grumeaux ?")
    expect(page.get_by_test_id("abstention")).to_be_visible(timeout=30_000)


def test_the_real_law_answers_while_its_vectors_are_still_being_computed(
    running: Running, page: Page
) -> None:
    started = httpx.post(f"{running.api}/v1/ingestions", json={"sources": list(LAW)}, timeout=60)
    assert started.status_code == 202
    address = f"{running.api}/v1/ingestions/{started.json()['id']}"
    until(
        lambda: httpx.get(address, timeout=60).json()["stage"] == "vecteurs",
        SEARCHABLE_S,
        "the law, searchable by words",
    )
    sources = _sources(running)
    assert sources["code-du-travail"]["documents"] == 11_545
    assert sources["fiches-travail"]["documents"] == 269

    open_page(page, running.page)
    ask(page, "Que dit l'article L6313-4 sur la durée du bilan de compétences ?")
    expect(page.get_by_test_id("trust")).to_contain_text("toutes vérifiées", timeout=30_000)
    _cite_and_read(page, "ne peut excéder vingt-quatre heures par bilan")
    expect(page.get_by_text("La recherche par le sens se prépare encore").first).to_be_visible()
    screenshot(page, "end-to-end-law")


def test_a_text_whose_end_has_passed_answers_only_on_a_day_before_it(running: Running) -> None:
    query = {"query": "article L6323-13", "k": 5}
    today = httpx.post(f"{running.api}/v1/search", json=query, timeout=60).json()["passages"]
    then = httpx.post(f"{running.api}/v1/search", json={**query, "as_of": "2026-08-31"}, timeout=60).json()[
        "passages"
    ]
    assert "L6323-13" not in {passage["number"] for passage in today}
    assert then[0]["number"] == "L6323-13"
    assert then[0]["valid_to"] == "2026-08-31"


def test_ctrl_c_stops_everything(running: Running) -> None:
    family = psutil.Process(running.process.pid).children(recursive=True)
    assert len(family) >= 2
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(timeout=60) == 0
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
