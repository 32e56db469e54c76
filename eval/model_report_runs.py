"""A small model beside extracts, over the same questions and drafts: `python -m eval.model_report_runs`.

    collect    asks both suites without a model, then with it; stopped, the same command goes on where it was
    keep       copies what was asked so far into docs/reports/local-model/, without the texts of the passages
    write      writes docs/reports/local-model.md from these files and from what a person wrote of their reading

The suites are chosen once, before any answer (`eval/suites/local-model*.toml`); the runs are those of `python -m eval
run`, in FANAL_DATA_DIR. A run that is not finished is reported for what was asked of it, and its page says so.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError
from rich.console import Console

from eval.model_report_tables import Pair, page
from eval.run import RunOptions, run
from eval.settings import server_settings
from ingest.errors import ConfigurationError, FanalError
from ingest.settings import ROOT
from server.evaluation_schemas import CaseResult, CaseTiming, RunView
from server.quality.run_files import CASES, PROGRESS, TIMINGS, VIEW, LoadedRun
from server.quality.runs import EVALUATIONS
from server.schemas import Mode, Wire

SUITES: Final = ("local-model", "local-model-drafts")
MODES: Final[tuple[Mode, ...]] = ("extractive", "generative")
FOLDER = ROOT / "docs" / "reports" / "local-model"
PAGE = FOLDER.with_suffix(".md")
READING = FOLDER / "lecture.md"
"""What a person wrote after reading the answers; the page holds it as it is."""

PACE: Final[Mapping[str, str]] = {
    "FANAL_MODEL_CONTEXT": "3072",
    "FANAL_MODEL_TIMEOUT": "600",
    "FANAL_MODEL_SECONDS": "600",
}
"""Those of `make run MODEL=local`, with more patience: nobody waits."""


class _Row(Wire):
    """A case of a run, as it is kept in a line of `progress.jsonl` and of the report's own files."""

    result: CaseResult
    timing: CaseTiming


@contextmanager
def writing_with(mode: Mode, url: str, model: str) -> Iterator[None]:
    """Have the environment's server write with the model, or without; what stood there before comes back."""
    settings = {"FANAL_GENERATOR": "extractive"}
    if mode == "generative":
        chosen = {"FANAL_GENERATOR": "openai", "FANAL_MODEL_URL": url, "FANAL_MODEL_NAME": model}
        settings = {**PACE, **{name: os.environ[name] for name in PACE if name in os.environ}, **chosen}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def collect(url: str, model: str, console: Console) -> None:
    """Run both suites without the model, then with it, one case at a time; raises `FanalError`."""
    for mode in MODES:
        for suite in SUITES:
            with writing_with(mode, url, model):
                run(RunOptions(suite, concurrency=1), console)


def keep(evaluations: Path, folder: Path) -> None:
    """Copy the newest run of each suite and mode, finished or not, into the report's own files.

    Raises:
        ConfigurationError: no suite was asked in both modes.
    """
    found = {(suite, mode): newest(evaluations, suite, mode) for suite in SUITES for mode in MODES}
    if not any(all(found[suite, mode] for mode in MODES) for suite in SUITES):
        raise ConfigurationError("Aucune suite n’a été posée aux deux : lancez d’abord « collect ».")
    folder.mkdir(parents=True, exist_ok=True)
    for (suite, mode), asked in found.items():
        if asked is not None:
            view, rows = asked
            lines = [view.model_copy(update={"groups": []}), *map(_lighter, rows)]
            text = "".join(f"{line.model_dump_json(exclude_defaults=True)}\n" for line in lines)
            _file(folder, suite, mode).write_text(text, "utf-8")


def newest(evaluations: Path, suite: str, mode: Mode) -> tuple[RunView, list[_Row]] | None:
    """Give the newest run of a suite in a mode, with its scored cases; None where there is none."""
    for path in sorted(evaluations.glob(f"*/{VIEW}"), reverse=True):
        try:
            view = RunView.model_validate_json(path.read_bytes())
        except ValidationError:  # another version's
            continue
        if view.suite == suite and view.configuration and view.configuration.mode == mode:
            return view, _rows(path.parent, finished=view.state == "done")
    return None


def _rows(folder: Path, *, finished: bool) -> list[_Row]:
    """Read the cases of a run; those of one that is not finished have no scores yet."""
    from eval.scoring import score

    if finished:
        results = map(CaseResult.model_validate_json, _lines(folder / CASES))
        timings = map(CaseTiming.model_validate_json, _lines(folder / TIMINGS))
        return [_Row(result=one, timing=timing) for one, timing in zip(results, timings, strict=True)]
    asked = [_Row.model_validate_json(line) for line in _lines(folder / PROGRESS)]
    last = {row.result.case.id: row for row in asked}
    return [row.model_copy(update={"result": score(row.result)}) for row in last.values()]


def _lines(path: Path) -> list[bytes]:
    whole = path.read_bytes() if path.exists() else b""
    return whole[: whole.rfind(b"\n") + 1].splitlines()  # the last one may be half written


def _lighter(row: _Row) -> _Row:
    """Leave out the passages that are not cited, and the texts of the others: they are the sample's own."""
    answer = row.result.answer
    if answer is None:
        return row
    cited = {citation.passage_id for said in answer.statements for citation in said.citations}
    named = [one.model_copy(update={"text": ""}) for one in answer.passages if one.id in cited]
    light = answer.model_copy(update={"passages": named})
    return row.model_copy(update={"result": row.result.model_copy(update={"answer": light})})


def _file(folder: Path, suite: str, mode: Mode) -> Path:
    return folder / f"{suite}.{mode}.jsonl"


def kept(folder: Path, suite: str, mode: Mode) -> LoadedRun:
    """Read a file that `keep` wrote; raises `ConfigurationError` where it lacks or is another version's."""
    path = _file(folder, suite, mode)
    try:
        head, *lines = path.read_bytes().splitlines()
        view = RunView.model_validate_json(head)
        rows = [_Row.model_validate_json(line) for line in lines]
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"« {path} » ne se lit pas : {error}") from error
    results = [row.result for row in rows]
    return LoadedRun(view, results, {row.timing.case_id: row.timing for row in rows})


def write(folder: Path, path: Path) -> None:
    """Write the page from the report's own files; raises `ConfigurationError`."""
    both = [suite for suite in SUITES if all(_file(folder, suite, mode).exists() for mode in MODES)]
    pairs = [Pair(*(kept(folder, suite, mode) for mode in MODES)) for suite in both or SUITES]
    reading = READING.read_text("utf-8") if READING.exists() else ""
    path.write_text(page(pairs, reading), "utf-8")


Command = Literal["collect", "keep", "write"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["collect", "keep", "write"])
    parser.add_argument("--model", default="qwen2.5-coder-1.5b-instruct-q4_k_m")
    parser.add_argument("--model-url", default="http://127.0.0.1:8081/v1")
    options = parser.parse_args(arguments)
    command: Command = options.command
    try:
        if command == "collect":
            collect(options.model_url, options.model, Console(highlight=False))
        elif command == "keep":
            keep(server_settings().data_dir / EVALUATIONS, FOLDER)
        else:
            write(FOLDER, PAGE)
    except FanalError as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrompu : la même commande continuera.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
