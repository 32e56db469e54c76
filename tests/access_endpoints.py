"""Every endpoint of the server, with a request that is good: what `tests/access_walk.py` asks in every situation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from server.access_schemas import Permission
from tests.access_world import QUESTION, World

Wanted = Permission | Literal["signed in", "nobody"]
"""What an endpoint asks of its caller: a permission, to be known, or nothing."""


@dataclass(frozen=True, eq=False)
class Endpoint:
    """An endpoint, and a good request.

    Args:
        path: as the contract writes it.
        elsewhere: what somebody of another group is answered; 200: something else, or nothing.
        good: what who may ask is answered.
        by_ticket: whether a ticket in the address opens it.
        query: what follows the path.
    """

    method: str
    path: str
    wanted: Wanted
    body: dict[str, Any] | None = None
    content: bytes | None = None
    query: str = ""
    elsewhere: int | None = None
    good: int = 200
    by_ticket: bool = False
    names: dict[str, str] = field(default_factory=dict)

    def address(self, world: World) -> str:
        """Give the address with what is kept in the world."""
        renamed = {name: world.names[kept] for name, kept in self.names.items()}
        return self.path.format(**{**world.names, **renamed}) + self.query

    def sent(self, world: World) -> Any:
        """Give the JSON of the request, with what is kept in the world."""
        return _filled(self.body, world.names)


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names[value[1:-1]] if value.startswith("<") else value
    if isinstance(value, dict):
        return {key: _filled(held, names) for key, held in value.items()}
    if isinstance(value, list):
        return [_filled(held, names) for held in value]
    return value


RUN = {"run_id": "ingestion_id"}
CHAT = {"model": "fanal", "messages": [{"role": "user", "content": QUESTION}]}
DRAFT = {"template": "fournitures", "notes": "Demande des fournitures.", "consent": True}
CASE = {"id": "nouveau", "question": "Quel est le plafond ?"}

ENDPOINTS: Sequence[Endpoint] = (
    Endpoint("POST", "/v1/search", "ask", {"query": QUESTION}, elsewhere=200),
    Endpoint("POST", "/v1/ask", "ask", {"question": QUESTION}, elsewhere=200),
    Endpoint("POST", "/v1/chat/completions", "ask", CHAT, elsewhere=200),
    Endpoint("GET", "/v1/models", "ask"),
    Endpoint("GET", "/v1/models/{name}", "ask", names={"name": "model"}),
    Endpoint("POST", "/v1/mask", "ask", {"text": QUESTION}),
    Endpoint("GET", "/v1/sources", "ask", elsewhere=200),
    Endpoint("GET", "/v1/documents/{document_id}", "ask", elsewhere=404),
    Endpoint("GET", "/v1/documents/{document_id}/file", "ask", elsewhere=404, by_ticket=True),
    Endpoint("GET", "/v1/documents/{document_id}/pages/{number}", "ask", elsewhere=404),
    Endpoint(
        "POST", "/v1/feedback", "ask", {"answer_id": "<answer_id>", "useful": True}, elsewhere=404, good=201
    ),
    Endpoint("GET", "/v1/conversations", "ask", elsewhere=200),
    Endpoint("GET", "/v1/conversations/{conversation_id}", "ask", elsewhere=404),
    Endpoint("DELETE", "/v1/conversations/{conversation_id}", "ask", elsewhere=404, good=204),
    Endpoint("DELETE", "/v1/conversations", "ask", elsewhere=200),
    Endpoint("GET", "/v1/templates", "draft"),
    Endpoint("POST", "/v1/notes", "draft", content=b"Notes.", query="?name=notes.txt"),
    Endpoint("POST", "/v1/drafts", "draft", DRAFT, elsewhere=201, good=201),
    Endpoint("GET", "/v1/drafts", "draft", elsewhere=200),
    Endpoint("GET", "/v1/drafts/{draft_id}", "draft", elsewhere=404),
    Endpoint(
        "PATCH",
        "/v1/drafts/{draft_id}",
        "draft",
        {"sections": [{"id": "<section_id>", "text": "Relu."}]},
        elsewhere=404,
    ),
    Endpoint("POST", "/v1/drafts/{draft_id}/validate", "draft", {"name": "Iris"}, elsewhere=404),
    Endpoint("GET", "/v1/drafts/{draft_id}/export", "draft", elsewhere=404),
    Endpoint("DELETE", "/v1/drafts/{draft_id}", "draft", elsewhere=404, good=204),
    Endpoint("GET", "/v1/assistants", "draft"),
    Endpoint(
        "POST",
        "/v1/assistants/{assistant_id}",
        "draft",
        {"inputs": {"competences": QUESTION}},
        elsewhere=200,
    ),
    Endpoint("GET", "/v1/feedback", "quality", elsewhere=200),
    Endpoint("GET", "/v1/configuration", "quality", elsewhere=200),
    Endpoint("GET", "/v1/cases", "quality", elsewhere=200),
    Endpoint("GET", "/v1/cases/export", "quality", elsewhere=200),
    Endpoint("POST", "/v1/cases", "quality", {"case": CASE}, good=201),
    Endpoint("PATCH", "/v1/cases/{case_id}", "quality", {"state": "accepted"}, elsewhere=404),
    Endpoint("DELETE", "/v1/cases/{case_id}", "quality", elsewhere=404, good=204),
    Endpoint("GET", "/v1/evaluations", "quality", elsewhere=200),
    Endpoint("GET", "/v1/evaluations/{run_id}", "quality", elsewhere=200),
    Endpoint(
        "GET", "/v1/evaluations/{run_id}/cases/{case_id}", "quality", names={"case_id": "name"}, elsewhere=200
    ),
    Endpoint("GET", "/v1/evaluations/{run_id}/report", "quality", elsewhere=403, by_ticket=True),
    Endpoint("GET", "/v1/evaluations/{before}/compare/{after}", "quality", elsewhere=200),
    Endpoint("DELETE", "/v1/evaluations/{run_id}", "quality", elsewhere=403, good=204),
    Endpoint("POST", "/v1/ingestions", "administer", {"sources": ["vide"]}, good=202),
    Endpoint("GET", "/v1/ingestions/{run_id}", "administer", names=RUN, elsewhere=200),
    Endpoint("GET", "/v1/audit", "administer"),
    Endpoint("POST", "/v1/purges", "administer"),
    Endpoint("POST", "/v1/keys", "administer", {"name": "Intranet", "scopes": ["ask"]}, good=201),
    Endpoint("GET", "/v1/keys", "administer"),
    Endpoint("DELETE", "/v1/keys/{key_id}", "administer", good=204),
    Endpoint("DELETE", "/v1/sources/{name}", "administer", names={"name": "source"}, elsewhere=404),
    Endpoint("GET", "/v1/me", "signed in"),
    Endpoint("POST", "/v1/tickets", "signed in", good=201),
    Endpoint("GET", "/health/live", "nobody"),
    Endpoint("GET", "/health/ready", "nobody"),
)
"""In the order in which the good requests are made: what deletes something comes after what reads it."""
