"""The wire types of quality: runs of suites of cases, what each case gave, and comparisons.

`eval` writes runs with them, the server hands them out, the page shows them. A figure in a share is in [0, 1].
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from server.case_schemas import Case, CaseKind
from server.configuration_schemas import Configuration
from server.draft_schemas import SectionKind
from server.mask_schemas import MaskSpan
from server.outcome_schemas import OutcomeKey
from server.schemas import AbstentionKind, Conflict, Identifier, Mode, Passage, Statement, Wire
from server.schemas import TokenUsage as TokenUsage


class AnswerRecord(Wire):
    """What was answered, less what differs from one run to the next (ids, timings)."""

    mode: Mode
    model: str
    prompt_version: str | None = None
    standalone_question: str | None = None
    abstained: bool
    abstention: AbstentionKind | None = None
    message: str | None = None
    statements: list[Statement]
    passages: list[Passage]
    conflicts: list[Conflict] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


class DraftedSentence(Wire):
    """A sentence of a draft, and the sentences of the notes that it rests on."""

    text: str
    verified: bool
    sources: list[str] = Field(default_factory=list)


class DraftedSection(Wire):
    """A section of a draft; without sentences, it says `non renseigné`.

    Args:
        kind: of what it is written: the notes, or the index (advice), of which no notes are expected.
    """

    id: str
    title: str
    kind: SectionKind = "notes"
    sentences: list[DraftedSentence]


class DraftRecord(Wire):
    """What was drafted, masked."""

    mode: Mode
    model: str
    prompt_version: str | None = None
    sections: list[DraftedSection]
    warnings: list[str] = Field(default_factory=list)


class MaskRecord(Wire):
    """What was masked, and the masked text."""

    text: str
    spans: list[MaskSpan]


class Verdict(Wire):
    """A reason for a score, in French: a fact that lacks, a passage cited wrongly, what the judge wrote."""

    metric: str
    text: str
    good: bool = False


CaseStatus = Literal["done", "failed", "skipped"]


class CaseResult(Wire):
    """What a case gave. The same run twice gives the same (extractive); what varies is in `CaseTiming`.

    Args:
        error: why it failed or was skipped, in French.
        scores: by metric of `server.quality.catalogue`; a metric that says nothing of this case is absent.
        counts: how many of how many, by metric whose figure of a suite is the ratio of the cases' sums, not a mean of
            their scores: the masks that are right of the masks there are (`server.quality.suite_figures`).
        unscored: metrics that should have had a score and have none, with why (the judge failed, it gave no number).
    """

    case: Case
    status: CaseStatus = "done"
    error: str | None = None
    answer: AnswerRecord | None = None
    draft: DraftRecord | None = None
    masked: MaskRecord | None = None
    scores: dict[str, float] = Field(default_factory=dict)
    counts: dict[str, tuple[int, int]] = Field(default_factory=dict)
    unscored: dict[str, str] = Field(default_factory=dict)
    verdicts: list[Verdict] = Field(default_factory=list)


class CaseTiming(Wire):
    """How long a case took, in milliseconds by stage, and what it used.

    Args:
        cached: its answer came from an earlier run with the same configuration; the timings are that run's.
    """

    case_id: str
    timings: dict[str, float] = Field(default_factory=dict)
    tokens: TokenUsage | None = None
    energy_wh: float | None = None
    cached: bool = False


MetricFamily = Literal["retrieval", "citations", "answer", "abstention", "judged", "draft", "mask", "cost"]
MetricUnit = Literal["share", "ms", "tokens", "Wh"]


class MetricInfo(Wire):
    """A metric as people read it, in French.

    Args:
        help: what it says, in a sentence for a person who is no engineer.
    """

    name: str
    label: str
    help: str
    family: MetricFamily
    unit: MetricUnit = "share"
    higher_is_better: bool = True


class Agreement(Wire):
    """How far a judge and people agree on a metric: Cohen's kappa (1960) and its 95 % interval.

    Args:
        cases: hand-labelled answers that both judged.
        failures: labelled answers that the judge gave no score for.
    """

    kappa: float | None
    low: float | None = None
    high: float | None = None
    cases: int
    failures: int = 0


class MetricValue(Wire):
    """A metric over the cases of a run: its mean and 95 % bootstrap interval.

    Args:
        value: None when no case gave a score.
        cases: how many scores it is the mean of.
        failures: how many scores lack, and are not in the mean.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    cases: int
    failures: int = 0
    agreement: Agreement | None = None


class MetricGroup(Wire):
    """The metrics of the cases that carry a tag."""

    tag: str
    cases: int
    metrics: list[MetricValue]


class Latency(Wire):
    """A stage's times over the cases of a run that were really asked, in milliseconds."""

    stage: str
    p50: float
    p95: float
    cases: int


class Usage(Wire):
    """What a whole run used; None where the server does not tell."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    energy_wh: float | None = None
    cached: int = 0


class JudgeInfo(Wire):
    """The model that judged.

    Args:
        is_generator: it marked its own answers, which inflates its scores; every page says so.
        prompts: version of the French prompts.
    """

    model: str
    url: str
    is_generator: bool = False
    prompts: str
    calls: int = 0
    failures: int = 0


class GateVerdict(Wire):
    """One threshold, and whether it held.

    Args:
        metric: a metric's name, `latency.STAGE.p95` in milliseconds, or `run.failed`, `run.skipped`, `run.cases`.
        tag: None for all the cases.
        reason: why it did not hold, in French; empty when it did.
    """

    metric: str
    tag: str | None = None
    bound: Literal["min", "max"]
    threshold: float
    value: float | None
    passed: bool
    reason: str = ""


RunState = Literal["running", "interrupted", "done"]


class RunSummary(Wire):
    """One line of `GET /v1/evaluations`: a run and its figures.

    Args:
        suite_digest: of its cases: two runs of the same cases compare whole.
        fallback: answers and drafts that another than the configured model wrote, or did not finish.
        missing: what was not measured and why, in French ("sans juge : fidélité…").
        warnings: what its reader must know, in French.
    """

    id: Identifier
    suite: str
    title: str
    suite_digest: str
    state: RunState
    started_at: datetime
    finished_at: datetime | None = None
    cases: int
    done: int = 0
    failed: int = 0
    skipped: int = 0
    fallback: int = 0
    configuration: Configuration | None = None
    judge: JudgeInfo | None = None
    seed: int
    git_revision: str | None = None
    endpoint: str | None = None
    metrics: list[MetricValue] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    gate: list[GateVerdict] = Field(default_factory=list)


class RunView(RunSummary):
    """`run.json` of a run's folder: the whole run, less its cases."""

    groups: list[MetricGroup] = Field(default_factory=list)
    latencies: list[Latency] = Field(default_factory=list)
    usage: Usage = Field(default_factory=Usage)


class CaseLine(Wire):
    """A case of a run, on one line.

    Args:
        groups: those of the person who asked; who is not of all of them is shown no question.
    """

    id: str
    kind: CaseKind
    question: str
    groups: list[str] = Field(default_factory=list)
    tags: list[str]
    must_abstain: bool
    abstained: bool | None = None
    status: CaseStatus
    outcome: OutcomeKey
    scores: dict[str, float]
    unscored: list[str] = Field(default_factory=list)


class RunDetail(RunView):
    """Answer of `GET /v1/evaluations/{id}`.

    Args:
        catalogue: the metrics it holds, in the order in which people read them.
    """

    catalogue: list[MetricInfo]
    lines: list[CaseLine]


class CaseDetail(Wire):
    """Answer of `GET /v1/evaluations/{id}/cases/{case_id}`.

    Args:
        withheld: what is not shown to this caller and why, in French; None when all of it is.
    """

    result: CaseResult
    timing: CaseTiming | None = None
    withheld: str | None = None


class BrokenRun(Wire):
    """A run that cannot be read, and why, in French."""

    id: str
    reason: str


class RunList(Wire):
    """Answer of `GET /v1/evaluations`, the newest first.

    Args:
        broken: those that cannot be read: they hide no other.
    """

    runs: list[RunSummary]
    catalogue: list[MetricInfo]
    broken: list[BrokenRun] = Field(default_factory=list)


ReportFormat = Literal["html", "md", "json"]
