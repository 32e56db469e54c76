"""Fanal where people sign in, for browser tests: the provider, the server over a few documents, and the page."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, free_port, listens, until
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.support import OPEN_AND_RESERVED

START_LIMIT_S = 240.0
PATIENCE_MS = 60_000

DOCUMENTS = {
    "procedures/reclamations.md": "# Réclamations\n\n## Délai de réponse\n\n"
    "Toute réclamation reçoit une réponse écrite sous cinq jours ouvrés.\n",
    "direction/budget.md": "# Budget de la direction\n\n## Recrutements\n\n"
    "Le budget prévoit deux recrutements au premier trimestre.\n",
}
OPEN_QUESTION = "Sous combien de jours une réclamation reçoit-elle une réponse écrite ?"
RESERVED_QUESTION = "Combien de recrutements le budget prévoit-il au premier trimestre ?"

ROLES = (
    "fanal-conseillers=advisor,fanal-redacteurs=writer,fanal-qualite=quality,"
    "fanal-administrateurs=administrator"
)


@dataclass(frozen=True)
class Place:
    """Where everything is.

    Args:
        page: address of the page.
        api: address of the server.
    """

    provider: Provider
    page: str
    api: str


@contextmanager
def signing_in(folder: Path) -> Iterator[Place]:
    """Start the provider, the server and the page; gives where they are once they answer."""
    with ExitStack() as running:
        provider = running.enter_context(running_provider())
        api, page = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        shared = {
            **os.environ,
            "FANAL_SIGN_IN": "oidc",
            "FANAL_OIDC_ISSUER": provider.issuer,
            "FANAL_OIDC_AUDIENCE": CLIENT_ID,
        }
        serving = shared | _serving(folder, api)
        subprocess.run(
            [sys.executable, "-m", "ingest", "run", "--sparse-only"],
            cwd=ROOT,
            env=serving,
            check=True,
            capture_output=True,
        )
        running.enter_context(_process("server", serving, f"{api}/health/live", folder))
        running.enter_context(
            _process("ui", shared | _paging(folder, page, api), f"{page}/_stcore/health", folder)
        )
        yield Place(provider, page, api)


def _serving(folder: Path, api: str) -> dict[str, str]:
    """Give the settings of the server, and write what it reads."""
    for name, text in DOCUMENTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    sources = folder / "sources.toml"
    sources.write_text(OPEN_AND_RESERVED, "utf-8")
    return {
        "FANAL_DATA_DIR": str(folder / "data"),
        "FANAL_SOURCES_FILE": str(sources),
        "FANAL_EMBED_PROCESSES": "1",
        "FANAL_EMBED_IN_BACKGROUND": "false",
        "FANAL_PORT": api.rpartition(":")[2],
        "FANAL_ROLES": ROLES,
        "FANAL_GROUPS": "direction-generale=direction",
    }


def _paging(folder: Path, page: str, api: str) -> dict[str, str]:
    """Give the settings of the page; its secrets by file, as a server has them."""
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "fanal_oidc_client_secret").write_text(CLIENT_SECRET, "utf-8")
    (secrets / "fanal_cookie_secret").write_text(os.urandom(32).hex(), "utf-8")
    return {
        "FANAL_API_URL": api,
        "FANAL_PUBLIC_URL": page,
        "FANAL_SECRETS_DIR": str(secrets),
        "STREAMLIT_SERVER_PORT": page.rpartition(":")[2],
    }


@contextmanager
def _process(module: str, environment: dict[str, str], health: str, folder: Path) -> Iterator[None]:
    log = folder / f"{module}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            until(lambda: process.poll() is not None or _answers(health), START_LIMIT_S, f"the {module}")
            if process.poll() is not None:
                pytest.fail(f"{module} stopped at its start:\n{log.read_text(errors='replace')[-2_000:]}")
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def sign_in(page: Page, place: Place, name: str) -> None:
    """Go to the page, and through the provider's form as this person."""
    page.goto(place.page)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("button", name=name).click()
    expect(page).to_have_url(f"{place.page}/", timeout=PATIENCE_MS)


def signed_in(page: Page, place: Place, name: str) -> None:
    """Sign in, and wait until the page is whole."""
    sign_in(page, place, name)
    expect(page.get_by_test_id("who")).to_have_text(name, timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Demander")).to_be_visible(timeout=PATIENCE_MS)
    listens(page)
