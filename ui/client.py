"""The server as the page sees it: typed requests out, typed answers in; `ui.calls` has the errors."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from server.access_schemas import Me, Ticket
from server.schemas import (
    AskRequest,
    ConversationSummary,
    ConversationView,
    DocumentView,
    FeedbackRequest,
    FeedbackView,
    IngestionRequest,
    IngestionView,
    Passage,
    RemovedConversations,
    SearchRequest,
    SearchResponse,
    SourceSummary,
)
from ui.answer_stream import AnswerStream
from ui.calls import UNEXPECTED, UnexpectedAnswer
from ui.draft_client import DraftClient
from ui.quality_client import QualityClient
from ui.wire_client import json_of, part

_SOURCES = TypeAdapter(list[SourceSummary])
_CONVERSATIONS = TypeAdapter(list[ConversationSummary])


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page of a PDF as a PNG.

    Args:
        pages: how many pages the document has.
        marked: how many places of it are marked as the quotes that were asked for.
        top: where the uppermost of them begins, as a share of the page's height.
        left: where that one begins, as a share of the page's width.
    """

    png: bytes
    pages: int
    marked: int
    top: float | None
    left: float | None


class FanalClient(DraftClient, QualityClient):
    """Calls `/v1` of one server: questions, documents, sources and conversations, drafts and evaluations."""

    def ready(self) -> None:
        """Return when the server can answer questions; raise what it says is missing otherwise."""
        self._send("GET", "/health/ready")

    def me(self) -> Me:
        """Say who is calling, and what they may do."""
        return self._read(Me, "GET", "/v1/me")

    def ticket(self) -> Ticket:
        """Give what opens documents from an address, for a few minutes."""
        return self._read(Ticket, "POST", "/v1/tickets")

    def sources(self) -> list[SourceSummary]:
        """Give what is indexed, source by source."""
        return self._list(_SOURCES, "/v1/sources")

    def start_ingestion(self, request: IngestionRequest) -> IngestionView:
        """Start a run over sources; one that is under way is an `ApiError` of status 409."""
        return self._read(IngestionView, "POST", "/v1/ingestions", request)

    def ingestion(self, run_id: str) -> IngestionView:
        """Say where a run stands."""
        return self._read(IngestionView, "GET", f"/v1/ingestions/{part(run_id)}")

    def search(self, request: SearchRequest) -> list[Passage]:
        """Give the passages nearest to a query, best first."""
        return self._read(SearchResponse, "POST", "/v1/search", request).passages

    def document(self, document_id: str) -> DocumentView:
        """Give a document and its passages in reading order."""
        return self._read(DocumentView, "GET", f"/v1/documents/{part(document_id)}")

    def page(self, document_id: str, number: int, quotes: Sequence[str] = ()) -> PagePicture:
        """Give a page of a PDF, from 1, with the quotes marked where they are on it."""
        path = f"/v1/documents/{part(document_id)}/pages/{number}"
        response = self._send("GET", path, params={"quote": list(quotes)})
        try:
            pages, marked = (int(response.headers[f"X-Fanal-{name}"]) for name in ("Pages", "Highlighted"))
            top, left = (_share(response.headers.get(f"X-Fanal-{name}")) for name in ("Top", "Left"))
            return PagePicture(response.content, pages, marked, top, left)
        except (KeyError, ValueError) as error:
            raise UnexpectedAnswer(UNEXPECTED) from error

    def ask(self, request: AskRequest) -> AnswerStream:
        """Ask; nothing is sent before the answer is read."""
        call = self._http.build_request(
            "POST", "/v1/ask", json=json_of(request), headers={"Accept": "text/event-stream"}
        )
        return AnswerStream(self._http, call, self._auth)

    def conversations(self) -> list[ConversationSummary]:
        """Give the caller's last conversations, newest first."""
        return self._list(_CONVERSATIONS, "/v1/conversations")

    def conversation(self, conversation_id: str) -> ConversationView:
        """Give a conversation as it was kept: masked."""
        return self._read(ConversationView, "GET", f"/v1/conversations/{part(conversation_id)}")

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation, its answers and what was said of them."""
        self._send("DELETE", f"/v1/conversations/{part(conversation_id)}")

    def delete_conversations(self) -> int:
        """Delete all of the caller's conversations; gives how many there were."""
        return self._read(RemovedConversations, "DELETE", "/v1/conversations").removed

    def feedback(self, request: FeedbackRequest) -> FeedbackView:
        """Say what an answer was worth; it replaces what was said of it before."""
        return self._read(FeedbackView, "POST", "/v1/feedback", request)


def _share(header: str | None) -> float | None:
    return None if header is None else float(header)
