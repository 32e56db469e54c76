"""Questions made of the organisation's own documents, proposed to a person: documents go in, proposed cases come out.

documents -> sections in force -> candidates (without a model) or a model's questions -> no duplicate -> inbox
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, zip_longest
from pathlib import Path

from rich.console import Console

from eval.asking import shown
from eval.generating.absent import absent
from eval.generating.candidates import MAKERS, Candidate, Maker, candidates, same
from eval.generating.material import EndpointMaterial, IndexMaterial, Material, Section, spread
from eval.generating.proposing import KNOWN, EndpointInbox, Inbox, StoreInbox
from ingest.errors import ConfigurationError, IndexBusy
from ingest.opening import open_store
from server.case_schemas import Case
from server.quality.case_files import write_cases
from server.settings import ServerSettings

TWICE = "la question est déjà posée dans ce lot"
SHORTEST = 50
"""A passage of fewer characters says too little for a model to ask about."""
TRAININGS = "formations"
ONE_IN = 4
"""Of a model's questions with an answer, one in so many is on two passages."""


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """What is asked of `generate`.

    Args:
        sources: names of those whose documents are used; none for all.
        unanswerable: share of questions that nothing answers, 0 to 1.
        model_url: base URL (…/v1) of the model that writes them, with `model`; None for none.
        key: the endpoint's API key.
        output: a file in place of the organisation's cases.
    """

    count: int = 40
    sources: frozenset[str] = frozenset()
    endpoint: str | None = None
    output: Path | None = None
    model_url: str | None = None
    model: str | None = None
    key: str = ""
    unanswerable: float = 0.25
    seed: int = 20_261_122


@dataclass(slots=True)
class Summary:
    """What came of it: how many of each kind were made, how many were taken, and why others were not."""

    made: Counter[Maker] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    proposed: int = 0
    where: str = ""


def generate(options: GenerateOptions, settings: ServerSettings, today: date, console: Console) -> Summary:
    """Make questions and propose them.

    Raises:
        ConfigurationError: the options contradict each other, or no document gives a question.
        FanalError: the documents or the cases cannot be reached.
    """
    if bool(options.model_url) != bool(options.model):
        raise ConfigurationError("Un modèle se donne par --model-url URL et --model NOM, ensemble.")
    summary = Summary()
    with ExitStack() as stack:
        material, inbox = _opened(options, settings, stack, summary, console)
        sections = material.sections(today, options.seed, options.sources)
        _check_sources(sections, options.sources)
        groups = frozenset(one.group for one in sections if one.group)
        batch = _Batch(inbox.known(groups), summary)
        made = _made(options, material, sections, batch)
        if not made:
            told = "".join(
                f" {count} écartées : {reason}." for reason, count in summary.dropped.most_common()
            )
            raise ConfigurationError(f"Aucune question n’a pu être tirée de ces documents.{told}")
        summary.made.update(one.maker for one in made)
        cases = [one.case for one in made]
        if options.output is not None:
            options.output.write_bytes(write_cases(cases, "jsonl"))
            summary.proposed, summary.where = len(cases), f"dans « {options.output} »"
        else:
            summary.proposed = inbox.propose(cases, summary.dropped)
    return summary


class _Batch:
    """The questions of one batch, no two of which ask the same, nor what is a case already."""

    def __init__(self, known: Iterable[Case], summary: Summary) -> None:
        self._known = {same(case) for case in known}
        self._taken: set[tuple[object, ...]] = set()
        self.summary = summary

    def takes(self, candidate: Candidate) -> bool:
        """Take a question, or count why not."""
        asked = same(candidate.case)
        if asked in self._known or asked in self._taken:
            self.summary.dropped[KNOWN if asked in self._known else TWICE] += 1
            return False
        self._taken.add(asked)
        return True

    def first(self, found: Iterable[Candidate], count: int) -> list[Candidate]:
        """Take the first ones that are new."""
        taken: list[Candidate] = []
        for one in found:
            if len(taken) == count:
                break
            if self.takes(one):
                taken.append(one)
        return taken


def _opened(
    options: GenerateOptions, settings: ServerSettings, stack: ExitStack, summary: Summary, console: Console
) -> tuple[Material, Inbox]:
    """Open the documents and where cases go: the endpoint, or the index of this machine; a server that owns it."""
    endpoint, material = options.endpoint, None
    if endpoint is None:
        try:
            store = open_store(settings)
            stack.callback(store.close)
            material = IndexMaterial(store.index)
        except IndexBusy:
            endpoint = settings.server_url
            console.print(
                f"Le serveur Fanal tient l’index : c’est à lui que l’on demande ({shown(endpoint)})."
            )
    inbox: Inbox = StoreInbox(settings) if endpoint is None else EndpointInbox(endpoint)
    stack.callback(inbox.close)
    summary.where = "page « Qualité », onglet « Cas », ceux « à relire »"
    if material is not None:
        return material, inbox
    assert endpoint is not None  # one of the two was opened
    return stack.enter_context(closing(EndpointMaterial(endpoint))), inbox


def _check_sources(sections: Sequence[Section], wanted: frozenset[str]) -> None:
    """Raise `ConfigurationError` for a source that has nothing to ask about."""
    if lacking := sorted(wanted - {one.passage.source for one in sections}):
        names = ", ".join(f"« {name} »" for name in lacking)
        raise ConfigurationError(
            f"Aucun document en vigueur dans {names} : « python -m ingest status » nomme les sources indexées."
        )


def _made(
    options: GenerateOptions, material: Material, sections: Sequence[Section], batch: _Batch
) -> list[Candidate]:
    without = round(options.count * options.unanswerable)
    if options.model_url is not None:
        return asyncio.run(_by_model(options, material, sections, batch, without))
    found = batch.first(_spread(candidates(sections), options.seed), options.count - without)
    return found + batch.first(absent(material, sections, options.seed), without)


def _spread(found: Iterable[Candidate], seed: int) -> Iterator[Candidate]:
    """Give candidates one source after the other and, in each, one document after the other.

    All catalogues are one source: they are the most records, and are asked the same of each.
    """
    chance = random.Random(seed)  # noqa: S311  # a draw, not a secret
    by_source: dict[str, dict[str, list[Candidate]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        by_source[TRAININGS if one.maker == "training" else one.source][one.case.gold[0].document].append(one)
    in_turn = []
    for _, documents in sorted(by_source.items()):
        mixed = {name: sorted(held, key=lambda one: one.case.id) for name, held in documents.items()}
        in_turn.append(spread(mixed, sum(map(len, mixed.values())), chance))
    return (one for turn in zip_longest(*in_turn) for one in turn if one is not None)


async def _by_model(
    options: GenerateOptions, material: Material, sections: Sequence[Section], batch: _Batch, without: int
) -> list[Candidate]:
    """Have a model write the questions; `batch` counts what is lost."""
    from eval.generating.model import QuestionModel, Work, beside, on_passages, write
    from server.llm import build_client, check_model

    assert options.model_url is not None
    assert options.model is not None
    client = build_client(options.model_url, options.key, silence_s=120.0)
    async with client:
        await check_model(client, options.model)
        model = QuestionModel(client, options.model)
        chance = random.Random(options.seed)  # noqa: S311  # a draw, not a secret
        singles = _in_turn(sections, chance)
        answered = options.count - without
        doubles = await asyncio.to_thread(_pairs, singles) if answered >= ONE_IN else []
        on_two: list[Work] = [on_passages(pair, place) for place, pair in enumerate(doubles)]
        two = await write(model, on_two, answered // ONE_IN, batch.takes)
        on_one: list[Work] = [on_passages([one], place) for place, one in enumerate(singles)]
        one = await write(model, on_one, answered - len(two), batch.takes)
        next_to: list[Work] = [
            beside(section, material, place) for place, section in enumerate(singles[::-1])
        ]
        none = await write(model, next_to, without, batch.takes)
    batch.summary.dropped.update(model.dropped)
    batch.summary.calls = model.calls
    return list(chain(one, two, none))


def _pairs(sections: Sequence[Section]) -> list[tuple[Section, Section]]:
    from eval.generating.graph import pairs  # ragas takes seconds to import

    return pairs(sections)


def _in_turn(sections: Sequence[Section], chance: random.Random) -> list[Section]:
    """Spread sections over sources; what is too short to ask anything of is left out."""
    by_source: dict[str, list[Section]] = defaultdict(list)
    for one in sections:
        if len(one.passage.text) >= SHORTEST:
            by_source[one.passage.source].append(one)
    return spread(by_source, len(sections), chance)


def report(summary: Summary, say: Callable[[str], None]) -> None:
    """Tell in French what was proposed, what was dropped and where to review it."""
    say(f"{summary.proposed} questions proposées, à relire avant qu’elles comptent ({summary.where}).")
    for maker, label in MAKERS.items():
        if summary.made[maker]:
            say(f"  {summary.made[maker]} {label}")
    if summary.calls:
        say(f"  ({summary.calls} requêtes au modèle)")
    if summary.dropped:
        say(f"Écartées : {summary.dropped.total()}")
        for reason, count in summary.dropped.most_common():
            say(f"  {count} : {reason}")
