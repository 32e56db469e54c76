"""A suite and its documents: nothing indexed, the gold absent, an index that another run holds, drafts left behind."""

import json
import logging
from io import StringIO
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from rich.console import Console

from eval.asking import asking_here
from eval.exchanges import Line, exchange
from eval.opening import suite_of
from eval.run import RunOptions, run
from eval.run_folder import begin
from eval.suite_fits import unfit
from ingest.errors import ConfigurationError, IndexBusy
from ingest.opening import open_store
from server.case_schemas import Case, GoldPassage
from server.settings import ServerSettings
from tests.evaluating import DOCUMENTS, case, organisation, settings_of, use, write_cases
from tests.test_eval_resume import view_of

SILENT = Console(file=StringIO())


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return organisation(tmp_path_factory.mktemp("organisation"))


def with_gold(*documents: str) -> list[Case]:
    return [
        Case(id=f"cas-{number}", question=f"Que dit la note {number} ?", gold=[GoldPassage(document=name)])
        for number, name in enumerate(documents)
    ]


async def said_of(settings: ServerSettings, tmp_path: Path, *cases: Case) -> str | None:
    suite = suite_of(str(write_cases(tmp_path / "essai.jsonl", *cases)), settings, None)
    async with asking_here(settings, None) as asker:
        return await unfit(suite, asker, settings)


def test_an_index_without_documents_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sources.toml").write_text("", "utf-8")
    empty = settings_of(tmp_path)
    use(monkeypatch, empty)
    suite = write_cases(tmp_path / "essai.jsonl", case("reclamation"))
    with pytest.raises(ConfigurationError, match="python -m ingest run") as refused:
        run(RunOptions(str(suite)), SILENT)
    assert str(empty.data_dir) in str(refused.value)
    assert not list((empty.data_dir / "evaluations").glob("2*"))


async def test_gold_that_is_mostly_absent_is_said(settings: ServerSettings, tmp_path: Path) -> None:
    absent = [f"Note {number}.md" for number in range(3)]
    here = [Path(name).name for name in DOCUMENTS if name.startswith("procedures/")]
    said = await said_of(settings, tmp_path, *with_gold(*absent, here[0]))
    assert said is not None
    assert said.startswith("Sur 4 documents de référence cherchés, 3 ne sont pas dans l’index")
    assert await said_of(settings, tmp_path, *with_gold(*here, absent[0])) is None


async def test_documents_of_a_group_are_looked_for_as_one_of_it(
    settings: ServerSettings, tmp_path: Path
) -> None:
    [reserved] = with_gold("Budget.md")
    assert await said_of(settings, tmp_path, reserved) is not None
    assert await said_of(settings, tmp_path, reserved.model_copy(update={"groups": ["direction"]})) is None


def test_a_run_that_meets_another_is_told_to_wait_for_it(
    settings: ServerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, settings)
    monkeypatch.setenv("FANAL_SERVER_URL", "http://127.0.0.1:9")
    suite = write_cases(tmp_path / "essai.jsonl", case("reclamation"))
    other = begin(settings.data_dir / "evaluations", "autre", view_of)
    store = open_store(settings)
    try:
        with pytest.raises(IndexBusy, match=f"une autre mesure \\({other.path.name}\\)") as refused:
            run(RunOptions(str(suite)), SILENT)
    finally:
        store.close()
        other.close()
    assert "arrêtez" not in str(refused.value)


async def draft_at(answer: bytes, deletion: int) -> list[str]:
    """Ask for a draft that the server answers so; gives what is asked to be deleted."""
    deleted = []

    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            deleted.append(request.url.path)
            return httpx.Response(deletion)
        return httpx.Response(201, content=answer)

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(respond), base_url="http://fanal.exemple"
    ) as client:
        with pytest.raises(ValidationError):
            await exchange(Line(client, {}), case("synthese"), None)
    return deleted


async def test_a_draft_that_does_not_read_is_deleted_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    assert await draft_at(json.dumps({"id": "d-1", "forme": "autre"}).encode(), 204) == ["/v1/drafts/d-1"]
    assert await draft_at(b"rien", 204) == []
    assert caplog.records == []


async def test_a_draft_that_the_server_keeps_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await draft_at(b'{"id": "d-1"}', 500)
    assert [record.getMessage() for record in caplog.records] == [
        "what asking left at /v1/drafts/d-1 is not deleted: status 500"
    ]
