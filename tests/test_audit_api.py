"""The audit and the purge as other programs see them: every act has its line, and none has its content."""

import csv
import io
import time
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from ingest.errors import StorageFailed
from server.draft_schemas import DraftSummary, DraftView, PurgeReport, TemplateView
from server.drafting import service as draft_service
from server.drafting.types import SORTED
from server.store.audit import Act
from tests.desk import ASKED, PLAIN, acts, kept, made, patch, validate, view
from tests.drafts import LABEL, NOTES, PERSON, PHONE, SECRETS
from tests.office import Office, refused

pytest_plugins = ["tests.office_fixtures", "tests.desk_fixtures"]


def test_every_act_has_its_line_and_none_has_its_content(desk: Office) -> None:
    """Personal data in every field that a person fills in, and none of it in any line."""
    desk.sits("alice", "direction")
    client = desk.client
    name = "Kerbrat-0639981122"
    asked = {"question": f"Quel délai pour {PERSON}, {PHONE} ?", "conversation_id": name}
    answer = client.post("/v1/ask", json=asked).json()
    client.post("/v1/search", json={"query": NOTES[:200]})
    client.post("/v1/mask", json={"text": NOTES})
    client.post("/v1/notes", params={"name": f"{PERSON}.txt"}, content=NOTES.encode())
    client.get(f"/v1/conversations/{name}")
    client.post("/v1/feedback", json={"answer_id": answer["id"], "useful": True, "comment": NOTES})
    client.delete(f"/v1/conversations/{name}")
    client.delete("/v1/conversations")
    client.post("/v1/drafts", json={"template": PERSON, "notes": NOTES, "consent": False})
    draft = made(desk, notes=NOTES, label=LABEL)
    client.get(f"/v1/drafts/{draft.id}")
    client.get(f"/v1/drafts/{PERSON}")
    patch(desk, draft.id, None, **{draft.sections[0].id: NOTES})
    validate(desk, draft.id, name=PERSON)
    client.get(f"/v1/drafts/{draft.id}/export", params={"format": "odt"})
    client.delete(f"/v1/drafts/{draft.id}")
    ingested(desk)
    client.post("/v1/purges")
    messages = [{"role": "user", "content": NOTES}]
    client.post("/v1/chat/completions", json={"model": "fanal", "messages": messages, "user": PERSON})
    response = client.get("/v1/audit", params={"from": str(date.today() - timedelta(days=1))})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    table = response.text.removeprefix("\ufeff")
    expected = [
        "question_asked",
        "search",
        "mask",
        "notes_read",
        "conversation_read",
        "feedback",
        "conversation_deleted",
        "conversations_deleted",
        "draft_refused",
        "draft_begun",
        "draft_created",
        "draft_read",
        "draft_edited",
        "draft_validated",
        "draft_exported",
        "draft_deleted",
        "ingestion_started",
        "purge",
        "question_asked",
        "audit_exported",
    ]
    assert [act.act for act in acts(desk, len(expected))] == expected
    for secret in (*SECRETS, name, "Maïwenn", "0639981122"):
        assert secret not in table
    rows = list(csv.reader(io.StringIO(table), delimiter=";"))
    assert {row[-1] for row in rows[1:]} == {"intacte"}


def ingested(desk: Office) -> None:
    """Run an ingestion of no source to its end."""
    run = desk.client.post("/v1/ingestions", json={}).json()
    deadline = time.monotonic() + 30
    while (run := desk.client.get(f"/v1/ingestions/{run['id']}").json())["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_days_of_the_audit_can_be_asked_for(desk: Office) -> None:
    desk.client.post("/v1/search", json={"query": "délai"})
    none = desk.client.get("/v1/audit", params={"to": "2020-01-01"})
    assert len(none.text.splitlines()) == 1
    assert "La date de début" in refused(desk.client.get("/v1/audit", params={"from": "hier"}), 422)


def test_an_act_on_personal_data_that_cannot_be_recorded_is_refused_and_a_question_is_not(
    desk: Office,
) -> None:
    draft = kept(desk)
    desk.kept(conversation="c9")
    engine = desk.parts.conversations._database.engine
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_lines RENAME TO elsewhere"))
    try:
        client = desk.client
        for response in (
            client.post("/v1/mask", json={"text": NOTES}),
            client.post("/v1/notes", params={"name": "n.txt"}, content=NOTES.encode()),
            client.post("/v1/drafts", json=ASKED),
            client.post("/v1/drafts", json={**ASKED, "consent": False}),
            client.get(f"/v1/drafts/{draft.id}"),
            client.get("/v1/conversations/c9"),
            client.delete("/v1/conversations/c9"),
            client.get("/v1/audit"),
            client.post("/v1/purges"),
        ):
            refused(response, 507)
            assert "soudeuse" not in response.text
        assert client.post("/v1/ask", json={"question": "Quel délai ?"}).status_code == 200
        assert client.post("/v1/search", json={"query": "délai"}).status_code == 200
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO audit_lines"))
    assert view(desk, draft.id).revision == 1


def test_a_draft_s_first_line_comes_before_it_is_made_and_stays_when_nobody_waits(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Act] = []

    def left(*_: Any) -> Any:
        seen.extend(acts(desk, 1))
        raise StorageFailed("Le client est parti.")

    monkeypatch.setattr(draft_service, "draft", left)
    place = PLAIN.index(PHONE)
    span = {"start": place, "end": place + len(PHONE), "type": "TELEPHONE"}
    asked = {**ASKED, "consent": {"given": True, "keep": True}, "mask": [span]}
    desk.client.post("/v1/drafts", json=asked)
    [line] = acts(desk, 1)
    assert seen == [line]
    assert (line.act, line.template, line.model) == ("draft_begun", "libre", SORTED)
    assert (line.counts["consent"], line.counts["keep"], line.counts["masks"]) == (1, 1, 1)
    assert len(line.object_id) == 32
    assert desk.client.get("/v1/drafts").json() == []


def test_a_draft_s_two_lines_have_its_id_and_say_what_was_agreed(desk: Office) -> None:
    draft = made(desk)
    begun, created = acts(desk, 2)
    assert (begun.act, created.act) == ("draft_begun", "draft_created")
    assert begun.object_id == created.object_id == draft.id
    assert (created.counts["consent"], created.counts["keep"]) == (1, 0)


def test_an_assistant_that_cannot_be_recorded_sends_nothing(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood_in: list[Any] = []
    monkeypatch.setattr("server.assist._stand_in", stood_in.append)
    engine = desk.parts.conversations._database.engine
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_lines RENAME TO elsewhere"))
    try:
        refused(desk.client.post("/v1/assistants/quiz", json={"inputs": {"document": NOTES}}), 507)
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO audit_lines"))
    assert stood_in == []


# ---------------------------------------------------------------- the purge


def test_a_clock_that_is_far_ahead_deletes_nothing(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = kept(desk)
    desk.client.post("/v1/search", json={"query": "délai"})

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Ahead":
            now = super().now(tz) + timedelta(days=3_650)
            return cls.combine(now.date(), now.timetz())

    monkeypatch.setattr("server.retention.datetime", Ahead)
    response = desk.client.post("/v1/purges")
    assert "rien n’a été supprimé" in refused(response, 503)
    assert response.json()["title"] == "Horloge à vérifier"
    monkeypatch.undo()
    assert view(desk, draft.id).revision == 1


def test_a_purge_that_is_asked_for_reports_what_it_took(desk: Office) -> None:
    kept(desk)
    drafts = desk.parts.drafts
    now = drafts._clock
    drafts._clock = lambda: now() + timedelta(days=31)
    try:
        report = PurgeReport.model_validate(desk.client.post("/v1/purges").json())
    finally:
        drafts._clock = now
    assert (report.drafts, report.syntheses, report.notes) == (1, 0, 0)
    assert acts(desk, 1)[0].counts == {
        "drafts": 1,
        "syntheses": 0,
        "notes": 0,
        "conversations": 0,
        "audit_lines": 0,
        "evaluations": 0,
    }
    assert desk.client.get("/v1/drafts").json() == []


def test_an_error_of_a_type_does_not_quote_what_it_was_given(desk: Office) -> None:
    for wrong in (DraftView, DraftSummary, TemplateView):
        with pytest.raises(ValidationError) as failed:
            wrong.model_validate({"id": [PERSON], "label": [PERSON]})
        assert PERSON not in str(failed.value)
    with pytest.raises(ValidationError) as failed:
        kept(desk, notes=[PERSON])
    assert PERSON not in str(failed.value)


def test_nothing_but_masked_text_goes_to_the_draft_path(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources: list[Any] = []
    real = draft_service.draft

    def spied(source: Any, parts: Any) -> Any:
        sources.append(source)
        return real(source, parts)

    monkeypatch.setattr(draft_service, "draft", spied)
    made(desk)
    [source] = sources
    assert PHONE not in "".join(sentence.masked for sentence in source.sentences)
