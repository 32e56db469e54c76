"""The load bench: what it counts, and that it reports every loss — on a real server that a test makes lose things."""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from eval.commands import load as command
from eval.load.faults import Outage, seen
from eval.load.figures import Figures, busy_s, figures, memory, own_s, percentile
from eval.load.people import Crowd, Material
from eval.load.readback import lost
from eval.load.records import KINDS, Exchange, Journal, Kind
from eval.load.servers import ModelProcess
from eval.load.streams import StreamsReport, most_together, opened, report
from eval.load.talk import NOT_KEPT, fault_of_answer, fault_of_draft
from eval.load.watch import Sample, Watch
from eval.paced_answers import marked
from eval.paced_model import NAME, Call, Pace, read_calls
from server.app import create_app
from server.converse import NO_HISTORY
from server.converse import NOT_KEPT as SAID_NOT_KEPT
from tests.one_procedure import one_procedure
from tests.served import serving

MATERIAL = Material(
    [("Avant quelle date poser ses congés d'été ?", "et pour un CDD ?")],
    [("libre", "Reçu Mme Solenn Kervadec le 12 octobre 2026.\nElle est vendeuse depuis 2019.")],
)


@dataclass
class Losses:
    """What the server loses; `event` is the name of one event to leave out of each stream."""

    feedback: bool = False
    drafts: bool = False
    event: str = ""


class Lossy:
    """Stands before the app: says that feedback or drafts are kept that are not, leaves events out of streams."""

    def __init__(self, app: Any, losses: Losses) -> None:
        self._app, self._losses = app, losses

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        path = scope.get("path", "")
        if self._losses.feedback and path == "/v1/feedback":
            body = json.dumps({"useful": True, "comment": "", "answer_id": "", "reasons": []}).encode()
            start = {"type": "http.response.start", "status": 201, "headers": []}
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        if self._losses.drafts and scope.get("method") == "GET" and path.startswith("/v1/drafts/"):
            scope = {**scope, "path": "/v1/drafts/perdu", "raw_path": b"/v1/drafts/perdu"}
        left_out = f"event: {self._losses.event}\n".encode()

        async def passed(message: MutableMapping[str, Any]) -> None:
            if self._losses.event and left_out in message.get("body", b""):
                message = {**message, "body": b""}
            await send(message)

        await self._app(scope, receive, passed)


@pytest.fixture(scope="module")
def losses() -> Losses:
    return Losses()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelProcess]:
    model = ModelProcess(Pace(0.0, 0.0), tmp_path_factory.mktemp("modele"))
    model.start()
    yield model
    model.close()


@pytest.fixture(scope="module")
def url(model: ModelProcess, losses: Losses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = one_procedure(tmp_path_factory.mktemp("organisation"), model.url, NAME)
    app = create_app(settings)
    app.add_middleware(Lossy, losses=losses)
    with serving(app) as url:
        run = httpx.post(f"{url}/v1/ingestions", json={}, timeout=30).json()
        deadline = time.monotonic() + 90
        while run["state"] == "running" and time.monotonic() < deadline:
            time.sleep(0.05)
            run = httpx.get(f"{url}/v1/ingestions/{run['id']}").json()
        assert run["state"] == "done", run
        yield url


@pytest.fixture(autouse=True)
def nothing_lost(losses: Losses) -> Iterator[None]:
    yield
    losses.feedback, losses.drafts, losses.event = False, False, ""


def lived(url: str, *kinds: Kind, acts: int = 2) -> Journal:
    """Have two people act a few times, without a pause."""
    journal = Journal()
    mix = dict.fromkeys(kinds or KINDS, 1.0)
    crowd = Crowd(url, 2, 0.0, mix, float("inf"), journal, MATERIAL, acts)
    asyncio.run(crowd.live())
    return journal


def figures_of(journal: Journal, model: ModelProcess) -> Figures:
    return figures(journal.exchanges, read_calls(model.calls), [], [])


def lost_of(url: str, journal: Journal) -> list[str]:
    return asyncio.run(lost(url, journal.acknowledged))


def test_people_of_all_kinds_are_answered_and_nothing_is_lost(url: str, model: ModelProcess) -> None:
    journal = lived(url, acts=8)
    found = figures_of(journal, model)
    assert found.errors == {}
    assert found.unmatched == 0
    assert {*KINDS, "model"} == found.times.keys()
    assert all(times.own[0] > 0 for times in found.times.values())
    kept = journal.acknowledged
    assert min(kept.count().values()) > 0
    assert sum(times.count for name, times in found.times.items() if name != "model") == found.exchanges
    assert lost_of(url, journal) == []


def test_feedback_that_is_acknowledged_and_not_kept_is_reported(url: str, losses: Losses) -> None:
    losses.feedback = True
    journal = lived(url, "ask", "feedback", acts=4)
    said = lost_of(url, journal)
    assert len(said) == journal.acknowledged.count()["feedback"] > 0
    assert all(line.startswith("feedback on answer ") for line in said)


def test_a_conversation_that_is_gone_is_reported_with_all_that_was_in_it(url: str) -> None:
    journal = lived(url, "ask")
    gone = next(iter(journal.acknowledged.answers))
    httpx.delete(f"{url}/v1/conversations/{gone}").raise_for_status()
    assert lost_of(url, journal) == [f"conversation {gone}, 1 answers and 0 feedback with it"]


def test_an_answer_that_is_no_longer_in_its_conversation_is_reported(url: str) -> None:
    journal = lived(url, "ask")
    conversation, answers = next(iter(journal.acknowledged.answers.items()))
    answers.append("jamais-gardée")
    assert lost_of(url, journal) == [f"answer jamais-gardée of conversation {conversation}"]


def test_a_draft_that_is_acknowledged_and_gone_is_reported(url: str, losses: Losses) -> None:
    journal = lived(url, "draft")
    losses.drafts = True
    assert lost_of(url, journal) == [f"draft {one}" for one in journal.acknowledged.drafts] != []


@pytest.mark.parametrize(
    ("kind", "event", "error"),
    [
        ("ask", "done", "no done"),
        ("ask", "statement", "statements lost"),
        ("draft", "done", "no done"),
        ("draft", "section", "sections lost"),
    ],
)
def test_a_stream_that_loses_events_is_an_error(
    kind: Kind, event: str, error: str, url: str, losses: Losses, model: ModelProcess
) -> None:
    losses.event = event
    found = figures_of(lived(url, kind, acts=1), model)
    assert found.errors == {f"{kind}: {error}": found.exchanges}


def streams(url: str, wanted: int) -> StreamsReport:
    answered = asyncio.run(opened(url, wanted, Journal(), Watch(list)))
    return report(wanted, answered, [Sample(0, 1, 0, 0)])


def test_streams_are_counted_and_one_that_loses_its_end_is_seen(url: str, losses: Losses) -> None:
    whole = streams(url, 3)
    assert (whole.ended, whole.statements, whole.errors) == (3, (12, 12), {})
    losses.event = "done"
    broken = streams(url, 3)
    assert (broken.ended, broken.statements, broken.is_good) == (0, (12, 0), False)


def test_a_model_that_is_killed_starts_again_on_its_port_and_keeps_its_calls(tmp_path: Path) -> None:
    model = ModelProcess(Pace(0.0, 0.0), tmp_path)
    model.start()
    try:
        body = {"messages": [{"role": "user", "content": f"{marked(1)}, puis {marked(1_234)}"}]}
        for _ in range(2):
            httpx.post(f"{model.url}/chat/completions", json=body).raise_for_status()
            model.kill()
            assert model.processes == []
            model.start()
        calls = read_calls(model.calls)
    finally:
        model.close()
    assert [(call.mark, call.whole, call.kind) for call in calls] == [(1_234, True, "reponse")] * 2


def call(began: float, ended: float, mark: int = 1) -> Call:
    return Call("reponse", mark, began, ended, 1, True)


def exchange(began: float, ended: float, kind: Kind = "ask", **fields: Any) -> Exchange:
    return Exchange(kind, 0, 1, began, ended, **{"mode": "generative", **fields})


def test_calls_that_overlap_count_once_in_the_models_time() -> None:
    calls = [call(1, 3), call(2, 4), call(6, 7), call(6.2, 6.5), call(9, 20)]
    assert busy_s(calls, 0, 10) == pytest.approx(3 + 1 + 1)
    assert own_s(exchange(0, 10, waited=2), calls) == pytest.approx(10 - 5 - 2)


def test_figures_leave_failures_out_of_times_and_count_them() -> None:
    exchanges = [
        exchange(0, 10),
        exchange(10, 14, mode="extractive"),
        exchange(10, 15, error="status 503"),
        exchange(10, 15, warnings=[SAID_NOT_KEPT]),
        exchange(10, 15, warnings=[NO_HISTORY]),
        exchange(10, 12, kind="feedback", mode=None),
        Exchange("ask", 0, 99, 10, 20, mode="generative"),
    ]
    samples = [Sample(minute * 60, 100 + minute, minute * 30, 0.5) for minute in range(10)]
    found = figures(exchanges, [call(1, 9)], samples, [0.001, 0.002])
    assert found.errors == {"ask: without the model": 1, "ask: status 503": 1, "ask: not kept": 2}
    assert found.unmatched == 1
    assert found.times["ask"].own == (pytest.approx(2_000), pytest.approx(2_000))
    assert found.times["ask"].share == pytest.approx(0.2)
    assert found.times["feedback"].own == (2_000, 2_000)
    assert found.per_second == pytest.approx(2 / 20)
    assert found.cores == pytest.approx(0.5)
    assert found.memory is not None
    assert (found.memory.first, found.memory.last, found.memory.slope) == (102, 109, pytest.approx(1))


def test_a_server_that_was_killed_counts_its_processor_time_from_nothing() -> None:
    samples = [Sample(0, 1, 10, 0), Sample(5, 0, 0, 0), Sample(10, 1, 4, 0)]
    assert figures([exchange(0, 1)], [call(0, 1)], samples, []).cores == pytest.approx(0.4)
    assert memory([Sample(0, 0, 0, 0)]) is None


def test_percentiles_are_values_that_were_seen() -> None:
    assert [percentile([5, 1, 4, 2, 3], share) for share in (0.5, 0.95, 0.01)] == [3, 5, 1]


def test_streams_that_only_touch_are_not_open_together() -> None:
    assert most_together([(0, 2), (1, 3), (2, 4), (3, 5)]) == 2


def test_what_people_see_of_an_outage_runs_from_the_kill_to_the_first_whole_success() -> None:
    outage = Outage("model", 100, 115, 116)
    down = "Le modèle de rédaction ne répond pas : voici les extraits des documents."
    exchanges = [
        exchange(90, 99, error="status 500"),
        exchange(95, 101, mode="extractive", warnings=[down]),
        exchange(110, 117, mode="generative"),
        exchange(116.5, 118, mode="extractive", warnings=[down]),
        exchange(117, 119.5, kind="feedback", mode=None),
        exchange(118, 121, first=119),
        exchange(119, 120, error="no done", said=""),
    ]
    found = seen(outage, exchanges)
    assert found.broken == 3
    assert found.messages == {down: 2, "[no done]": 1}
    assert (found.back_s, found.from_start_s, found.last_s) == (5, 6, 4)
    assert found.text_s == 3
    assert seen(outage, exchanges[:2]).back_s is None


PASSAGE = {"id": "p", "text": "Le phare ouvre le mardi."}
CITED = {
    "text": "Le mardi.",
    "verified": True,
    "citations": [{"passage_id": "p", "quote": "ouvre", "start": 9, "end": 14}],
}


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (CITED, None),
        ({**CITED, "verified": False}, "not verified"),
        ({**CITED, "citations": [{**CITED["citations"][0], "start": 8}]}, "citation wrong"),  # type: ignore[index, dict-item]
        ({**CITED, "citations": [{**CITED["citations"][0], "passage_id": "q"}]}, "citation wrong"),  # type: ignore[index, dict-item]
    ],
)
def test_citations_must_hold(statement: dict[str, Any], fault: str | None) -> None:
    answer = {"abstained": False, "statements": [statement], "passages": [PASSAGE]}
    assert fault_of_answer(answer, [statement]) == fault
    section = {"id": "s", "text": "Le mardi.", "sentences": [{**statement, "sources": []}]}
    assert fault_of_draft({"sections": [section], "notes": [], "passages": [PASSAGE]}, [section]) == fault


def test_the_mark_of_an_answer_that_is_not_kept_is_that_of_the_server() -> None:
    assert NOT_KEPT in SAID_NOT_KEPT


@pytest.mark.parametrize("written", ["ask", "ask=x", "chanter=1", "ask=0"])
def test_a_mix_that_means_nothing_is_refused(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--mix", written])
    assert "--mix" in capsys.readouterr().err
    assert parser.parse_args(["--mix", "ask=1,draft=2"]).mix["draft"] == 2
