"""Ten questions of the sample organisation, answered by a real language model: `python -m eval.model_report`.

A model's OpenAI-compatible endpoint (`make model`, or any) and an index of the sample go in; a report comes out,
with the model's raw text beside what Fanal made of it. Fanal's own server answers, over HTTP; only its patience is
longer than usual, because a model without a GPU takes minutes to read a prompt.
"""

import argparse
import json
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from eval.model_report_page import page
from ingest.errors import FanalError
from ingest.settings import ROOT
from server.app import create_app
from server.dependencies import Parts
from server.generate import OpenAIGenerator
from server.llm import Limits
from server.schemas import Answer
from server.settings import ServerSettings

ANSWERABLE = (
    "Combien de temps dure un premier entretien ?",
    "Sous combien de temps faut-il répondre à un mail ?",
    "Combien me rembourse-t-on au maximum pour une nuit d'hôtel à Paris ?",
    "Que transmet-on à celui qui a payé le bilan ?",
    "Que dit l'article R. 6313-7 sur la destruction ?",
    "Quelle est la nouvelle adresse de l'agence de Pont-Serein ?",
    "Que signifie l'erreur 40 dans Escale ?",
    "Quel âge minimum pour la formation chariots élévateurs ?",
)
UNANSWERABLE = ("Comment commander des cartes de visite ?", "Quel est le plafond du livret A ?")
"""Chosen before any answer was seen, for the variety of their documents: ODT, DOCX with a table, PDF, law,
e-mail, HTML table, training catalogue."""

QUESTIONS_FILE = ROOT / "sample" / "questions.jsonl"
PATIENCE_S = 1_800.0
"""Longest wait for one answer of the model, in seconds."""


@dataclass(slots=True)
class Call:
    """One request to the model, and all that it wrote.

    Args:
        prompt_chars: length of what it was given to read.
        text: what it wrote, as it came.
        seconds: from the request to the last byte.
    """

    prompt_chars: int
    status: int = 0
    text: str = ""
    finish: str | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def read(self, body: bytes) -> None:
        """Read what came, whether as events or in one piece; a body cut short is read as far as it goes."""
        lines = body.decode("utf-8", "replace").splitlines()
        events = [line[5:] for line in lines if line.startswith("data:") and "[DONE]" not in line]
        for event in events or [body.decode("utf-8", "replace")]:
            try:
                piece = json.loads(event)
            except ValueError:
                continue
            self.usage = piece.get("usage") or self.usage
            for choice in piece.get("choices") or []:
                self.text += (choice.get("delta") or choice.get("message") or {}).get("content") or ""
                self.finish = choice.get("finish_reason") or self.finish


class _Recorded(httpx.AsyncByteStream):
    """A response's bytes, passed on and kept; closing it early, as a client that gives up does, keeps what came."""

    def __init__(self, stream: httpx.AsyncByteStream, call: Call, began: float) -> None:
        self._stream, self._call, self._began = stream, call, began
        self._body = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._body += piece
            yield piece

    async def aclose(self) -> None:
        self._call.read(self._body)
        self._call.seconds = round(time.perf_counter() - self._began, 1)
        await self._stream.aclose()


class Recorder(httpx.AsyncHTTPTransport):
    """Sends the generator's requests, and keeps them with their answers in `calls`."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on; those that write nothing (the list of models) are not kept."""
        began = time.perf_counter()
        if request.method == "GET":
            return await super().handle_async_request(request)
        messages = json.loads(await request.aread())["messages"]
        call = Call(sum(len(message["content"]) for message in messages))
        self.calls.append(call)
        try:
            response = await super().handle_async_request(request)
        finally:  # the generator may give up before anything comes
            call.seconds = round(time.perf_counter() - began, 1)
        call.status = response.status_code
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise TypeError("an asynchronous transport gives asynchronous streams")
        response.stream = _Recorded(response.stream, call, began)
        return response


def recorded(parts: Parts, recorder: Recorder) -> Parts:
    """Give the server's parts with a generator that is patient and whose requests are kept."""
    generator = parts.asking.generator
    if not isinstance(generator, OpenAIGenerator):
        raise TypeError("the server has no model")
    client = generator.client.with_options(
        http_client=httpx.AsyncClient(transport=recorder, timeout=PATIENCE_S)
    )
    patient = replace(generator, client=client, limits=Limits(total_s=PATIENCE_S))
    return replace(parts, asking=replace(parts.asking, generator=patient))


@contextmanager
def serving(settings: ServerSettings, recorder: Recorder) -> Iterator[str]:
    """Serve Fanal on a free port of this machine; gives its URL.

    Raises:
        ConnectionError: it did not start; its log says why.
    """
    app = create_app(settings)
    starting = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with starting(app):
            app.state.parts = recorded(app.state.parts, recorder)
            yield

    app.router.lifespan_context = lifespan
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    with create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while thread.is_alive() and not server.started:
            time.sleep(0.05)
        if not server.started:
            raise ConnectionError("Fanal n’a pas démarré : son journal dit pourquoi.")
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def measure(settings: ServerSettings, questions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Ask the questions one by one; give, for each, what the model wrote and what Fanal answered."""
    recorder, expected = Recorder(), expectations()
    with serving(settings, recorder) as url, httpx.Client(base_url=url, timeout=2 * PATIENCE_S) as client:
        for question in questions:
            began, already = time.perf_counter(), len(recorder.calls)
            response = client.post("/v1/ask", json={"question": question})
            response.raise_for_status()
            answer = Answer.model_validate(response.json())
            seconds = round(time.perf_counter() - began, 1)
            yield _entry(expected[question], answer, recorder.calls[already:], seconds)


def expectations() -> dict[str, dict[str, Any]]:
    """Give the sample's questions, with the document and the words that answer each, by question."""
    lines = QUESTIONS_FILE.read_text("utf-8").splitlines()
    return {entry["question"]: entry for entry in map(json.loads, lines)}


def _entry(
    expected: Mapping[str, Any], answer: Answer, calls: Sequence[Call], seconds: float
) -> dict[str, Any]:
    documents = {passage.id: passage.document_id for passage in answer.passages}
    cited = {documents[one.passage_id] for statement in answer.statements for one in statement.citations}
    document = expected.get("document")
    return {
        "question": expected["question"],
        "expected": {key: expected.get(key) for key in ("document", "quote")},
        "document_found": any(one.endswith(document) for one in documents.values()) if document else None,
        "document_cited": any(one.endswith(document) for one in cited) if document else None,
        "seconds": seconds,
        "model_calls": [_call(call) for call in calls],
        "answer": answer.model_dump(
            mode="json", exclude={"passages": {"__all__": {"text"}}, "id": True, "conversation_id": True}
        ),
    }


def _call(call: Call) -> dict[str, Any]:
    counts = {key: call.usage.get(key) for key in ("prompt_tokens", "completion_tokens")}
    return {
        "prompt_chars": call.prompt_chars,
        **counts,
        "status": call.status,
        "finish_reason": call.finish,
        "seconds": call.seconds,
        "raw": call.text,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line: write the report as Markdown and JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="qwen2.5-coder-1.5b-instruct-q4_k_m")
    parser.add_argument("--model-url", default="http://127.0.0.1:8081/v1")
    parser.add_argument("--context", type=int, default=3_072, help="tokens, prompt and answer")
    parser.add_argument("--report", type=Path, required=True, help="path of the report, without its suffix")
    options = parser.parse_args(arguments)
    settings = ServerSettings(
        generator="openai",
        model_url=options.model_url,
        model_name=options.model,
        model_timeout=PATIENCE_S,
        model_context=options.context,
    )
    try:
        write(options.report, settings, [*ANSWERABLE, *UNANSWERABLE])
    except (FanalError, ConnectionError, httpx.HTTPError) as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 2
    return 0


def write(path: Path, settings: ServerSettings, questions: Sequence[str]) -> None:
    """Write the report after each answer; a report begun with the same model goes on where it stopped.

    Args:
        path: of the report, without its suffix.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data, text = (path.with_name(f"{path.name}.{kind}") for kind in ("json", "md"))  # names hold dots: "1.5b"
    report: dict[str, Any] = {
        "model": settings.model_name, "context": settings.model_context, "questions": []
    }  # fmt: skip
    if data.exists():
        kept = json.loads(data.read_text("utf-8"))
        if {**kept, "questions": []} == report:
            report = kept
    answered = {entry["question"] for entry in report["questions"]}
    for entry in measure(settings, [question for question in questions if question not in answered]):
        report["questions"].append(entry)
        print(
            f"{len(report['questions'])}/{len(questions)} {entry['question']} {entry['seconds']} s",
            flush=True,
        )
        whole = json.dumps(report, ensure_ascii=False, indent=1)
        data.write_text(f"{whole}\n", "utf-8")
        text.write_text(page(report), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
