"""The measure of a model's server, on an endpoint whose pace is known; no figure is asserted, only what is counted."""

import json

import pytest

from infra.vllm_bench import Endpoint, main, words
from tests.scripted_model import ScriptedModel


def test_the_tables_hold_a_row_for_each_number_of_streams(
    model: ScriptedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(1 + 1 + 3 + 10):
        model.says(*["mot "] * 3, pause_s=0.001)
    assert main(["--url", model.base_url, "--model", model.name, "--streams", "1", "3", "--tokens", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:4]] == ["1", "3"]
    assert "ratio" in lines[5]
    asked = model.requests[1:]
    assert {one["max_tokens"] for one in asked[:4]} == {7}
    assert all(one["ignore_eos"] and one["stream_options"]["include_usage"] for one in asked)
    systems = [one["messages"][0]["content"] for one in asked]
    assert len(set(systems[:4])) == 1  # what is constant is the same for all, what varies never is
    assert len({one["messages"][1]["content"] for one in asked}) == len(asked)
    assert [systems[n] == systems[n + 1] for n in range(4, 13, 2)] == [True] * 5


def test_tokens_are_those_that_the_endpoint_counts(model: ScriptedModel) -> None:
    model.says("a", "b", pause_s=0.01)
    timing = Endpoint(model.base_url, model.name, 5, 5, 9).answer("constant", "varie")
    assert timing.tokens == 7  # what the scripted endpoint tells
    assert 0 < timing.first_s < timing.total_s


def test_an_endpoint_that_does_not_answer_is_said(
    model: ScriptedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--url", model.base_url, "--model", model.name]) == 1  # it has nothing to say: 503
    assert "ne répond pas comme attendu" in capsys.readouterr().err


def test_a_text_is_the_same_by_the_same_seed_alone() -> None:
    assert words(50, seed=1) == words(50, seed=1) != words(50)
    assert json.dumps(words(3)).count(" ") == 2
