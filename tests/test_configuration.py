"""`GET /v1/configuration`, and what answers tell of their model: tokens and energy."""

from collections.abc import Iterator
from pathlib import Path
from socket import gethostname
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from server.access import Caller
from server.app import create_app
from server.configuration import NOTHING, installed, url_digest
from server.configuration_schemas import Configuration
from server.dependencies import caller_of
from server.llm import Usage
from server.metering import Meter
from server.schemas import Answer, TokenUsage
from server.settings import ServerSettings
from tests.evaluating import COMPLAINTS, ingest, organisation, settings_of
from tests.scripted_model import ScriptedModel

SENTENCE = "Toute réclamation reçoit une réponse sous cinq jours ouvrés."


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return organisation(tmp_path_factory.mktemp("organisation"))


@pytest.fixture(scope="module")
def client(settings: ServerSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as opened:
        yield opened


def told(client: TestClient, *groups: str) -> Configuration:
    app = cast(FastAPI, client.app)
    app.dependency_overrides[caller_of] = lambda: Caller(frozenset(groups))
    try:
        response = client.get("/v1/configuration")
    finally:
        app.dependency_overrides.clear()
    assert response.status_code == 200, response.text
    return Configuration.model_validate(response.json())


def test_the_configuration_is_the_same_until_something_changes(client: TestClient) -> None:
    found = told(client)
    assert found == told(client)
    assert (found.mode, found.model) == ("extractive", "extraits-des-documents")
    assert found.prompt_versions.keys() == {"answer", "repair", "followup", "draft"}


def test_the_counts_are_those_of_the_caller_and_the_digest_is_of_all(client: TestClient) -> None:
    everyone, direction = told(client), told(client, "direction")
    assert (everyone.index.documents, direction.index.documents) == (3, 4)
    assert everyone.index.passages < direction.index.passages
    assert everyone.index.digest == direction.index.digest
    assert everyone.fingerprint != direction.fingerprint
    assert direction.groups == ["direction"]


def test_another_text_or_another_reader_is_another_index(tmp_path: Path) -> None:
    settings = organisation(tmp_path)

    def digest() -> str:
        ingest(settings)
        with TestClient(create_app(settings), base_url="http://127.0.0.1") as opened:
            return told(opened).index.digest

    first = digest()
    assert digest() == first
    (tmp_path / "procedures" / "Transport.md").write_text("# Transport\n\nRien n’est remboursé.\n", "utf-8")
    second = digest()
    reserved = (tmp_path / "sources.toml").read_text("utf-8").replace('["direction"]', '["direction", "cep"]')
    (tmp_path / "sources.toml").write_text(reserved, "utf-8")
    assert len({first, second, digest()}) == 3


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("acronyms_file", '[[acronym]]\nshort = "CPF"\n', '[[acronym]]\nshort = "VAE"\n'),
        ("allowed_words_file", 'words = ["a"]\n', 'words = ["b"]\n'),
    ],
)
def test_a_file_that_changes_is_told_by_its_digest(
    tmp_path: Path, name: str, before: str, after: str
) -> None:
    path = tmp_path / "fichier.toml"
    key = name.removesuffix("_file")
    digests = []
    for text in (before, before, after):
        path.write_text(text, "utf-8")
        digests.append(installed(settings_of(tmp_path, **{name: path})).settings[key])
    assert digests[0] == digests[1] != digests[2]
    moved = path.rename(tmp_path / "ailleurs.toml")
    assert installed(settings_of(tmp_path, **{name: moved})).settings[key] == digests[2]


def test_a_template_that_is_added_is_told(tmp_path: Path) -> None:
    own = tmp_path / "modeles"
    own.mkdir()
    before = installed(settings_of(tmp_path, templates_dir=own)).settings["templates"]
    (own / "suivi.toml").write_text("titre = 1", "utf-8")
    after = installed(settings_of(tmp_path, templates_dir=own)).settings["templates"]
    assert before != after


def test_no_secret_no_address_and_no_path_is_told(tmp_path: Path, model: ScriptedModel) -> None:
    (tmp_path / "sources.toml").write_text("", "utf-8")
    secrets: dict[str, Any] = {"model_api_key": "clef-du-modele", "rerank_api_key": "clef-du-classeur"}
    settings = settings_of(
        tmp_path, generator="openai", model_url=model.base_url, model_name=model.name, **secrets
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as opened:
        text = opened.get("/v1/configuration").text
    for hidden in (*secrets.values(), "127.0.0.1", str(tmp_path), "/work", "sqlite"):
        assert hidden not in text
    found = Configuration.model_validate_json(text)
    assert (found.mode, found.model) == ("generative", model.name)
    assert found.settings["model_url"] == url_digest(model.base_url)


def test_an_address_has_one_digest_however_it_is_written() -> None:
    hosts = ("localhost", "127.0.0.1", "cle@LOCALHOST", "localhost.", "127.8.9.1", "[::1]", "[::]",
             "0.0.0.0",  # noqa: S104  # an address that a model is said to be at
             "[::ffff:127.0.0.1]", "modele.localhost", gethostname(), f"{gethostname().upper()}.")  # fmt: skip
    written = [f"http://{host}:8000{path}" for host in hosts for path in ("", "/", "/v1", "/v1/")]
    assert len({url_digest(url) for url in written}) == 1
    assert url_digest("http://127.0.0.1:8001/v1") != url_digest(written[0])
    assert url_digest("http://juge.exemple.:8000/v1/") == url_digest("HTTP://Juge.exemple:8000")
    assert url_digest("http://juge.exemple:8000/a/v1") != url_digest("http://juge.exemple:8000/v1")
    assert url_digest(None) == NOTHING


@pytest.fixture
def written(settings: ServerSettings, model: ScriptedModel, tmp_path: Path) -> Iterator[TestClient]:
    """A server whose answers a model writes, on a machine of 360 watts."""
    with_model = settings.model_copy(
        update={
            "data_dir": tmp_path,
            "generator": "openai",
            "model_url": model.base_url,
            "model_name": model.name,
            "model_watts": 360.0,
        }
    )
    ingest(with_model)
    with TestClient(create_app(with_model), base_url="http://127.0.0.1") as opened:
        yield opened


def ask(client: TestClient, question: str = COMPLAINTS, **fields: Any) -> Answer:
    response: httpx.Response = client.post("/v1/ask", json={"question": question, **fields})
    assert response.status_code == 200, response.text
    return Answer.model_validate(response.json())


def test_an_answer_tells_the_tokens_of_all_its_calls_and_their_energy(
    written: TestClient, model: ScriptedModel
) -> None:
    model.states(("Une réclamation reçoit une réponse sous cinq jours.", 1, SENTENCE))
    first = ask(written, conversation_id="c1")
    assert first.tokens == TokenUsage(prompt=11, completion=7)

    model.says('{"standalone": "Sous combien de jours répond-on à une réclamation écrite ?"}')
    model.states(("La réponse arrive sous trois mois.", 1, "rien de tel"))
    model.repairs("Une réclamation reçoit une réponse sous cinq jours ouvrés.", 1, SENTENCE)
    second = ask(written, "et si elle est écrite ?", conversation_id="c1")
    assert len(model.requests) == 4, "the rewriting, the answer and its repair were asked for"
    assert second.tokens == TokenUsage(prompt=33, completion=21)
    assert second.energy_wh is not None
    assert 0 < second.energy_wh <= second.timings["total"] / 1000 * 360 / 3600


def test_a_model_that_tells_no_tokens_still_costs_energy(written: TestClient, model: ScriptedModel) -> None:
    model.says("", raw=b'data: {"choices": [{"delta": {"content": "{"}}]}\n\ndata: [DONE]\n\n')
    answer = ask(written)
    assert (answer.mode, answer.tokens) == ("extractive", None)
    assert answer.energy_wh


def test_an_answer_without_a_model_tells_neither(client: TestClient) -> None:
    answer = ask(client)
    assert (answer.tokens, answer.energy_wh) == (None, None)


def test_energy_is_power_times_time() -> None:
    meter = Meter(watts=100.0)
    meter.add(Usage(prompt_tokens=5, completion_tokens=-1, seconds=20))
    meter.add(Usage(seconds=16))
    assert meter.energy_wh == pytest.approx(1.0)
    assert meter.tokens == TokenUsage(prompt=5, completion=0)
    assert Meter().energy_wh is None
