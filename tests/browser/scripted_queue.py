"""A full model by script: the places that the test sets are told to who asks, and requests are refused as it says."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.sse import ServerSentEvent

from server.schemas import Problem, QueueEvent

PATIENCE_S = 30.0
STEP_S = 0.02


class Refused(Exception):
    """The next question is refused, with this problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def add_queue(app: FastAPI) -> None:
    """Have a queue before the model, empty at first.

    State: `place`, at which whoever asks waits, 0 when it is their turn; `refusal`, the problem that the next question
    meets.
    """
    app.state.place = 0
    app.state.refusal = None

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        problem = error.problem
        return JSONResponse(problem.model_dump(), problem.status, media_type="application/problem+json")


def refuse(request: Request) -> None:
    """Refuse a question, once, where the test says so: a dependency."""
    problem, request.app.state.refusal = request.app.state.refusal, None
    if problem:
        raise Refused(problem)


async def queued(app: FastAPI) -> AsyncIterator[ServerSentEvent]:
    """Tell the places that the test sets, up to 0; nothing when it is 0 at first."""
    told = 0
    for _ in range(int(PATIENCE_S / STEP_S)):
        if app.state.place != told:
            told = app.state.place
            yield ServerSentEvent(event="queue", data=QueueEvent(place=told))
        if not app.state.place:
            return
        await asyncio.sleep(STEP_S)
