"""The API as other programs see it: the wire contract, its errors and its limits, on a real index."""

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ingest.errors import SourceUnavailable
from server.app import create_app
from server.problems import MEDIA_TYPE
from server.retrieve import DENSE_DOWN
from server.schemas import MAX_QUESTION_CHARS, Answer, DocumentView, Passage
from server.settings import ServerSettings
from tests.support import OPEN_AND_RESERVED

PROCEDURES = {
    "CPF et arrêt de travail.md": (
        "# CPF et arrêt de travail\n\n## Règle\n\nPendant un arrêt de travail, la personne peut mobiliser son "
        "compte personnel de formation avec l'accord écrit de la caisse d'assurance maladie.\n\n"
        "## Pièces\n\n- l'avis du médecin traitant\n- le devis de l'organisme\n"
    ),
    "Délais 2023.md": "# Délais de réponse\n\nToute réclamation reçoit une réponse sous quinze jours ouvrés.\n",
    "Délais 2026.md": "# Délais de réponse\n\nToute réclamation reçoit une réponse sous cinq jours ouvrés.\n",
}
METADATA = """fichier;reference;titre;date;valable_du;valable_jusqu_au;statut;remplace;remplace_par;groupes
Délais 2023.md;PR-004;Délais de réponse;2023-01-10;2023-02-01;2026-01-31;remplace;;PR-029;
Délais 2026.md;PR-029;Délais de réponse;2026-01-10;2026-02-01;;en_vigueur;PR-004;;
"""


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("organisation")
    (folder / "sources.toml").write_text(OPEN_AND_RESERVED, "utf-8")
    (folder / "procedures").mkdir()
    for name, text in PROCEDURES.items():
        (folder / "procedures" / name).write_text(text, "utf-8")
    (folder / "procedures" / "metadonnees.csv").write_text(METADATA, "utf-8-sig")
    (folder / "direction").mkdir()
    (folder / "direction" / "budget.md").write_text(
        "# Budget\n\nLe budget prévoit deux recrutements.\n", "utf-8"
    )
    return folder


def settings_for(organisation: Path, data: Path, **changes: Any) -> ServerSettings:
    return ServerSettings(
        data_dir=data,
        sources_file=organisation / "sources.toml",
        embed_processes=1,
        _env_file=None,
        **changes,
    )


@pytest.fixture(scope="module")
def client(organisation: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = settings_for(organisation, tmp_path_factory.mktemp("data"))
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as opened:
        ingest(opened)
        yield opened


def ingest(client: TestClient, sources: list[str] | None = None) -> dict[str, Any]:
    run = client.post("/v1/ingestions", json={"sources": sources}).json()
    deadline = time.monotonic() + 90
    while run["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
        run = client.get(f"/v1/ingestions/{run['id']}").json()
    assert run["state"] == "done", run
    found: dict[str, Any] = run
    return found


def search(client: TestClient, **body: Any) -> list[dict[str, Any]]:
    response = client.post("/v1/search", json=body)
    assert response.status_code == 200, response.text
    passages: list[dict[str, Any]] = response.json()["passages"]
    return passages


def test_a_search_gives_passages_in_the_contract_s_shape(client: TestClient) -> None:
    [first, *_] = search(client, query="CPF pendant un arrêt de travail", k=3)
    passage = Passage.model_validate(first)
    assert passage.document_id == "procedures:CPF et arrêt de travail.md"
    assert passage.path == ["CPF et arrêt de travail", "Règle"]
    assert set(first) == {
        "id", "document_id", "kind", "source", "title", "path", "text", "score",
        "page", "url", "number", "status", "valid_from", "valid_to", "legal_basis_of",
    }  # fmt: skip


def test_an_answer_leads_each_statement_to_its_passage(client: TestClient) -> None:
    response = client.post(
        "/v1/ask", json={"question": "Peut-on mobiliser le CPF pendant un arrêt de travail ?"}
    )
    answer = Answer.model_validate(response.json())
    assert not answer.abstained
    assert answer.mode == "extractive"
    assert any("accord écrit de la caisse" in statement.text for statement in answer.statements)
    passages = {passage.id: passage for passage in answer.passages}
    for statement in answer.statements:
        assert statement.verified
        for citation in statement.citations:
            assert passages[citation.passage_id].text[citation.start : citation.end] == citation.quote


def test_the_same_answer_comes_as_events_when_they_are_asked_for(client: TestClient) -> None:
    body = {"question": "Peut-on mobiliser le CPF pendant un arrêt de travail ?"}
    response = client.post("/v1/ask", json=body, headers={"Accept": "text/event-stream"})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [
        (
            event.split("\n")[0].removeprefix("event: "),
            json.loads(event.split("\n")[1].removeprefix("data: ")),
        )
        for event in response.text.strip().split("\n\n")
    ]
    names = [name for name, _ in events]
    assert names[0] == "passages"
    assert names[-1] == "done"
    assert set(names[1:-1]) == {"statement"}
    assert [data for name, data in events if name == "statement"] == events[-1][1]["statements"]


def test_a_question_that_the_documents_do_not_answer_gets_no_statement(client: TestClient) -> None:
    answer = Answer.model_validate(
        client.post(
            "/v1/ask", json={"question": "Quelle est la recette de la tartiflette savoyarde ?"}
        ).json()
    )
    assert answer.abstained
    assert answer.statements == []


@pytest.mark.parametrize(
    ("as_of", "delay", "number"), [(None, "cinq jours", "PR-029"), ("2025-06-01", "quinze jours", "PR-004")]
)
def test_only_the_text_in_force_on_the_day_answers(
    client: TestClient, as_of: str | None, delay: str, number: str
) -> None:
    body = {"question": "Quel est le délai de réponse à une réclamation ?", "as_of": as_of}
    answer = Answer.model_validate(client.post("/v1/ask", json=body).json())
    assert delay in " ".join(statement.text for statement in answer.statements)
    assert {passage.number for passage in answer.passages if passage.title == "Délais de réponse"} == {number}


def test_a_reference_in_the_question_is_looked_up_exactly(client: TestClient) -> None:
    assert search(client, query="Que dit PR-029 ?")[0]["number"] == "PR-029"


def test_a_reserved_document_does_not_exist_for_others(client: TestClient) -> None:
    assert all(passage["source"] != "direction" for passage in search(client, query="budget recrutements"))
    assert client.get("/v1/documents/direction:budget.md").status_code == 404
    assert client.get("/v1/documents/direction:budget.md/file").status_code == 404
    assert "direction" not in {source["name"] for source in client.get("/v1/sources").json()}


def test_its_group_finds_and_opens_a_reserved_document(organisation: Path, tmp_path: Path) -> None:
    settings = settings_for(organisation, tmp_path, local_groups="direction, qualité")
    assert settings.local_groups == {"direction", "qualité"}
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as opened:
        ingest(opened, ["direction"])
        assert search(opened, query="budget recrutements")[0]["source"] == "direction"
        assert opened.get("/v1/documents/direction:budget.md").status_code == 200


def test_a_document_comes_with_its_passages_in_order_and_its_original(client: TestClient) -> None:
    address = "/v1/documents/procedures:CPF et arrêt de travail.md"
    document = DocumentView.model_validate(client.get(address).json())
    assert [passage.path[-1] for passage in document.passages] == ["Règle", "Pièces"]
    original = client.get(f"{address}/file")
    assert original.text == PROCEDURES["CPF et arrêt de travail.md"]
    assert original.headers["x-content-type-options"] == "nosniff"
    assert original.headers["content-disposition"].startswith("attachment")


def test_an_original_that_became_a_link_out_of_its_folder_is_not_sent(
    client: TestClient, organisation: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path = organisation / "procedures" / "Délais 2026.md"
    content = path.read_text("utf-8")
    path.unlink()
    path.symlink_to(secret)
    try:
        assert client.get("/v1/documents/procedures:Délais 2026.md/file").status_code == 404
    finally:
        path.unlink()
        path.write_text(content, "utf-8")


def test_sources_are_counted(client: TestClient) -> None:
    [procedures] = client.get("/v1/sources").json()
    assert (procedures["documents"], procedures["passages"], procedures["embedded"]) == (3, 4, 4)


def test_health_says_how_much_is_ready(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}
    ready = client.get("/health/ready").json()
    assert (ready["status"], ready["dense_share"], ready["mode"]) == ("ok", 1.0, "extractive")


def test_an_unchanged_ingestion_embeds_nothing(client: TestClient) -> None:
    run = ingest(client)
    assert [(report["source"], report["unchanged"]) for report in run["reports"]] == [("procedures", 3)]
    assert all(report["added"] == report["changed"] == 0 for report in run["reports"])
    assert run["to_embed"] == 0


BAD_REQUESTS = [
    ({"question": ""}, "vide"),
    ({"question": "   \n "}, "vide"),
    ({"question": "a" * 20_000}, f"{MAX_QUESTION_CHARS} caractères au plus"),
    ({}, "Il manque la question"),
    ({"question": "CPF ?", "kinds": ["loi"]}, "types connus : procedure, legal, training"),
    ({"question": "CPF ?", "as_of": "2026-02-30"}, "n’est pas une date valide"),
    ({"question": "CPF ?", "as_of": "hier"}, "n’est pas une date valide"),
    ({"question": "CPF ?", "quand": "hier"}, "n’existe pas"),
    ({"question": "CPF ?", "as_of": 0}, "n’est pas une date valide"),
    ({"question": "CPF ?", "sources": ["\ud800"]}, "n’a pas la forme attendue"),
    ({"question": "CPF ?", "sources": ["a"] * 101}, "100 éléments au plus"),
    ({"question": 12}, "n’a pas la forme attendue"),
]


@pytest.mark.parametrize(("body", "words"), BAD_REQUESTS)
def test_a_bad_question_gets_a_clear_problem_in_french(
    client: TestClient, body: dict[str, Any], words: str
) -> None:
    written = json.dumps(body)  # what no client encodes, a program can still write as an escape
    response = client.post("/v1/ask", content=written, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.headers["content-type"] == MEDIA_TYPE
    problem = response.json()
    assert problem["title"] == "Demande à corriger"
    assert words in problem["detail"]


@pytest.mark.parametrize(("k", "words"), [(0, "trop petit"), (101, "trop grand"), ("dix", "forme attendue")])
def test_a_bad_number_of_results_is_refused(client: TestClient, k: object, words: str) -> None:
    response = client.post("/v1/search", json={"query": "CPF", "k": k})
    assert response.status_code == 422
    assert words in response.json()["detail"]


def test_a_body_that_is_no_json_is_refused_in_french(client: TestClient) -> None:
    response = client.post("/v1/ask", content=b"{question", headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert "JSON" in response.json()["detail"]


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/v1/nulle-part", 404),
        ("GET", "/v1/ask", 405),
        ("GET", "/v1/documents/procedures:absent.md", 404),
        ("GET", "/v1/ingestions/absente", 404),
    ],
)
def test_every_error_is_a_problem(client: TestClient, method: str, address: str, status: int) -> None:
    response = client.request(method, address)
    assert response.status_code == status
    assert response.headers["content-type"] == MEDIA_TYPE
    assert response.json()["status"] == status


@pytest.mark.parametrize(
    "body", ['{"question": "délai"}'.encode("cp1252"), b"[" * 100_000, b'{"question": ' + b"9" * 5_000]
)
def test_an_unreadable_body_is_refused_in_french(client: TestClient, body: bytes) -> None:
    response = client.post("/v1/ask", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert "demande" in response.json()["detail"]


def test_a_page_of_another_site_cannot_read_the_answers(client: TestClient) -> None:
    assert client.get("/v1/sources", headers={"Host": "site.example"}).status_code == 400


def test_a_failure_in_the_middle_of_a_stream_is_an_event(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(client.app.state.parts.retriever, "retrieve", broken)  # type: ignore[attr-defined]
    headers = {"Accept": "text/event-stream"}
    response = client.post("/v1/ask", json={"question": "CPF ?"}, headers=headers)
    assert response.text.startswith("event: error\n")
    assert "imprévue" in response.text
    assert "disk full" not in response.text


def test_what_is_personal_never_reaches_the_embedder(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    embedder = client.app.state.parts.retriever._embedder  # type: ignore[attr-defined]
    embed = embedder.query

    def spied(text: str) -> object:
        seen.append(text)
        return embed(text)

    monkeypatch.setattr(embedder, "query", spied)
    words = "délai de réponse pour jeanne.martin@exemple.fr au 06 12 34 56 78"
    assert search(client, query=words)
    client.post("/v1/ask", json={"question": words})
    assert len(seen) == 2
    assert all("jeanne" not in text and "06 12" not in text and "délai" in text for text in seen)


def test_an_embedder_that_is_down_leaves_the_search_by_words(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: str) -> None:
        raise SourceUnavailable("Le service d'embeddings ne répond pas.")

    monkeypatch.setattr(client.app.state.parts.retriever._embedder, "query", down)  # type: ignore[attr-defined]
    answer = client.post(
        "/v1/ask", json={"question": "Quel est le délai de réponse à une réclamation ?"}
    ).json()
    assert answer["statements"]
    assert DENSE_DOWN in answer["warnings"]


def test_a_list_of_references_leaves_room_for_what_the_question_is_about(client: TestClient) -> None:
    codes = " ".join(f"AB-{number}" for number in range(100, 600))
    found = search(client, query=f"PR-029 {codes} arrêt de travail", k=4)
    assert {"PR-029", None} <= {passage["number"] for passage in found}


def test_an_unknown_source_is_named(client: TestClient) -> None:
    response = client.post("/v1/ingestions", json={"sources": ["imaginaire"]})
    assert response.status_code == 422
    assert "imaginaire" in response.json()["detail"]


@pytest.mark.parametrize(
    "text", ["\x00", "\ud800 CPF".encode("utf-8", "surrogatepass").decode("latin-1"), "🙂" * 50, "'; --"]
)
def test_strange_characters_are_questions_like_others(client: TestClient, text: str) -> None:
    assert client.post("/v1/ask", json={"question": f"CPF {text}"}).status_code == 200


def test_a_day_before_everything_finds_nothing_dated(client: TestClient) -> None:
    found = search(client, query="réclamation délai de réponse", as_of=date(1900, 1, 1).isoformat())
    assert {passage["number"] for passage in found} <= {None}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "fanal.example"])  # noqa: S104 - refused on purpose
def test_without_sign_in_the_server_listens_on_this_machine_only(host: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        ServerSettings(host=host, _env_file=None)


def test_a_model_without_its_address_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="FANAL_MODEL_URL"):
        ServerSettings(generator="openai", _env_file=None)
