"""Who may read what: every endpoint, asked as every group; a new endpoint fails here until it is asked too."""

import time
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from fastapi.testclient import TestClient
from reportlab.pdfgen import canvas

from server.access import Caller
from server.app import create_app
from server.dependencies import caller_of
from server.settings import ServerSettings
from tests import quality_desk
from tests.supplies import TEMPLATE

SECRETS = {
    "direction": "zirconium",
    "bilans": "magnésium",
}
"""A word of each group's own document, which nobody else may ever read."""

GROUPS = [frozenset(), frozenset({"direction"}), frozenset({"bilans"}), frozenset({"direction", "bilans"})]


def _named(value: frozenset[str] | tuple[str, str]) -> str:
    """Name a case the same way in every process: the order of a set differs."""
    return "+".join(sorted(value)) if isinstance(value, frozenset) else " ".join(value)


QUESTION = "Quel est le plafond de remboursement des fournitures ?"
MODEL = "fanal"

SOURCES = """
[[source]]
name = "tous"
kind = "procedure"
folder = "tous"
""" + "".join(
    f"""
[[source]]
name = "{group}"
kind = "procedure"
folder = "{group}"
groups = ["{group}"]
"""
    for group in SECRETS
)


class As:
    """The app, asked by a person of some groups."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def __call__(self, groups: frozenset[str], user: str = "") -> TestClient:
        caller = Caller(groups, user or "-".join(sorted(groups)) or "personne")
        self.client.app.dependency_overrides[caller_of] = lambda: caller  # type: ignore[attr-defined]
        return self.client


@pytest.fixture(scope="module")
def acting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[As]:
    folder = tmp_path_factory.mktemp("organisation")
    (folder / "sources.toml").write_text(SOURCES, "utf-8")
    (folder / "modeles").mkdir()
    (folder / "modeles" / "fournitures.toml").write_text(TEMPLATE, "utf-8")
    write_pdf(
        folder / "tous" / "fournitures.pdf", "Le plafond de remboursement des fournitures est de 40 euros."
    )
    for group, secret in SECRETS.items():
        text = f"Le plafond de remboursement des fournitures de {secret} est de 900 euros."
        write_pdf(folder / group / "fournitures.pdf", text)
    settings = ServerSettings(
        data_dir=tmp_path_factory.mktemp("data"),
        sources_file=folder / "sources.toml",
        templates_dir=folder / "modeles",
        embed_processes=1,
        _env_file=None,
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        acting = As(client)
        run = acting(frozenset(SECRETS)).post("/v1/ingestions", json={}).json()
        deadline = time.monotonic() + 60
        while run["state"] == "running" and time.monotonic() < deadline:
            time.sleep(0.05)
            run = client.get(f"/v1/ingestions/{run['id']}").json()
        assert run["state"] == "done", run
        quality_desk.write_runs(settings.data_dir / "evaluations", SECRETS)
        quality_desk.write_cases(acting(frozenset(SECRETS), "qualite"), SECRETS)
        feedback(client)
        yield acting


def write_pdf(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    page = canvas.Canvas(str(path), invariant=1)
    page.drawString(60, 700, text)
    page.save()


def ask(client: TestClient, **body: Any) -> Any:
    response = client.post("/v1/ask", json={"question": QUESTION, **body})
    assert response.status_code == 200, response.text
    return response.json()


def asked_as_stream(client: TestClient) -> httpx.Response:
    return client.post("/v1/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"})


def each_document(tail: str) -> Callable[[TestClient], httpx.Response]:
    """Ask for every group's document, and join what comes: an id can be guessed."""

    def asked(client: TestClient) -> httpx.Response:
        found = [client.get(f"/v1/documents/{name}:fournitures.pdf{tail}") for name in ("tous", *SECRETS)]
        return httpx.Response(200, content=b"\n".join(one.content for one in found if one.status_code == 200))

    return asked


def conversation(client: TestClient) -> httpx.Response:
    return client.get(f"/v1/conversations/{ask(client)['conversation_id']}")


def feedback(client: TestClient) -> httpx.Response:
    return client.post("/v1/feedback", json={"answer_id": ask(client)["id"], "useful": True})


def ingestion(client: TestClient) -> httpx.Response:
    run = client.post("/v1/ingestions", json={"sources": ["tous"]}).json()
    deadline = time.monotonic() + 30
    while (seen := client.get(f"/v1/ingestions/{run['id']}")).json()["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return seen


def chat(client: TestClient) -> httpx.Response:
    messages = [{"role": "user", "content": QUESTION}]
    return client.post("/v1/chat/completions", json={"model": MODEL, "messages": messages})


NOTES = "Souhaite le remboursement des fournitures."
DRAFT = {"template": "fournitures", "notes": NOTES, "consent": True}


def drafted(client: TestClient) -> str:
    """Draft a synthesis; gives its address."""
    response = client.post("/v1/drafts", json=DRAFT)
    assert response.status_code == 201, response.text
    return f"/v1/drafts/{response.json()['id']}"


def drafted_as_stream(client: TestClient) -> httpx.Response:
    return client.post("/v1/drafts", json=DRAFT, headers={"Accept": "text/event-stream"})


def edited(client: TestClient) -> httpx.Response:
    address = drafted(client)
    section = client.get(address).json()["sections"][0]["id"]
    return client.patch(address, json={"sections": [{"id": section, "text": "Relu."}]})


def validated(client: TestClient) -> httpx.Response:
    return client.post(f"{drafted(client)}/validate", json={"name": "Iris Conseil"})


def exported(client: TestClient) -> httpx.Response:
    """Export a synthesis; what is in it is read from what LibreOffice shows of it: its XML."""
    address = drafted(client)
    client.post(f"{address}/validate", json={"name": "Iris Conseil"})
    document = client.get(f"{address}/export", params={"format": "odt"})
    assert document.status_code == 200, document.text
    with ZipFile(BytesIO(document.content)) as archive:
        return httpx.Response(200, content=archive.read("content.xml"))


def assisted(client: TestClient) -> httpx.Response:
    return client.post("/v1/assistants/pistes-de-parcours", json={"inputs": {"competences": QUESTION}})


def made_key(client: TestClient) -> httpx.Response:
    return client.post("/v1/keys", json={"name": "Intranet", "scopes": ["ask"]})


Case = Callable[[TestClient], httpx.Response]

TEXTS: Mapping[tuple[str, str], Case] = {
    ("POST", "/v1/search"): lambda client: client.post("/v1/search", json={"query": QUESTION}),
    ("POST", "/v1/ask"): lambda client: client.post("/v1/ask", json={"question": QUESTION}),
    ("POST", "/v1/ask (stream)"): asked_as_stream,
    ("GET", "/v1/documents/{document_id}"): each_document(""),
    ("GET", "/v1/conversations/{conversation_id}"): conversation,
    ("POST", "/v1/chat/completions"): chat,
    ("POST", "/v1/drafts"): lambda client: client.post("/v1/drafts", json=DRAFT),
    ("POST", "/v1/drafts (stream)"): drafted_as_stream,
    ("GET", "/v1/drafts/{draft_id}"): lambda client: client.get(drafted(client)),
    ("PATCH", "/v1/drafts/{draft_id}"): edited,
    ("POST", "/v1/drafts/{draft_id}/validate"): validated,
    ("POST", "/v1/assistants/{assistant_id}"): assisted,
    **quality_desk.texts(SECRETS),
}
"""What shows passages: its readers find the secret there, and nobody else does."""

SILENT: Mapping[tuple[str, str], Case] = {
    ("GET", "/v1/documents/{document_id}/file"): each_document("/file"),
    ("GET", "/v1/documents/{document_id}/pages/{number}"): each_document("/pages/1"),
    ("GET", "/v1/conversations"): lambda client: client.get("/v1/conversations"),
    ("DELETE", "/v1/conversations"): lambda client: client.delete("/v1/conversations"),
    ("DELETE", "/v1/conversations/{conversation_id}"): lambda client: client.delete(
        f"/v1/conversations/{ask(client)['conversation_id']}"
    ),
    ("POST", "/v1/feedback"): feedback,
    **quality_desk.silent(SECRETS),
    ("POST", "/v1/mask"): lambda client: client.post("/v1/mask", json={"text": QUESTION}),
    ("GET", "/v1/assistants"): lambda client: client.get("/v1/assistants"),
    ("GET", "/v1/sources"): lambda client: client.get("/v1/sources"),
    ("POST", "/v1/ingestions"): ingestion,
    ("GET", "/v1/ingestions/{run_id}"): ingestion,
    ("GET", "/v1/models"): lambda client: client.get("/v1/models"),
    ("GET", "/v1/models/{name}"): lambda client: client.get(f"/v1/models/{MODEL}"),
    ("GET", "/v1/templates"): lambda client: client.get("/v1/templates"),
    ("POST", "/v1/notes"): lambda client: client.post("/v1/notes?name=n.txt", content=NOTES.encode()),
    ("GET", "/v1/drafts"): lambda client: client.get("/v1/drafts"),
    (
        "GET",
        "/v1/drafts/{draft_id}/export",
    ): exported,  # its advice cites one document, of several that are near
    ("DELETE", "/v1/drafts/{draft_id}"): lambda client: client.delete(drafted(client)),
    ("GET", "/v1/audit"): lambda client: client.get("/v1/audit"),
    ("GET", "/v1/me"): lambda client: client.get("/v1/me"),
    ("POST", "/v1/keys"): made_key,
    ("GET", "/v1/keys"): lambda client: client.get("/v1/keys"),
    ("DELETE", "/v1/keys/{key_id}"): lambda client: client.delete(
        f"/v1/keys/{made_key(client).json()['id']}"
    ),
    ("POST", "/v1/purges"): lambda client: client.post("/v1/purges"),
    ("GET", "/health/live"): lambda client: client.get("/health/live"),
    ("GET", "/health/ready"): lambda client: client.get("/health/ready"),
}
"""What shows no passage as text; files and sources have tests of their own below."""

OF_THEIR_OWN = {("DELETE", "/v1/sources/{name}"), ("POST", "/v1/tickets")}
"""The first changes the index, the second is there where people sign in (tests/test_access.py)."""


def test_every_endpoint_is_asked(acting: As) -> None:
    app: Any = acting.client.app
    served = {(method.upper(), path) for path, how in app.openapi()["paths"].items() for method in how}
    asked = {(method, path.removesuffix(" (stream)")) for method, path in {*TEXTS, *SILENT, *OF_THEIR_OWN}}
    assert served == asked


@pytest.mark.parametrize(("groups", "case"), list(product(GROUPS, [*TEXTS, *SILENT])), ids=_named)
def test_no_endpoint_shows_another_group_s_text(
    acting: As, groups: frozenset[str], case: tuple[str, str]
) -> None:
    response = {**TEXTS, **SILENT}[case](acting(groups))
    assert response.status_code < 300, response.text
    for group, secret in SECRETS.items():
        if group not in groups:
            assert secret not in response.text
        elif case in TEXTS:
            assert secret in response.text


@pytest.mark.parametrize("tail", ["", "/file", "/pages/1"])
@pytest.mark.parametrize("groups", GROUPS, ids=_named)
def test_a_document_is_there_for_its_group_alone(acting: As, groups: frozenset[str], tail: str) -> None:
    client = acting(groups)
    for group in SECRETS:
        status = client.get(f"/v1/documents/{group}:fournitures.pdf{tail}").status_code
        assert status == (200 if group in groups else 404)


@pytest.mark.parametrize("groups", GROUPS, ids=_named)
def test_a_source_is_named_to_its_group_alone(acting: As, groups: frozenset[str]) -> None:
    named = {source["name"] for source in acting(groups).get("/v1/sources").json()}
    assert named == {"tous", *groups}
    for group in set(SECRETS) - groups:
        assert acting.client.delete(f"/v1/sources/{group}").status_code == 404


def test_links_need_no_ticket_where_nobody_signs_in(acting: As) -> None:
    assert acting(frozenset()).post("/v1/tickets").status_code == 404


def test_a_conversation_is_its_owner_s_alone(acting: As) -> None:
    answer = ask(acting(frozenset(), "alice"))
    other = acting(frozenset(SECRETS), "bob")
    address = f"/v1/conversations/{answer['conversation_id']}"
    assert other.get(address).status_code == 404
    assert other.delete(address).status_code == 404
    assert other.post("/v1/feedback", json={"answer_id": answer["id"], "useful": True}).status_code == 404
    assert answer["conversation_id"] not in other.get("/v1/conversations").text
    other.delete("/v1/conversations")
    assert acting(frozenset(), "alice").get(address).status_code == 200


def test_a_draft_is_its_author_s_alone(acting: As) -> None:
    address = drafted(acting(frozenset(), "alice"))
    other = acting(frozenset(SECRETS), "bob")
    assert other.get(address).status_code == 404
    assert other.get(f"{address}/export").status_code == 404
    assert other.post(f"{address}/validate", json={"name": "Iris Conseil"}).status_code == 404
    text = {"sections": [{"id": "demande", "text": "Pris."}]}
    assert other.patch(address, json=text).status_code == 404
    assert other.delete(address).status_code == 404
    assert address.rpartition("/")[2] not in other.get("/v1/drafts").text
    assert acting(frozenset(), "alice").get(address).status_code == 200


@pytest.mark.parametrize("group", SECRETS)
def test_an_export_has_what_its_author_may_read(acting: As, group: str) -> None:
    assert SECRETS[group] in exported(acting(frozenset({group}))).text


def test_who_leaves_a_group_no_longer_reads_its_text_in_their_own_drafts(acting: As) -> None:
    address = drafted(acting(frozenset({"direction"}), "carole"))
    assert "zirconium" in acting(frozenset({"direction"}), "carole").get(address).text
    left = acting(frozenset(), "carole")
    assert left.get(address).status_code == 200
    assert "zirconium" not in left.get(address).text
    assert left.post(f"{address}/validate", json={"name": "Carole"}).status_code == 409


def test_who_leaves_a_group_no_longer_reads_its_text_in_their_own_history(acting: As) -> None:
    answer = ask(acting(frozenset({"direction"}), "carole"))
    address = f"/v1/conversations/{answer['conversation_id']}"
    assert "zirconium" in acting(frozenset({"direction"}), "carole").get(address).text
    left = acting(frozenset(), "carole")
    assert left.get(address).status_code == 200
    assert "zirconium" not in left.get(address).text


def test_a_follow_up_brings_back_nothing_that_may_no_longer_be_read(acting: As) -> None:
    first = ask(acting(frozenset({"direction"}), "denis"))
    left = acting(frozenset(), "denis")
    again = ask(left, question="Et pour quel montant ?", conversation_id=first["conversation_id"])
    assert "zirconium" not in str(again)


def test_an_answer_that_was_replaced_brings_back_nothing_that_may_no_longer_be_read(acting: As) -> None:
    inside, left = frozenset({"direction"}), frozenset[str]()
    first = ask(acting(inside, "gilles"))
    here = {"conversation_id": first["conversation_id"]}
    follow_up = ask(acting(inside, "gilles"), question="Et pour le zirconium ?", **here)
    after = ask(acting(inside, "gilles"), question="Et pour quel montant ?", **here)
    assert "zirconium" in after["standalone_question"]
    ask(acting(left, "gilles"), replaces=first["id"], **here)
    ask(acting(left, "gilles"), question="Et les fournitures ?", replaces=follow_up["id"], **here)
    again = ask(acting(left, "gilles"), question="Et à quelle date ?", **here)
    assert "zirconium" not in str(again)
    assert "zirconium" not in acting(left, "gilles").get(f"/v1/conversations/{first['conversation_id']}").text


def test_a_conversation_id_that_another_has_is_free_for_everyone(acting: As) -> None:
    ask(acting(frozenset({"direction"}), "erika"), conversation_id="commune")
    ask(acting(frozenset(), "farid"), conversation_id="commune")
    seen = acting(frozenset(), "farid").get("/v1/conversations/commune").json()
    assert len(seen["turns"]) == 1
    assert "zirconium" not in str(seen)
