"""`POST /v1/chat/completions` and `GET /v1/models`: the same answers in OpenAI's shape, for existing chat clients.

Errors have OpenAI's shape too. A client signs in by an API key of Fanal; with sign-in off any key does.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from fastapi.sse import format_sse_event
from starlette.exceptions import HTTPException

from ingest.errors import FanalError
from server import ask as path
from server.converse import ask_with
from server.dependencies import CallerDep, PartsDep, TodayDep, needs
from server.leaving import while_connected
from server.openai_face import MODEL, ChatRefused, Completion, check_model, error_body, read
from server.openai_schemas import ChatCompletion, ChatRequest, ErrorBody, ModelCard, ModelList
from server.problems import explain, headers_of, problem_of, unexpected
from server.routes.limited import limited
from server.routes.streaming import EventStream
from server.store.audit import Act

logger = logging.getLogger(__name__)

UNREADABLE = "La demande est illisible : il faut un JSON en UTF-8."


class OpenAIRoute(APIRoute):
    """A route whose errors have OpenAI's shape: its clients read no other."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler, the reading of its request included."""
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return _refused(400, error_body(400, explain(error), _field(error)))
            except HTTPException as error:
                said = UNREADABLE if error.status_code == 400 else str(error.detail)
                refusal = error_body(error.status_code, said)
                return JSONResponse(refusal.model_dump(), error.status_code, error.headers)
            except FanalError as error:
                return _refused(*_body_of(error), headers_of(error))
            except Exception:  # the app's own answer to what nobody foresaw has another shape
                logger.exception("unexpected error on %s", request.url.path)
                return _refused(500, error_body(500, unexpected().detail))

        return answered


router = APIRouter(prefix="/v1", route_class=OpenAIRoute, dependencies=[needs("ask")])


@router.get("/models")
def models() -> ModelList:
    """List the one model that there is."""
    return ModelList(data=[ModelCard(id=MODEL)])


@router.get("/models/{name:path}")
def model(name: str) -> ModelCard:
    """Show it."""
    check_model(name)
    return ModelCard(id=MODEL)


@router.post("/chat/completions", response_model=ChatCompletion, dependencies=[Depends(limited)])
async def chat_completions(
    body: ChatRequest, request: Request, parts: PartsDep, caller: CallerDep, day: TodayDep
) -> Response | ChatCompletion:
    """Answer the last message of a chat client, its citations as footnotes; nothing of it is kept."""
    # A long conversation takes a while to mask.
    asked = await anyio.to_thread.run_sync(read, body, parts.masker)
    act = Act("question_asked", caller.user, model=parts.generator.model)
    await anyio.to_thread.run_sync(parts.audit.note, act)
    completion = Completion(asked, str(request.base_url).rstrip("/"))
    events = ask_with(parts, asked.question, caller, asked.history, day, asked.restore)
    if body.stream:
        return EventStream(_stream(events, completion, usage=body.wants_usage))
    return await while_connected(request, _whole(events, completion))


async def _whole(events: AsyncGenerator[path.Event, None], completion: Completion) -> ChatCompletion:
    async with aclosing(events):
        async for event in events:
            completion.take(event)
            if isinstance(event, path.Done):
                return completion.whole(event.answer)
    raise RuntimeError("the ask path ended without an answer")


async def _stream(
    events: AsyncGenerator[path.Event, None], completion: Completion, *, usage: bool
) -> AsyncGenerator[bytes, None]:
    """Write the pieces; once the stream has begun, an error is a piece as well."""
    yield _sse(completion.chunk("", first=True))
    try:
        async with aclosing(events):
            async for event in events:
                if piece := completion.take(event):
                    yield _sse(completion.chunk(piece))
    except FanalError as error:
        yield _sse(_body_of(error)[1].model_dump_json())
        return
    except Exception:  # the headers are gone: only a piece of the stream can still tell the reader
        logger.exception("the ask path failed")
        yield _sse(error_body(500, unexpected().detail).model_dump_json())
        return
    yield _sse(completion.chunk(last=True))
    if usage:
        yield _sse(completion.usage_chunk())
    yield _sse("[DONE]")


def _sse(data: str) -> bytes:
    return format_sse_event(data_str=data)


def _body_of(error: FanalError) -> tuple[int, ErrorBody]:
    if isinstance(error, ChatRefused):
        return error.status, error.body
    found = problem_of(error)
    return found.status, error_body(found.status, found.detail)


def _refused(status: int, body: ErrorBody, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(body.model_dump(), status, headers)


def _field(error: RequestValidationError) -> str | None:
    """Name the first field at fault, in OpenAI's manner: "messages.0.role"."""
    place = [str(part) for part in error.errors()[0]["loc"] if part != "body"]
    return ".".join(place) or None
