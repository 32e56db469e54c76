"""Nothing personal reaches a model, a log or the disk in clear, on any path of the running app.

Sentences of the marked corpus are asked, drafted, edited, exported and commented on, while a model, an embedder and a
reranker keep all that they get. What masking misses is measured elsewhere (`tests/test_masking_corpus.py`): here, what
it hides must be hidden everywhere. A new endpoint fails here until it is walked too.
"""

import logging
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from reportlab.pdfgen import canvas

from eval.masking_corpus import REPORT, TUNE, Sentence, read_corpus
from server.app import create_app
from server.mask import About, Masker
from server.settings import ServerSettings
from tests.listening import MODEL, Listening, listening_app
from tests.masking import shipped_masker
from tests.served import serving

TOPIC = "Quel est le plafond de remboursement des fournitures ?"
STREAM = {"Accept": "text/event-stream"}

A_QUESTION = 900
"""Characters of corpus in a question, which holds 2,000 at most."""

A_NOTE = 5_000
"""Characters of corpus in the notes of an interview."""

SOME = 30
"""Sentences of the corpus that the fast tests walk with."""

SHORTEST = 6
"""Characters of a value that is looked for, its two blanks included: shorter ones stand anywhere."""

LONG_IN_A_FILE = 8
LONG_NUMBER = 8
"""Digits of a number that is looked for however it is spaced."""

SOURCES = """
[[source]]
name = "tous"
kind = "procedure"
folder = "tous"
"""


def plainly(text: str) -> str:
    """Write a text as lower-case words of letters and digits: a value that leaks is found however it is written."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(character for character in decomposed if not unicodedata.combining(character))
    words = " ".join(re.findall(r"[^\W_]+", kept))
    return f" {words} "


@dataclass(frozen=True)
class Text:
    """What a person types, and what masking hides of it."""

    typed: str
    hidden: frozenset[str]
    """Values written plainly, between blanks."""
    open: str
    """What masking leaves in the open, written plainly."""
    values: int
    """How many there are that are long enough to be looked for."""


@dataclass
class Walk:
    """The running app, and what a person does there."""

    client: TestClient
    listening: Listening
    notes: Sequence[Text]
    questions: Sequence[Text]
    data_dir: Path
    log: list[str]
    shown: dict[str, list[str]] = field(default_factory=dict)
    """What each walk was answered."""

    def called(self, name: str, response: httpx.Response, *, status: int = 200) -> Any:
        assert response.status_code == status, f"{name}: {response.text[:500]}"
        self.shown.setdefault(name, []).append(response.text)
        json = "application/json" in response.headers.get("content-type", "")
        return response.json() if json and response.content else response.text

    @property
    def hidden(self) -> set[str]:
        """Values that are hidden wherever they stand: "vingt ans" is an age here, and a length of service there."""
        texts = [*self.notes, *self.questions]
        in_the_open = " ".join(text.open for text in texts)
        return {value for text in texts for value in text.hidden if value not in in_the_open}


def ask(walk: Walk) -> None:
    """Ask, follow up twice, ask again, whole and as a stream, and comment."""
    for text, after in zip(walk.questions, [*walk.questions[1:], walk.questions[0]], strict=True):
        question = {"question": f"{text.typed}\n{TOPIC}"}
        first = walk.called("ask", walk.client.post("/v1/ask", json=question))
        here = {"conversation_id": first["conversation_id"]}
        follow_up = {"question": f"Et pour lui ? {after.typed}", **here}
        again = {**question, **here, "replaces": first["id"]}
        for body in (follow_up, {"question": f"Et pour {text.typed[:300]}", **here}, again):
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
    walk.called("ask", walk.client.post("/v1/ask", json={"question": f"{text}\n{TOPIC}"}))
    draft(walk, walk.notes[0])
    walk.listening.silent = False


def search(walk: Walk) -> None:
    for text in walk.questions:
        walk.called("search", walk.client.post("/v1/search", json={"query": f"{text.typed} {TOPIC}"}))


def chat(walk: Walk) -> None:
    for text, before in zip(walk.questions, [*walk.questions[1:], walk.questions[0]], strict=True):
        messages = [
            {"role": "system", "content": before.typed},
            {"role": "user", "content": before.typed},
            {"role": "assistant", "content": before.typed},
            {"role": "user", "content": f"Et pour lui ? {text.typed}"},
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
    for text in walk.notes:
        made = draft(walk, text)
        address = f"/v1/drafts/{made['id']}"
        edit = {"sections": [{"id": made["sections"][0]["id"], "text": text.typed[:2_000]}]}
        walk.called("edit", walk.client.patch(address, json=edit))
        signed = {"name": "Camille Testard"}
        walk.called("validate", walk.client.post(f"{address}/validate", json=signed))
        for written in ("docx", "odt", "pdf"):
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
            else text.splitlines()[0]
            if one["kind"] == "line"
            else text
            for one in assistant["inputs"]
        }
        address = f"/v1/assistants/{assistant['id']}"
        walk.called("assistants", walk.client.post(address, json={"inputs": inputs}))


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
}
"""What takes a text that a person typed, and what is done there."""

WITHOUT_TEXT = {
    ("POST", "/v1/ingestions"),
    ("POST", "/v1/purges"),
    ("DELETE", "/v1/sources/{name}"),
    ("DELETE", "/v1/conversations"),
    ("DELETE", "/v1/conversations/{conversation_id}"),
    ("DELETE", "/v1/drafts/{draft_id}"),
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


def texts_of(corpus: Sequence[Sentence], chars: int, masker: Masker, about: About) -> list[Text]:
    """Put sentences together into texts of at most so many characters, and tell what is masked of each."""
    texts: list[list[Sentence]] = [[]]
    for one in corpus:
        if sum(len(other.text) + 1 for other in [*texts[-1], one]) > chars:
            texts.append([])
        texts[-1].append(one)
    return [text_of(some, masker, about) for some in texts]


def text_of(sentences: Sequence[Sentence], masker: Masker, about: About) -> Text:
    typed = "\n".join(one.text for one in sentences)
    left = plainly(masker.mask(typed, about=about).text)
    gold = {plainly(one.text[span.start : span.end]) for one in sentences for span in one.gold}
    values = frozenset(value for value in gold if len(value) >= SHORTEST)
    return Text(typed, frozenset(value for value in values if value not in left), left, len(values))


def leaked(values: Iterable[str], texts: Iterable[str]) -> set[str]:
    """Give the values that stand in a text, as words of it or, for long numbers, as digits in a row."""
    plain = " ".join(plainly(text) for text in texts)
    digits = re.sub(r"[^a-z0-9]", "", plain)
    return {
        value
        for value in values
        if value in plain
        or (sum(map(str.isdigit, value)) >= LONG_NUMBER and value.replace(" ", "") in digits)
    }


@pytest.fixture(scope="module", params=["some", pytest.param("all", marks=pytest.mark.slow)])
def walk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Walk every path once; "all" does so with the whole corpus."""
    masker = shipped_masker()
    corpus = [one for path in (TUNE, REPORT) for one in read_corpus(path) if one.gold]
    if request.param == "some":
        corpus = corpus[:: len(corpus) // SOME]
    listening = Listening()
    folder = tmp_path_factory.mktemp("organisation")
    write_sources(folder)
    with serving(listening_app(listening)) as url:
        settings = settings_of(folder, url)
        log: list[str] = []
        with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
            ingest(client)
            walk = Walk(
                client,
                listening,
                texts_of(corpus, A_NOTE, masker, "notes"),
                texts_of(corpus, A_QUESTION, masker, "question"),
                settings.data_dir,
                log,
            )
            with logging_to(log):
                for walked in dict.fromkeys([*WALKS.values(), ask_badly]):
                    walked(walk)
            walk.called("audit", client.get("/v1/audit"))
            yield walk


def settings_of(folder: Path, url: str) -> ServerSettings:
    """Give every part a service elsewhere: what leaves the process is what this is about."""
    return ServerSettings(
        data_dir=folder / "data",
        sources_file=folder / "sources.toml",
        embedder="openai",
        embedder_url=f"{url}/v1",
        embedder_model=MODEL,
        generator="openai",
        model_url=f"{url}/v1",
        model_name=MODEL,
        rerank_url=f"{url}/v1",
        rerank_model=MODEL,
        _env_file=None,
    )


def write_sources(folder: Path) -> None:
    (folder / "sources.toml").write_text(SOURCES, "utf-8")
    (folder / "tous").mkdir()
    for year in (2024, 2025, 2026):
        page = canvas.Canvas(str(folder / "tous" / f"fournitures-{year}.pdf"), invariant=1)
        page.drawString(60, 700, f"En {year}, le plafond de remboursement des fournitures est de 40 euros.")
        page.save()


def ingest(client: TestClient) -> None:
    run = client.post("/v1/ingestions", json={}).json()
    deadline = time.monotonic() + 60
    while run["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
        run = client.get(f"/v1/ingestions/{run['id']}").json()
    assert run["state"] == "done", run


def test_every_endpoint_that_takes_a_text_is_walked(walk: Walk) -> None:
    app: Any = walk.client.app
    changing = {
        (method.upper(), path)
        for path, how in app.openapi()["paths"].items()
        for method in how
        if method != "get"
    }
    assert changing == {*WALKS} | WITHOUT_TEXT


def test_most_of_the_corpus_is_hidden_or_this_proves_nothing(walk: Walk) -> None:
    for texts in (walk.notes, walk.questions):
        assert sum(len(text.hidden) for text in texts) > 0.8 * sum(text.values for text in texts) > 20


def test_every_service_was_asked(walk: Walk) -> None:
    asked = walk.listening.requests
    assert asked["chat"] > 8 * len(walk.questions)
    assert asked["embeddings"] > 4 * len(walk.questions)
    assert asked["rerank"] > 4 * len(walk.questions)
    assert any("[PERSONNE_1]" in text for text in walk.listening.heard["chat"])
    assert any("fournitures" in text for text in walk.listening.heard["embeddings"])


@pytest.mark.parametrize("service", ["chat", "embeddings", "rerank"])
def test_no_service_was_told_anything_personal(walk: Walk, service: str) -> None:
    assert leaked(walk.hidden, walk.listening.heard[service]) == set()


def test_no_line_of_the_log_holds_anything_personal(walk: Walk) -> None:
    assert walk.log
    assert leaked(walk.hidden, walk.log) == set()


def test_nothing_personal_is_on_the_disk_in_clear(walk: Walk) -> None:
    files = [path for path in walk.data_dir.rglob("*") if path.is_file()]
    assert {"fanal.sqlite", "fanal.sqlite-wal"} <= {path.name for path in files}
    kept = [written_in(path.read_bytes()) for path in files]
    assert any("[PERSONNE_1]" in text for text in kept)
    # A seal is letters and digits at random: shorter values than these stand in it by chance.
    values = {value for value in walk.hidden if len(value) >= LONG_IN_A_FILE}
    assert leaked(values, kept) == set()


def written_in(data: bytes) -> str:
    """Read the texts of a file of any kind, escapes of JSON undone."""
    written = data.translate(None, b"\0")  # an index is nearly all zeros
    text = b" ".join(re.findall(rb"[^\x00-\x1f\x7f]{6,}", written)).decode("utf-8", "ignore")
    return re.sub(r"\\u([0-9a-f]{4})", lambda escape: chr(int(escape[1], 16)), text)


@pytest.mark.parametrize("shown", ["audit", "conversation", "feedback"])
def test_what_is_kept_is_shown_masked(walk: Walk, shown: str) -> None:
    assert leaked(walk.hidden, walk.shown[shown]) == set()


def test_who_typed_it_sees_their_own_words(walk: Walk) -> None:
    for name in ("ask", "draft", "drafts", "assistants"):
        assert leaked(walk.hidden, walk.shown[name]), name


def test_a_leak_would_be_seen() -> None:
    values = {plainly("Ayşe Karataş"), plainly("06.39.98.45.02")}
    assert leaked(values, ['{"q": "AYSE KARATAŞ, tel"}', "0639984502"]) == values
    assert leaked(values, ["Karataş Ayşe", "06.39.98.45.03"]) == set()
    assert leaked(values, [written_in(b'"Ay\\u015fe Karata\\u015f"')]) == {plainly("Ayşe Karataş")}
