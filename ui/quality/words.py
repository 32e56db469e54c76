"""Figures in words: shares with their interval, times, verdicts and agreements, as a person reads them.

In: wire types. Out: French text, not escaped.
"""

from collections.abc import Mapping

from server.case_schemas import CaseOrigin, CaseState
from server.comparison_schemas import ChangeVerdict, MetricChange
from server.evaluation_schemas import (
    Agreement,
    CaseLine,
    CaseStatus,
    GateVerdict,
    MetricFamily,
    MetricInfo,
    MetricUnit,
    MetricValue,
    RunState,
    RunSummary,
)
from ui.wording import counted, french, whole

NONE = "—"
WIDE = 0.05
"""Half an interval above which a figure is said to be imprecise: a change of five points does not show."""

FAMILIES: dict[MetricFamily, str] = {
    "retrieval": "Les passages trouvés",
    "citations": "Les citations",
    "answer": "Ce que dit la réponse",
    "abstention": "Savoir se taire",
    "judged": "Jugé par un modèle",
    "draft": "Les synthèses",
    "mask": "Les masques",
    "cost": "Le coût",
}
EXTRACTIVE = "Sans modèle (phrases des documents)"
STATES: dict[RunState, str] = {"running": "En cours", "interrupted": "Interrompue", "done": "Terminée"}
STATUSES: dict[CaseStatus, str] = {"done": "Fait", "failed": "En panne", "skipped": "Non posé"}
VERDICTS: dict[ChangeVerdict, str] = {
    "better": "Mieux",
    "worse": "Moins bien",
    "same": "Pas de différence nette",
}
ORIGINS: dict[CaseOrigin, str] = {
    "written": "Écrit",
    "feedback": "Vient d’un retour",
    "generated": "Engendré",
}
CASE_STATES: dict[CaseState, str] = {"proposed": "À relire", "accepted": "Acceptés", "rejected": "Écartés"}
STAGES: Mapping[str, str] = {
    "total": "En tout",
    "mask": "Masquer la question",
    "rewrite": "Comprendre la question",
    "standalone": "Comprendre la question",
    "followup": "Comprendre la question",
    "embed": "Lire la question",
    "retrieve": "Chercher les passages",
    "search": "Chercher les passages",
    "rerank": "Reclasser les passages",
    "generate": "Écrire la réponse",
    "verify": "Vérifier les citations",
    "draft": "Écrire la synthèse",
    "first_statement": "Première phrase",
}
_KAPPA_WORDS = ((0.0, "nul"), (0.2, "très faible"), (0.4, "faible"), (0.6, "moyen"), (0.8, "bon"))


def number(value: float, digits: int = 1) -> str:
    """Write a number with a comma, and no decimals where they are zeros."""
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return ("0" if text in ("-0", "") else text).replace(".", ",").replace("-", "−")


def figure(value: float | None, unit: MetricUnit = "share") -> str:
    """Write a figure with its unit; a dash where there is none."""
    if value is None:
        return NONE
    match unit:
        case "share":
            return f"{number(100 * value)}\u00a0%"
        case "ms":
            return f"{number(value / 1000)}\u00a0s" if value >= 1000 else f"{number(value, 0)}\u00a0ms"
        case "tokens":
            return counted(round(value), "jeton", "jetons")
        case "Wh":
            return f"{number(value, 2)}\u00a0Wh"


def interval(low: float | None, high: float | None, unit: MetricUnit = "share") -> str:
    """Write a 95 % interval; "" where there is none."""
    if low is None or high is None:
        return ""
    return f"entre {figure(low, unit)} et {figure(high, unit)}"


def is_imprecise(value: MetricValue) -> bool:
    """Tell whether the interval is too wide to see a change of five points, or there is none: of a few equal scores."""
    if value.low is None or value.high is None:
        return value.value is not None
    return (value.high - value.low) / 2 > WIDE


def margin(value: MetricValue) -> str:
    """Write half the interval: "± 8 points"."""
    if value.low is None or value.high is None:
        return ""
    return f"±\u00a0{number(50 * (value.high - value.low))}\u00a0points"


def points(difference: float | None, unit: MetricUnit = "share") -> str:
    """Write a difference: "+3,2 points"."""
    if difference is None:
        return NONE
    sign = "+" if difference > 0 else ""
    if unit != "share":
        return f"{sign}{number(difference)}"
    size = number(100 * difference)
    return f"{sign}{size}\u00a0{'point' if abs(difference) < 0.02 else 'points'}"


def points_interval(change: MetricChange) -> str:
    """Write the interval of a difference."""
    if change.low is None or change.high is None:
        return ""
    return f"entre {points(change.low).split(chr(160))[0]} et {points(change.high)}"


def written_by(run: RunSummary) -> str:
    """Say what wrote the answers of a run."""
    made = run.configuration
    if made is None:
        return "Modèle non connu"
    return f"Rédigé par {made.model}" if made.mode == "generative" else EXTRACTIVE


def gate_sentence(gate: list[GateVerdict]) -> str:
    """Say whether the thresholds hold; "" where none was set."""
    if not gate:
        return ""
    failed = sum(not verdict.passed for verdict in gate)
    if not failed:
        return "Tous les seuils sont tenus" if len(gate) > 1 else "Le seuil est tenu"
    said = counted(failed, "seuil n’est pas tenu", "seuils ne sont pas tenus")
    return f"{said} sur {len(gate)}"


def tag_label(tag: str) -> str:
    """Write a tag as people read it."""
    return tag.replace("-", " ").replace("_", " ")


def asked(run: RunSummary) -> str:
    """Say how many cases were asked, once it is over and some were not: "37 posés sur 40 cas"."""
    total = counted(run.cases, "cas", "cas")
    if not run.skipped or run.state != "done":
        return total
    put = run.cases - run.skipped
    return f"{counted(put, 'posé', 'posés')} sur {total}"


def gate_line(verdict: GateVerdict, labels: Mapping[str, MetricInfo]) -> str:
    """Say a threshold and what was measured."""
    info = labels.get(verdict.metric)
    name = info.label if info else gate_name(verdict.metric)
    value, threshold = _gate_figures(verdict, info)
    about = f" (étiquette « {tag_label(verdict.tag)} »)" if verdict.tag else ""
    least = "au moins" if verdict.bound == "min" else "au plus"
    reason = f" ({verdict.reason})" if verdict.reason else ""
    return french(f"{name}{about} : {value}, il faut {least} {threshold}{reason}")


def _gate_figures(verdict: GateVerdict, info: MetricInfo | None) -> tuple[str, str]:
    """Write what was measured and what is asked for, with the decimals without which they would read as equal."""
    metric, value, threshold = verdict.metric, verdict.value, verdict.threshold
    if metric.startswith("run."):
        return NONE if value is None else whole(round(value)), whole(round(threshold))
    unit: MetricUnit = "ms" if metric.startswith("latency.") else info.unit if info else "share"
    if unit != "share":
        return figure(value, unit), figure(threshold, unit)
    said = [number(100 * one, 0) for one in (value, threshold) if one is not None]
    for digits in range(1, 4):
        if verdict.passed or len(set(said)) == len(said):
            break
        said = [number(100 * one, digits) for one in (value, threshold) if one is not None]
    shares = [f"{one}\u00a0%" for one in said]
    return NONE if value is None else shares[0], shares[-1]


def gate_name(metric: str) -> str:
    """Name a threshold that is not on a metric of the catalogue."""
    match metric.split("."):
        case ["latency", stage, percentile]:
            share = "la moitié" if percentile == "p50" else "95 %"
            return f"Temps de {share} des cas, {STAGES.get(stage, stage).lower()}"
        case ["run", "failed"]:
            return "Cas en panne"
        case ["run", "skipped"]:
            return "Cas non posés"
        case ["run", "fallback"]:
            return "Réponses que le modèle n’a pas écrites"
        case ["run", "cases"]:
            return "Nombre de cas"
    return metric


def agreement_sentence(agreement: Agreement | None) -> str:
    """Say how far the judge and people agree."""
    if agreement is None or agreement.kappa is None:
        return "Juge non étalonné : on ne sait pas s’il est d’accord avec des personnes."
    word = next((word for limit, word in _KAPPA_WORDS if agreement.kappa <= limit), "très bon")
    span = ""
    if agreement.low is not None and agreement.high is not None:
        span = f", entre {number(agreement.low, 2)} et {number(agreement.high, 2)}"
    said = f"Accord du juge avec des personnes : {word} (kappa {number(agreement.kappa, 2)}{span}"
    failures = ""
    if agreement.failures:
        failures = f", {counted(agreement.failures, 'échec', 'échecs')} du juge"
    return french(f"{said}, sur {counted(agreement.cases, 'réponse', 'réponses')}{failures}).")


def is_wrong_silence(line: CaseLine) -> bool:
    """Tell whether an answer was given that should not, or not given that should."""
    return line.abstained is not None and line.abstained != line.must_abstain
