"""French as reports print it: shares, durations, dates, counts. NaN and None are a dash."""

import math
import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from server.evaluation_schemas import Agreement, GateVerdict, MetricValue, RunSummary
from server.quality.catalogue import CATALOGUE

DASH: Final = "—"
FEW: Final = 30
"""Cases under which a figure says little: its interval is some ±0.15 wide."""
PARIS: Final = ZoneInfo("Europe/Paris")
_BEFORE_SIGN = re.compile(r"(?<=[\w’»)}]) (?=[:;?!»])|(?<=«) ")
_MONTHS = ("janvier février mars avril mai juin juillet août septembre octobre novembre décembre").split()
STAGES = {
    "mask": "Masquage",
    "rewrite": "Reformulation de la question",
    "retrieve": "Recherche",
    "rerank": "Reclassement",
    "generate": "Rédaction",
    "verify": "Vérification",
    "first_statement": "Première phrase affichée",
    "total": "Durée totale",
}
_RUN_FIGURES = {
    "failed": "Cas en échec",
    "skipped": "Cas non tentés",
    "fallback": "Réponses que le modèle configuré n’a pas écrites",
    "cases": "Cas de la suite",
}
_KAPPA_WORDS = ((0.8, "très bon"), (0.6, "bon"), (0.4, "modéré"), (0.2, "passable"), (-1.0, "faible"))
"""How an agreement is called from which kappa on (Landis and Koch, 1977)."""


def french(text: str) -> str:
    """Make the spaces of French punctuation unbreakable; for our own wording, not for documents."""
    return _BEFORE_SIGN.sub("\u00a0", text)


def share(value: float | None) -> str:
    """Write a share in percent: "82 %"; what is not quite all, or not quite nothing, never reads so."""
    if value is None or math.isnan(value):
        return DASH
    percent = 100 * value
    if 0 < percent < 0.5 or 99.5 <= percent < 100:
        return f"{min(max(percent, 0.1), 99.9):.1f}\u202f%".replace(".", ",")
    return f"{math.floor(percent + 0.5)}\u202f%"


def signed(value: float | None) -> str:
    """Write a difference of shares in points, without the word: "+3,2"."""
    if value is None or math.isnan(value):
        return DASH
    written = f"{100 * value:+.1f}".replace(".", ",").replace("-", "−")
    return "0,0" if written in ("+0,0", "−0,0") else written


def points(value: float | None) -> str:
    """Write a difference of shares in points: "+3,2 points"; in French, below 2 is singular."""
    if value is None or math.isnan(value):
        return DASH
    return f"{signed(value)}\u00a0{'point' if abs(value) < 0.0195 else 'points'}"


def duration(milliseconds: float | None) -> str:
    """Write a duration: "320 ms", "1,2 s"."""
    if milliseconds is None or math.isnan(milliseconds):
        return DASH
    if milliseconds < 1_000:
        return f"{milliseconds:.0f}\u00a0ms"
    return f"{milliseconds / 1_000:.1f}\u00a0s".replace(".", ",")


def whole(number: float) -> str:
    """Write a whole number with a narrow space between thousands: "11 545"."""
    return f"{number:,.0f}".replace(",", "\u202f")


def decimal(number: float | None, digits: int = 2) -> str:
    """Write a number with a comma: "0,62"."""
    if number is None or math.isnan(number):
        return DASH
    return f"{number:.{digits}f}".replace(".", ",").replace("-", "−")


def counted(number: int, singular: str, plural: str) -> str:
    """Write a number with its noun; in French, 0 and 1 are singular."""
    return f"{whole(number)}\u00a0{singular if number < 2 else plural}"


def moment(when: datetime) -> str:
    """Write a moment in full, in Paris: "6 janvier 2026 à 10 h 00"."""
    local = when.astimezone(PARIS)
    day = "1er" if local.day == 1 else str(local.day)
    return f"{day}\u00a0{_MONTHS[local.month - 1]}\u00a0{local.year} à\u00a0{local.hour}\u00a0h\u00a0{local.minute:02d}"


def lasting(run: RunSummary) -> str:
    """Say how long a run took: "2 min 31 s"; empty while it is not finished."""
    if run.finished_at is None:
        return ""
    minutes, seconds = divmod(round((run.finished_at - run.started_at).total_seconds()), 60)
    return f"{minutes}\u00a0min\u00a0{seconds:02d}\u00a0s" if minutes else f"{seconds}\u00a0s"


def often(metric: MetricValue) -> str:
    """Say a share as people do: "environ 9 fois sur 10"; of few cases, how many there were, and never "always"."""
    if metric.value is None or math.isnan(metric.value):
        return "non mesuré"
    if metric.cases < FEW:
        return f"dans {share(metric.value)} de {counted(metric.cases, 'cas', 'cas')} seulement"
    if metric.value >= 1:
        return "à chaque fois"
    if metric.value <= 0:
        return "jamais"
    tenth = math.floor(10 * metric.value + 0.5)
    if tenth == 10:
        return "presque toujours"
    return "presque jamais" if tenth == 0 else f"environ {tenth} fois sur 10"


def interval(metric: MetricValue) -> str:
    """Say between what a figure lies: "entre 78 % et 86 %"; empty where nothing tells."""
    if metric.low is None or metric.high is None:
        return ""
    return f"entre {share(metric.low)} et {share(metric.high)}"


def stage(name: str) -> str:
    """Name a stage of an answer."""
    return STAGES.get(name, name)


def gate_label(verdict: GateVerdict) -> str:
    """Name what a threshold is about, and for which cases."""
    kind, _, rest = verdict.metric.partition(".")
    if kind == "latency" and rest:
        name, _, quantile = rest.partition(".")
        label = f"{stage(name)}, {'médiane' if quantile == 'p50' else 'p95'}"
    elif kind == "run":
        label = _RUN_FIGURES.get(rest, rest)
    else:
        label = CATALOGUE[kind].label if kind in CATALOGUE else kind
    return f"{label} (« {verdict.tag} »)" if verdict.tag else label


def gate_value(verdict: GateVerdict, value: float | None) -> str:
    """Write a threshold or its value in the unit of what it is about."""
    if verdict.metric.startswith("latency."):
        return duration(value)
    if (
        verdict.metric.startswith("run.")
        and value is not None
        and (value > 1 or verdict.metric == "run.cases")
    ):
        return whole(value)
    return share(value)


def agreement(found: Agreement | None) -> str:
    """Say how far a judge agrees with people; "juge non étalonné" when nobody measured it."""
    if found is None:
        return "juge non étalonné"
    if found.kappa is None:
        return "étalonnage du juge sans résultat"
    kappa = found.kappa
    word = next(word for least, word in _KAPPA_WORDS if kappa > least or least == -1.0)
    around = f" ({decimal(found.low)} à {decimal(found.high)})" if found.low is not None else ""
    failures = f", {found.failures} sans note" if found.failures else ""
    return f"accord {word} avec des personnes : κ {decimal(kappa)}{around}, {found.cases} réponses{failures}"
