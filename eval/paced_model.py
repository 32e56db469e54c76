"""A model that takes its time: `python -m eval.paced_model --port 9000 --first 0.2 --rate 50`.

An OpenAI-compatible endpoint on this machine, as small as it can be, so that what is measured is what stands before
it. It writes what `eval.paced_answers` says after a fixed time and at a fixed rate, for as many requests at once as it
is told, and keeps a line for each (`Call`): the time that an answer owes to the model is known from it.
"""

import argparse
import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import ExitStack, aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from eval.paced_answers import PIECES, Written, write

__all__ = ["PIECES", "Call", "Pace", "read_calls", "serve"]

NAME = "cadence"
_HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it writes.

    Args:
        first: seconds before the first piece.
        rate: pieces a second after it; 0 for all at once.
        streams: requests that it writes for at once, others wait; 0 for any number.
    """

    first: float
    rate: float
    streams: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the model saw it.

    Args:
        kind, mark: see `eval.paced_answers.Written`.
        began, ended: `time.monotonic()`, one clock for all the processes of a machine: the request was read whole, the
            last byte was handed over.
        pieces: that were written; fewer than planned when the reader left.
        whole: whether it came to its end.
    """

    kind: str
    mark: int | None
    began: float
    ended: float
    pieces: int
    whole: bool


def read_calls(path: Path) -> list[Call]:
    """Read the calls that a model kept; a line that a kill cut short is left out."""
    return list(_calls(path.read_text("utf-8").splitlines()))


def _calls(lines: Iterable[str]) -> Iterator[Call]:
    for line in lines:
        try:
            yield Call(**json.loads(line))
        except json.JSONDecodeError:
            continue


class _Model:
    def __init__(self, pace: Pace, kept: TextIO | None) -> None:
        self._pace = pace
        self._kept = kept
        self._places = asyncio.Semaphore(pace.streams or 1_000_000)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the reader has gone
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if head.startswith("GET"):
            models = json.dumps({"data": [{"id": NAME}]}).encode()
            writer.write(_HEAD + b"application/json\r\n\r\n" + models)
            await writer.drain()
            return
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        request = json.loads(await reader.readexactly(int(length[1]) if length else 0))
        began, said, done = time.monotonic(), write(request), 0
        try:
            async with (
                self._places,
                aclosing(self._spoken(said, writer, bool(request.get("stream")))) as spoken,
            ):
                async for done in spoken:  # noqa: B007  # how far it came is kept, however it ends
                    pass
        finally:
            if self._kept:
                whole = done == len(said.pieces)
                call = Call(said.kind, said.mark, began, time.monotonic(), done, whole)
                self._kept.write(json.dumps(asdict(call)) + "\n")
                self._kept.flush()

    async def _spoken(
        self, said: Written, writer: asyncio.StreamWriter, streamed: bool
    ) -> AsyncGenerator[int, None]:
        """Write the answer at the model's pace; gives each piece once it is handed over."""
        clock, pieces = asyncio.get_running_loop(), said.pieces
        writer.write(_HEAD + (b"text/event-stream" if streamed else b"application/json") + b"\r\n\r\n")
        due = clock.time() + self._pace.first
        for number, piece in enumerate(pieces, start=1):
            if due > clock.time():
                await asyncio.sleep(due - clock.time())
            if streamed:
                writer.write(_event({"delta": {"content": piece}, "index": 0, "finish_reason": None}))
            if number == len(pieces):
                writer.write(_end() if streamed else _whole(said.text))
            await writer.drain()
            yield number
            due += 1 / self._pace.rate if self._pace.rate else 0


def _end() -> bytes:
    return _event({"delta": {}, "index": 0, "finish_reason": "stop"}) + b"data: [DONE]\n\n"


def _whole(text: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return json.dumps(_completion("chat.completion", choice), ensure_ascii=False).encode()


def _event(choice: dict[str, Any]) -> bytes:
    chunk = _completion("chat.completion.chunk", choice)
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()


def _completion(what: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-cadence", "object": what, "created": 0, "model": NAME, "choices": [choice]}


async def serve(port: int, pace: Pace, kept: Path | None = None) -> None:
    """Answer on this machine until the process is stopped.

    Args:
        kept: file that a line of JSON is added to for each request (`Call`).
    """
    with ExitStack() as opened:
        lines = opened.enter_context(kept.open("a", encoding="utf-8")) if kept else None
        model = _Model(pace, lines)
        server = await asyncio.start_server(model.handle, "127.0.0.1", port, backlog=1024)
        async with server:
            await server.serve_forever()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.paced_model", description="Un modèle à cadence fixe."
    )
    parser.add_argument("--port", type=int, required=True, help="port TCP")
    parser.add_argument("--first", type=float, default=0.2, help="secondes avant le premier morceau (0.2)")
    parser.add_argument("--rate", type=float, default=50.0, help="morceaux par seconde, 0 : tous (50)")
    parser.add_argument(
        "--streams", type=int, default=0, help="réponses écrites à la fois, 0 : sans limite (0)"
    )
    parser.add_argument("--kept", type=Path, metavar="FICHIER", help="note chaque demande, une ligne JSON")
    options = parser.parse_args()
    asyncio.run(serve(options.port, Pace(options.first, options.rate, options.streams), options.kept))


if __name__ == "__main__":
    main()
