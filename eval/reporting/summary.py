"""What the page of a run shows before its cases: a `LoadedRun` goes in, the parts of its template come out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from eval.reporting.wording import FEW, gate_label, gate_value, interval, often, share
from server.evaluation_schemas import (
    CaseResult,
    GateVerdict,
    MetricFamily,
    MetricGroup,
    MetricInfo,
    MetricValue,
    RunView,
)
from server.outcome_schemas import Outcome, tally
from server.quality.catalogue import CATALOGUE
from server.quality.outcomes import outcome_of
from server.quality.run_files import LoadedRun

HEADLINES: Final = (
    "abstention_accuracy",
    "fact_recall",
    "context_recall_id",
    "citation_precision",
    "faithfulness",
    "nothing_forbidden",
    "draft_fact_recall",
    "draft_nothing_invented",
    "draft_sourced",
    "mask_recall_direct",
    "mask_recall_special",
    "mask_precision",
)
"""The figures that a page opens with, the first of these that the run has."""
HEADLINE_COUNT: Final = 6
GROUP_COLUMNS: Final = 5
RARE: Final = 5
"""Cases under which a tag is told apart: its figures are those of two or three questions."""
BINS: Final = 10
FAMILIES: Final[dict[MetricFamily, str]] = {
    "retrieval": "Recherche : les bons passages sont-ils trouvés ?",
    "citations": "Citations : ce qui est dit est-il appuyé ?",
    "answer": "Réponse : dit-elle ce qu’il faut ?",
    "abstention": "Silence : l’assistant sait-il dire qu’il ne sait pas ?",
    "judged": "Notes du juge : une estimation par un autre modèle",
    "draft": "Synthèses : reprennent-elles les notes, et rien d’autre ?",
    "mask": "Masquage : les données personnelles sont-elles cachées ?",
    "cost": "Coût",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric of a run, with what it is compared to.

    Args:
        self_judged: the judge is the model that answered.
    """

    info: MetricInfo
    metric: MetricValue
    threshold: GateVerdict | None = None
    self_judged: bool = False

    @property
    def judged(self) -> bool:
        """Whether a model gave the scores."""
        return self.info.family == "judged"

    @property
    def few(self) -> bool:
        """Whether it rests on so few cases that it says little."""
        return 0 < self.metric.cases < FEW

    @property
    def words(self) -> str:
        """Say it in a sentence, for who cannot see the plot."""
        return ", ".join(filter(None, (share(self.metric.value), interval(self.metric))))


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics about the same thing."""

    title: str
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the scores of a metric spread: how many cases in each tenth, 1 with the last."""

    info: MetricInfo
    bins: Sequence[int]
    cases: int

    @property
    def words(self) -> str:
        """Say it in a sentence, for who cannot see the plot."""
        filled = [
            f"{count} de {share(place / BINS)} à {share((place + 1) / BINS)}"
            for place, count in enumerate(self.bins)
            if count
        ]
        return f"Nombre de cas par score : {', '.join(filled)}."


@dataclass(frozen=True, slots=True)
class Gate:
    """A threshold, in words."""

    label: str
    bound: str
    value: str
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A tag and its figures, in the order of the columns; None where it has none."""

    group: MetricGroup
    metrics: Sequence[MetricValue | None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What the page says before its cases.

    Args:
        columns: of the table of tags.
        review: how many cases a person should look at.
    """

    view: RunView
    headlines: Sequence[Figure]
    families: Sequence[Family]
    gates: Sequence[Gate]
    outcomes: Sequence[tuple[Outcome, int]]
    review: int
    columns: Sequence[MetricInfo]
    groups: Sequence[GroupRow]
    rare_groups: Sequence[GroupRow]
    histograms: Sequence[Histogram]
    tags: Sequence[str]

    @property
    def failed_gates(self) -> Sequence[Gate]:
        """The thresholds that did not hold."""
        return [gate for gate in self.gates if not gate.passed]

    @property
    def in_short(self) -> str:
        """Say how good it is, in a sentence; empty when what tells it was not measured."""
        held = {
            figure.info.name: figure.metric for figure in self.headlines if figure.metric.value is not None
        }
        parts = []
        if "abstention_accuracy" in held:
            parts.append(f"L’assistant répond ou se tait à raison {often(held['abstention_accuracy'])}")
        if "fact_recall" in held:
            told = share(held["fact_recall"].value)
            where = "à une question qui a sa réponse dans les documents"
            parts.append(f"{where}, il dit {told} des faits attendus, silences compris")
        if "draft_fact_recall" in held and not parts:
            parts.append(f"La synthèse reprend un fait attendu {often(held['draft_fact_recall'])}")
        if "mask_recall_direct" in held and not parts:
            parts.append(f"Un identifiant est masqué {often(held['mask_recall_direct'])}")
        said = " ; ".join(parts)
        return f"{said[0].upper()}{said[1:]}." if said else ""


def summarise(run: LoadedRun) -> Summary:
    """Gather what the page shows before its cases."""
    view = run.view
    figures = {metric.name: _figure(view, metric) for metric in view.metrics if metric.name in CATALOGUE}
    outcomes = tally([outcome_of(result) for result in run.results])
    columns = [name for name in HEADLINES if name in figures][:GROUP_COLUMNS]
    ordered = sorted(view.groups, key=lambda one: (-one.cases, one.tag))
    groups = [_group_row(group, columns) for group in ordered]
    return Summary(
        view=view,
        headlines=[figures[name] for name in HEADLINES if name in figures][:HEADLINE_COUNT],
        families=list(_families(list(figures.values()))),
        gates=[_gate(verdict) for verdict in sorted(view.gate, key=lambda one: one.passed)],
        outcomes=outcomes,
        review=sum(count for outcome, count in outcomes if outcome.to_review),
        columns=[CATALOGUE[name] for name in columns],
        groups=[row for row in groups if row.group.cases >= RARE],
        rare_groups=[row for row in groups if row.group.cases < RARE],
        histograms=list(_histograms(run.results, list(figures))),
        tags=sorted({tag for result in run.results for tag in result.case.tags}, key=str.casefold),
    )


def _figure(view: RunView, metric: MetricValue) -> Figure:
    info = CATALOGUE[metric.name]
    threshold = next((one for one in view.gate if one.metric == metric.name and one.tag is None), None)
    own = info.family == "judged" and view.judge is not None and view.judge.is_generator
    return Figure(info, metric, threshold, own)


def _families(figures: Sequence[Figure]) -> Iterator[Family]:
    for family, title in FAMILIES.items():
        held = [figure for figure in figures if figure.info.family == family]
        if held:
            yield Family(title, held)


def _gate(verdict: GateVerdict) -> Gate:
    sign = "au moins" if verdict.bound == "min" else "au plus"
    return Gate(
        label=gate_label(verdict),
        bound=f"{sign} {gate_value(verdict, verdict.threshold)}",
        value=gate_value(verdict, verdict.value),
        passed=verdict.passed,
        reason=verdict.reason,
    )


def _group_row(group: MetricGroup, columns: Sequence[str]) -> GroupRow:
    held = {metric.name: metric for metric in group.metrics}
    return GroupRow(group, [held.get(name) for name in columns])


def _histograms(results: Sequence[CaseResult], names: Sequence[str]) -> Iterator[Histogram]:
    """Give the spread of metrics whose scores are not all nothing or all: of these the mean says everything."""
    for name in names:
        scores = [result.scores[name] for result in results if name in result.scores]
        if sum(0 < score < 1 for score in scores) >= len(scores) / BINS and scores:
            bins = [0] * BINS
            for score in scores:
                bins[min(int(score * BINS), BINS - 1)] += 1
            yield Histogram(CATALOGUE[name], bins, len(scores))
