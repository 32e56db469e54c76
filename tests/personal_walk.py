"""A walk over every path of the running app that takes a text: it types sentences of the marked corpus there."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from fastapi.testclient import TestClient

from server.mask import About, Masker
from tests.listening import Listening
from tests.personal_values import Text, plainly

TOPIC = "Quel est le plafond de remboursement des fournitures ?"
STREAM = {"Accept": "text/event-stream"}


@dataclass
class Walk:
    """The running app, and what a person does there."""

    client: TestClient
    listening: Listening
    masker: Masker
    notes: Sequence[Text]
    questions: Sequence[Text]
    data_dir: Path
    log: list[str]
    shown: dict[str, list[str]] = field(default_factory=dict)
    """What each walk was answered."""
    variants: set[tuple[str, About]] = field(default_factory=set)
    """What was typed that is not one of the texts to the letter."""

    def called(self, name: str, response: httpx.Response, *, status: int = 200) -> Any:
        assert response.status_code == status, f"{name}: {response.text[:500]}"
        self.shown.setdefault(name, []).append(response.text)
        json = "application/json" in response.headers.get("content-type", "")
        return response.json() if json and response.content else response.text

    def typing(self, text: str, about: About) -> str:
        """Note, and give, what is typed with another beginning or end: masking may read other values in it."""
        self.variants.add((text, about))
        return text

    @cached_property
    def hidden(self) -> set[str]:
        """Values that are hidden wherever they stand: "vingt ans" is an age here, and a length of service there.

        Read once the walk is over.
        """
        texts = [*self.notes, *self.questions]
        variants = [plainly(self.masker.mask(text, about=about).text) for text, about in self.variants]
        in_the_open = " ".join([*(text.open for text in texts), *variants])
        return {value for text in texts for value in text.hidden if value not in in_the_open}

    @property
    def found(self) -> set[str]:
        """Values that masking hides somewhere."""
        return {value for text in [*self.notes, *self.questions] for value in text.hidden}


def first_question(walk: Walk, text: Text) -> str:
    """Write a question that stands alone."""
    return walk.typing(f"{text.typed}\n{TOPIC}", "question")


def follow_up(walk: Walk, text: str) -> str:
    """Write a question after another that told of somebody: what is said of nobody in particular is said of them."""
    return walk.typing(f"Et pour lui ? {text}", "notes")


def ask(walk: Walk) -> None:
    """Ask, follow up twice, ask again, whole and as a stream, and comment."""
    for text, after in zip(walk.questions, [*walk.questions[1:], walk.questions[0]], strict=True):
        question = {"question": first_question(walk, text)}
        first = walk.called("ask", walk.client.post("/v1/ask", json=question))
        here = {"conversation_id": first["conversation_id"]}
        follow_ups = [{"question": follow_up(walk, said), **here} for said in (after.typed, text.typed[:300])]
        again = {**question, **here, "replaces": first["id"]}
        for body in (*follow_ups, again):
            walk.called("ask", walk.client.post("/v1/ask", json=body))
        walk.called("ask", walk.client.post("/v1/ask", json={**question, **here}, headers=STREAM))
        walk.called("conversation", walk.client.get(f"/v1/conversations/{here['conversation_id']}"))
        comment = {"answer_id": first["id"], "useful": False, "comment": text.typed}
        walk.called("feedback", walk.client.post("/v1/feedback", json=comment), status=201)


def ask_badly(walk: Walk) -> None:
    """Send what is refused, and ask a model that does not answer: errors say things, to the log too."""
    text = walk.questions[0].typed
    walk.called("refused", walk.client.post("/v1/ask", json={"question": text, "k": text}), status=422)
    walk.called("refused", walk.client.post("/v1/drafts", json={"notes": text}), status=422)
    walk.called("refused", walk.client.post("/v1/mask", json={"text": [text]}), status=422)
    walk.listening.silent = True
    walk.called(
        "ask", walk.client.post("/v1/ask", json={"question": first_question(walk, walk.questions[0])})
    )
    draft(walk, walk.notes[0])
    walk.listening.silent = False


def search(walk: Walk) -> None:
    for text in walk.questions:
        query = {"query": first_question(walk, text)}
        walk.called("search", walk.client.post("/v1/search", json=query))


def chat(walk: Walk) -> None:
    for text, before in zip(walk.questions, [*walk.questions[1:], walk.questions[0]], strict=True):
        messages = [
            {"role": "system", "content": before.typed},
            {"role": "user", "content": before.typed},
            {"role": "assistant", "content": before.typed},
            {"role": "user", "content": follow_up(walk, text.typed)},
        ]
        for stream in (False, True):
            body = {"model": "fanal", "messages": messages, "stream": stream}
            walk.called("chat", walk.client.post("/v1/chat/completions", json=body))


def mask(walk: Walk) -> None:
    for text in walk.notes:
        walk.called("mask", walk.client.post("/v1/mask", json={"text": text.typed}))


def notes_file(walk: Walk) -> None:
    sent = walk.client.post("/v1/notes?name=notes.txt", content=walk.notes[0].typed.encode())
    walk.called("notes", sent)


def draft(walk: Walk, text: Text, headers: Mapping[str, str] | None = None) -> Any:
    template = walk.client.get("/v1/templates").json()[0]["id"]
    body = {"template": template, "notes": text.typed, "consent": True, "label": text.typed[:60]}
    response = walk.client.post("/v1/drafts", json=body, headers=headers)
    return walk.called("draft", response, status=200 if headers else 201)


def drafts(walk: Walk) -> None:
    """Draft with each template's first sections, edit with what was typed, validate, export."""
    for at, text in enumerate(walk.notes):
        made = draft(walk, text)
        address = f"/v1/drafts/{made['id']}"
        edit = {"sections": [{"id": made["sections"][0]["id"], "text": text.typed[:2_000]}]}
        walk.called("edit", walk.client.patch(address, json=edit))
        signed = {"name": "Camille Testard"}
        walk.called("validate", walk.client.post(f"{address}/validate", json=signed))
        # A PDF is set in a process of its own, which takes seconds: one of each size of note is enough.
        for written in ("docx", "odt", "pdf") if at in (0, len(walk.notes) - 1) else ("docx", "odt"):
            walk.called("export", walk.client.get(f"{address}/export?format={written}"))
        walk.called("drafts", walk.client.get(address))
        walk.called("drafts", walk.client.get("/v1/drafts"))
    gone = draft(walk, walk.notes[0])
    walk.called("delete", walk.client.delete(f"/v1/drafts/{gone['id']}"), status=204)
    draft(walk, walk.notes[-1], STREAM)


def assistants(walk: Walk) -> None:
    """Give each assistant a note in every field, the first line of it where there is room for no more."""
    for at, assistant in enumerate(walk.client.get("/v1/assistants").json()):
        text = walk.notes[at % len(walk.notes)].typed
        inputs = {
            one["id"]: one["choices"][0]
            if one["choices"]
            else walk.typing(text.splitlines()[0], "notes")
            if one["kind"] == "line"
            else text
            for one in assistant["inputs"]
        }
        address = f"/v1/assistants/{assistant['id']}"
        walk.called("assistants", walk.client.post(address, json={"inputs": inputs}))


def cases(walk: Walk) -> None:
    """Write cases with a text in every field, edit them, export them, and read the inbox."""
    for number, text in enumerate(walk.questions):
        case = {
            "id": f"cas-{number}",
            "question": first_question(walk, text),
            "history": [text.typed],
            "facts": [text.typed],
            "forbidden": [walk.typing(text.typed.splitlines()[0], "question")],
            "tags": [walk.typing(text.typed[:30], "question")],
        }
        walk.called("cases", walk.client.post("/v1/cases", json={"case": case}), status=201)
        edit = {"case": case | {"facts": [text.typed, TOPIC]}, "state": "rejected" if number % 2 else None}
        walk.called("cases", walk.client.patch(f"/v1/cases/cas-{number}", json=edit))
    template = walk.client.get("/v1/templates").json()[0]["id"]
    for number, text in enumerate(walk.notes):
        fact = walk.typing(text.typed.splitlines()[0], "notes")
        expected = {"template": template, "notes": text.typed, "facts": [{"text": fact}], "forbidden": [fact]}
        case = {"id": f"note-{number}", "kind": "draft", "draft": expected}
        walk.called("cases", walk.client.post("/v1/cases", json={"case": case}), status=201)
    refused = {"case": {"id": walk.questions[0].typed, "question": [walk.questions[0].typed]}}
    walk.called("refused", walk.client.post("/v1/cases", json=refused), status=422)
    walk.called("cases", walk.client.get("/v1/cases"))
    walk.called("cases", walk.client.get("/v1/cases/export?format=csv"))
    walk.called("inbox", walk.client.get("/v1/feedback"))


def keys(walk: Walk) -> None:
    """Name keys after people."""
    for text in walk.questions:
        named = {"name": walk.typing(text.typed[:100].strip(), "notes"), "scopes": ["ask"]}
        walk.called("keys", walk.client.post("/v1/keys", json=named), status=201)
    walk.called("keys", walk.client.get("/v1/keys"))


Walked = Callable[[Walk], None]

WALKS: Mapping[tuple[str, str], Walked] = {
    ("POST", "/v1/ask"): ask,
    ("POST", "/v1/feedback"): ask,
    ("POST", "/v1/search"): search,
    ("POST", "/v1/chat/completions"): chat,
    ("POST", "/v1/mask"): mask,
    ("POST", "/v1/notes"): notes_file,
    ("POST", "/v1/assistants/{assistant_id}"): assistants,
    ("POST", "/v1/drafts"): drafts,
    ("PATCH", "/v1/drafts/{draft_id}"): drafts,
    ("POST", "/v1/drafts/{draft_id}/validate"): drafts,
    ("POST", "/v1/cases"): cases,
    ("PATCH", "/v1/cases/{case_id}"): cases,
    ("POST", "/v1/keys"): keys,
}
"""What takes a text that a person typed, and what is done there."""

WITHOUT_TEXT = {
    ("POST", "/v1/ingestions"),
    ("POST", "/v1/purges"),
    ("DELETE", "/v1/sources/{name}"),
    ("DELETE", "/v1/conversations"),
    ("DELETE", "/v1/conversations/{conversation_id}"),
    ("DELETE", "/v1/drafts/{draft_id}"),
    ("DELETE", "/v1/cases/{case_id}"),
    ("DELETE", "/v1/evaluations/{run_id}"),
    ("DELETE", "/v1/keys/{key_id}"),
    ("POST", "/v1/tickets"),
}
"""What changes something and takes no text of a person's."""


class Keeping(logging.Handler):
    """Keeps every line of the log, exceptions included."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def logging_to(lines: list[str]) -> Iterator[None]:
    """Keep all that any library logs, at its most talkative."""
    root, handler = logging.getLogger(), Keeping(lines)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
