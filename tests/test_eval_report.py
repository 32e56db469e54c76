"""The reports of a run: one page that fetches nothing and lets no text out of its place, Markdown, JSON."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from eval.report import ReportFile, write_reports
from eval.reporting import wording
from eval.reporting.case_data import PassageTable, script_json
from eval.reporting.html import run_page
from server.evaluation_schemas import GateVerdict
from server.quality.catalogue import JUDGED
from server.quality.errors import RunDamaged, RunUnderWay
from server.quality.run_files import load_run
from tests.passages import make_passage
from tests.quality_cases import HOSTILE, HOSTILE_ID
from tests.quality_runs import make_run

RUN = "20260105-090000-echantillon"
TEMPLATES = Path(__file__).resolve().parents[1] / "eval" / "reporting" / "templates"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("judged")
    make_run(root, RUN, cases=60, judged=True, self_judged=True, mode="generative")
    write_reports(root / RUN)
    return root / RUN


@pytest.fixture(scope="module")
def unjudged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("unjudged")
    make_run(root, RUN, cases=25)
    write_reports(root / RUN)
    return root / RUN


def tree(folder: Path) -> lxml.html.HtmlElement:
    return lxml.html.fromstring((folder / "report.html").read_text(encoding="utf-8"))


def text_of(folder: Path) -> str:
    """Give the words of the page, its data and its script left out, on one line with plain spaces."""
    page = tree(folder)
    for element in page.xpath("//script | //style"):
        element.getparent().remove(element)
    return " ".join(page.text_content().split())


def data_of(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    page = tree(folder)
    cases = json.loads(page.get_element_by_id("case-data").text)
    packed = base64.b64decode(page.get_element_by_id("passage-data").text)
    return cases, json.loads(gzip.decompress(packed))


def test_a_text_that_tries_to_leave_its_place_stays_words(judged: Path) -> None:
    page = tree(judged)
    (case,) = [one for one in data_of(judged)[0] if one["id"] == HOSTILE_ID]

    assert case["question"].endswith(HOSTILE)
    assert HOSTILE in case["answer"]["statements"][0]["text"]
    assert any(HOSTILE in passage["text"] for passage in data_of(judged)[1])
    assert not page.xpath("//img | //iframe | //*[@onerror] | //*[@onclick] | //*[@style]")
    assert [script.get("id") for script in page.xpath("//script[@type]")] == [
        "labels",
        "case-data",
        "passage-data",
    ]
    assert len(page.xpath("//script")) == 4
    assert HOSTILE[:40] in page.xpath("//select[@id='filter-tag']/option/text()")


def test_a_passage_links_to_a_document_and_to_no_script(judged: Path) -> None:
    urls = [passage["url"] for passage in data_of(judged)[1] if "url" in passage]

    assert urls
    assert all(url.startswith("https://") for url in urls)


def test_the_page_asks_nothing_of_a_network(judged: Path) -> None:
    page = tree(judged)
    links = page.xpath("//@href | //@src | //@action | //@srcset | //@data")

    assert all(link.startswith(("#", "data:,")) for link in links)
    style = page.xpath("string(//style)")
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(
        r"fetch\(|XMLHttpRequest|import\(|innerHTML|eval\(", page.xpath("string(//script[last()])")
    )


def test_only_the_pages_own_script_and_style_may_run(judged: Path) -> None:
    written = (judged / "report.html").read_text(encoding="utf-8")
    (policy,) = tree(judged).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    for name in ("style", "script"):
        (code,) = re.findall(rf"<{name}>(.*?)</{name}>", written, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_every_link_leads_somewhere(judged: Path) -> None:
    page = tree(judged)
    ids = page.xpath("//@id")

    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.xpath("//a/@href")} <= set(ids)


def test_a_judge_of_its_own_answers_is_said_on_top_and_beside_each_score(judged: Path) -> None:
    page = tree(judged)
    assert "Le juge est le modèle qui a répondu" in page.xpath("string(//main/*[1]//h2)")
    for name in JUDGED:
        row = page.xpath(f"string(//tr[@id='mesure-{name}'])")
        assert "se juge lui-même" in row
        assert "accord" in row or "juge non étalonné" in row
    assert "juge non étalonné" in page.xpath("string(//tr[@id='mesure-context_recall'])")
    assert "κ 0,62 (0,44 à 0,78)" in page.xpath("string(//tr[@id='mesure-faithfulness'])")
    for card in page.xpath("//ul[@class='cards']/li[contains(., 'jugée')]"):
        assert "se juge lui-même" in card.text_content()
    assert "se juge lui-même" not in page.xpath("string(//tr[@id='mesure-fact_recall'])")
    assert "Le juge n’a pas su noter" in text_of(judged)


def test_without_a_judge_the_page_says_what_is_missing(unjudged: Path) -> None:
    said = text_of(unjudged)

    assert "Sans juge : fidélité" in said
    assert "se juge lui-même" not in said
    assert not tree(unjudged).xpath("//tr[@id='mesure-faithfulness']")


def test_the_summary_reads_without_the_script(unjudged: Path) -> None:
    page = tree(unjudged)

    assert [heading.text_content() for heading in page.xpath("//h1")] == ["Organisation d’exemple"]
    assert len(page.xpath("//table/caption")) == len(page.xpath("//table"))
    assert not page.xpath("//th[not(@scope)]")
    assert not page.xpath("//svg[@role='img' and not(@aria-label)]")
    assert page.xpath("//noscript")
    assert page.xpath("//*[@id='filters'][@hidden]")
    assert not page.xpath("//main//input[not(ancestor::label)] | //main//select[not(ancestor::label)]")
    assert "1 seuil sur 3 n’est pas tenu : Faits attendus dits" in text_of(unjudged)


def test_a_passage_that_many_cases_found_is_written_once() -> None:
    table = PassageTable()
    first, other = make_passage("Un texte.", "p1"), make_passage("Un autre.", "p1")

    assert table.place(first) == table.place(first.model_copy(update={"score": 0.1})) == 0
    assert table.place(other) == 1
    assert len(table.rows) == 2


def test_json_of_a_script_cannot_end_it() -> None:
    written = script_json({"a": HOSTILE})

    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written) == {"a": HOSTILE}


def test_the_json_report_holds_the_whole_run(judged: Path) -> None:
    report = ReportFile.model_validate_json((judged / "report.json").read_bytes())
    run = load_run(judged)

    assert (report.version, report.run, report.cases) == (1, run.view, run.results)
    assert len(report.timings) == 60
    assert [info.name for info in report.catalogue] == [metric.name for metric in run.view.metrics]


def test_the_markdown_lists_what_to_look_at_and_lets_nothing_out(judged: Path) -> None:
    markdown = (judged / "report.md").read_text(encoding="utf-8")

    assert markdown.startswith("# Organisation d’exemple\n")
    assert "| Faits attendus dits | **" in markdown
    assert "ses notes sont gonflées" in markdown
    assert "## Cas à revoir : " in markdown
    assert "<script" not in markdown
    assert "<img" not in markdown
    tables = [line for line in markdown.splitlines() if line.startswith("| ")]
    assert all(line.endswith(" |") for line in tables)


def test_the_same_run_gives_the_same_reports(judged: Path) -> None:
    before = (judged / "report.html").read_bytes()
    write_reports(judged)

    assert (judged / "report.html").read_bytes() == before
    assert not list(judged.glob(".*"))


def test_a_run_that_is_not_finished_has_no_report(tmp_path: Path) -> None:
    make_run(tmp_path, RUN, cases=4, state="interrupted")
    with pytest.raises(RunUnderWay, match="2 cas sur 4"):
        write_reports(tmp_path / RUN)
    with pytest.raises(RunDamaged):
        write_reports(tmp_path / "absent")


def test_a_run_without_any_case_or_figure_still_reads(tmp_path: Path) -> None:
    make_run(tmp_path, RUN, cases=0, configuration=None, gate=[], latencies=[])
    run = load_run(tmp_path / RUN)

    assert "Aucun seuil n’était fixé" in run_page(run)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "—"),
        (float("nan"), "—"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.823, "82 %"),
        (0.9996, "99,9 %"),
        (0.0004, "0,1 %"),
    ],
)
def test_a_share_reads_in_percent_and_never_quite_all(value: float | None, expected: str) -> None:
    assert wording.share(value).replace("\u202f", " ") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.032, "+3,2\u00a0points"),
        (-0.01, "−1,0\u00a0point"),
        (0.0, "0,0\u00a0point"),
        (-0.0001, "0,0\u00a0point"),
        (None, "—"),
    ],
)
def test_a_difference_reads_in_points(value: float | None, expected: str) -> None:
    assert wording.points(value) == expected


def test_a_threshold_reads_in_the_unit_of_what_it_is_about() -> None:
    slow = GateVerdict(
        metric="latency.total.p95", bound="max", threshold=1_500, value=1_620, passed=False, tag=None
    )
    few = GateVerdict(metric="run.failed", bound="max", threshold=0, value=3, passed=False)
    tagged = GateVerdict(
        metric="fact_recall", tag="faq", bound="min", threshold=0.9, value=None, passed=False
    )

    assert (wording.gate_label(slow), wording.gate_value(slow, slow.value)) == (
        "Durée totale, p95",
        "1,6\u00a0s",
    )
    assert (wording.gate_label(few), wording.gate_value(few, few.value)) == ("Cas en échec", "3")
    assert (wording.gate_label(tagged), wording.gate_value(tagged, None)) == (
        "Faits attendus dits (« faq »)",
        "—",
    )


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", range(3), ids=["light", "dark", "print"])
def test_text_stands_out_from_its_background(scheme: int) -> None:
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    light = dict(
        re.findall(r"--([\w-]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", style, re.DOTALL)[0])
    )
    colours = {**light, **colours}
    pairs = [(ink, paper) for ink in ("ink", "muted", "accent") for paper in ("paper", "soft")]
    pairs += [
        (tone, paper) for tone in ("good", "caution", "bad") for paper in ("paper", "soft", f"{tone}-soft")
    ]
    pairs += [("on-accent", "accent"), ("on-mark", "mark"), ("ink", "expected")]
    pairs += [("ink", "bad-soft"), ("ink", "caution-soft")]
    for ink, paper in pairs:
        high, low = sorted((_luminance(colours[ink]), _luminance(colours[paper])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, paper)
