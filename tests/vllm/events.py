"""A reader of Fanal's server-sent events, which may leave in the middle of a stream."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx

Event = tuple[str, dict[str, Any]]


@contextmanager
def reading(url: str, body: dict[str, Any], timeout_s: float = 180) -> Iterator[Iterator[Event]]:
    """Ask for events; gives them as they come, and closes the connection at the end of the block."""
    headers = {"Accept": "text/event-stream"}
    with (
        httpx.Client(timeout=timeout_s) as client,
        client.stream("POST", url, json=body, headers=headers) as response,
    ):
        assert response.status_code == 200, response.read()
        with closing(_events(response.iter_lines())) as events:
            yield events


def _events(lines: Iterator[str]) -> Iterator[Event]:
    name = ""
    for line in lines:
        if line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            yield name, json.loads(line.removeprefix("data:"))
