"""A draft and an assistant with a real vLLM behind them, from the notes to the export."""

from typing import Any

import httpx
import pytest

from infra import vllm_cpu
from tests.vllm.events import reading

NOTES = "Elle travaille comme aide-soignante depuis 2015. Elle souhaite devenir infirmière. Prochain entretien en mars."


@pytest.fixture(scope="module")
def draft(url: str) -> dict[str, Any]:
    body = {"template": "libre", "notes": NOTES, "consent": {"given": True}}
    with reading(f"{url}/v1/drafts", body) as events:
        told = list(events)
    assert told[-1][0] == "done", told[-1]
    return told[-1][1]


def test_a_draft_is_written_checked_and_kept(url: str, draft: dict[str, Any]) -> None:
    assert draft["mode"] in (
        "generative",
        "extractive",
    )  # gibberish may leave nothing that rests on the notes
    assert [section["id"] for section in draft["sections"]]
    sentences = [sentence for section in draft["sections"] for sentence in section["sentences"]]
    assert sentences
    assert all(one["sources"] for one in sentences if one["verified"])
    assert httpx.get(f"{url}/v1/drafts/{draft['id']}", timeout=30).json()["sections"] == draft["sections"]
    audited = httpx.get(f"{url}/v1/audit", timeout=30).text
    assert vllm_cpu.NAME in audited  # the model was sent the masked notes


def test_the_draft_is_validated_and_exported(url: str, draft: dict[str, Any]) -> None:
    address = f"{url}/v1/drafts/{draft['id']}"
    validated = httpx.post(f"{address}/validate", json={"name": "Une conseillère"}, timeout=30)
    assert validated.status_code == 200, validated.text
    exported = httpx.get(f"{address}/export", params={"format": "odt"}, timeout=60)
    assert exported.content[:2] == b"PK"
