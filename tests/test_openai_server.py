"""A chat client on the whole server: a real index, the whole path, and nothing kept of what was asked."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest
from openai import OpenAI

from server.app import create_app
from server.footnotes import UNDERSTOOD
from server.openai_face import MODEL
from server.settings import ServerSettings
from tests.served import serving
from tests.support import OPEN_AND_RESERVED

LEAVE = "# Congés du personnel\n\nLes congés d'été sont posés avant le 15 mars, dans Quittance.\n"
WELCOME = "# Accueil du public\n\nL'accueil ouvre à neuf heures, et ferme à dix-sept heures le vendredi.\n"
BUDGET = "# Budget de la direction\n\nLe budget prévoit deux recrutements de conseillers en 2027.\n"
QUESTION = "Avant quelle date poser ses congés d'été ?"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("organisation")
    (folder / "sources.toml").write_text(OPEN_AND_RESERVED, "utf-8")
    for name, text in (
        ("procedures/conges", LEAVE),
        ("procedures/accueil", WELCOME),
        ("direction/budget", BUDGET),
    ):
        path = folder / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    settings = ServerSettings(
        data_dir=tmp_path_factory.mktemp("data"),
        sources_file=folder / "sources.toml",
        embed_processes=1,
        _env_file=None,
    )
    with serving(create_app(settings)) as url:
        ingest(url)
        yield url


def ingest(url: str) -> None:
    run = httpx.post(f"{url}/v1/ingestions", json={}, timeout=30).json()
    deadline = time.monotonic() + 90
    while run["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
        run = httpx.get(f"{url}/v1/ingestions/{run['id']}", timeout=30).json()
    assert run["state"] == "done", run


def ask(url: str, *messages: str) -> str:
    """Ask with the official client; what is said before the last message alternates with the answers to it."""
    said = [
        {"role": "user" if rank % 2 == 0 else "assistant", "content": message}
        for rank, message in enumerate(messages)
    ]
    with OpenAI(base_url=f"{url}/v1", api_key="peu-importe", timeout=60) as client:
        completion = client.chat.completions.create(model=MODEL, messages=said)  # type: ignore[arg-type]
        return completion.choices[0].message.content or ""


def test_a_chat_client_gets_the_document_s_own_sentence_and_its_source(url: str) -> None:
    content = ask(url, QUESTION)
    assert content.startswith(
        "Les congés d'été sont posés avant le 15 mars, dans Quittance. [1]\n\n---\n\nSources :"
    )
    link = content.split(" : http")[1].split()[0]
    original = httpx.get(f"http{link}", timeout=30)
    assert original.status_code == 200
    assert original.text == LEAVE


def test_a_reserved_document_is_reserved_here_too(url: str) -> None:
    content = ask(url, "Combien de recrutements le budget de la direction prévoit-il en 2027 ?")
    assert "deux recrutements" not in content
    assert "Budget de la direction" not in content


def test_a_follow_up_is_understood_from_the_messages(url: str) -> None:
    first = ask(url, QUESTION)
    content = ask(url, QUESTION, first, "Et dans quel outil ?")
    assert content.startswith(f"{UNDERSTOOD} « ")
    assert "congés d'été" in content.partition("\n")[0]


def test_nothing_of_a_chat_client_s_conversation_is_kept(url: str) -> None:
    ask(url, QUESTION)
    assert httpx.get(f"{url}/v1/conversations", timeout=30).json() == []


def test_the_face_is_part_of_the_server(url: str) -> None:
    with OpenAI(base_url=f"{url}/v1", api_key="peu-importe") as client:
        assert [model.id for model in client.models.list()] == [MODEL]
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("autre")
