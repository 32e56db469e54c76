"""Questions to Fanal, with a real vLLM behind it: streamed, shaped, counted, cached, aborted, and in turn.

The model writes gibberish in the asked shape: what is checked is what surrounds it.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jsonschema
import pytest

from infra import vllm_cpu
from server.llm import Limits, Usage, build_client, complete_text, stream_text
from server.prompts import answer, followup
from server.schemas import INCOMPLETE
from tests.vllm.conftest import ANSWER_TOKENS, MODEL_SECONDS
from tests.vllm.events import reading
from tests.vllm.server import SEQS, VllmServer, until

QUESTION = "Avant quelle date poser ses congés d'été ?"
OTHER = "Dans quel outil les congés d'été sont-ils posés, et par qui ?"
YES_OR_NO = {
    "type": "object",
    "additionalProperties": False,
    "required": ["avis"],
    "properties": {"avis": {"enum": ["oui", "non"]}},
}
Told = list[tuple[str, dict[str, Any]]]


def shaped(schema: object) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "essai", "strict": True, "schema": schema}}


@pytest.fixture(scope="module")
def told(url: str) -> Told:
    """The events of a first question."""
    with reading(f"{url}/v1/ask", {"question": QUESTION}) as events:
        return list(events)


def test_an_answer_is_streamed_and_each_statement_is_verified_or_marked(told: Told) -> None:
    names, answered = [name for name, _ in told], told[-1][1]
    assert (names[0], names[-1]) == ("passages", "done")
    assert (answered["mode"], answered["model"]) == ("generative", vllm_cpu.NAME)
    streamed = [data for name, data in told if name == "statement"]
    assert streamed
    assert answered["statements"] == streamed
    doubtful = [one for one in streamed if not one["verified"]]
    assert all(one["citations"] for one in streamed if one["verified"])
    assert bool(doubtful) is any("vérifié" in warning for warning in answered["warnings"])
    assert INCOMPLETE in answered["warnings"]  # it was cut off
    assert answered["timings"]["first_statement"] < answered["timings"]["total"]


@pytest.mark.parametrize("stream", [True, False])
async def test_the_schema_is_kept_to_and_the_usage_is_vllms_own_count(vllm: VllmServer, stream: bool) -> None:
    assert until(lambda: vllm.running == 0)
    before = vllm.metric("prompt_tokens_total"), vllm.metric("generation_tokens_total")
    used: list[Usage] = []
    messages = [{"role": "system", "content": followup.SYSTEM}, {"role": "user", "content": "Oui ou non ?"}]
    request = (vllm_cpu.NAME, messages, shaped(YES_OR_NO), Limits(max_tokens=80), used.append)
    async with build_client(vllm.base_url, "", silence_s=60) as client:
        if stream:
            text = "".join([piece async for piece in stream_text(client, *request)])
        else:
            text = await complete_text(client, *request)
    jsonschema.validate(json.loads(text), YES_OR_NO)
    [one] = used
    counted = one.prompt_tokens, one.completion_tokens
    expected = before[0] + (one.prompt_tokens or 0), before[1] + (one.completion_tokens or 0)
    assert None not in counted
    assert until(
        lambda: (vllm.metric("prompt_tokens_total"), vllm.metric("generation_tokens_total")) == expected
    )


def test_a_follow_up_is_rewritten_and_what_vllm_used_is_told(url: str, told: Told) -> None:
    asked = {"question": "Et en hiver ?", "conversation_id": told[-1][1]["conversation_id"]}
    for _ in range(
        3
    ):  # a rewriting that takes more than 5 s is given up: on a busy machine, the first one may
        answered = httpx.post(f"{url}/v1/ask", json=asked, timeout=180).json()
        assert answered["mode"] == "generative"
        assert answered["timings"]["rewrite"] > 0
        if answered["tokens"]:
            break
    # An answer that is cut off tells no usage; the rewriting of the question came to its end.
    assert answered["tokens"]["prompt"] > len(followup.SYSTEM) / 6
    assert answered["tokens"]["completion"] > 0


def test_the_instructions_are_read_from_the_prefix_cache_by_the_next_question(
    url: str, vllm: VllmServer, told: Told
) -> None:
    instructions = vllm.count_tokens([{"role": "system", "content": answer.SYSTEM}])
    before = vllm.metric("prefix_cache_hits_total")
    with reading(f"{url}/v1/ask", {"question": OTHER}) as events:
        next(name for name, _ in events if name == "statement")
    hits = vllm.metric("prefix_cache_hits_total") - before
    assert hits >= instructions - instructions % vllm.block_tokens - vllm.block_tokens


def test_a_reader_who_leaves_has_vllm_abort(url: str, vllm: VllmServer) -> None:
    """What is being written ends at once, long before the length that was asked for."""
    assert until(lambda: vllm.running == 0)
    before = vllm.metric("generation_tokens_total")
    with reading(f"{url}/v1/ask", {"question": QUESTION}) as events:
        next(name for name, _ in events if name == "statement")
        assert vllm.running > 0
    assert until(lambda: vllm.running == 0, MODEL_SECONDS / 2)
    written = vllm.metric("generation_tokens_total") - before
    assert 0 < written < ANSWER_TOKENS
    assert vllm.metric("generation_tokens_total") - before == written


def test_no_more_than_max_num_seqs_are_asked_at_once_and_the_others_are_told_their_place(
    url: str, vllm: VllmServer
) -> None:
    assert until(lambda: vllm.running == 0)

    def ask(number: int) -> list[str]:
        names = []
        with reading(f"{url}/v1/ask", {"question": f"{QUESTION} ({number})"}) as events:
            for name, _ in events:
                names.append(name)
                if name == "statement":
                    break
        return names

    with ThreadPoolExecutor(SEQS + 2) as people:
        asked = [people.submit(ask, number) for number in range(SEQS + 2)]
        seen = []
        while not all(one.done() for one in asked):
            seen.append((vllm.running, vllm.metric("num_requests_waiting")))
    assert max(running for running, _ in seen) == SEQS
    # Statements that are repaired make a second call of the answer that they are of, which vLLM may hold a moment.
    told = [one.result() for one in asked]
    assert sum("queue" in names for names in told) == 2
    assert all("statement" in names or names[-1] == "done" for names in told)
