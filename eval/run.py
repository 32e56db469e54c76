"""A run: a suite is asked, scored, judged and told; its folder is `DATA_DIR/evaluations/<run_id>`.

suite -> documents -> configuration -> ask -> score -> judge -> figures -> gate -> files -> reports

What is done is written as it comes: a run that was stopped goes on by itself when the same is asked of the same
configuration (`eval.run_folder`), and ends in the same file as one that was not.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
from rich.console import Console

from eval.answers_cache import FOLDER, AnswersCache, key_of, may_be_kept
from eval.asking import Asker
from eval.exchanges import Asked
from eval.gate import read_thresholds, verdicts
from eval.git_revision import git_revision
from eval.judge import Judge, same_model
from eval.opening import asker_of, selected, server_settings, suite_of
from eval.run_display import bar, say_figures, say_started
from eval.run_folder import RunFolder, begin, take_up
from eval.suites import Suite
from ingest.errors import ConfigurationError, FanalError
from server.configuration import url_digest
from server.evaluation_schemas import CaseResult, Configuration, JudgeInfo, RunView
from server.quality.runs import EVALUATIONS
from server.settings import ServerSettings

JUDGE_KEY = "FANAL_JUDGE_API_KEY"
"""Environment variable that holds the API key of the judge's endpoint."""

JUDGED_AT_ONCE = 4

SELF_JUDGED = (
    "Le juge est le modèle qui a rédigé les réponses : il se note lui-même, et ses notes sont trop bonnes. Ne vous en "
    "servez pas pour décider."
)

CHANGED = (
    "La configuration a changé pendant la mesure (documents, réglages ou modèle) : des réponses viennent de l’une, "
    "d’autres de l’autre. Recommencez-la (--fresh --no-cache)."
)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What is to be run.

    Args:
        suite: name of a suite, or file.
        endpoint: address of the server to ask; None for this process.
        judge: base URL (…/v1) of the judge's endpoint, with `judge_model`; None for none.
        force_self_judge: let the model that wrote the answers judge them.
        thresholds: file that the figures are held to; None for none.
        gate: hold them to the suite's own.
        concurrency: cases asked at once; None for what suits the asker.
        limit: only the first cases; `tag`: only those that carry it.
        fresh: begin anew even if the same run was stopped.
        use_cache: take answers that the same configuration gave before.
    """

    suite: str
    endpoint: str | None = None
    judge: str | None = None
    judge_model: str | None = None
    force_self_judge: bool = False
    thresholds: Path | None = None
    gate: bool = False
    concurrency: int | None = None
    limit: int | None = None
    tag: str | None = None
    fresh: bool = False
    use_cache: bool = True


def run(options: RunOptions, console: Console) -> RunView:
    """Run a suite to its end, reports included.

    Raises:
        FanalError: something is wrong that a person must mend, or the server is gone; what is done is kept.
        KeyboardInterrupt: somebody stopped it; what is done is kept.
    """
    if bool(options.judge) != bool(options.judge_model):
        raise ConfigurationError("Un juge se donne par --judge URL et --judge-model NOM, ensemble.")
    settings = server_settings()
    suite = selected(suite_of(options.suite, settings, options.endpoint), options.tag, options.limit)
    held_to = _thresholds(options, suite)
    over = settings if options.endpoint else _over(suite, settings)
    folder = settings.data_dir / EVALUATIONS
    return anyio.run(partial(_run, options, suite, over, folder, held_to, console))


async def _run(
    options: RunOptions,
    suite: Suite,
    over: ServerSettings,
    root: Path,
    thresholds: Path | None,
    console: Console,
) -> RunView:
    async with AsyncExitStack() as stack:
        async with asker_of(suite, over, options.endpoint, console.print) as asker:
            configuration = await asker.configuration()
            judge = await _judge(options, configuration, root, stack)
            folder = stack.enter_context(closing(_folder(options, suite, asker, configuration, judge, root)))
            say_started(console, folder)
            with folder.interruptible():
                asked = await ask_all(options, suite, asker, configuration, folder, console)
                if (await asker.configuration()).fingerprint != configuration.fingerprint:
                    folder.view.warnings.append(CHANGED)
        with folder.interruptible():
            results = await _judge_all(judge, scored(asked), folder, console)
            view = _told(folder.view, results, asked, judge, thresholds, root)
            folder.finish(view, results, [one.timing for one in asked])
        _report(folder.path)
        say_figures(console, view, folder.path)
        return view


def _thresholds(options: RunOptions, suite: Suite) -> Path | None:
    """Find the file that the figures are held to, and read it before an hour of work."""
    path = options.thresholds or (suite.thresholds if options.gate else None)
    if path is None and options.gate:
        raise ConfigurationError(
            f"La suite « {suite.name} » n’a pas de seuils : donnez un fichier (--fail-under)."
        )
    if path is not None:
        read_thresholds(path)
    return path


def _over(suite: Suite, settings: ServerSettings) -> ServerSettings:
    """Give the settings over the documents of the suite, brought up to date where they are not the organisation's."""
    from eval.sample_index import prepared

    return settings if suite.documents == "own" else prepared(suite.documents, settings.cache_dir)


async def _judge(
    options: RunOptions, configuration: Configuration, root: Path, stack: AsyncExitStack
) -> Judge | None:
    """Open the judge; one that wrote the answers itself is refused unless that is forced.

    Raises:
        ConfigurationError: it is the generator.
        ModelError: its endpoint does not answer, or does not serve it.
    """
    if not (options.judge and options.judge_model):
        return None
    is_generator = configuration.mode == "generative" and (
        same_model(options.judge_model, configuration.model)
        or url_digest(options.judge) == configuration.settings.get("model_url")
    )
    if is_generator and not options.force_self_judge:
        raise ConfigurationError(
            f"Le juge « {options.judge_model} » est le modèle qui rédige les réponses, ou a la même adresse que lui : "
            "il se noterait lui-même, et trop bien. Donnez un autre juge, ou --force-self-judge : chaque page le dira."
        )
    cache = root / FOLDER / "judge.sqlite"
    key = os.environ.get(JUDGE_KEY)
    judge = await stack.enter_async_context(
        Judge.open(options.judge, options.judge_model, key, concurrency=JUDGED_AT_ONCE, cache=cache)
    )
    judge.is_generator = is_generator
    await judge.check()
    return judge


def _folder(
    options: RunOptions,
    suite: Suite,
    asker: Asker,
    configuration: Configuration,
    judge: Judge | None,
    root: Path,
) -> RunFolder:
    """Take up the same run where it was stopped, or begin one."""
    info = judge.info if judge else None

    def same(view: RunView) -> bool:
        told = view.configuration
        return (
            (view.suite, view.suite_digest, view.endpoint) == (suite.name, suite.digest, asker.endpoint)
            and told is not None
            and told.fingerprint == configuration.fingerprint
            and _identity(view.judge) == _identity(info)
        )

    def beginning(run_id: str) -> RunView:
        return RunView(
            id=run_id,
            suite=suite.name,
            title=suite.title,
            suite_digest=suite.digest,
            state="running",
            started_at=datetime.now(UTC),
            cases=len(suite.cases),
            configuration=configuration,
            judge=info,
            seed=suite.seed,
            git_revision=git_revision(),
            endpoint=asker.endpoint,
        )

    stopped = None if options.fresh else take_up(root, same)
    return stopped or begin(root, suite.name, beginning)


def _identity(judge: JudgeInfo | None) -> tuple[str, ...]:
    return (judge.model, judge.url, judge.prompts) if judge else ()


async def ask_all(
    options: RunOptions,
    suite: Suite,
    asker: Asker,
    configuration: Configuration,
    folder: RunFolder,
    console: Console,
) -> list[Asked]:
    """Ask every case that was not asked before a stop; gives them in the order of the suite."""
    cache = AnswersCache(folder.path.parent / FOLDER)
    done = folder.asked()
    with bar(console, "Questions", len(suite.cases), len(done)) as shown:

        async def ask(case_index: int) -> None:
            case = suite.cases[case_index]
            key = key_of(configuration, asker.sent(case))
            asked = cache.get(key, case) if options.use_cache else None
            if asked is None:
                asked = await asker.ask(case)
                if may_be_kept(asked, configuration):
                    cache.put(key, asked)
            folder.note_asked(asked)
            done[case.id] = asked
            shown.step(failed=asked.result.status == "failed")

        left = [at for at, case in enumerate(suite.cases) if case.id not in done]
        await _each(left, ask, options.concurrency or asker.concurrency)
    cache.prune()
    return [done[case.id] for case in suite.cases]


def scored(asked: Iterable[Asked]) -> list[CaseResult]:
    """Give each case its scores."""
    from eval.scoring import score

    return [score(one.result) for one in asked]


async def _judge_all(
    judge: Judge | None, scored: Sequence[CaseResult], folder: RunFolder, console: Console
) -> list[CaseResult]:
    """Have every case judged that was not before a stop, in the order of the suite."""
    if judge is None:
        return list(scored)
    done = folder.judged()
    with bar(console, "Jugement", len(scored), len(done)) as shown:

        async def have_judged(result: CaseResult) -> None:
            judged = await judge.judge(result)
            folder.note_judged(judged)
            done[result.case.id] = judged
            shown.step(failed=bool(judged.unscored))

        left = [one for one in scored if one.case.id not in done]
        await _each(left, have_judged, JUDGED_AT_ONCE)
    return [done[one.case.id] for one in scored]


async def _each(items: Iterable[Item], work: Callable[[Item], Awaitable[None]], at_once: int) -> None:
    """Do the work on each item, some at once, in their order; the first error that stops it all is raised."""
    waiting = iter(items)
    stopped: list[FanalError] = []

    async def worker() -> None:
        try:
            for item in waiting:
                await work(item)
        except FanalError as error:
            stopped.append(error)
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for _ in range(max(1, at_once)):
            group.start_soon(worker)
    if stopped:
        raise stopped[0]


def _told(
    begun: RunView,
    results: Sequence[CaseResult],
    asked: Sequence[Asked],
    judge: Judge | None,
    thresholds: Path | None,
    root: Path,
) -> RunView:
    """Give the whole run: counts, figures, what is missing, and whether it holds the thresholds."""
    from eval.judging.calibrate import beside
    from eval.scoring import aggregate

    figures = aggregate(results, [one.timing for one in asked])
    judged_by = judge.info_over(results) if judge else None
    counts = {
        status: sum(one.status == status for one in results) for status in ("done", "failed", "skipped")
    }
    view = begun.model_copy(
        update={
            "state": "done",
            "finished_at": datetime.now(UTC),
            **counts,
            "judge": judged_by,
            "metrics": beside(figures.metrics, root.parent, judged_by),
            "groups": figures.groups,
            "latencies": figures.latencies,
            "usage": figures.usage,
            "missing": figures.missing,
            "warnings": [*begun.warnings, *_warnings(results, judge)],
        }
    )
    gate = verdicts(view, read_thresholds(thresholds)) if thresholds else []
    return view.model_copy(update={"gate": gate})


def _warnings(results: Sequence[CaseResult], judge: Judge | None) -> list[str]:
    warnings = [SELF_JUDGED] if judge and judge.is_generator else []
    for status, said in (("failed", "ont échoué"), ("skipped", "n’ont pas été posés")):
        lost = [one for one in results if one.status == status]
        if lost:
            reasons = dict.fromkeys(one.error or "" for one in lost)
            warnings.append(f"{len(lost)} cas {said} : {next(iter(reasons))}")
    return warnings


def _report(folder: Path) -> None:
    from eval.report import write_reports

    write_reports(folder)
