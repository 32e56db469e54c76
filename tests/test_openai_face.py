"""The OpenAI-compatible face: real chat clients, on a real server, over answers that the tests write."""

import asyncio
import http.client
import json
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any

import httpx
import openai
import pytest
from fastapi import FastAPI
from openai import AsyncOpenAI, OpenAI

from ingest.errors import StorageFailed
from server import problems
from server.abstain import Decision, message_for
from server.access import Caller
from server.ask import AskParts
from server.conversation import Turn
from server.dependencies import caller_of, parts_of, today
from server.footnotes import without_footnotes
from server.model_queue import ModelQueue
from server.openai_face import MODEL
from server.openai_schemas import MAX_MESSAGES
from server.rate_limit import RateLimits
from server.retrieval import Retrieval
from server.routes import openai as route
from server.routes.openai import UNREADABLE
from server.schemas import MAX_QUESTION_CHARS, Answer, Mode, Passage, Scope
from server.verify import ProposedStatement, Quote
from tests.masking import shipped_masker
from tests.passages import bilan_and_frais, make_retrieval
from tests.served import serving

QUESTION = "Combien d’heures dure un bilan de compétences ?"
TODAY = date(2026, 11, 22)
HOURS = ProposedStatement(
    "Il dure vingt-quatre heures au plus.", (Quote(1, "dure au plus vingt-quatre heures"),)
)
CONSENT = ProposedStatement(
    "Il faut le consentement du bénéficiaire.", (Quote(1, "avec le consentement du bénéficiaire"),)
)
DOUBTFUL = ProposedStatement("Il coûte 9 000 €.", (Quote(1, "il coûte neuf mille euros"),))


@dataclass
class WrittenAnswers:
    """All that stands behind the face: it answers with `statements`, and notes what it was asked."""

    statements: Sequence[ProposedStatement] = (HOURS, CONSENT)
    passages: Sequence[Passage] = field(default_factory=bilan_and_frais)
    mode: Mode = "generative"
    model: str = "modele-de-test"
    prompt_version: str | None = "essai-1"
    asked: list[tuple[str, Scope, frozenset[str]]] = field(default_factory=list)
    history: list[Turn] = field(default_factory=list)
    standalone_question: str | None = None
    failure: Exception | None = None
    may_go_on: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def retrieve(self, question: str, scope: Scope, groups: frozenset[str], k: int) -> Retrieval:
        if self.failure:
            raise self.failure
        self.asked.append((question, scope, groups))
        return make_retrieval(question, list(self.passages)[:k])

    def decide(self, *_: Any) -> Decision:
        answers = bool(self.statements)
        return Decision(1.0 if answers else 0.0, answers, None if answers else "unanswerable")

    async def standalone(self, _: str, history: Sequence[Turn]) -> str | None:
        self.history = list(history)
        return self.standalone_question

    async def generate(self, *_: Any, **__: Any) -> AsyncGenerator[ProposedStatement, None]:
        self.began.set()
        try:
            for position, statement in enumerate(self.statements):
                if position:
                    await self._allowed()
                yield statement
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped.set()
            raise

    async def _allowed(self) -> None:
        while not self.may_go_on.is_set():  # noqa: ASYNC110 - set from the test's thread
            await asyncio.sleep(0.005)

    async def repair(self, *_: Any) -> None:
        return None


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, FastAPI]]:
    app = FastAPI()
    problems.install(app)
    app.include_router(route.router)
    app.dependency_overrides[caller_of] = lambda: Caller(frozenset({"direction"}))
    app.dependency_overrides[today] = lambda: TODAY
    with serving(app) as url:
        yield url, app


@pytest.fixture
def url(served: tuple[str, FastAPI]) -> str:
    return served[0]


@pytest.fixture
def written(served: tuple[str, FastAPI]) -> WrittenAnswers:
    """What the server answers in this test."""
    answers = WrittenAnswers()
    answers.may_go_on.set()
    parts = AskParts(
        retriever=answers,
        generator=answers,
        fallback=answers,
        abstainer=answers,
        rewriter=answers,
        masker=shipped_masker(),
    )
    audit = SimpleNamespace(note=lambda _: None)
    acting = SimpleNamespace(
        asking=parts,
        masker=parts.masker,
        generator=answers,
        audit=audit,
        queue=ModelQueue(slots=8, places=8, seconds=60),
        limits=RateLimits(1_000, 1_000, on=True),
    )
    served[1].dependency_overrides[parts_of] = lambda: acting
    return answers


@pytest.fixture
def client(url: str, written: WrittenAnswers) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key="peu-importe", max_retries=0, timeout=60) as opened:
        yield opened


@pytest.fixture
async def async_client(url: str, written: WrittenAnswers) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="peu-importe", max_retries=0, timeout=60) as opened:
        yield opened


def user(content: Any) -> Any:
    return {"role": "user", "content": content}


def content_of(client: OpenAI, *messages: Any, **options: Any) -> str:
    completion = client.chat.completions.create(model=MODEL, messages=list(messages), **options)
    return completion.choices[0].message.content or ""


def test_the_client_lists_the_one_model(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [MODEL]
    assert client.models.retrieve(MODEL).object == "model"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-5")
    assert caught.value.code == "model_not_found"
    assert "« gpt-5 »" in caught.value.message


def test_an_answer_comes_with_its_citations_as_footnotes(client: OpenAI, url: str) -> None:
    content = content_of(client, user(QUESTION))
    statements, notes = content.split("\n\n---\n\n")
    assert statements == (
        "Il dure vingt-quatre heures au plus. [1]\n\nIl faut le consentement du bénéficiaire. [1]"
    )
    assert notes.startswith(
        "Sources :\n\n- [1] « dure au plus vingt-quatre heures » ; « avec le consentement du bénéficiaire » — "
        "PR-012 Déroulement d’un bilan de compétences, en vigueur, dates non renseignées : "
        f"{url}/v1/documents/essai%3Abilan/file"
    )
    assert notes.endswith(
        "Rédigé par une IA (modèle modele-de-test) d’après ces documents : à relire avant usage."
    )


def test_the_whole_answer_is_beside_the_text(client: OpenAI) -> None:
    completion = client.chat.completions.create(model=MODEL, messages=[user(QUESTION)])
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert (
        completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    )
    assert completion.usage.prompt_tokens == -(-len(QUESTION) // 4)
    extra = completion.model_extra
    assert extra is not None
    answer = Answer.model_validate(extra["fanal"])
    assert [citation.quote for citation in answer.statements[0].citations] == [
        "dure au plus vingt-quatre heures"
    ]


async def test_the_asynchronous_client_gets_the_same(async_client: AsyncOpenAI) -> None:
    whole = await async_client.chat.completions.create(model=MODEL, messages=[user(QUESTION)])
    stream = await async_client.chat.completions.create(model=MODEL, messages=[user(QUESTION)], stream=True)
    pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(pieces) == whole.choices[0].message.content


def test_a_stream_gives_the_role_each_statement_the_notes_and_the_end(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model=MODEL, messages=[user(QUESTION)], stream=True, stream_options={"include_usage": True}
    )
    *chunks, usage = list(stream)
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert deltas[0].role == "assistant"
    assert deltas[1].content == "Il dure vingt-quatre heures au plus. [1]"
    assert deltas[2].content == "\n\nIl faut le consentement du bénéficiaire. [1]"
    assert (deltas[3].content or "").startswith("\n\n---\n\nSources :")
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None, None, None, None, "stop"]
    assert len({chunk.id for chunk in [*chunks, usage]}) == 1
    assert usage.choices == []
    assert usage.usage is not None
    assert usage.usage.completion_tokens > 0


def test_a_statement_is_sent_before_the_next_is_written(client: OpenAI, written: WrittenAnswers) -> None:
    written.may_go_on.clear()
    stream = client.chat.completions.create(model=MODEL, messages=[user(QUESTION)], stream=True)
    assert next(stream).choices[0].delta.role == "assistant"
    assert next(stream).choices[0].delta.content == "Il dure vingt-quatre heures au plus. [1]"
    written.may_go_on.set()
    assert next(stream).choices[0].delta.content == "\n\nIl faut le consentement du bénéficiaire. [1]"
    stream.close()


def test_a_tool_less_client_that_reads_the_events_itself(url: str, written: WrittenAnswers) -> None:
    """What LibreChat and the like send: a system message of their own, and settings that mean nothing here."""
    body = {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "You are a pirate."},
            user([{"type": "text", "text": QUESTION}]),
        ],
        "stream": True,
        "temperature": 1,
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "max_tokens": 5,
        "max_completion_tokens": 5,
        "stop": ["\n"],
        "user": "655d8d2e9b1c",
        "logit_bias": {},
        "tools": [],
        "tool_choice": "none",
        "a_field_of_tomorrow": {"x": 1},
    }
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = [line.removeprefix("data: ") for line in response.iter_lines() if line]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert all(chunk["choices"] for chunk in chunks)  # no usage unless it is asked for
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text.startswith("Il dure vingt-quatre heures au plus. [1]")
    [(question, _, groups)] = written.asked
    assert question == QUESTION  # neither the system message nor anything else
    assert groups == {"direction"}  # what the caller may read, as everywhere


def test_the_messages_before_the_question_are_its_history(client: OpenAI, written: WrittenAnswers) -> None:
    first = content_of(client, user(QUESTION))
    written.standalone_question = "Combien d’heures dure un bilan pour un CDD ?"
    content = content_of(
        client, user(QUESTION), {"role": "assistant", "content": first}, user("Et pour un CDD ?")
    )
    assert written.history == [
        Turn(QUESTION, "Il dure vingt-quatre heures au plus. Il faut le consentement du bénéficiaire.")
    ]
    assert content.startswith(
        "Question comprise ainsi : « Combien d’heures dure un bilan pour un CDD ? »\n\nIl dure vingt-quatre"
    )
    assert without_footnotes(content) == written.history[0].answer


def test_personal_data_of_the_history_is_masked_and_put_back_for_its_person(
    client: OpenAI, written: WrittenAnswers
) -> None:
    written.statements = [ProposedStatement("Écrivez à [EMAIL_1] et [EMAIL_2].", ())]
    said = "J’accompagne lea@exemple.fr et paul@exemple.fr."
    content = content_of(client, user(said), {"role": "assistant", "content": "Bien."}, user("Que faire ?"))
    assert written.history == [Turn("J’accompagne [EMAIL_1] et [EMAIL_2].", "")]
    assert content.startswith("Écrivez à lea@exemple.fr et paul@exemple.fr. (non vérifié)")


def test_what_cannot_be_verified_says_so(client: OpenAI, written: WrittenAnswers) -> None:
    written.statements = [DOUBTFUL]
    content = content_of(client, user(QUESTION))
    assert content.startswith("Il coûte 9 000 €. (non vérifié")
    assert "À noter :\n\n- Une phrase n’a pas pu être vérifiée" in content


def test_an_abstention_is_said_with_the_nearest_passages(client: OpenAI, written: WrittenAnswers) -> None:
    written.statements = []
    content = content_of(client, user(QUESTION))
    assert content.startswith(
        f"{message_for('unanswerable')}\n\n---\n\nPassages les plus proches :\n\n- PR-012"
    )
    assert "[1]" not in content
    assert without_footnotes(content) == ""


def test_a_question_about_another_day_and_source_can_be_asked(
    client: OpenAI, written: WrittenAnswers
) -> None:
    content = content_of(
        client, user(QUESTION), extra_body={"fanal": {"as_of": "2024-05-01", "sources": ["droit"]}}
    )
    [(_, scope, _)] = written.asked
    assert (scope.as_of, scope.sources) == (date(2024, 5, 1), ["droit"])
    assert "textes en vigueur le 01/05/2024" in content


def test_another_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": QUESTION}])
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"messages": []}, "messages", "« messages »"),
        ({"messages": [{"role": "pirate", "content": "?"}]}, "messages.0.role", "forme attendue"),
        ({"model": None}, "model", "« model »"),
        ({"messages": [user("  ")]}, "messages", "vide"),
        ({"messages": [user("é" * (MAX_QUESTION_CHARS + 1))]}, "messages", "trop longue"),
        ({"messages": [{"role": "system", "content": "?"}]}, "messages", "Il manque la question"),
        ({"n": 2}, "n", "qu’une réponse"),
        ({"fanal": {"as_of": "demain"}}, "fanal.as_of", "date"),
        ({"stream": True, "n": 2}, "n", "qu’une réponse"),
    ],
)
def test_a_refusal_has_openai_s_shape_and_french_words(
    url: str, written: WrittenAnswers, body: dict[str, Any], param: str, words: str
) -> None:
    sent = {"model": MODEL, "messages": [user(QUESTION)], **body}
    response = httpx.post(f"{url}/v1/chat/completions", json=sent, timeout=60)
    assert response.status_code == 400
    assert set(response.json()) == {"error"}
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert words in error["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "La demande n’est pas un JSON valide."),
        (b'{"model": "\xff"}', UNREADABLE),
        (
            b'{"model": "\\ud800", "messages": [{"role": "user", "content": "?"}]}',
            "« model » n’a pas la forme attendue.",
        ),
    ],
)
def test_what_is_no_json_is_refused_too(url: str, written: WrittenAnswers, body: bytes, said: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = httpx.post(f"{url}/v1/chat/completions", content=body, headers=headers, timeout=60)
    assert response.status_code == 400
    assert response.json()["error"]["message"] == said


def test_the_client_raises_what_it_raises_elsewhere(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        content_of(client, user("é" * (MAX_QUESTION_CHARS + 1)))
    assert caught.value.code == "context_length_exceeded"


def test_what_fails_on_the_server_is_an_error_before_the_stream_and_in_it(
    client: OpenAI, written: WrittenAnswers
) -> None:
    written.failure = StorageFailed("le disque /chemin est plein")
    with pytest.raises(openai.APIStatusError) as caught:
        content_of(client, user(QUESTION))
    assert caught.value.status_code == 507
    assert "/chemin" not in caught.value.message
    with pytest.raises(openai.APIError, match="disque"):
        list(client.chat.completions.create(model=MODEL, messages=[user(QUESTION)], stream=True))
    written.failure = RuntimeError("inattendu")
    with pytest.raises(openai.InternalServerError, match="imprévue") as unexpected:
        content_of(client, user(QUESTION))
    assert unexpected.value.type == "server_error"
    with pytest.raises(openai.APIError, match="imprévue"):
        list(client.chat.completions.create(model=MODEL, messages=[user(QUESTION)], stream=True))


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_stops_the_writing(url: str, written: WrittenAnswers, stream: bool) -> None:
    written.may_go_on.clear()
    leaving = http.client.HTTPConnection(url.removeprefix("http://"))
    body = json.dumps({"model": MODEL, "messages": [user(QUESTION)], "stream": stream})
    leaving.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    assert written.began.wait(30)
    leaving.close()
    assert written.stopped.wait(30)


def test_a_conversation_without_end_is_refused(url: str, written: WrittenAnswers) -> None:
    messages = [user("?")] * (MAX_MESSAGES + 1)
    response = httpx.post(
        f"{url}/v1/chat/completions", json={"model": MODEL, "messages": messages}, timeout=60
    )
    assert response.status_code == 400
