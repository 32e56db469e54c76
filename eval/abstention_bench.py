"""Abstention on the sample organisation: its report set goes through the whole ask path, figures come out.

`sample/questions_abstention.jsonl` sets nothing: the weights and thresholds come from `sample/questions.jsonl`, by
`python -m eval calibrate`. The curve is written to `docs/abstention.svg`.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.calibrate import silence_of
from eval.curve import Curve, written_svg
from eval.sample_index import PRESENT, prepared
from ingest.opening import open_store
from ingest.settings import ROOT
from server.abstain import CalibratedAbstainer, Decision
from server.acronyms import load_acronyms
from server.ask import AskParts, Done, ask
from server.case_schemas import Case
from server.extractive import ExtractiveGenerator
from server.followup import CarryingRewriter
from server.mask import load_masker
from server.quality.case_files import read_cases
from server.retrieval import Retrieval
from server.retrieve import HybridRetriever
from server.schemas import AbstentionKind, AskRequest, Mode
from server.settings import ServerSettings

REPORT_SET = ROOT / "sample" / "questions_abstention.jsonl"
CURVE = ROOT / "docs" / "abstention.svg"

RESAMPLES = 2_000
SEED = 20261122

KINDS: tuple[AbstentionKind, ...] = ("unanswerable", "out_of_scope", "smalltalk")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question.

    Args:
        answerable: the probability that decided; 0 for smalltalk, which never reaches the decision.
        told: why there was no answer; None when there was one.
        quoted: whether the sentence that answers is in the answer.
    """

    asked: Case
    answerable: float
    told: AbstentionKind | None
    quoted: bool

    @property
    def silence(self) -> AbstentionKind | None:
        """Why there should be no answer; None when there should be one."""
        return silence_of(self.asked)


def measure(cache: Path) -> dict[str, Any]:
    """Give the figures of the report set; the first run embeds the sample (a minute or two).

    Args:
        cache: folder whose `bench/sample` holds the sample's index.
    """
    known = read_cases(REPORT_SET)
    with prepared_sample(cache) as retriever:
        outcomes = asyncio.run(outcomes_of(known, retriever))
    CURVE.write_text(written_svg(curve_of(outcomes)), "utf-8")
    return figures(outcomes)


@contextmanager
def prepared_sample(cache: Path) -> Iterator[HybridRetriever]:
    """Bring the sample's index up to date with all its vectors, and search it as the server does."""
    store = open_store(prepared("sample", cache))
    try:
        yield HybridRetriever(
            store.index,
            store.embedder,
            dense_share=store.manifest.dense_share,
            acronyms=load_acronyms(ServerSettings.model_fields["acronyms_file"].default),
            today=lambda: PRESENT,
        )
    finally:
        store.close()


class _Recording:
    """An abstainer that keeps its last decision, which the answer does not tell."""

    def __init__(self, abstainer: CalibratedAbstainer) -> None:
        self._abstainer = abstainer
        self.last: Decision | None = None

    def decide(self, question: str, retrieval: Retrieval, mode: Mode) -> Decision:
        self.last = self._abstainer.decide(question, retrieval, mode)
        return self.last


async def outcomes_of(
    known: Sequence[Case], retriever: HybridRetriever, weights: Path | None = None
) -> list[Outcome]:
    """Ask every question in extractive mode, as the server does.

    Args:
        weights: of the abstention; those that Fanal ships when None.
    """
    shipped = ServerSettings.model_fields["abstention_file"].default
    abstainer = _Recording(CalibratedAbstainer.load(weights or shipped))
    extractive = ExtractiveGenerator()
    parts = AskParts(
        retriever=retriever,
        generator=extractive,
        fallback=extractive,
        abstainer=abstainer,
        rewriter=CarryingRewriter(),
        masker=load_masker(ServerSettings()),
    )
    return [await _outcome(question, parts, abstainer) for question in known]


async def _outcome(asked: Case, parts: AskParts, abstainer: _Recording) -> Outcome:
    request = AskRequest(question=asked.question, as_of=asked.as_of or PRESENT)
    abstainer.last = None
    events = [event async for event in ask(request, parts, groups=frozenset(asked.groups), today=PRESENT)]
    done = events[-1]
    assert isinstance(done, Done)
    said = [plain(statement.text) for statement in done.answer.statements]
    return Outcome(
        asked,
        answerable=abstainer.last.answerable if abstainer.last else 0.0,
        told=done.answer.abstention,
        quoted=any(plain(gold.quote) in text for gold in asked.gold if gold.quote for text in said),
    )


def plain(text: str) -> str:
    """Drop what differs between a document and the text made of it: table bars, bullets, kinds of apostrophe, space."""
    text = re.sub(r"[|*\ufffe]|^\s*(?:-|\d+\.) ", " ", text, flags=re.MULTILINE)
    return " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Write what the report shows: accuracy with 95 % intervals, what was told, and the curve as numbers."""
    answered = [outcome for outcome in outcomes if outcome.silence is None]
    left = [outcome for outcome in outcomes if outcome.silence is not None]
    found: dict[str, Any] = {
        "answerable / to be left": f"{len(answered)} / {len(left)}",
        **{name: _with_interval(answered, left, ratio) for name, ratio in _RATIOS.items()},
        "expected sentence quoted": f"{sum(o.quoted for o in answered)} of {len(answered)}",
        "kinds told apart (of those rightly left)": _kinds_right(left),
        "Brier score, classes balanced": round(_brier(answered, left), 3),
    }
    for kind in (None, *KINDS):
        told = Counter(outcome.told or "answered" for outcome in outcomes if outcome.silence == kind)
        found[f"told, when {kind or 'answerable'}"] = dict(sorted(told.items()))
    curve = curve_of(outcomes)
    for at in range(5, 100, 10):
        point = curve.points[at]
        found[f"at a threshold of {at / 100:.2f}"] = {
            "answerable answered": point.sensitivity,
            "others left": point.specificity,
            "balanced": (point.sensitivity + point.specificity) / 2,
        }
    return found


Ratio = Callable[[float, float, int, int], float]
"""From the answerable answered, the others left, and how many there are of each."""

_RATIOS: dict[str, Ratio] = {
    "balanced accuracy": lambda right, left, yes, no: (right / yes + left / no) / 2,
    "answerable answered (sensitivity)": lambda right, _left, yes, _no: right / yes,
    "others left (specificity)": lambda _right, left, _yes, no: left / no,
    "precision of answering": lambda right, left, _yes, no: right / max(1.0, right + no - left),
    "precision of abstaining": lambda right, left, yes, _no: left / max(1.0, left + yes - right),
}


def _with_interval(answered: Sequence[Outcome], left: Sequence[Outcome], ratio: Ratio) -> str:
    """Write a figure with its percentile bootstrap interval, each class resampled by itself."""
    yes = np.array([outcome.told is None for outcome in answered])
    no = np.array([outcome.told is not None for outcome in left])
    drawn = np.random.default_rng(SEED)
    rights = drawn.choice(yes, (RESAMPLES, len(yes))).sum(axis=1)
    lefts = drawn.choice(no, (RESAMPLES, len(no))).sum(axis=1)
    tried = [ratio(float(a), float(b), len(yes), len(no)) for a, b in zip(rights, lefts, strict=True)]
    low, high = np.percentile(tried, [2.5, 97.5])
    mean = ratio(float(yes.sum()), float(no.sum()), len(yes), len(no))
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def _kinds_right(left: Sequence[Outcome]) -> str:
    rightly = [outcome for outcome in left if outcome.told is not None]
    return f"{sum(o.told == o.silence for o in rightly)} of {len(rightly)}"


def _brier(answered: Sequence[Outcome], left: Sequence[Outcome]) -> float:
    missed = np.mean([(1 - outcome.answerable) ** 2 for outcome in answered])
    claimed = np.mean([outcome.answerable**2 for outcome in left])
    return float((missed + claimed) / 2)


def balanced_accuracy(outcomes: Sequence[Outcome]) -> float:
    """Mean of the share of answerable questions answered and of the others left."""
    answered = [outcome.told is None for outcome in outcomes if outcome.silence is None]
    left = [outcome.told is not None for outcome in outcomes if outcome.silence is not None]
    return float((np.mean(answered) + np.mean(left)) / 2)


def curve_of(outcomes: Sequence[Outcome]) -> Curve:
    """Say what each threshold from 0 to 1 would have given; smalltalk is left at any."""
    return Curve.of(
        [o.answerable for o in outcomes if o.silence is None],
        [o.answerable for o in outcomes if o.silence is not None],
        CalibratedAbstainer.load(ServerSettings.model_fields["abstention_file"].default).threshold,
    )
