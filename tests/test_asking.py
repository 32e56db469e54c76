"""Asking cases, in this process and of a server: what is sent, what is taken down, what is left behind, what fails."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from eval import asking as module
from eval.asking import EndpointAsker, LocalAsker, ServerGone, asking_endpoint, asking_here, shown
from eval.exchanges import Asked
from ingest.errors import ConfigurationError, IndexBusy, SourceUnavailable
from server.app import create_app
from server.case_schemas import Case
from server.dependencies import today
from server.schemas import Answer
from server.settings import ServerSettings
from tests.evaluating import NOTES, case, organisation
from tests.quality_runs import make_configuration
from tests.served import serving

DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return organisation(tmp_path_factory.mktemp("organisation"))


@pytest.fixture(scope="module")
def here(settings: ServerSettings) -> Iterator[Callable[[str], Asked]]:
    """Ask a case, by its id, in this process."""
    with asyncio.Runner() as runner:
        opened = asking_here(settings, DAY)
        asker = runner.run(_entered(opened))
        yield lambda case_id: runner.run(asker.ask(case(case_id)))
        runner.run(opened.__aexit__(None, None, None))


async def _entered(opened: object) -> LocalAsker:
    asker: LocalAsker = await opened.__aenter__()  # type: ignore[attr-defined]
    return asker


def test_a_question_is_answered_with_its_passages_and_its_times(here: Callable[[str], Asked]) -> None:
    asked = here("reclamation")
    assert (asked.result.status, asked.result.error) == ("done", None)
    answer = asked.result.answer
    assert answer is not None
    assert "cinq jours ouvrés" in answer.statements[0].text
    assert answer.passages[0].title == "Réclamations"
    assert asked.timing.case_id == "reclamation"
    assert asked.timing.timings["total"] > 0


def test_a_case_is_asked_with_its_own_groups(here: Callable[[str], Asked]) -> None:
    allowed, others = here("budget").result.answer, here("sans-droit").result.answer
    assert allowed is not None
    assert others is not None
    assert any("deux recrutements" in passage.text for passage in allowed.passages)
    assert not any("deux recrutements" in passage.text for passage in others.passages)


def test_a_follow_up_is_asked_in_the_conversation_of_its_history(here: Callable[[str], Asked]) -> None:
    answer = here("suite").result.answer
    assert answer is not None
    assert answer.standalone_question
    assert any("trente minutes" in statement.text for statement in answer.statements)


def test_a_draft_is_taken_down_masked(here: Callable[[str], Asked]) -> None:
    draft = here("synthese").result.draft
    assert draft is not None
    texts = [said.text for section in draft.sections for said in section.sentences]
    assert any("[PERSONNE_1]" in text for text in texts)
    assert "Vauquelin" not in draft.model_dump_json()
    sourced = [said for section in draft.sections for said in section.sentences if said.sources]
    assert "aide-soignante" in " ".join(source for said in sourced for source in said.sources)


def test_masks_are_taken_down(here: Callable[[str], Asked]) -> None:
    masked = here("masque").result.masked
    assert masked is not None
    assert "Vauquelin" not in masked.text
    assert [NOTES[span.start : span.end] for span in masked.spans if span.type == "PERSONNE"]


def test_nothing_is_left_in_the_organisation_s_own_database(
    here: Callable[[str], Asked], settings: ServerSettings
) -> None:
    here("reclamation")
    here("synthese")
    names = {path.name for path in settings.data_dir.iterdir()}
    assert not any(name.startswith("fanal.sqlite") or "key" in name or "cle" in name for name in names), names


def test_a_case_that_lacks_its_part_fails_with_the_reason(settings: ServerSettings, here: object) -> None:
    line = module.Line(None, {})  # type: ignore[arg-type]
    asked = asyncio.run(module._told(line, Case(id="vide", kind="mask"), None))
    assert asked.result.status == "failed"
    assert "mask" in (asked.result.error or "")


def test_what_is_sent_tells_the_day_and_not_what_is_expected(here: object) -> None:
    asker = LocalAsker(None, DAY)  # type: ignore[arg-type]
    one = case("reclamation")
    sent = asker.sent(one)
    assert sent["as_of"] == "2026-11-22"
    assert sent == asker.sent(one.model_copy(update={"gold": [], "tags": [], "facts": ["Autre chose."]}))
    for change in ({"question": "Autre ?"}, {"groups": ["cep"]}, {"as_of": date(2020, 1, 1)}):
        assert asker.sent(one.model_copy(update=change)) != sent
    assert LocalAsker(None, None).sent(one)["today"] == str(date.today())  # type: ignore[arg-type]


# ---------------------------------------------------------------- an endpoint


@pytest.fixture(scope="module")
def server_settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return organisation(tmp_path_factory.mktemp("serveur"))


@pytest.fixture(scope="module")
def url(server_settings: ServerSettings) -> Iterator[str]:
    app = create_app(server_settings)
    app.dependency_overrides[today] = lambda: DAY
    with serving(app) as address:
        yield address


def ask_at(url: str, *case_ids: str) -> list[Asked]:
    async def asked() -> list[Asked]:
        async with asking_endpoint(url, DAY) as asker:
            return [await asker.ask(case(case_id)) for case_id in case_ids]

    return asyncio.run(asked())


def test_a_server_answers_the_same_and_keeps_nothing(
    url: str, server_settings: ServerSettings, here: Callable[[str], Asked]
) -> None:
    found = ask_at(url, "reclamation", "suite", "synthese", "masque")
    for asked, case_id in zip(found, ("reclamation", "suite", "synthese", "masque"), strict=True):
        assert asked.result == here(case_id).result
    with sqlite3.connect(server_settings.data_dir / "fanal.sqlite") as database:
        for table in ("conversations", "answers", "drafts"):
            assert database.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)  # noqa: S608 - names above
    database.close()


def test_a_case_of_other_groups_is_skipped_and_says_how_to_give_them(url: str) -> None:
    [asked] = ask_at(url, "budget")
    assert asked.result.status == "skipped"
    assert "FANAL_LOCAL_GROUPS=direction" in (asked.result.error or "")


async def test_a_case_that_looks_for_leaks_is_not_asked_by_who_may_read_it_all() -> None:
    asker = EndpointAsker(None, None, "http://127.0.0.1", frozenset({"direction"}))  # type: ignore[arg-type]
    asked = await asker.ask(case("sans-droit"))
    assert asked.result.status == "skipped"
    assert "direction" in (asked.result.error or "")


def test_an_index_that_a_server_holds_is_refused_to_others(url: str, server_settings: ServerSettings) -> None:
    async def opened() -> None:
        async with asking_here(server_settings, None):
            pass

    with pytest.raises(IndexBusy):
        asyncio.run(opened())


@pytest.mark.parametrize("wrong", ["", "127.0.0.1:8000", "ftp://127.0.0.1", "http://"])
async def test_an_address_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="http://"):
        async with asking_endpoint(wrong, None):
            pass


async def test_a_server_that_does_not_answer_is_said_without_its_password() -> None:
    with pytest.raises(SourceUnavailable) as refused:
        async with asking_endpoint("http://alice:secret@127.0.0.1:9/v1", None):
            pass
    assert "http://127.0.0.1:9" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert shown("https://a:b@exemple.fr:8443/fanal?cle=1#x") == "https://exemple.fr:8443/fanal"


def test_what_is_no_fanal_is_said(url: str) -> None:
    with serving(FastAPI()) as other, pytest.raises(ConfigurationError, match="n’est pas Fanal"):
        ask_at(other, "reclamation")


# ---------------------------------------------------------------- what goes wrong

Behaviour = Callable[[], Awaitable[Response | None]]


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FastAPI, str, list[Behaviour]]]:
    """A server that does what the test says with the next questions, then answers them."""
    app, behaviours = FastAPI(), list[Behaviour]()

    @app.get("/v1/configuration")
    async def configuration() -> Response:
        return Response(make_configuration().model_dump_json(), media_type="application/json")

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    @app.delete("/v1/conversations/{key}", status_code=204)
    async def delete(key: str) -> None:
        app.state.deleted = key

    @app.post("/v1/ask")
    async def ask(request: Request) -> Response:
        body = await request.json()
        app.state.asked = body
        if behaviours and (said := await behaviours.pop(0)()):
            return said
        answer = Answer(
            id="a", conversation_id=body["conversation_id"], question=body["question"], as_of=DAY,
            mode="extractive", abstained=True, statements=[], passages=[], warnings=[], model="m", timings={},
        )  # fmt: skip
        return Response(answer.model_dump_json(), media_type="application/json")

    monkeypatch.setattr(module, "PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(module, "WAITS_S", (0.0, 0.01))
    with serving(app) as address:
        yield app, address, behaviours


def responds(status: int, body: str) -> Behaviour:
    async def respond() -> Response:
        return Response(body, status, media_type="application/json")

    return respond


@pytest.mark.parametrize(
    ("status", "body", "times", "reason"),
    [
        (500, '{"detail": "Une erreur inattendue."}', 1, "Erreur 500 : Une erreur inattendue."),
        (422, '{"detail": "La question est vide."}', 1, "Erreur 422 : La question est vide."),
        (503, "occupé", 3, "Erreur 503 : occupé"),
        (200, '{"id": "autre forme"}', 1, "d’une autre version"),
        (200, "rien", 1, "d’une autre version"),
    ],
)
def test_an_error_is_a_failed_case_with_its_reason(
    faulty: tuple[FastAPI, str, list[Behaviour]], status: int, body: str, times: int, reason: str
) -> None:
    app, address, behaviours = faulty
    behaviours += [responds(status, body)] * times
    failed, answered = ask_at(address, "reclamation", "transport")
    assert (failed.result.status, answered.result.status) == ("failed", "done")
    assert reason in (failed.result.error or "")
    assert app.state.deleted == app.state.asked["conversation_id"]


def test_a_busy_server_is_asked_again(faulty: tuple[FastAPI, str, list[Behaviour]]) -> None:
    _, address, behaviours = faulty
    behaviours += [responds(503, "{}"), responds(429, "{}")]
    [asked] = ask_at(address, "reclamation")
    assert asked.result.status == "done"


def test_a_server_that_says_nothing_is_a_failed_case(
    faulty: tuple[FastAPI, str, list[Behaviour]], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, address, behaviours = faulty
    monkeypatch.setattr(module, "TIMEOUTS_S", {"ask": 0.2})

    async def silence() -> None:
        await asyncio.sleep(1)

    behaviours.append(silence)
    [asked] = ask_at(address, "reclamation")
    assert asked.result.status == "failed"
    assert "Pas de réponse" in (asked.result.error or "")
    assert app.state.deleted == app.state.asked["conversation_id"]


@pytest.fixture
async def broken(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, list[bool]]]:
    """A server that hangs up on every question; whether it says that it is there is for the test to say."""
    alive: list[bool] = [True]

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if b"/health/live" in request and alive[0]:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            await writer.drain()
        writer.close()

    monkeypatch.setattr(module, "WAITS_S", (0.0, 0.01))
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", alive


async def asked_of(address: str) -> Asked:
    async with httpx.AsyncClient(base_url=address) as client:
        return await EndpointAsker(client, None, address, frozenset()).ask(case("reclamation"))


async def test_a_broken_connection_is_a_failed_case_while_the_server_is_there(
    broken: tuple[str, list[bool]],
) -> None:
    asked = await asked_of(broken[0])
    assert asked.result.status == "failed"
    assert "connexion" in (asked.result.error or "")


async def test_a_server_that_is_gone_for_good_stops_everything(broken: tuple[str, list[bool]]) -> None:
    broken[1][0] = False
    with pytest.raises(ServerGone, match="ne répond plus"):
        await asked_of(broken[0])


def test_the_folder_of_the_throw_away_database_is_gone(
    settings: ServerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made: list[str] = []

    async def opened() -> None:
        async with asking_here(settings.model_copy(update={"data_dir": tmp_path / "data"}), None) as asker:
            await asker.ask(case("masque"))
            made.extend(os.listdir(tmp_path))

    asyncio.run(opened())
    [folder] = [name for name in made if name.startswith("fanal-eval-")]
    assert not (tmp_path / folder).exists()
