"""`GET /v1/documents/{id}/file` sends the original of a folder or of a single file, and nothing from elsewhere."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ingest.index import Hit
from server.dependencies import parts_of
from server.problems import install
from server.routes.documents import passages_of, router
from server.settings import ServerSettings

SOURCES = """
[[source]]
name = "dossier"
kind = "procedure"
folder = "documents"

[[source]]
name = "fichier"
kind = "procedure"
file = "documents/reglement.md"

[[source]]
name = "web"
kind = "legal"
pages = ["https://www.exemple.fr/reglement.md"]
hosts = ["www.exemple.fr"]

[[source]]
name = "offre"
kind = "training"
lheo = "documents/offre.xml"
"""

Ask = Callable[[str, str | None], httpx2.Response]


@pytest.fixture
def organisation(tmp_path: Path) -> Path:
    (tmp_path / "sources.toml").write_text(SOURCES, "utf-8")
    (tmp_path / "secret.txt").write_text("secret")
    for name in ("reglement.md", "budget.md", "offre.xml", "sous/note d’été.pdf"):
        path = tmp_path / "documents" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"texte de {name}", "utf-8")
    return tmp_path


@pytest.fixture
def ask(organisation: Path) -> Ask:
    """Ask for the original of a document that the index holds for this source under this file."""
    settings = ServerSettings(sources_file=organisation / "sources.toml", _env_file=None)
    app = FastAPI()
    app.include_router(router)
    install(app)
    app.dependency_overrides[parts_of] = lambda: SimpleNamespace(settings=settings)

    def asked(source: str, file: str | None) -> httpx2.Response:
        hit = Hit("1", 0.0, {"source": source, "file": file})
        app.dependency_overrides[passages_of] = lambda: [hit]
        return TestClient(app).get("/v1/documents/x/file")

    return asked


def test_a_file_of_a_folder_is_sent(ask: Ask) -> None:
    response = ask("dossier", "sous/note d’été.pdf")
    assert response.text == "texte de sous/note d’été.pdf"
    assert response.headers["content-disposition"].startswith("inline")


def test_the_one_file_of_a_source_is_sent_and_its_neighbours_are_not(ask: Ask) -> None:
    assert ask("fichier", "reglement.md").text == "texte de reglement.md"
    assert ask("fichier", "budget.md").status_code == 404
    assert ask("fichier", "./budget.md").status_code == 404


@pytest.mark.parametrize(
    "file",
    [
        "../secret.txt",
        "sous/../../secret.txt",
        "/etc/passwd",
        "../documents/../secret.txt",
        "sous",
        "",
        "absent.md",
    ],
)
def test_a_path_that_leaves_the_folder_is_not_sent(ask: Ask, file: str) -> None:
    response = ask("dossier", file)
    assert response.status_code == 404
    assert "secret" not in response.text
    assert "L’original de ce document n’est pas disponible" in response.json()["detail"]


def test_a_link_out_of_the_folder_is_not_followed(ask: Ask, organisation: Path) -> None:
    (organisation / "documents" / "lien.txt").symlink_to(organisation / "secret.txt")
    (organisation / "documents" / "ailleurs").symlink_to(organisation)
    (organisation / "documents" / "boucle").symlink_to(organisation / "documents" / "boucle")
    for file in ("lien.txt", "ailleurs/secret.txt", "boucle"):
        assert ask("dossier", file).status_code == 404


def test_a_single_file_that_became_a_link_is_not_followed(ask: Ask, organisation: Path) -> None:
    path = organisation / "documents" / "reglement.md"
    path.unlink()
    path.symlink_to(organisation / "secret.txt")
    assert ask("fichier", "reglement.md").status_code == 404


@pytest.mark.parametrize(
    ("source", "file"),
    [("web", "reglement.md"), ("web", None), ("offre", "offre.xml"), ("inconnue", "budget.md")],
)
def test_pages_and_catalogues_have_no_original_to_send(ask: Ask, source: str, file: str | None) -> None:
    assert ask(source, file).status_code == 404
