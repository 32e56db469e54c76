"""What the tests of drafts do at the office: make, keep, read, edit and validate one, and look into the audit."""

from typing import Any

from ingest.documents import EVERYONE
from server.draft_schemas import DraftView
from server.retention import ITSELF
from server.store.audit import Act
from server.store.draft_rows import KeptDraft
from tests.drafts import keep_draft
from tests.office import Office

STREAM = {"Accept": "text/event-stream"}
PLAIN = "Elle souhaite devenir soudeuse. Elle habite près de la gare. Joindre au 06 39 98 11 22."
ASKED = {"template": "libre", "notes": PLAIN, "consent": True}


def made(desk: Office, **body: Any) -> DraftView:
    response = desk.client.post("/v1/drafts", json={**ASKED, **body})
    assert response.status_code == 201, response.text
    return DraftView.model_validate(response.json())


def kept(desk: Office, **fields: Any) -> KeptDraft:
    """Keep a draft whose advice draws on an open document and a reserved one."""
    passages = [desk.passage("délais"), desk.passage("budget")]
    groups = {passages[0].id: (EVERYONE,), passages[1].id: ("direction",)}
    return keep_draft(desk.parts.drafts, desk.caller.user, passages=passages, groups=groups, **fields)


def view(desk: Office, draft_id: str) -> DraftView:
    response = desk.client.get(f"/v1/drafts/{draft_id}")
    assert response.status_code == 200, response.text
    return DraftView.model_validate(response.json())


def patch(desk: Office, draft_id: str, revision: int | None = None, **texts: str) -> Any:
    sections = [{"id": name, "text": said} for name, said in texts.items()]
    return desk.client.patch(f"/v1/drafts/{draft_id}", json={"sections": sections, "revision": revision})


def validate(desk: Office, draft_id: str, **body: Any) -> Any:
    return desk.client.post(f"/v1/drafts/{draft_id}/validate", json={"name": "Iris Conseil", **body})


def acts(desk: Office, last: int) -> list[Act]:
    """Give the last acts of persons: the server purges by itself, at a time of its own."""
    return [line.act for line in desk.parts.audit.lines() if line.act.actor != ITSELF][-last:]
