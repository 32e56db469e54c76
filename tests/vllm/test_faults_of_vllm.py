"""What goes wrong with a real vLLM, and what the reader is told: too long a prompt, a server that dies and comes back.

The last file of the group: it kills the server that the others share, and starts it again.
"""

import httpx

from server.errors import ModelMisbehaved, ModelUnavailable
from server.reading import failure_warning
from server.schemas import INCOMPLETE
from tests.vllm.conftest import Fanal
from tests.vllm.events import reading
from tests.vllm.server import VllmServer

QUESTION = "Comment poser ses congés d'été ?"
DOWN = failure_warning(ModelUnavailable("vllm"), partial=False)
UNUSABLE = failure_warning(ModelMisbehaved("vllm", ""), partial=False)


def test_a_prompt_that_does_not_fit_gives_extracts_and_says_so(fanal: Fanal, vllm: VllmServer) -> None:
    """Fanal is told a longer context than vLLM has: even half of the passages does not fit."""
    refused = vllm.metric("request_success_total", finished_reason="length")
    with fanal(long=True, model_context=32_768) as url:
        answered = httpx.post(f"{url}/v1/ask", json={"question": QUESTION}, timeout=120).json()
    assert answered["mode"] == "extractive"
    assert answered["statements"]
    assert all(statement["verified"] for statement in answered["statements"])
    assert UNUSABLE in answered["warnings"]
    assert vllm.metric("request_success_total", finished_reason="length") == refused


def test_a_server_that_dies_is_said_and_one_that_comes_back_answers_again(url: str, vllm: VllmServer) -> None:
    with reading(f"{url}/v1/ask", {"question": QUESTION}) as events:
        next(name for name, _ in events if name == "statement")
        vllm.kill()
        *_, (last, answer) = events
    assert last == "done"
    assert answer["mode"] == "generative"
    assert INCOMPLETE in answer["warnings"]  # what had come stays

    answered = httpx.post(f"{url}/v1/ask", json={"question": QUESTION}, timeout=60).json()
    assert answered["mode"] == "extractive"
    assert answered["statements"]
    assert DOWN in answered["warnings"]

    vllm.start()
    with reading(f"{url}/v1/ask", {"question": QUESTION}) as events:
        assert any(name == "statement" and not data["verified"] for name, data in events)
