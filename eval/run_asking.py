"""The cases of a run are asked: a suite and an `Asker` go in, an `Asked` for each case comes out, in their order.

A configuration names a model and not what is served under that name: in a run that a model writes, one answer of the
cache is asked again first, and the others are taken from it only if that one comes out the same.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import anyio
from rich.console import Console

from eval.answers_cache import FOLDER, AnswersCache, key_of, may_be_kept
from eval.asking import Asker
from eval.exchanges import Asked
from eval.run_display import Shown, bar
from eval.run_folder import RunFolder
from eval.suites import Suite
from ingest.errors import FanalError
from server.case_schemas import Case
from server.configuration_schemas import Configuration

Item = TypeVar("Item")

ANOTHER_ANSWER: Final = (
    "Une question déjà posée à ce modèle a reçu cette fois une autre réponse : celles d’avant n’ont pas servi, toutes "
    "les questions ont été posées."
)


async def ask_all(
    suite: Suite,
    asker: Asker,
    configuration: Configuration,
    folder: RunFolder,
    console: Console,
    *,
    use_cache: bool = True,
    concurrency: int | None = None,
) -> list[Asked]:
    """Ask every case that was not asked before a stop; gives them in the order of the suite.

    Args:
        use_cache: take answers that the same configuration gave before.
        concurrency: cases asked at once; None for what suits the asker.

    Raises:
        FanalError: the server is gone, or the folder cannot be written; what is done is kept.
    """
    cache = AnswersCache(folder.path.parent / FOLDER)
    done = {key: one for key, one in folder.asked().items() if use_cache or not one.timing.cached}
    with bar(console, "Questions", len(suite.cases), len(done)) as shown:
        asking = _Asking(asker, configuration, folder, cache, done, shown)
        left = [case for case in suite.cases if case.id not in done]
        known = await asking.still_true(asking.known(left)) if use_cache else {}
        left = [case for case in left if case.id not in done]
        await each(left, partial(asking.ask, known), concurrency or asker.concurrency)
    cache.prune()
    return [done[case.id] for case in suite.cases]


@dataclass(frozen=True, slots=True)
class _Asking:
    """What one run asks with, and `done`, by case, what it was told."""

    asker: Asker
    configuration: Configuration
    folder: RunFolder
    cache: AnswersCache
    done: dict[str, Asked]
    shown: Shown

    def known(self, cases: Sequence[Case]) -> Mapping[str, Asked]:
        """Give what the cache holds, by case."""
        found = {case.id: self.cache.get(self._key(case), case) for case in cases}
        return {case_id: asked for case_id, asked in found.items() if asked is not None}

    async def still_true(self, known: Mapping[str, Asked]) -> Mapping[str, Asked]:
        """Ask one answer of the cache again; another one than before makes the whole cache worth nothing."""
        probed = probe_of(known, self.configuration)
        if probed is None:
            return known
        again = await self._ask_anew(probed.result.case)
        self._note(again)
        if same_answer(again, probed):
            return known
        self.folder.view.warnings.append(ANOTHER_ANSWER)
        return {}

    async def ask(self, known: Mapping[str, Asked], case: Case) -> None:
        """Take the answer from the cache or from the server, and keep it."""
        self._note(known.get(case.id) or await self._ask_anew(case))

    async def _ask_anew(self, case: Case) -> Asked:
        asked = await self.asker.ask(case)
        if may_be_kept(asked, self.configuration):
            self.cache.put(self._key(case), asked)
        return asked

    def _note(self, asked: Asked) -> None:
        self.folder.note_asked(asked)
        self.done[asked.result.case.id] = asked
        self.shown.step(failed=asked.result.status == "failed")

    def _key(self, case: Case) -> str:
        return key_of(self.configuration, self.asker.sent(case))


def probe_of(known: Mapping[str, Asked], configuration: Configuration) -> Asked | None:
    """Choose the cached answer that tells whether the model is still the same: the shortest that it wrote.

    None where no model writes, and where it wrote nothing that is in the cache.
    """
    if configuration.mode != "generative":
        return None
    answers = [one for one in known.values() if one.result.answer and one.result.answer.statements]
    drafts = [one for one in known.values() if one.result.draft]
    silences = [one for one in known.values() if one.result.answer]
    first = answers or drafts or silences
    return min(first, key=lambda one: len(one.result.case.history), default=None)


def same_answer(one: Asked, other: Asked) -> bool:
    """Tell whether what was answered is the same, times left aside."""
    return (one.result.status, one.result.answer, one.result.draft) == (
        other.result.status,
        other.result.answer,
        other.result.draft,
    )


async def each(items: Iterable[Item], work: Callable[[Item], Awaitable[None]], at_once: int) -> None:
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
