"""An organisation whose people sign in: the real server, a real provider over HTTP, and what they keep there.

Everything is reserved to the group `direction`, and holds `SECRET`; who has the right role and is of another group
must never read it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from reportlab.pdfgen import canvas

from ingest.chunk import chunk_document
from server.access_schemas import ApiKeyRequest, Permission, Role
from server.app import create_app
from server.dependencies import Parts
from server.openai_face import MODEL
from server.settings import ServerSettings
from server.sign_in.keys import make_key
from server.store.api_keys import ApiKeys
from tests import quality_desk
from tests.oidc_keys import claims_of
from tests.oidc_provider import CLIENT_ID, Provider, running_provider
from tests.supplies import TEMPLATE
from tests.support import make_document

SECRET = "zirconium"
GROUP = "direction"
WORDS = {GROUP: SECRET}
TEXT = f"Le plafond de remboursement des fournitures de {SECRET} est de 900 euros."
QUESTION = "Quel est le plafond de remboursement des fournitures ?"

ROLES: dict[Permission, Role] = {
    "ask": "advisor",
    "draft": "writer",
    "quality": "quality",
    "administer": "administrator",
}
"""The role that gives a permission and little else."""

SOURCES = f"""
[[source]]
name = "{GROUP}"
kind = "procedure"
folder = "{GROUP}"
groups = ["{GROUP}"]

[[source]]
name = "vide"
kind = "procedure"
folder = "vide"
groups = ["{GROUP}"]
"""


@dataclass
class World:
    """The running server, its provider, and the names of what is kept."""

    client: TestClient
    provider: Provider
    names: dict[str, str] = field(default_factory=dict)
    """What stands in an address, by the name that the routes give it."""
    machines: dict[tuple[object, ...], dict[str, str]] = field(default_factory=dict)
    """Headers of machines, by what their keys may do."""

    @property
    def parts(self) -> Parts:
        app: Any = self.client.app
        parts: Parts = app.state.parts
        return parts

    def claims(self, role: str | None, *groups: str, **more: Any) -> dict[str, Any]:
        """Give the claims of somebody; who has the same role and groups is the same person."""
        subject = "-".join([role or "personne", *groups])
        held = {"roles": [f"fanal-{role}"] if role else ["autre"], "groups": [f"/{name}" for name in groups]}
        return claims_of(self.provider.issuer, CLIENT_ID, subject, name="Iris Conseil", **{**held, **more})

    def person(self, role: str | None, *groups: str, **more: Any) -> dict[str, str]:
        """Give the headers of somebody who signed in; `more` replaces their claims."""
        return bearer(self.provider.keys.sign(self.claims(role, *groups, **more)))

    def machine(self, *scopes: Permission, expired: bool = False, revoked: bool = False) -> dict[str, str]:
        """Give the headers of a machine of the group, whose key has these scopes."""
        asked = (scopes, expired, revoked)
        if asked not in self.machines:
            self.machines[asked] = self._machine(list(scopes), expired=expired, revoked=revoked)
        return self.machines[asked]

    def _machine(self, scopes: list[Permission], *, expired: bool, revoked: bool) -> dict[str, str]:
        keys = self.parts.stores.api_keys
        until = datetime.now(UTC) - timedelta(minutes=1) if expired else None
        wanted = ApiKeyRequest(name="essai", scopes=scopes, groups=[GROUP], expires_at=until)
        made = make_key(keys, wanted, "essai")
        if revoked:
            keys.revoke(made.id, "essai")
        return bearer(made.key)


def bearer(token: str) -> dict[str, str]:
    """Give the header that a token is sent by."""
    return {"Authorization": f"Bearer {token}"}


def settings_of(folder: Path, issuer: str, **more: Any) -> ServerSettings:
    """Write an organisation into a folder, and give the settings of its server."""
    (folder / GROUP).mkdir(parents=True)
    (folder / "vide").mkdir()
    (folder / "modeles").mkdir()
    (folder / "sources.toml").write_text(SOURCES, "utf-8")
    (folder / "modeles" / "fournitures.toml").write_text(TEMPLATE, "utf-8")
    page = canvas.Canvas(str(folder / GROUP / "fournitures.pdf"), invariant=1)
    page.drawString(60, 700, TEXT)
    page.save()
    values: dict[str, Any] = {
        "data_dir": folder / "data",
        "sources_file": folder / "sources.toml",
        "templates_dir": folder / "modeles",
        "embed_processes": 1,
        "sign_in": "oidc",
        "oidc_issuer": issuer,
        "oidc_audience": CLIENT_ID,
        "roles": {f"fanal-{role}": frozenset({role}) for role in ROLES.values()},
        "groups": {f"/{GROUP}": frozenset({GROUP}), "/accueil": frozenset({"accueil"})},
        "requests_per_minute": 100_000,
        "answers_per_minute": 100_000,
        **more,
    }
    return ServerSettings(**values, _env_file=None)


@contextmanager
def world_running(folder: Path) -> Iterator[World]:
    """Start the server and its provider, and fill them."""
    with running_provider() as provider:
        app: FastAPI = create_app(settings_of(folder, provider.issuer))
        with TestClient(app, base_url="http://127.0.0.1") as client:
            world = World(client, provider)
            _fill(world)
            yield world


def _fill(world: World) -> None:
    """Index the document, and have each person keep something."""
    client, parts = world.client, world.parts
    document = make_document("fournitures.pdf", "# Fournitures", TEXT, source=GROUP, groups=(GROUP,))
    document = replace(
        document, file="fournitures.pdf"
    )  # put in by hand: reading a file takes a process, and seconds
    parts.index.upsert(chunk_document(document, 1_800), {}, parts.store.embedder.name)
    administrator = world.person("administrator", GROUP)
    run = client.post("/v1/ingestions", json={"sources": ["vide"]}, headers=administrator).json()
    asked = client.post("/v1/ask", json={"question": QUESTION}, headers=world.person("advisor", GROUP)).json()
    assert SECRET in str(asked)
    draft = {"template": "fournitures", "notes": "Demande des fournitures.", "consent": True}
    drafted = client.post("/v1/drafts", json=draft, headers=world.person("writer", GROUP)).json()
    quality_desk.write_runs(world.parts.settings.data_dir / "evaluations", WORDS)
    case = {"id": "cas", "question": f"Combien de {SECRET} ?", "groups": [GROUP], "facts": [SECRET]}
    kept = client.post("/v1/cases", json={"case": case}, headers=world.person("quality", GROUP))
    assert kept.status_code == 201, kept.text
    world.names |= {
        "document_id": f"{GROUP}:fournitures.pdf",
        "number": "1",
        "conversation_id": asked["conversation_id"],
        "answer_id": asked["id"],
        "draft_id": drafted["id"],
        "section_id": drafted["sections"][0]["id"],
        "run_id": f"{GROUP}-seul",
        "before": quality_desk.BEFORE,
        "after": quality_desk.AFTER,
        "case_id": kept.json()["case"]["id"],
        "ingestion_id": run["id"],
        "key_id": _key(world.parts.stores.api_keys),
        "name": GROUP,
        "source": "vide",
        "model": MODEL,
        "assistant_id": "pistes-de-parcours",
    }


def _key(keys: ApiKeys) -> str:
    return make_key(keys, ApiKeyRequest(name="autre", scopes=["ask"]), "essai").id
