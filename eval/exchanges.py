"""One case over HTTP: a client of `/v1` and a case go in, what was answered and how long it took come out.

What asking leaves behind on the server (a conversation, a draft) is deleted, whatever came of the case.
"""

import json
import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Any
from urllib.parse import quote

import anyio
import httpx

from ingest.errors import ConfigurationError
from server.case_schemas import Case, DraftExpectation, MaskExpectation
from server.draft_schemas import DraftSentence, DraftView
from server.evaluation_schemas import (
    AnswerRecord,
    CaseResult,
    CaseTiming,
    DraftedSection,
    DraftedSentence,
    DraftRecord,
    MaskRecord,
)
from server.mask_schemas import MaskedText, MaskSpan
from server.schemas import Answer

logger = logging.getLogger(__name__)

DELETE_S = 10.0
"""Longest wait for the server to delete what a case left behind."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A case that was asked, and what it took."""

    result: CaseResult
    timing: CaseTiming


@dataclass(frozen=True, slots=True)
class Line:
    """The way to a server.

    Args:
        client: of its address.
        headers: of each request.
        leaves_nothing: whether what is asked must be deleted; not where all of it is thrown away.
    """

    client: httpx.AsyncClient
    headers: Mapping[str, str]
    leaves_nothing: bool = True

    async def post(self, address: str, body: Mapping[str, Any]) -> bytes:
        """Send a request; raises `httpx.HTTPError`, `HTTPStatusError` for an answer that is an error."""
        response = await self.client.post(address, json=body, headers=self.headers)
        response.raise_for_status()
        return response.content

    async def delete(self, address: str) -> None:
        """Delete what was made, if it was; one that a server keeps all the same is told in the log."""
        if not self.leaves_nothing:
            return
        reason = f"no answer in {DELETE_S:.0f} s"
        with anyio.CancelScope(shield=True), anyio.move_on_after(DELETE_S):
            try:
                response = await self.client.delete(address, headers=self.headers)
            except httpx.HTTPError as error:
                reason = str(error) or type(error).__name__
            else:
                if response.is_success or response.status_code == httpx.codes.NOT_FOUND:
                    return
                reason = f"status {response.status_code}"
        logger.warning("what asking left at %s is not deleted: %s", address, reason)


async def exchange(line: Line, case: Case, day: date | None) -> Asked:
    """Ask a case.

    Args:
        day: that a question is about; None for the server's today.

    Raises:
        httpx.HTTPError: the server did not answer, or with an error.
        ValidationError: its answer has another form than this version's.
        ConfigurationError: the case does not hold what its kind needs.
    """
    if case.kind == "ask":
        return await _ask(line, case, day)
    if case.kind == "draft" and case.draft:
        return await _draft(line, case, case.draft)
    if case.kind == "mask" and case.mask:
        return await _mask(line, case, case.mask)
    raise ConfigurationError(f"Le cas « {case.id} » n’a pas de partie « {case.kind} ».")


async def _ask(line: Line, case: Case, day: date | None) -> Asked:
    conversation = f"eval-{uuid.uuid4().hex}"
    about: dict[str, Any] = {"conversation_id": conversation}
    if day is not None:
        about["as_of"] = day.isoformat()
    try:
        for question in case.history:
            await line.post("/v1/ask", {"question": question, **about})
        content = await line.post("/v1/ask", {"question": case.question, **about})
    finally:
        await line.delete(f"/v1/conversations/{conversation}")
    answer = Answer.model_validate_json(content)
    record = AnswerRecord.model_validate(answer.model_dump(include=set(AnswerRecord.model_fields)))
    timing = CaseTiming(
        case_id=case.id, timings=answer.timings, tokens=answer.tokens, energy_wh=answer.energy_wh
    )
    return Asked(CaseResult(case=case, answer=record), timing)


async def _draft(line: Line, case: Case, expected: DraftExpectation) -> Asked:
    body = {"template": expected.template, "notes": expected.notes, "consent": {"given": True}}
    try:
        content = await line.post("/v1/drafts", body)
    except (httpx.TransportError, anyio.get_cancelled_exc_class()):
        if line.leaves_nothing:
            logger.warning("case %s: the server may keep a draft that it began and did not name", case.id)
        raise
    try:
        view = DraftView.model_validate_json(content)
    finally:
        if made := _id_of(content):
            await line.delete(f"/v1/drafts/{made}")
    result = CaseResult(case=case, draft=draft_record(view, expected.notes))
    return Asked(result, CaseTiming(case_id=case.id, timings=view.timings))


def _id_of(content: bytes) -> str | None:
    """Give the id of a draft, be the rest of it of another version."""
    try:
        named = json.loads(content)
    except ValueError:
        return None
    found = named.get("id") if isinstance(named, dict) else None
    return quote(found, safe="") if isinstance(found, str) and found else None


async def _mask(line: Line, case: Case, expected: MaskExpectation) -> Asked:
    began = perf_counter()
    masked = MaskedText.model_validate_json(await line.post("/v1/mask", {"text": expected.text}))
    took = round((perf_counter() - began) * 1000, 3)
    spans = [MaskSpan(start=one.start, end=one.end, type=one.type) for one in masked.entities]
    result = CaseResult(case=case, masked=MaskRecord(text=masked.text, spans=spans))
    return Asked(result, CaseTiming(case_id=case.id, timings={"total": took}))


def draft_record(view: DraftView, notes: str) -> DraftRecord:
    """Take a draft down, masked again: it came with the names back.

    Args:
        notes: as they were sent.
    """
    values = {notes[one.start : one.end]: one.placeholder for one in view.entities}
    masked = {one.number: one.masked for one in view.notes}
    typed = {one.number: one.text for one in view.notes}

    def taken_down(sentence: DraftSentence) -> DraftedSentence:
        numbers = list(dict.fromkeys(source.sentence for source in sentence.sources))
        whole = numbers[0] if len(numbers) == 1 else None
        text = masked[whole] if whole and sentence.text == typed[whole] else _masked(sentence.text, values)
        quotes = [masked[number] for number in numbers] or [one.quote for one in sentence.citations]
        return DraftedSentence(text=text, verified=sentence.verified, sources=quotes)

    return DraftRecord(
        mode=view.mode,
        model=view.model,
        prompt_version=view.prompt_version,
        sections=[
            DraftedSection(
                id=one.id,
                title=one.title,
                kind=one.kind,
                sentences=[taken_down(said) for said in one.sentences],
            )
            for one in view.sections
        ],
        warnings=view.warnings,
    )


def _masked(text: str, values: Mapping[str, str]) -> str:
    """Put placeholders back where the values that they stand for are, the longest first."""
    if not values:
        return text
    longest_first = sorted(values, key=len, reverse=True)
    pattern = "|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in longest_first)
    return re.sub(pattern, lambda found: values[found[0]], text)
