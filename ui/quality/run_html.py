"""A run as HTML: its measures with their interval and what they are worth, its themes, its times, its configuration."""

import re
from collections.abc import Mapping, Sequence
from html import escape

from server.configuration_schemas import Configuration
from server.evaluation_schemas import MetricInfo, MetricValue, RunDetail
from ui.components import notice_html
from ui.quality.html import bar_html, button_html, list_html, section_html
from ui.quality.runs_list import HEADLINES
from ui.quality.words import (
    FAMILIES,
    STAGES,
    agreement_sentence,
    asked,
    figure,
    gate_line,
    gate_sentence,
    interval,
    is_imprecise,
    margin,
    tag_label,
    written_by,
)
from ui.wording import counted, french, whole

SELF_JUDGE = "Le modèle s’est jugé lui-même"
SELF_JUDGE_WHY = (
    "Ses notes sont trop bonnes : dans une étude française, les mêmes réponses valaient 0,26 pour un autre juge et "
    "0,67 pour leur auteur. Ne vous appuyez pas sur les mesures « jugées » de cette évaluation."
)
JUDGE_FAILED = "Le juge n’a pas su noter {said}"
JUDGE_FAILED_WHY = (
    "Ces notes manquent : elles ne comptent ni pour bonnes ni pour mauvaises. Au-delà de quelques pour cent, "
    "méfiez-vous de la mesure : les cas difficiles sont souvent ceux que le juge ne sait pas lire."
)
IMPRECISE = "imprécis"
TAG_METRICS = 4
RARE = 5
"""Cases under which the figures of a tag are those of two or three questions."""
TOO_RARE = "moins de 5 cas : non montré"
SHORT_DIGEST = 8
_DIGEST = re.compile(r"\b[0-9a-f]{16,}\b")


def head_html(run: RunDetail) -> str:
    """Say what wrote the answers, of how many cases, how it ended and who judged."""
    facts = [escape(written_by(run)), asked(run)]
    facts += [f"{whole(run.failed)} en panne"] if run.failed else []
    judged = f"Jugé par {run.judge.model}." if run.judge else "Sans juge."
    return (
        f'<p class="fanal-facts" data-testid="run-facts" lang="fr">{" · ".join(facts)} · {escape(judged)}</p>'
    )


def warnings_html(run: RunDetail) -> str:
    """Give what a reader must know before the figures: who judged, what lacks, and what the run itself warns of."""
    parts = []
    if run.judge and run.judge.is_generator:
        parts.append(notice_html("error", SELF_JUDGE, SELF_JUDGE_WHY, testid="self-judge"))
    parts += [notice_html("warning", warning) for warning in run.warnings]
    if run.judge and run.judge.failures:
        said = f"{counted(run.judge.failures, 'fois', 'fois')} sur {whole(run.judge.calls)}"
        parts.append(
            notice_html("warning", JUDGE_FAILED.format(said=said), JUDGE_FAILED_WHY, testid="judge-failures")
        )
    if run.missing:
        lines = list_html(escape(french(line)) for line in run.missing)
        parts.append(
            '<div class="fanal-notice" role="status" data-testid="missing" lang="fr">'
            f"<p><strong>Ce qui n’a pas été mesuré</strong></p>{lines}</div>"
        )
    return "".join(parts)


def thresholds_html(run: RunDetail) -> str:
    """Say whether the thresholds hold, and which do not."""
    if not run.gate:
        return ""
    labels = {info.name: info for info in run.catalogue}
    failed = [verdict for verdict in run.gate if not verdict.passed]
    lines = [escape(gate_line(verdict, labels)) for verdict in failed]
    kept = [escape(gate_line(verdict, labels)) for verdict in run.gate if verdict.passed]
    held = (
        f'<details class="fanal-fold"><summary>Les seuils tenus ({len(kept)})</summary>{list_html(kept)}</details>'
        if kept
        else ""
    )
    look = "fanal-notice-error" if failed else "fanal-notice-good"
    return (
        f'<div class="fanal-notice {look}" role="status" data-testid="thresholds" lang="fr">'
        f"<p><strong>{escape(gate_sentence(run.gate))}</strong></p>{list_html(lines) if lines else ''}{held}</div>"
    )


def metrics_html(run: RunDetail) -> str:
    """Give all measures, by what they are about."""
    values = {value.name: value for value in run.metrics}
    parts = []
    for family, title in FAMILIES.items():
        infos = [info for info in run.catalogue if info.family == family and info.name in values]
        if infos:
            rows = "".join(_metric_row(info, values[info.name]) for info in infos)
            parts.append(section_html(title, f'<div class="fanal-metrics">{rows}</div>', f"family-{family}"))
    return "".join(parts)


def _metric_row(info: MetricInfo, value: MetricValue) -> str:
    span = interval(value.low, value.high, info.unit)
    cases = counted(value.cases, "cas", "cas")
    notes = [f"<small>{span}, sur {cases}</small>" if span else f"<small>sur {cases}</small>"]
    if is_imprecise(value):
        why = " : ".join(filter(None, (margin(value), "trop peu de cas pour voir un petit progrès")))
        notes.append(f'<small class="fanal-imprecise">{IMPRECISE} ({french(why)})</small>')
    if value.failures:
        failed = counted(value.failures, "note manque", "notes manquent")
        notes.append(
            f'<small class="fanal-lacking" data-testid="failures">{failed} : le juge n’a pas su noter</small>'
        )
    if info.family == "judged":
        notes.append(f'<small data-testid="agreement">{escape(agreement_sentence(value.agreement))}</small>')
    return (
        f'<div class="fanal-metric" data-testid="metric" data-metric="{escape(info.name)}">'
        f"<div><h4>{escape(info.label)}</h4><p>{escape(french(info.help))}</p></div>"
        f'<div class="fanal-metric-value"><strong>{figure(value.value, info.unit)}</strong>'
        f"{bar_html(value.value, value.low, value.high, info.unit)}{''.join(notes)}</div></div>"
    )


def groups_html(run: RunDetail) -> str:
    """Give the main measures by tag; a tag opens its cases. Those of fewer than five cases are not shown."""
    if not run.groups:
        return ""
    shown = _columns(run)
    heads = "".join(f'<th scope="col">{escape(info.label)}</th>' for info in shown)
    rows = ""
    for group in run.groups:
        values = {value.name: value for value in group.metrics}
        cells = "".join(_cell(values.get(info.name), info) for info in shown)
        if group.cases < RARE:
            cells = f'<td colspan="{max(len(shown), 1)}" class="fanal-rare">{french(TOO_RARE)}</td>'
        label = tag_label(group.tag)
        opener = button_html(label, "tag", group.tag, look="fanal-link", said=f"Voir les cas : {label}")
        rows += f'<tr><th scope="row">{opener}</th><td data-label="Cas">{whole(group.cases)}</td>{cells}</tr>'
    table = (
        f'<div class="fanal-wide"><table class="fanal-grid"><thead><tr><th scope="col">Étiquette</th>'
        f'<th scope="col">Cas</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
    return section_html("Par étiquette", table, "groups")


def _columns(run: RunDetail) -> list[MetricInfo]:
    by_name = {info.name: info for info in run.catalogue}
    shown = [group for group in run.groups if group.cases >= RARE]
    known = [{one.name for one in group.metrics if one.value is not None} for group in shown]
    held = set().union(*known)
    if not all("balanced_accuracy" in names for names in known):
        held -= {
            "balanced_accuracy"
        }  # undefined where all cases have an answer, or none has: the plain share stands
    else:
        held -= {"abstention_accuracy"}
    return [by_name[name] for name in HEADLINES if name in by_name and name in held][:TAG_METRICS]


def _cell(value: MetricValue | None, info: MetricInfo) -> str:
    if value is None:
        return f'<td data-label="{escape(info.label)}">—</td>'
    span = interval(value.low, value.high, info.unit)
    return (
        f'<td data-label="{escape(info.label)}">{figure(value.value, info.unit)}'
        f"{f'<small>{span}</small>' if span else ''}</td>"
    )


def latencies_html(run: RunDetail) -> str:
    """Give how long each stage took."""
    if not run.latencies:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(STAGES.get(one.stage, one.stage))}</th>'
        f"<td>{figure(one.p50, 'ms')}</td><td>{figure(one.p95, 'ms')}</td><td>{whole(one.cases)}</td></tr>"
        for one in run.latencies
    )
    return section_html(
        "Le temps de réponse",
        '<p class="fanal-hint">La moitié des cas vont plus vite que la première colonne ; 95 sur 100 plus vite que '
        "la deuxième. Les réponses reprises d’une évaluation précédente n’y comptent pas.</p>"
        '<div class="fanal-wide"><table class="fanal-grid"><thead><tr><th scope="col">Étape</th>'
        '<th scope="col">La moitié</th><th scope="col">95 sur 100</th><th scope="col">Cas</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>",
        "latencies",
    )


def configuration_html(run: RunDetail) -> str:
    """Give all that the answers depend on."""
    made, usage = run.configuration, run.usage
    facts = [("Évaluation", run.id), ("Suite", run.title or run.suite), ("Graine du hasard", str(run.seed))]
    facts += [("Révision du code", run.git_revision)] if run.git_revision else []
    facts += [("Serveur interrogé", run.endpoint)] if run.endpoint else []
    if usage.prompt_tokens is not None:
        facts.append(("Lu par le modèle", figure(usage.prompt_tokens, "tokens")))
    if usage.completion_tokens is not None:
        facts.append(("Écrit par le modèle", figure(usage.completion_tokens, "tokens")))
    facts += [("Énergie", figure(usage.energy_wh, "Wh"))] if usage.energy_wh is not None else []
    facts += [("Réponses reprises", whole(usage.cached))] if usage.cached else []
    if run.judge:
        facts += [("Juge", run.judge.model), ("Consignes du juge", run.judge.prompts)]
    facts += _configuration_facts(made) if made else []
    fold = (
        '<details class="fanal-fold"><summary>Pour l’administrateur</summary>'
        f"{facts_html(_settings_facts(made))}</details>"
        if made
        else ""
    )
    return section_html("Ce qui a été évalué", facts_html(facts) + fold, "configuration")


def short_digests(text: str) -> str:
    """Cut the digests of a text to their beginning, which is enough to tell two apart."""
    return _DIGEST.sub(lambda found: found[0][:SHORT_DIGEST], text)


def _configuration_facts(made: Configuration) -> list[tuple[str, str]]:
    index = made.index
    share = f", {figure(index.dense_share)} aussi cherchés par le sens"
    return [
        ("Réponses", f"{made.model} ({'modèle de langage' if made.mode == 'generative' else 'sans modèle'})"),
        (
            "Documents",
            f"{whole(index.documents)}, en {counted(index.passages, 'passage', 'passages')}{share}",
        ),
        ("Recherche", made.embedder + (f", reclassés par {made.reranker}" if made.reranker else "")),
        ("Version", made.version),
    ]


def _settings_facts(made: Configuration) -> list[tuple[str, str]]:
    facts = [("Empreinte", short_digests(made.fingerprint))]
    facts += [(f"Consigne « {name} »", version) for name, version in sorted(made.prompt_versions.items())]
    return facts + [
        (f"Réglage {name}", short_digests(value)) for name, value in sorted(made.settings.items())
    ]


def facts_html(facts: Sequence[tuple[str, str]] | Mapping[str, str]) -> str:
    """Give names and values."""
    pairs = facts.items() if isinstance(facts, Mapping) else facts
    items = "".join(f"<dt>{escape(french(name))}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
    return f'<dl class="fanal-details">{items}</dl>'
