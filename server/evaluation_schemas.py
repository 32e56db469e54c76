"""The wire types of quality: runs of suites of cases, what each case gave, and comparisons.

`eval` writes runs with them, the server hands them out, the page shows them. A figure in a share is in [0, 1].
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from server.case_schemas import Case, CaseKind
from server.draft_schemas import SectionKind
from server.mask_schemas import MaskSpan
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


class IndexState(Wire):
    """What was indexed: the documents and passages that the caller may read, and a digest of all of it."""

    documents: int
    passages: int
    dense_share: float
    digest: str


class Configuration(Wire):
    """Answer of `GET /v1/configuration`: all that changes an answer.

    Args:
        code: digest of the server's own code.
        prompt_versions: by prompt.
        settings: the settings that change an answer, secrets left out; digests of the files they name.
        groups: the caller's own: they decide which passages answer them.
        fingerprint: digest of all of the above: two servers with the same answer alike.
    """

    version: str
    code: str
    mode: Mode
    model: str
    prompt_versions: dict[str, str]
    embedder: str
    reranker: str | None = None
    index: IndexState
    settings: dict[str, str]
    groups: list[str] = Field(default_factory=list)
    fingerprint: str


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


ChangeVerdict = Literal["better", "worse", "same"]


class MetricChange(Wire):
    """A metric in two runs, over the cases that both have.

    Args:
        difference: after less before, with its 95 % interval by paired bootstrap.
        p_value: of a paired permutation test of signs; `adjusted_p` is Holm's (1979) over all metrics.
        verdict: `same` unless `adjusted_p` < 0.05.
    """

    name: str
    before: float | None
    after: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    adjusted_p: float | None = None
    cases: int
    verdict: ChangeVerdict = "same"


class CaseChange(Wire):
    """A case whose scores differ: by metric, before and after.

    Args:
        status: what became of it, before and after: a case that fails now has no score to compare.
    """

    id: str
    question: str
    changes: dict[str, tuple[float | None, float | None]]
    verdict: Literal["better", "worse", "mixed"]
    status: tuple[CaseStatus, CaseStatus] = ("done", "done")


class LatencyChange(Wire):
    """A stage's times in two runs; they depend on the machine as much as on the server: nothing is concluded."""

    stage: str
    before: Latency | None = None
    after: Latency | None = None


class Comparison(Wire):
    """Answer of `GET /v1/evaluations/{before}/compare/{after}`.

    Args:
        differences: what changed in the configuration between the two, in French.
        changes: the cases that got worse first.
        unchanged: how many common cases have the same scores.
        only_before: ids of the cases that the other run does not have.
        rewritten: ids of the cases whose question or right outcome changed: they are not compared.
        warnings: what its reader must know, in French: judges that differ, a judge that marked its own answers.
    """

    before: RunSummary
    after: RunSummary
    catalogue: list[MetricInfo]
    differences: list[str]
    metrics: list[MetricChange]
    changes: list[CaseChange]
    unchanged: int
    only_before: list[str] = Field(default_factory=list)
    only_after: list[str] = Field(default_factory=list)
    rewritten: list[str] = Field(default_factory=list)
    latencies: list[LatencyChange] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


ReportFormat = Literal["html", "md", "json"]
