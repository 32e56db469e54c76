"""A run from its command to its folder: files, gate, judge, refusals, and the table of runs over time."""

import subprocess
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from eval import git_revision as revision
from eval import history
from eval.__main__ import main
from eval.asking import LocalAsker
from eval.opening import selected, suite_of
from eval.run import RunOptions, run
from eval.run_warnings import SELF_JUDGED
from ingest.errors import ConfigurationError, StorageFailed
from server.app import create_app
from server.evaluation_schemas import RunView
from server.quality.run_files import load_run
from server.settings import ServerSettings
from tests.evaluating import case, use, write_cases
from tests.scripted_model import ScriptedModel
from tests.served import serving

pytest_plugins = ["tests.evaluating_fixtures"]

QUICK = ("reclamation", "transport", "budget", "sans-droit", "inconnu", "suite")


@pytest.fixture(scope="module")
def suite(settings: ServerSettings) -> Path:
    return write_cases(settings.data_dir.parent / "essai.jsonl", *map(case, QUICK))


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=200)


def said(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def twice(settings: ServerSettings, suite: Path) -> tuple[Path, RunView, RunView]:
    """The same suite run twice, asked anew each time."""
    with pytest.MonkeyPatch.context() as patch:
        use(patch, settings)
        views = [run(RunOptions(str(suite), use_cache=False), Console(file=StringIO())) for _ in range(2)]
    return settings.data_dir / "evaluations", views[0], views[1]


def test_a_run_is_written_whole(twice: tuple[Path, RunView, RunView], suite: Path) -> None:
    folder, view, _ = twice
    loaded = load_run(folder / view.id)
    assert loaded.view == view
    assert [result.case.id for result in loaded.results] == list(QUICK)
    assert (view.state, view.cases, view.done, view.failed) == ("done", len(QUICK), len(QUICK), 0)
    assert view.configuration is not None
    assert view.configuration.mode == "extractive"
    assert view.git_revision == revision.git_revision()
    assert {metric.name for metric in view.metrics} >= {"abstention_accuracy", "recall_at_5"}
    assert loaded.timings["reclamation"].timings["total"] > 0
    left = {path.name for path in (folder / view.id).iterdir()}
    reports = {"report.html", "report.md", "report.json"}
    assert left == {"run.json", "cases.jsonl", "timings.jsonl", *reports}


def test_the_same_run_twice_gives_the_same_file(twice: tuple[Path, RunView, RunView]) -> None:
    folder, first, second = twice
    assert first.id != second.id
    files = [(folder / view.id / "cases.jsonl").read_bytes() for view in (first, second)]
    assert files[0] == files[1]


def test_rights_are_those_of_each_case(twice: tuple[Path, RunView, RunView]) -> None:
    folder, view, _ = twice
    scores = {result.case.id: result.scores for result in load_run(folder / view.id).results}
    assert scores["sans-droit"]["abstention_accuracy"] == 1
    assert scores["budget"]["abstention_accuracy"] == 1


def test_answers_are_taken_from_the_cache_and_say_so(
    twice: tuple[Path, RunView, RunView], own: Path, suite: Path, console: Console,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async def ask_nothing(*_: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(LocalAsker, "ask", ask_nothing)
    view = run(RunOptions(str(suite)), console)
    loaded = load_run(own / view.id)
    assert all(timing.cached for timing in loaded.timings.values())
    assert view.usage.cached == len(QUICK)
    first = (own / twice[1].id / "cases.jsonl").read_bytes()
    assert (own / view.id / "cases.jsonl").read_bytes() == first


def test_a_part_of_a_suite_is_another_suite(settings: ServerSettings, suite: Path) -> None:
    whole = suite_of(str(suite), settings, None)
    part = selected(whole, "simple", 1)
    assert [one.id for one in part.cases] == ["reclamation"]
    assert part.digest != whole.digest
    assert "étiquette « simple »" in part.title
    assert selected(whole, None, 100) == whole
    with pytest.raises(ConfigurationError, match="étiquette « rien »"):
        selected(whole, "rien", None)


def test_the_gate_decides_the_exit_status(
    own: Path,
    suite: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    thresholds = tmp_path / "seuils.toml"
    statuses = []
    for bound in (0.1, 1.0):
        thresholds.write_text(f"[run]\ncases_min = {int(bound * 10)}\n", "utf-8")
        command = ["eval", "run", "--suite", str(suite), "--limit", "2", "--fail-under", str(thresholds)]
        monkeypatch.setattr("sys.argv", command)
        statuses.append(main())
    assert statuses == [0, 1]
    assert "MANQUÉ" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "Nommez une suite"),
        (["absente"], "Il n’y a pas de suite « absente »"),
        (["SUITE", "--judge", "http://127.0.0.1:9/v1"], "--judge-model"),
        (["SUITE", "--gate"], "n’a pas de seuils"),
        (["SUITE", "--endpoint", "http://127.0.0.1:9"], "Aucun serveur ne répond"),
        (["organisation"], "Aucun cas accepté"),
    ],
)
def test_a_mistake_is_said_before_anything_is_asked(
    own: Path, suite: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], reason: str,
) -> None:  # fmt: skip
    before = set(own.glob("2*"))
    given = [str(suite) if one == "SUITE" else one for one in arguments]
    monkeypatch.setattr("sys.argv", ["eval", "run", *given])
    assert main() == 2
    assert reason in capsys.readouterr().err
    assert set(own.glob("2*")) == before


def test_a_server_that_holds_the_index_is_asked_itself(
    settings: ServerSettings, own: Path, suite: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(create_app(settings)) as url:
        monkeypatch.setenv("FANAL_SERVER_URL", url)
        view = run(RunOptions(str(suite)), console)
    assert view.endpoint == url
    assert "Le serveur Fanal tient l’index" in said(console)
    skipped = [one for one in load_run(own / view.id).results if one.status == "skipped"]
    assert [one.case.id for one in skipped] == ["budget"]
    assert any("FANAL_LOCAL_GROUPS" in warning for warning in view.warnings)


@pytest.mark.parametrize("way", ["name", "address"])
def test_a_judge_that_wrote_the_answers_is_refused(
    own: Path, suite: Path, console: Console, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    for name, value in (("GENERATOR", "openai"), ("MODEL_URL", model.base_url), ("MODEL_NAME", model.name)):
        monkeypatch.setenv(f"FANAL_{name}", value)
    judge, judge_model = (
        ("http://127.0.0.1:9/v1", model.name.upper()) if way == "name" else (model.base_url, "autre-modele")
    )
    with pytest.raises(ConfigurationError, match="--force-self-judge"):
        run(RunOptions(str(suite), judge=judge, judge_model=judge_model), console)


@pytest.mark.slow
def test_a_judge_that_is_forced_to_judge_itself_is_said(
    settings: ServerSettings,
    own: Path,
    console: Console,
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("GENERATOR", "openai"), ("MODEL_URL", model.base_url), ("MODEL_NAME", model.name)):
        monkeypatch.setenv(f"FANAL_{name}", value)
    unanswered = write_cases(settings.data_dir.parent / "inconnu.jsonl", case("inconnu"))
    options = RunOptions(str(unanswered), judge=model.base_url, judge_model=model.name, force_self_judge=True)
    view = run(options, console)
    assert view.judge is not None
    assert view.judge.is_generator
    assert SELF_JUDGED in view.warnings
    assert "il se note lui-même" in said(console)


# ---------------------------------------------------------------- the disk


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_asked(
    own: Path, suite: Path, console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(LocalAsker, "ask", asked.append)
    monkeypatch.setattr("eval.run.EVALUATIONS", "sources.toml/evaluations")
    (own.parent / "sources.toml").write_text("un fichier, non un dossier", "utf-8")
    with pytest.raises(StorageFailed, match="ne peut pas être écrit"):
        run(RunOptions(str(suite)), console)
    assert asked == []


# ---------------------------------------------------------------- revision, history


def test_the_revision_says_whether_files_were_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revision, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert revision.git_revision() is None, "outside of git"

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=Essai", "-c", "user.email=essai@exemple.fr")
        subprocess.run(["git", "-C", tmp_path, *who, *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "a.py").write_text("a = 1\n", "utf-8")
    git("add", ".")
    git("commit", "-m", "Un")
    clean = revision.git_revision()
    assert clean is not None
    assert len(clean) == 12
    (tmp_path / "a.py").write_text("a = 2\n", "utf-8")
    assert revision.git_revision() == clean + revision.MODIFIED
    monkeypatch.setattr(revision, "ROOT", tmp_path / "dessous")
    (tmp_path / "dessous").mkdir()
    assert revision.git_revision() is None, "a checkout that is not Fanal's own"


def test_history_tells_runs_in_their_order_with_their_intervals(
    twice: tuple[Path, RunView, RunView], own: Path, console: Console
) -> None:
    history.show("essai", ["abstention_accuracy"], console)
    written = said(console)
    assert "Suite « essai »" in written
    assert " à 1,000" in written
    assert written.index(f"{twice[1].started_at.astimezone():%d/%m/%Y}") >= 0


@pytest.mark.parametrize(
    ("suite_name", "metrics", "reason"), [("rien", [], "Aucune mesure"), (None, ["x"], "inconnue")]
)
def test_history_says_what_it_does_not_have(
    own: Path, console: Console, suite_name: str | None, metrics: list[str], reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        history.show(suite_name, metrics, console)
