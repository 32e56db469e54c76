"""The judge's model behind an OpenAI-compatible endpoint: in goes a request, out comes an answer that can be counted.

ragas' own way there (`llm_factory`) puts an English order before each request and asks again in English when an
answer is wrong; this one is ragas' interface (`InstructorBaseRagasLLM`) and nothing more. It asks at temperature 0
with a seed, once: whatever goes wrong is a `JudgeFailed` with its reason.
"""

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from ragas.llms.base import InstructorBaseRagasLLM

from eval.judging.cache import JudgementCache, key
from eval.judging.checks import UNREADABLE, JudgeFailed, check, schema_of
from eval.judging.prompts import Request

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

SEED = 20_261_122
PATIENCE = 5
"""Times in a row that the endpoint may fail to answer before it is left alone."""
LOST = frozenset({401, 403, 404, 429})
"""Statuses that the next request would get too; so would it any from 500 on."""

UNREACHABLE = "le juge est injoignable"
GIVEN_UP = "le juge ne répond plus : il n’est plus interrogé"
DECLINED = "le juge a refusé de juger"

Answer = TypeVar("Answer", bound=BaseModel)


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Reply(BaseModel):
    choices: list[_Choice]


class JudgeModel:
    """One model, asked by all metrics.

    Args:
        client: of the endpoint; its own timeout is not used.
        concurrency: requests at the same time.
        timeout_s: longest wait for an answer, in seconds.
        max_tokens: longest answer, in tokens.

    Attributes:
        calls: requests that were sent.
    """

    def __init__(
        self,
        client: "AsyncOpenAI",
        model: str,
        cache: JudgementCache,
        *,
        concurrency: int,
        timeout_s: float,
        max_tokens: int,
    ) -> None:
        self.calls = 0
        self.concurrency = concurrency
        self._client, self._model, self._cache = client, model, cache
        self._turns = asyncio.Semaphore(concurrency)
        self._timeout_s, self._max_tokens = timeout_s, max_tokens
        self._unanswered = 0
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ask(self, request: Request, form: type[Answer]) -> Answer:
        """Give the judge's answer, from the cache if it was asked before.

        Raises:
            JudgeFailed: there is none that can be counted.
        """
        body = self._body(request, form)
        asked = key(str(self._client.base_url), body)
        async with self._asking[asked]:  # two metrics may ask the same at the same moment
            kept = self._cache.get(asked)
            if kept is not None:
                return form.model_validate_json(kept)
            async with self._turns:
                text = await self._answer(body)
            try:
                answer = form.model_validate_json(_object(text))
            except ValidationError as error:
                raise JudgeFailed(UNREADABLE) from error
            check(answer, request.statements)
            self._cache.put(asked, answer.model_dump_json())
            return answer

    def _body(self, request: Request, form: type[BaseModel]) -> dict[str, Any]:
        schema = schema_of(form, request.statements)
        return {
            "model": self._model,
            "messages": [{"role": "user", "content": str(request)}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "jugement", "schema": schema}},
            "temperature": 0,
            "seed": SEED,
            "max_tokens": self._max_tokens,
        }

    async def _answer(self, body: dict[str, Any]) -> str:
        if self._unanswered >= PATIENCE:
            raise JudgeFailed(GIVEN_UP)
        self.calls += 1
        content = await self._send(body)
        self._unanswered = 0
        try:
            choice = _Reply.model_validate_json(content).choices[0]
        except (ValidationError, IndexError) as error:
            raise JudgeFailed(UNREADABLE) from error
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise JudgeFailed(DECLINED)
        if choice.finish_reason == "length":
            raise JudgeFailed(
                f"la réponse du juge est coupée (plus de {self._max_tokens} jetons, ou de ce qu’il peut lire)"
            )
        return choice.message.content or ""

    async def _send(self, body: dict[str, Any]) -> bytes:
        import openai

        try:
            async with asyncio.timeout(self._timeout_s):
                raw = await self._client.chat.completions.with_raw_response.create(**body)
        except (TimeoutError, openai.APITimeoutError) as error:
            self._unanswered += 1
            raise JudgeFailed(f"le juge n’a pas répondu en {self._timeout_s:g} s") from error
        except openai.APIStatusError as error:
            if error.status_code in LOST or error.status_code >= 500:
                self._unanswered += 1
            raise JudgeFailed(_refusal(error)) from error
        except (openai.APIConnectionError, httpx.HTTPError) as error:
            self._unanswered += 1
            raise JudgeFailed(UNREACHABLE) from error
        content: bytes = raw.content
        return content


def _refusal(error: "APIStatusError") -> str:
    body = error.body if isinstance(error.body, dict) else {}
    said = " ".join(str(body.get("message", "")).split())[:160]
    return f"le juge a refusé la demande (code {error.status_code}{' : ' + said if said else ''})"


def _object(text: str) -> str:
    """Give the JSON object of an answer that some servers wrap in a fence or in words; all of it if there is none."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


class Recorder(InstructorBaseRagasLLM):
    """The model as one metric sees it on one answer.

    Attributes:
        exchanges: what was to be judged one by one, and the judge's answer, in order.
    """

    def __init__(self, model: JudgeModel) -> None:
        self.exchanges: list[tuple[tuple[str, ...], BaseModel]] = []
        self._model = model

    def generate(self, prompt: str, response_model: type[Answer]) -> Answer:  # noqa: ARG002  # ragas' interface
        """Refuse: metrics are asked for asynchronously here."""
        raise TypeError("the judge is asked with agenerate")

    async def agenerate(self, prompt: str, response_model: type[Answer]) -> Answer:
        """Ask the judge; raises `JudgeFailed`, which stops the metric."""
        request = prompt if isinstance(prompt, Request) else Request(prompt)
        answer = await self._model.ask(request, response_model)
        self.exchanges.append((request.statements, answer))
        return answer
