"""Masking that fails lets nothing through, on any path; texts made to break it are masked or refused."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from presidio_analyzer import EntityRecognizer, RecognizerResult

from server.app import create_app
from server.dependencies import Parts
from server.errors import MaskingFailed
from server.mask import Masker
from server.recognisers.allowed import Allowed
from server.recognisers.engine import Analyser
from server.settings import ServerSettings
from tests.masking import shipped_masker

SECRET = "Zorglubine"
MASKER = shipped_masker()


class Broken(EntityRecognizer):
    """A recogniser that fails on every text, and quotes it."""

    def __init__(self) -> None:
        super().__init__(["PERSONNE"], name="cassé", supported_language="fr")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, **_: object) -> list[RecognizerResult]:
        """Fail."""
        raise RuntimeError(f"cannot read {text}")


BROKEN = Masker(Analyser([Broken()]), Allowed())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("vide")
    (folder / "sources.toml").write_text("", "utf-8")
    settings = ServerSettings(data_dir=folder / "data", sources_file=folder / "sources.toml", _env_file=None)
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        app: FastAPI = client.app  # type: ignore[assignment]
        parts: Parts = app.state.parts
        object.__setattr__(parts.asking, "masker", BROKEN)
        yield client


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/mask", {"text": SECRET}),
        ("/v1/search", {"query": SECRET}),
        ("/v1/ask", {"question": f"{SECRET} ?"}),
        (
            "/v1/chat/completions",
            {
                "model": "fanal",
                "messages": [
                    {"role": "user", "content": f"{SECRET} ?"},
                    {"role": "assistant", "content": "Oui."},
                    {"role": "user", "content": "Et alors ?"},
                ],
            },
        ),
        ("/v1/feedback", {"answer_id": "a", "useful": True, "comment": SECRET}),
    ],
)
def test_what_cannot_be_masked_is_refused_on_every_path(
    client: TestClient, path: str, body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = client.post(path, json=body)
    assert response.status_code == 500
    assert "rien n’a été envoyé" in response.text
    assert SECRET not in response.text
    assert SECRET not in caplog.text


def test_a_stream_ends_with_the_refusal(client: TestClient) -> None:
    asked = {"question": f"{SECRET} ?"}
    response = client.post("/v1/ask", json=asked, headers={"Accept": "text/event-stream"})
    assert "event: error" in response.text
    assert "rien n’a été envoyé" in response.text
    assert SECRET not in response.text


def test_a_type_that_there_is_not_is_a_failure_too() -> None:
    class Foreign(Broken):
        def analyze(self, *_: object, **__: object) -> list[RecognizerResult]:
            return [RecognizerResult("PERSON", 0, 3, 1.0)]

    with pytest.raises(MaskingFailed):
        Masker(Analyser([Foreign()]), Allowed()).mask("Léa")


@pytest.mark.parametrize(
    "text",
    [
        "\ud800 Appelez M. Durand au 06 12 34 56 78 \udfff",
        "Appelez\x00 M. Durand\x00 au 06 12 34 56 78",
        "Appelez M. Du\u00adrand au 06\u200b 12\u2060 34 56 78",
        "Appelez M. D\u200dura\ufeffnd au ０６ １２ ３４ ５６ ７８",
        "\u202eAppelez M. Durand\u202c au 06\u00a012\u202f34 56 78",
        "Appelez M. D" + "\u0301" * 500 + "urand au 06 12 34 56 78",
    ],
)
def test_what_hides_a_name_or_a_number_does_not_save_it(text: str) -> None:
    masked = MASKER.mask(text)
    assert [entity.type for entity in masked.entities] == ["PERSONNE", "TELEPHONE"]
    assert "urand" not in masked.text
    assert "12" not in masked.text


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "\ud800", "\x00", "[", "(" * 5_000, "@" * 5_000, "l'" * 3_000]
)
def test_a_text_without_personal_data_stays_whatever_it_is(text: str) -> None:
    assert MASKER.mask(text).text == text


def test_a_long_text_costs_by_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    find = Analyser._find

    def counted(self: Analyser, text: str, begin: int, end: int) -> Any:
        read.append(end - begin)
        return [] if len(read) > 1 else find(self, text, begin, end)

    monkeypatch.setattr(Analyser, "_find", counted)
    MASKER.mask("é0@A " * 40_000)
    assert sum(read) < 1.2 * 200_000
