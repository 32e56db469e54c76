"""An OpenAI-compatible endpoint that judges as a dictionary would: by the words and figures that two texts share.

It really reads what it is asked, so that scores move with what is judged. `fails(...)` makes it go wrong, for the
requests to come, in the ways that judges do.
"""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from eval.judging.wordings import ASKED, CLAIMS, RECALL, SPLIT, SUPPORT, USEFUL
from ingest.text import terms

ENOUGH = 0.6
"""Share of a statement's words that a text must hold to support it."""

FAULTS: dict[str, Callable[[str], dict[str, Any] | int]] = {
    "prose": lambda _text: {"content": "Voici mon avis : cette réponse me paraît plutôt bonne."},
    "nan": lambda text: {"content": re.sub(r'("(?:verdict|attributed|noncommittal)": )\d', r"\1NaN", text)},
    "null": lambda _text: {"content": None},
    "two": lambda text: {"content": re.sub(r'("(?:verdict|attributed|noncommittal)": )\d', r"\g<1>2", text)},
    "fewer": lambda text: {"content": json.dumps({next(iter(json.loads(text))): []})},
    "one": lambda text: {"content": json.dumps(_first_verdicts(json.loads(text)))},
    "truncated": lambda text: {"content": text[: len(text) // 2], "finish_reason": "length"},
    "refusal": lambda _text: {"content": None, "refusal": "Je ne peux pas juger cela."},
    "filtered": lambda _text: {"content": "", "finish_reason": "content_filter"},
    "500": lambda _text: 500,
    "400": lambda _text: 400,
    "401": lambda _text: 401,
}


def _first_verdicts(answer: dict[str, Any]) -> dict[str, Any]:
    verdicts = [
        name for name, value in answer.items() if isinstance(value, list) and isinstance(value[0], dict)
    ]
    return answer | {name: answer[name][:1] for name in verdicts}


@dataclass
class ScriptedJudge:
    """The endpoint's state, shared with the test."""

    name: str = "juge-de-test"
    requests: list[dict[str, Any]] = field(default_factory=list)
    fault: str = ""
    times: int = 0
    pause_s: float = 0.0
    fenced: bool = False
    """Wrap each answer in words and a fence."""

    def fails(self, fault: str, times: int = 1_000) -> None:
        """Answer so, this many times."""
        self.fault, self.times = fault, times

    def forget(self) -> None:
        """Be as new."""
        self.requests.clear()
        self.fault, self.times, self.pause_s, self.fenced = "", 0, 0.0, False

    @property
    def texts(self) -> list[str]:
        """What each request said, system messages and all."""
        return ["\n".join(message["content"] for message in one["messages"]) for one in self.requests]


def judge_app(judge: ScriptedJudge) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {
            "object": "list",
            "data": [{"id": judge.name, "object": "model", "created": 0, "owned_by": "t"}],
        }

    @app.post("/v1/chat/completions")
    async def completions(request: Request) -> Response:
        body = await request.json()
        judge.requests.append(body)
        await asyncio.sleep(judge.pause_s)
        text = json.dumps(judged(body["messages"][-1]["content"]), ensure_ascii=False)
        if judge.fenced:
            text = f"Voici :\n```json\n{text}\n```"
        told: dict[str, Any] | int = {"content": text}
        if judge.times > 0:
            judge.times -= 1
            told = FAULTS[judge.fault](text)
        if isinstance(told, int):
            return JSONResponse({"error": {"message": "context size exceeded"}}, status_code=told)
        return JSONResponse(_whole(told))

    return app


def _whole(told: dict[str, Any]) -> dict[str, Any]:
    finish = told.pop("finish_reason", "stop")
    choice = {"index": 0, "message": {"role": "assistant", **told}, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}


def judged(text: str) -> dict[str, Any]:
    """Judge what a request gives after its last examples."""
    given = json.loads(text.rpartition("Données : ")[2].removesuffix("\nRéponse :"))
    [kind] = [one for one in KINDS if text.startswith(KINDS[one][0])]
    return KINDS[kind][1](given)


def supported(statement: str, context: str) -> bool:
    """Whether a text holds the figures of a statement and most of its words."""
    words, held = set(terms(statement)), set(terms(context))
    figures = {word for word in words if word.isdigit()}
    return figures <= held and len(words & held) >= ENOUGH * len(words)


def sentences(text: str) -> list[str]:
    return [one for one in re.split(r"(?<=[.!?])\s+", text.strip()) if one]


def _support(given: dict[str, Any]) -> dict[str, Any]:
    verdicts = [(one, supported(one, given["contexte"])) for one in given["affirmations"]]
    return {
        "statements": [{"statement": s, "reason": _why(good), "verdict": int(good)} for s, good in verdicts]
    }


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    evasive = "dépend" in given["réponse"] or "ne sais pas" in given["réponse"]
    return {"question": f"Que dit-on de : {given['réponse']}", "noncommittal": int(evasive)}


def _useful(given: dict[str, Any]) -> dict[str, Any]:
    good = any(supported(one, given["contexte"]) for one in sentences(given["réponse attendue"]))
    return {"reason": _why(good), "verdict": int(good)}


def _recall(given: dict[str, Any]) -> dict[str, Any]:
    verdicts = [(one, supported(one, given["contexte"])) for one in sentences(given["réponse attendue"])]
    return {
        "classifications": [
            {"statement": s, "reason": _why(good), "attributed": int(good)} for s, good in verdicts
        ]
    }


def _why(good: bool) -> str:
    return "Les mots y sont." if good else "Les mots n’y sont pas."


KINDS: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "split": (SPLIT.instruction, lambda given: {"statements": sentences(given["texte"])}),
    "claims": (CLAIMS.instruction, lambda given: {"claims": sentences(given["texte"])}),
    "support": (SUPPORT.instruction, _support),
    "asked": (ASKED.instruction, _asked),
    "useful": (USEFUL.instruction, _useful),
    "recall": (RECALL.instruction, _recall),
}
