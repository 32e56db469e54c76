"""A run: a suite is asked, scored, judged and told; its folder is `DATA_DIR/evaluations/<run_id>`.

suite -> documents -> configuration -> ask -> score -> judge -> figures -> gate -> files -> reports

What is done is written as it comes: a run that was stopped goes on by itself when the same is asked of the same
configuration (`eval.run_folder`), and ends in the same file as one that was not.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
from rich.console import Console

from eval.answers_cache import FOLDER
from eval.asking import Asker
from eval.exchanges import Asked
from eval.gate import read_thresholds, verdicts
from eval.git_revision import git_revision
from eval.judge import Judge, same_model
from eval.opening import asker_of, held_elsewhere, selected, server_settings, suite_of
from eval.run_asking import ask_all, each
from eval.run_display import bar, say_figures, say_started
from eval.run_folder import RunFolder, begin, take_up
from eval.run_warnings import CHANGED, fallbacks, warnings_of
from eval.suite_fits import unfit
from eval.suite_masking import masked_warning, without_personal_data
from eval.suites import Suite
from ingest.errors import ConfigurationError, IndexBusy
from server.configuration import url_digest
from server.configuration_schemas import Configuration
from server.evaluation_schemas import CaseResult, JudgeInfo, RunView
from server.quality.runs import EVALUATIONS
from server.settings import ServerSettings

JUDGE_KEY = "FANAL_JUDGE_API_KEY"
"""Environment variable that holds the API key of the judge's endpoint."""

JUDGED_AT_ONCE = 4


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
        use_cache: take answers that the same configuration gave before; never those of a model that is held to
            thresholds.
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
    suite, masked = without_personal_data(suite, options.suite, settings)
    before = [masked_warning(masked)] if masked else []
    folder = settings.data_dir / EVALUATIONS
    over = settings if options.endpoint else _over(suite, settings, folder)
    return anyio.run(partial(_run, options, suite, over, folder, held_to, console, before))


async def _run(
    options: RunOptions,
    suite: Suite,
    over: ServerSettings,
    root: Path,
    thresholds: Path | None,
    console: Console,
    before: Sequence[str],
) -> RunView:
    """Run a suite; `before` is what its reader must know of it already."""
    async with AsyncExitStack() as stack:
        async with asker_of(suite, over, options.endpoint, console.print) as asker:
            configuration = await asker.configuration()
            unfitting = await unfit(suite, asker, over)
            before = [*([unfitting] if unfitting else []), *before]
            judge = await _judge(options, configuration, root, stack, over.evaluation_days)
            folder = stack.enter_context(closing(_folder(options, suite, asker, configuration, judge, root)))
            folder.view.warnings.extend(one for one in before if one not in folder.view.warnings)
            say_started(console, folder)
            with folder.interruptible():
                asked = await ask_all(
                    suite,
                    asker,
                    configuration,
                    folder,
                    console,
                    use_cache=_may_use_cache(options, thresholds, configuration),
                    concurrency=options.concurrency,
                )
                if (await asker.configuration()).fingerprint != configuration.fingerprint:
                    folder.view.warnings.append(CHANGED)
        with folder.interruptible():
            results = await _judge_all(judge, scored(asked), folder, console)
            view = _told(folder.view, results, asked, judge, thresholds, root)
            folder.finish(view, results, [one.timing for one in asked])
        _report(folder.path)
        folder.keep_private()
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


def _over(suite: Suite, settings: ServerSettings, root: Path) -> ServerSettings:
    """Give the settings over the documents of the suite, brought up to date where they are not the organisation's."""
    from eval.sample_index import prepared

    try:
        return settings if suite.documents == "own" else prepared(suite.documents, settings.cache_dir)
    except IndexBusy as error:
        raise held_elsewhere(suite, root) from error


async def _judge(
    options: RunOptions,
    configuration: Configuration,
    root: Path,
    stack: AsyncExitStack,
    keep_days: int,
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
        Judge.open(
            options.judge,
            options.judge_model,
            key,
            concurrency=JUDGED_AT_ONCE,
            cache=cache,
            keep_days=keep_days,
        )
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


def _may_use_cache(options: RunOptions, thresholds: Path | None, configuration: Configuration) -> bool:
    """Tell whether answers of before may serve; a model that is held to thresholds is asked everything."""
    return options.use_cache and not (thresholds and configuration.mode == "generative")


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
    done = folder.judged(scored)
    with bar(console, "Jugement", len(scored), len(done)) as shown:

        async def have_judged(result: CaseResult) -> None:
            judged = await judge.judge(result)
            folder.note_judged(judged)
            done[result.case.id] = judged
            shown.step(failed=bool(judged.unscored))

        left = [one for one in scored if one.case.id not in done]
        await each(left, have_judged, JUDGED_AT_ONCE)
    return [done[one.case.id] for one in scored]


def _told(
    begun: RunView,
    results: Sequence[CaseResult],
    asked: Sequence[Asked],
    judge: Judge | None,
    thresholds: Path | None,
    root: Path,
) -> RunView:
    """Give the whole run: counts, figures, what is missing, and whether it holds the thresholds."""
    from eval.judging.calibrate import agreements, beside
    from eval.scoring import aggregate

    figures = aggregate(results, [one.timing for one in asked])
    judged_by = judge.info_over(results) if judge else None
    agreed = agreements(root.parent, judged_by) if judged_by else None
    said = [*begun.warnings, *([agreed.said] if agreed and agreed.said else [])]
    counts = {
        status: sum(one.status == status for one in results) for status in ("done", "failed", "skipped")
    }
    view = begun.model_copy(
        update={
            "state": "done",
            "finished_at": datetime.now(UTC),
            **counts,
            "judge": judged_by,
            "fallback": fallbacks(results, begun.configuration),
            "metrics": beside(figures.metrics, agreed),
            "groups": figures.groups,
            "latencies": figures.latencies,
            "usage": figures.usage,
            "missing": figures.missing,
            "warnings": warnings_of(results, asked, begun.configuration, judged_by, said),
        }
    )
    gate = verdicts(view, read_thresholds(thresholds)) if thresholds else []
    return view.model_copy(update={"gate": gate})


def _report(folder: Path) -> None:
    from eval.report import write_reports

    write_reports(folder)
