"""Notes, masks, drafts and assistants, as the server offers them."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from server.assistant_schemas import AssistantRequest, AssistantView
from server.draft_schemas import (
    DraftPatch,
    DraftRequest,
    DraftSummary,
    DraftView,
    ExportFormat,
    SectionEdit,
    TemplateView,
    ValidationRequest,
)
from server.mask_schemas import MaskedText, MaskRequest, MaskSpan, NotesText
from ui.assistant_stream import AssistantStream
from ui.draft_stream import DraftStream
from ui.wire_client import WireClient, json_of, part

_TEMPLATES = TypeAdapter(list[TemplateView])
_DRAFTS = TypeAdapter(list[DraftSummary])
_ASSISTANTS = TypeAdapter(list[AssistantView])


class DraftClient(WireClient):
    """Calls what makes a synthesis of notes."""

    def templates(self) -> list[TemplateView]:
        """Give the templates of the organisation."""
        return self._list(_TEMPLATES, "/v1/templates")

    def read_notes(self, name: str, content: bytes) -> NotesText:
        """Give the text of a DOCX, ODT, PDF or TXT file, which the server does not keep."""
        response = self._send("POST", "/v1/notes", params={"name": name}, content=content)
        return self._typed(NotesText, response)

    def mask(self, text: str, spans: Sequence[MaskSpan] | None = None) -> MaskedText:
        """Give what is masked in a text, and what a model would read.

        Args:
            spans: what a person decided to mask; None for what the server finds.
        """
        request = MaskRequest(text=text, mask=None if spans is None else list(spans))
        return self._read(MaskedText, "POST", "/v1/mask", request)

    def draft(self, request: DraftRequest) -> DraftStream:
        """Begin a draft; nothing is sent before its events are read."""
        call = self._http.build_request(
            "POST", "/v1/drafts", json=json_of(request), headers={"Accept": "text/event-stream"}
        )
        return DraftStream(self._http, call, self._auth)

    def drafts(self) -> list[DraftSummary]:
        """Give the caller's drafts, the last changed first."""
        return self._list(_DRAFTS, "/v1/drafts")

    def open_draft(self, draft_id: str) -> DraftView:
        """Give a draft of the caller's."""
        return self._read(DraftView, "GET", f"/v1/drafts/{part(draft_id)}")

    def edit_draft(self, draft_id: str, edits: Sequence[SectionEdit], revision: int | None) -> DraftView:
        """Save sections; one that was edited elsewhere since `revision` is an `ApiError` of status 409."""
        request = DraftPatch(sections=list(edits), revision=revision)
        return self._read(DraftView, "PATCH", f"/v1/drafts/{part(draft_id)}", request)

    def validate_draft(self, draft_id: str, name: str, revision: int | None) -> DraftView:
        """Say that a person has read it and vouches for it."""
        request = ValidationRequest(name=name, revision=revision)
        return self._read(DraftView, "POST", f"/v1/drafts/{part(draft_id)}/validate", request)

    def delete_draft(self, draft_id: str) -> None:
        """Delete a draft, its notes and the way back from its masks."""
        self._send("DELETE", f"/v1/drafts/{part(draft_id)}")

    def export_draft(self, draft_id: str, kind: ExportFormat) -> bytes:
        """Give a validated draft as a file, with the names back."""
        return self._send("GET", f"/v1/drafts/{part(draft_id)}/export", params={"format": kind}).content

    def assistants(self) -> list[AssistantView]:
        """Give the assistants of the organisation."""
        return self._list(_ASSISTANTS, "/v1/assistants")

    def assist(self, assistant_id: str, request: AssistantRequest) -> AssistantStream:
        """Have an assistant work, of which the server keeps nothing; nothing is sent before its events are read."""
        path, headers = f"/v1/assistants/{part(assistant_id)}", {"Accept": "text/event-stream"}
        call = self._http.build_request("POST", path, json=json_of(request), headers=headers)
        return AssistantStream(self._http, call, self._auth)
