"""The server as the page sees it: typed requests out, typed answers in; `ui.calls` has the errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

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
from ui.calls import UNEXPECTED, UnexpectedAnswer, contract, reachable, refuse_problems

CONNECT_TIMEOUT_S = 5.0

Shape = TypeVar("Shape", bound=BaseModel)

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


class FanalClient:
    """Calls `/v1` of one server. May be shared by threads.

    Args:
        base_url: address of the server, without `/v1`.
        timeout_s: longest silence accepted, in seconds; connecting has its own, shorter limit.

    Every method raises `ClientError`.
    """

    def __init__(self, base_url: str, timeout_s: float = 180.0) -> None:
        self._http = httpx.Client(
            base_url=base_url, timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self) -> None:
        """Return when the server can answer questions; raise what it says is missing otherwise."""
        self._send("GET", "/health/ready")

    def sources(self) -> list[SourceSummary]:
        """Give what is indexed, source by source."""
        with contract():
            return _SOURCES.validate_json(self._send("GET", "/v1/sources").content)

    def start_ingestion(self, request: IngestionRequest) -> IngestionView:
        """Start a run over sources; one that is under way is an `ApiError` of status 409."""
        return self._read(IngestionView, "POST", "/v1/ingestions", request)

    def ingestion(self, run_id: str) -> IngestionView:
        """Say where a run stands."""
        return self._read(IngestionView, "GET", f"/v1/ingestions/{_part(run_id)}")

    def search(self, request: SearchRequest) -> list[Passage]:
        """Give the passages nearest to a query, best first."""
        return self._read(SearchResponse, "POST", "/v1/search", request).passages

    def document(self, document_id: str) -> DocumentView:
        """Give a document and its passages in reading order."""
        return self._read(DocumentView, "GET", f"/v1/documents/{_part(document_id)}")

    def page(self, document_id: str, number: int, quotes: Sequence[str] = ()) -> PagePicture:
        """Give a page of a PDF, from 1, with the quotes marked where they are on it."""
        path = f"/v1/documents/{_part(document_id)}/pages/{number}"
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
            "POST", "/v1/ask", json=_body(request), headers={"Accept": "text/event-stream"}
        )
        return AnswerStream(self._http, call)

    def conversations(self) -> list[ConversationSummary]:
        """Give the caller's last conversations, newest first."""
        with contract():
            return _CONVERSATIONS.validate_json(self._send("GET", "/v1/conversations").content)

    def conversation(self, conversation_id: str) -> ConversationView:
        """Give a conversation as it was kept: masked."""
        return self._read(ConversationView, "GET", f"/v1/conversations/{_part(conversation_id)}")

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation, its answers and what was said of them."""
        self._send("DELETE", f"/v1/conversations/{_part(conversation_id)}")

    def delete_conversations(self) -> int:
        """Delete all of the caller's conversations; gives how many there were."""
        return self._read(RemovedConversations, "DELETE", "/v1/conversations").removed

    def feedback(self, request: FeedbackRequest) -> FeedbackView:
        """Say what an answer was worth; it replaces what was said of it before."""
        return self._read(FeedbackView, "POST", "/v1/feedback", request)

    def _read(self, shape: type[Shape], method: str, path: str, body: BaseModel | None = None) -> Shape:
        response = self._send(method, path, body)
        with contract():
            return shape.model_validate_json(response.content)

    def _send(
        self,
        method: str,
        path: str,
        body: BaseModel | None = None,
        params: dict[str, list[str]] | None = None,
    ) -> httpx.Response:
        with reachable():
            response = self._http.request(
                method, path, json=None if body is None else _body(body), params=params
            )
            refuse_problems(response)
            return response


def _body(request: BaseModel) -> object:
    return request.model_dump(mode="json", exclude_none=True)


def _share(header: str | None) -> float | None:
    return None if header is None else float(header)


def _part(identifier: str) -> str:
    """Write an id, which may hold slashes, as one part of an address."""
    return quote(identifier, safe="")
