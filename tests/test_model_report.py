"""The report of a real model's answers: what the model wrote is kept to the letter, whatever became of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from eval import model_report
from eval.model_report import ANSWERABLE, UNANSWERABLE, Call, Recorder, expectations, write
from eval.model_report_page import page
from server.llm import Limits, build_client, ignore_usage, stream_text
from server.settings import ServerSettings
from tests.scripted_model import ScriptedModel

RAW = '{"abstain": false, "statements": [{"text": "Une heure.", "quotes": []}]}'


async def test_what_the_model_writes_is_kept_and_passed_on(model: ScriptedModel) -> None:
    recorder = Recorder()
    model.says(RAW[:20], RAW[20:])
    patient = build_client(model.base_url, "", 5).with_options(
        http_client=httpx.AsyncClient(transport=recorder)
    )
    async with patient as client:
        messages = [{"role": "user", "content": "Combien ?"}]
        pieces = [
            piece async for piece in stream_text(client, model.name, messages, {}, Limits(), ignore_usage)
        ]
    assert "".join(pieces) == RAW
    [call] = recorder.calls
    assert (call.text, call.finish, call.status, call.prompt_chars) == (RAW, "stop", 200, 9)


def test_an_answer_in_one_piece_or_cut_short_is_read_as_far_as_it_goes() -> None:
    whole, cut = Call(0), Call(0)
    whole.read(
        b'{"choices": [{"message": {"content": "Oui."}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 4}}'
    )
    assert (whole.text, whole.finish, whole.usage) == ("Oui.", "stop", {"prompt_tokens": 4})
    cut.read(b'data: {"choices": [{"delta": {"content": "Ou"}}]}\n\ndata: {"choices": [{"del')
    assert (cut.text, cut.finish) == ("Ou", None)


def test_the_questions_are_the_sample_s_own() -> None:
    expected = expectations()
    assert all(expected[question]["document"] for question in ANSWERABLE)
    assert not any(expected[question].get("document") for question in UNANSWERABLE)
    assert (len(set(ANSWERABLE)), len(UNANSWERABLE)) == (8, 2)


def entry(**answer: Any) -> dict[str, Any]:
    statement = {
        "text": "Une heure.", "verified": False, "repaired": True, "unsupported": ["2 h"],
        "citations": [{"quote": "dure\nune heure", "passage_id": "p1"}],
    }  # fmt: skip
    values = {
        "mode": "generative", "abstained": False, "abstention": None, "statements": [statement],
        "message": None, "warnings": ["Attention."], "passages": [{"id": "p1"}], **answer,
    }  # fmt: skip
    call = {
        "prompt_chars": 9, "prompt_tokens": 3, "completion_tokens": 2, "status": 200,
        "finish_reason": "stop", "seconds": 1.5, "raw": RAW,
    }  # fmt: skip
    return {
        "question": "Combien ?", "expected": {"document": "a.pdf", "quote": "une heure"}, "document_found": True,
        "document_cited": False, "seconds": 2.0, "model_calls": [call], "answer": values,
    }  # fmt: skip


def test_the_page_shows_the_raw_text_and_what_became_of_it() -> None:
    abstained = entry(statements=[], abstained=True, abstention="unanswerable", message="Rien.")
    absent = abstained | {
        "expected": {"document": None, "quote": None},
        "document_found": None,
        "model_calls": [],
    }
    text = page({"model": "m", "context": 2048, "questions": [entry(), absent]})
    assert f"~~~~json\n{RAW}\n~~~~" in text
    assert "- [NOT VERIFIED; repaired; unsupported: 2 h] Une heure.\n    - « dure une heure » (p1)" in text
    assert (
        "- left unanswered, as they should be: 1 of 1\n- left unanswered though the documents answer: 0"
        in text
    )
    assert "| 1 | Combien ? | 1 | 1 | 0 | 1 | yes / no | 2 |" in text
    assert "The model was not asked." in text


def test_a_call_that_fanal_gave_up_is_said_so() -> None:
    abandoned = entry()["model_calls"][0] | {"raw": "", "finish_reason": None, "seconds": 20.0}
    text = page({"model": "m", "context": 2048, "questions": [entry() | {"model_calls": [abandoned]}]})
    assert "Raw text 1 (9 characters to read): Fanal gave up after 20.0 s." in text


def test_a_report_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ServerSettings(model_name="m-1.5b", model_context=2048, _env_file=None)
    asked: list[str] = []

    def measured(_: ServerSettings, questions: Sequence[str]) -> Iterator[dict[str, Any]]:
        for question in questions:
            asked.append(question)
            if question == "Deux ?" and asked.count("Deux ?") == 1:
                raise KeyboardInterrupt
            yield entry() | {"question": question}

    monkeypatch.setattr(model_report, "measure", measured)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "m-1.5b", settings, ["Une ?", "Deux ?"])
    write(tmp_path / "m-1.5b", settings, ["Une ?", "Deux ?"])
    assert asked == ["Une ?", "Deux ?", "Deux ?"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m-1.5b.json", "m-1.5b.md"]
    assert "| 2 | Deux ? |" in (tmp_path / "m-1.5b.md").read_text("utf-8")
