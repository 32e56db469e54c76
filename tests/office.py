"""A server with a history, as the tests of conversations ask it, and whoever sits before it."""

from dataclasses import dataclass
from typing import Any, cast

from fastapi import FastAPI
from fastapi.testclient import TestClient

from ingest.documents import EVERYONE
from ingest.index import SearchFilter
from server.access import Caller
from server.dependencies import Parts
from server.problems import MEDIA_TYPE
from server.retrieve import passage_of
from server.schemas import Answer, ConversationView, Passage
from tests.stores import answer_to

OPEN = "Toute réclamation reçoit une réponse sous cinq jours ouvrés."
RESERVED = "Le budget prévoit deux recrutements au premier trimestre."


@dataclass
class Office:
    """A server with one open document and one that is reserved to `direction`, and whoever sits before it."""

    client: TestClient
    caller: Caller

    @property
    def parts(self) -> Parts:
        parts: Parts = cast(FastAPI, self.client.app).state.parts
        return parts

    def sits(self, user: str, *groups: str) -> None:
        self.caller = Caller(frozenset(groups), user)

    def passage(self, key: str) -> Passage:
        [hit] = self.parts.index.passages(SearchFilter(groups=None, document_id=f"essai:{key}"))
        return passage_of(hit)

    def restrict(self, key: str, *groups: str) -> None:
        self.parts.index.set_groups([self.passage(key).id], groups)

    def kept(self, question: str = "Quel budget, quel délai ?", **fields: Any) -> Answer:
        """Keep an answer that draws on both documents, one statement each."""
        answer = answer_to(question, passages=[self.passage("délais"), self.passage("budget")], **fields)
        groups = {answer.passages[0].id: (EVERYONE,), answer.passages[1].id: ("direction",)}
        self.parts.conversations.record(self.caller.user, answer, None, groups)
        return answer

    def view(self, conversation: str = "c1") -> ConversationView:
        response = self.client.get(f"/v1/conversations/{conversation}")
        assert response.status_code == 200, response.text
        return ConversationView.model_validate(response.json())

    def last(self) -> Answer:
        return self.view().turns[-1].answer


def refused(response: Any, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    detail: str = response.json()["detail"]
    return detail
