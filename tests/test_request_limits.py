"""What is too large or too much at once is refused in French, before it takes the server's memory or its threads."""

import asyncio
import threading

import httpx
import pytest
from fastapi import FastAPI

from server.body_limit import MAX_BODY
from server.mask_schemas import NotesText
from server.routes.notes import MOST, READ_AT_ONCE
from tests.office import Office, refused

pytest_plugins = ["tests.office_fixtures"]

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("address", ["/v1/ask", "/v1/drafts", "/v1/mask", "/v1/assistants/quiz"])
def test_a_body_that_is_announced_too_large_is_not_read(office: Office, address: str) -> None:
    headers = {**JSON, "content-length": str(MAX_BODY + 1)}
    request = office.client.build_request("POST", address, content=b"{}", headers=headers)
    response = office.client.send(request)
    assert "8 Mo" in refused(response, 413)
    assert response.json()["title"] == "Demande trop longue"


def test_a_body_that_turns_out_too_large_is_refused(office: Office) -> None:
    pieces = (b" " * 1_000_000 for _ in range(10))
    response = office.client.post("/v1/mask", content=pieces, headers=JSON)
    assert "8 Mo" in refused(response, 413)


def test_a_chat_client_is_told_in_its_own_shape(office: Office) -> None:
    response = office.client.post("/v1/chat/completions", content=b" " * (MAX_BODY + 1), headers=JSON)
    assert response.status_code == 413
    assert "8 Mo" in response.json()["error"]["message"]


def test_the_longest_notes_with_their_masks_pass(office: Office) -> None:
    masks = [{"start": 2 * at, "end": 2 * at + 1, "type": "PERSONNE"} for at in range(5_001)]
    body = {"inputs": {"document": "x " * 10_000}, "mask": {"document": masks}}
    assert refused(office.client.post("/v1/assistants/quiz", json=body), 422).endswith(
        "5000 éléments au plus."
    )


def test_what_is_masked_is_kept_by_no_proxy(office: Office) -> None:
    response = office.client.post("/v1/mask", json={"text": "Rien."})
    assert response.headers["cache-control"] == "private, no-store"


async def test_files_that_wait_hold_up_nothing_else(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """More files than there are threads: two are read, a few wait, the others are told to come back."""
    go, reading = threading.Event(), threading.Semaphore(0)

    def slow(name: str, data: bytes) -> NotesText:
        reading.release()
        assert go.wait(20)
        return NotesText(text=f"{name} {len(data)}")

    monkeypatch.setattr("server.routes.notes.read_notes", slow)
    app = office.client.app
    assert isinstance(app, FastAPI)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=20) as client:
        calls = [
            asyncio.create_task(client.post("/v1/notes", params={"name": "n.txt"}, content=b"x"))
            for _ in range(60)
        ]
        try:
            early, _ = await asyncio.wait(calls, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            others = await client.post("/v1/search", json={"query": "délai"})
        finally:
            go.set()
        answers = await asyncio.gather(*calls)
    assert others.status_code == 200
    assert {refused(call.result(), 503)[:8] for call in early} == {"D’autres"}
    assert [answer.status_code for answer in answers].count(200) == MOST
    assert all(answer.json()["retry"] for answer in answers if answer.status_code == 503)
    assert READ_AT_ONCE == 2
