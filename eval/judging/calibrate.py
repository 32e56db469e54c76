"""How far a judge agrees with people: it judges answers that they labelled, and what came of it is kept.

    judge ──> score each labelled answer ──> a verdict at the threshold ──> kappa with people, by metric ──> a file

The file is `DATA_DIR/evaluations/judges/<model>.json`; `agreements` reads it for the runs that this judge marks.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, Field, ValidationError

from eval.agreement import interval, kappa, ranking, tabulate
from eval.judge import Judge
from eval.judging.labels import SHIPPED, LabelledAnswer, read_labels
from eval.judging.wordings import VERSION
from ingest.errors import ConfigurationError
from server.configuration import url_digest
from server.evaluation_schemas import Agreement, JudgeInfo, MetricValue
from server.quality.catalogue import CATALOGUE, JUDGED

THRESHOLD = 0.5
"""Above it, a score says "good": more than half. It was set before any model was tried."""

REDO: Final = "python -m eval calibrate-judge le mesure à nouveau"


class MetricAgreement(Agreement):
    """How far a judge and people agree on one metric, and what a reader of kappa must know.

    Kappa falls when nearly all answers are good, however right the judge is (Feinstein and Cicchetti, 1990): the
    shares of good ones stand beside it.

    Args:
        observed: share of answers on which they agree.
        good_for_people, good_for_judge: share of answers that each finds good.
        ranking: chance that the judge scores an answer people find good above one they find bad; no threshold in it.
    """

    observed: float | None = None
    good_for_people: float | None = None
    good_for_judge: float | None = None
    ranking: float | None = None


class JudgedAnswer(BaseModel):
    """What the judge said of a labelled answer."""

    id: str
    scores: dict[str, float]
    unscored: dict[str, str] = Field(default_factory=dict)


class Calibration(BaseModel):
    """A judge's file.

    Args:
        labels: digest of the labelled answers.
        answers: how many of them were judged; fewer than there are when the command was told so.
        labelled_by: whose labels they are: those that ship, or an organisation's own.
    """

    model: str
    url: str
    prompts: str
    labels: str
    threshold: float
    answers: int
    metrics: dict[str, MetricAgreement]
    judged: list[JudgedAnswer]
    labelled_by: Literal["fanal", "organisation"] = "fanal"


async def calibrate(
    judge: Judge,
    answers: Sequence[LabelledAnswer],
    threshold: float = THRESHOLD,
    on_answer: Callable[[JudgedAnswer], None] = lambda _answer: None,
) -> Calibration:
    """Have the judge judge each labelled answer, and compare.

    Args:
        threshold: a score above it says "good", in [0, 1]; one of noise, below 1 less it.
        on_answer: told of each answer once it is judged.
    """
    turns = asyncio.Semaphore(
        judge.concurrency
    )  # an answer is done with before others begin: a stop keeps it

    async def one(answer: LabelledAnswer) -> JudgedAnswer:
        async with turns:
            outcomes = await judge.score(answer.sample)
        told = {name: outcome for name, outcome in outcomes.items() if name in answer.labels}
        judged = JudgedAnswer(
            id=answer.id,
            scores={name: outcome.score for name, outcome in told.items() if outcome.score is not None},
            unscored={name: outcome.reason for name, outcome in told.items() if outcome.score is None},
        )
        on_answer(judged)
        return judged

    judged = await asyncio.gather(*map(one, answers))
    info = judge.info
    return Calibration(
        model=info.model,
        url=info.url,
        prompts=info.prompts,
        labels=digest(answers),
        threshold=threshold,
        answers=len(answers),
        metrics=compare(answers, judged, threshold),
        judged=judged,
    )


def compare(
    answers: Sequence[LabelledAnswer], judged: Sequence[JudgedAnswer], threshold: float
) -> dict[str, MetricAgreement]:
    """Give how far the judge and people agree, by metric; one that nobody was asked about is absent."""
    found = {}
    for name in JUDGED:
        both = [(answer.labels[name].good, one) for answer, one in zip(answers, judged, strict=True)
                if name in answer.labels]  # fmt: skip
        scored = [(good, one.scores[name]) for good, one in both if name in one.scores]
        failures = sum(name in one.unscored for _, one in both)
        if scored or failures:
            found[name] = _agreement(name, scored, failures, threshold)
    return found


def _agreement(
    name: str, scored: Sequence[tuple[bool, float]], failures: int, threshold: float
) -> MetricAgreement:
    if not scored:
        return MetricAgreement(kappa=None, cases=0, failures=failures)
    higher = CATALOGUE[name].higher_is_better
    people = [good for good, _ in scored]
    said = [(value if higher else 1 - value) > threshold for _, value in scored]
    table = tabulate(said, people)
    low, high = interval(table) or (None, None)
    return MetricAgreement(
        kappa=kappa(table),
        low=low,
        high=high,
        cases=table.size,
        failures=failures,
        observed=(table.both + table.neither) / table.size,
        good_for_people=sum(people) / table.size,
        good_for_judge=sum(said) / table.size,
        ranking=ranking([value if higher else -value for _, value in scored], people),
    )


def digest(answers: Sequence[LabelledAnswer]) -> str:
    """Give the digest of labelled answers."""
    text = "\n".join(answer.model_dump_json() for answer in answers)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def path_of(data_dir: Path, model: str) -> Path:
    """Give where a judge's file is; two models' names never give the same one."""
    plain = re.sub(r"[^\w.-]+", "-", model, flags=re.ASCII).strip("-.")[:80]
    return (
        data_dir / "evaluations" / "judges" / f"{plain}-{hashlib.sha256(model.encode()).hexdigest()[:8]}.json"
    )


def cache_of(data_dir: Path) -> Path:
    """Give where the answers of all judges are kept, to runs and to calibrations."""
    return data_dir / "evaluations" / "answers" / "judge.sqlite"


def write(calibration: Calibration, data_dir: Path) -> Path:
    """Write a judge's file, whole or not at all; give where it is."""
    path = path_of(data_dir, calibration.model)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(calibration.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return partial.replace(path)


def read(data_dir: Path, model: str) -> Calibration | None:
    """Read a judge's file; None when it was never calibrated.

    Raises:
        ConfigurationError: the file is damaged.
    """
    path = path_of(data_dir, model)
    if not path.is_file():
        return None
    try:
        return Calibration.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise ConfigurationError(
            f"Le fichier d’étalonnage {path} ne se lit pas : effacez-le et relancez calibrate-judge."
        ) from error


@dataclass(frozen=True, slots=True)
class Agreements:
    """How far a judge agrees with people.

    Args:
        by_metric: to be shown beside its scores; empty when nothing is known of this judge as it is used.
        said: why nothing is shown, or what is particular to what is; None when there is nothing to say.
    """

    by_metric: Mapping[str, Agreement]
    said: str | None = None


def agreements(data_dir: Path, judge: JudgeInfo) -> Agreements:
    """Tell how far a judge agrees with people: the same model, at the same address, asked in the same words.

    Raises:
        ConfigurationError: its file is damaged.
    """
    calibration = read(data_dir, judge.model)
    if calibration is None:
        return Agreements({})
    if reason := _of_something_else(calibration, judge):
        return Agreements({}, f"L’accord de ce juge avec des personnes n’est pas montré : {reason} ({REDO}).")
    fields = set(Agreement.model_fields)
    known = {name: Agreement(**one.model_dump(include=fields)) for name, one in calibration.metrics.items()}
    return Agreements(known, _particular(calibration))


def _of_something_else(calibration: Calibration, judge: JudgeInfo) -> str | None:
    """Say what a calibration was made with that this judge is not used with."""
    if calibration.prompts != judge.prompts or judge.prompts != VERSION:
        return "il a été mesuré avec d’autres consignes"
    if url_digest(calibration.url) != url_digest(judge.url):
        return "il a été mesuré à une autre adresse, où le même nom peut être celui d’un autre modèle"
    if calibration.labelled_by == "fanal" and calibration.labels != digest(read_labels(SHIPPED)):
        return f"il n’a été mesuré que sur {calibration.answers} réponses, ou sur d’autres que celles d’aujourd’hui"
    return None


def _particular(calibration: Calibration) -> str | None:
    is_own, is_usual = calibration.labelled_by == "organisation", calibration.threshold == THRESHOLD
    if is_usual and not is_own:
        return None
    of = " étiquetées par l’organisation" if is_own else ""
    at = "" if is_usual else f", au seuil de {calibration.threshold:g}".replace(".", ",")
    return f"L’accord du juge avec des personnes est mesuré sur {calibration.answers} réponses{of}{at}."


def beside(metrics: Sequence[MetricValue], agreed: Agreements | None) -> list[MetricValue]:
    """Put beside each judged figure of a run how far its judge agrees with people; None without a judge."""
    known = agreed.by_metric if agreed else {}
    return [one.model_copy(update={"agreement": known.get(one.name)}) for one in metrics]
