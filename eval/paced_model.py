"""A model that takes its time: `python -m eval.paced_model --port 9000 --first 0.2 --rate 50`.

An OpenAI-compatible endpoint on this machine, as small as it can be, so that what is measured is what stands before
it. It answers every request with the same number of pieces, after a fixed time and at a fixed rate, by statements
that quote the first passage of the prompt word for word.
"""

import argparse
import asyncio
import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

PIECES = 200
STATEMENTS = 4
QUOTE_WORDS = 12
TEXT = "Le document le dit ainsi, mot pour mot."
"""Too few words to be compared with the passage's, and no figure: verified whatever the passage."""

_FIRST_PASSAGE = re.compile(
    r"début du passage 1\n[^\n]*\n(.*?)\n#[0-9a-f]{16}# fin du passage 1\n", re.DOTALL
)
_HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it writes.

    Args:
        first: seconds before the first piece.
        rate: pieces a second after it; 0 for all at once.
    """

    first: float
    rate: float


def answer_to(prompt: str) -> str:
    """Write the answer: its statements quote the first passage of the prompt."""
    passage = _FIRST_PASSAGE.search(prompt)
    words = re.match(rf"\s*(?:\S+\s+){{0,{QUOTE_WORDS}}}\S+", passage[1] if passage else prompt)
    quote = words.group().strip() if words else ""
    statement = {"text": TEXT, "quotes": [{"passage": 1, "quote": quote}]}
    return json.dumps({"abstain": False, "statements": [statement] * STATEMENTS}, ensure_ascii=False)


def pieces_of(text: str) -> list[str]:
    """Cut a text into `PIECES` pieces of about the same length."""
    cuts = [round(i * len(text) / PIECES) for i in range(PIECES + 1)]
    return [text[start:end] for start, end in pairwise(cuts)]


async def serve(port: int, pace: Pace) -> None:
    """Answer on this machine until the process is stopped."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _answer(reader, writer, pace)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the reader has gone
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port, backlog=512)
    async with server:
        await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pace: Pace) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    if head.startswith("GET"):
        writer.write(_HEAD + b"application/json\r\n\r\n" + json.dumps({"data": [{"id": "cadence"}]}).encode())
        await writer.drain()
        return
    length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
    request = json.loads(await reader.readexactly(int(length[1]) if length else 0))
    writer.write(_HEAD + b"text/event-stream\r\n\r\n")
    clock = asyncio.get_running_loop()
    due = clock.time() + pace.first
    for piece in pieces_of(answer_to(request["messages"][-1]["content"])):
        if due > clock.time():
            await asyncio.sleep(due - clock.time())
        writer.write(_event({"delta": {"content": piece}, "index": 0, "finish_reason": None}))
        await writer.drain()
        due += 1 / pace.rate if pace.rate else 0
    writer.write(_event({"delta": {}, "index": 0, "finish_reason": "stop"}) + b"data: [DONE]\n\n")
    await writer.drain()


def _event(choice: dict[str, Any]) -> bytes:
    chunk = {
        "id": "chatcmpl-cadence",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "cadence",
        "choices": [choice],
    }
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.paced_model", description="Un modèle à cadence fixe."
    )
    parser.add_argument("--port", type=int, required=True, help="port TCP")
    parser.add_argument("--first", type=float, default=0.2, help="secondes avant le premier morceau (0.2)")
    parser.add_argument("--rate", type=float, default=50.0, help="morceaux par seconde, 0 : tous (50)")
    options = parser.parse_args()
    asyncio.run(serve(options.port, Pace(options.first, options.rate)))


if __name__ == "__main__":
    main()
