"""Two runs side by side: what got better or worse and by how much, what changed between them, and the cases."""

from collections.abc import Mapping
from functools import partial
from html import escape

import streamlit as st

from server.comparison_schemas import Comparison, MetricChange
from server.evaluation_schemas import MetricInfo, RunSummary
from ui.calls import ApiError, ClientError
from ui.components import hint_html, notice_html
from ui.quality.case_change import Kind, change_html, kind_of
from ui.quality.html import button_html, draw_html, list_html, section_html, verdict_html
from ui.quality.pager import draw_pager, page_of
from ui.quality.place import Place, go
from ui.quality.run_html import short_digests
from ui.quality.run_page import run_name
from ui.quality.state import QualityState
from ui.quality.words import STAGES, figure, points, points_interval
from ui.quality_client import QualityClient
from ui.wording import counted, french, whole

CHANGES_A_PAGE = 20
FAILED = "Ces deux évaluations ne peuvent pas être comparées"
GONE = "L’une des deux n’existe pas ou plus. Choisissez-en d’autres dans la liste."
OTHER_CASES = "Les deux évaluations n’ont pas exactement les mêmes cas"
OTHER_CASES_WHY = "Seuls les {said} qu’elles ont en commun sont comparés."
READING = (
    "« Mieux » et « Moins bien » ne sont dits que si la différence a moins de 5 chances sur 100 d’être due au hasard. "
    "« Pas de différence nette » ne veut pas dire « pareil » : il n’y a peut-être pas assez de cas pour le voir. "
    "Plus on regarde de mesures, plus l’une d’elles bouge par hasard : le calcul en tient compte, et une différence "
    "dont l’intervalle ne contient pas 0 peut rester à confirmer."
)
TIMES = (
    "La moitié des cas vont plus vite que cela. Ces temps dépendent aussi de la machine : n’en concluez rien."
)
KINDS: dict[Kind, str] = {
    "all": "Tous les cas qui changent",
    "worse": "Moins bien",
    "better": "Mieux",
    "mixed": "Mieux et moins bien à la fois",
    "apart": "Non comparables",
}
HINTS = {
    "better": "Peut-être mieux, à confirmer avec plus de cas",
    "worse": "Peut-être moins bien, à confirmer avec plus de cas",
}


def fetch_comparison(client: QualityClient, state: QualityState, place: Place) -> Comparison | None:
    """Give what changed between the two runs of a place; None, and why is said, where it cannot be had."""
    try:
        return state.sources.kept(
            ("compare", place.before, place.run), lambda: client.compare(place.before, place.run)
        )
    except ClientError as error:
        why = GONE if isinstance(error, ApiError) and error.is_gone else str(error)
        st.html(notice_html("error", FAILED, why, testid="failed"))
        return None


def draw_comparison(state: QualityState, place: Place, found: Comparison) -> None:
    """Draw the comparison."""
    labels = {info.name: info for info in found.catalogue}
    st.html(sides_html(found))
    st.button("Inverser", key="swap", icon=":material/swap_horiz:", on_click=_swap, args=(place,))
    st.html(summary_html(found, labels))
    draw_html(cautions_html(found))
    st.html(differences_html(found))
    st.html(measures_html(found, labels) + latencies_html(found))
    _draw_changes(state, found, labels)


def _swap(place: Place) -> None:
    go(Place(run=place.before, before=place.run))


def sides_html(found: Comparison) -> str:
    """Name both runs."""
    return (
        '<dl class="fanal-sides" data-testid="sides" lang="fr">'
        f"<div><dt>Avant</dt><dd>{_side(found.before)}</dd></div><div><dt>Après</dt><dd>{_side(found.after)}</dd></div></dl>"
    )


def _side(run: RunSummary) -> str:
    return button_html(run_name(run), "run", run.id, look="fanal-link")


def summary_html(found: Comparison, labels: Mapping[str, MetricInfo]) -> str:
    """Say in a few words what changed."""
    better = [
        labels[one.name].label for one in found.metrics if one.verdict == "better" and one.name in labels
    ]
    worse = [labels[one.name].label for one in found.metrics if one.verdict == "worse" and one.name in labels]
    lines = [f"Mieux : {', '.join(better)}."] if better else []
    lines += [f"Moins bien : {', '.join(worse)}."] if worse else []
    hints = [one for one in found.metrics if one.name in labels and hint_of(one, labels[one.name])]
    title = "Aucune différence nette" if not lines else "Ce qui a changé nettement"
    look = "error" if worse else "good" if better else "calm"
    for word in HINTS.values():
        names = [labels[one.name].label for one in hints if hint_of(one, labels[one.name]) == word]
        lines += [f"{word} : {', '.join(names)}."] if names else []
    same = counted(len(found.metrics) - len(better) - len(worse) - len(hints), "mesure", "mesures")
    lines.append(f"Pas de différence nette : {same}.")
    body = "".join(f"<p>{escape(french(line))}</p>" for line in lines)
    return (
        f'<div class="fanal-notice fanal-notice-{look}" role="status" data-testid="summary" lang="fr">'
        f"<p><strong>{title}</strong></p>{body}</div>"
    )


def cautions_html(found: Comparison) -> str:
    """Say what makes the comparison less sure."""
    parts = []
    if found.only_before or found.only_after:
        common = max((one.cases for one in found.metrics), default=0)
        said = OTHER_CASES_WHY.format(said=counted(common, "cas", "cas"))
        only = [
            f"{counted(len(ids), 'cas', 'cas')} seulement {when}"
            for ids, when in ((found.only_before, "avant"), (found.only_after, "après"))
            if ids
        ]
        parts.append(notice_html("warning", OTHER_CASES, f"{said} {', '.join(only)}.", testid="other-cases"))
    parts += [notice_html("warning", warning, testid="caution") for warning in found.warnings]
    if found.rewritten:
        said = counted(len(found.rewritten), "cas a changé", "cas ont changé")
        parts.append(
            notice_html("calm", f"{said} de question ou d’attendu entre les deux : laissés de côté.")
        )
    return "".join(parts)


def differences_html(found: Comparison) -> str:
    """Say what differs in what was evaluated."""
    lines = [escape(french(short_digests(line))) for line in found.differences]
    body = (
        list_html(lines)
        if lines
        else f"<p>{french('Rien : même version, mêmes documents, mêmes réglages.')}</p>"
    )
    return section_html("Ce qui diffère entre les deux", body, "differences")


def measures_html(found: Comparison, labels: Mapping[str, MetricInfo]) -> str:
    """Give each measure before and after; what changed first."""
    order = {"worse": 0, "better": 1, "same": 2}
    rows = "".join(
        _row(change, labels[change.name])
        for change in sorted(found.metrics, key=lambda one: order[one.verdict])
        if change.name in labels
    )
    table = (
        '<div class="fanal-wide"><table class="fanal-grid"><thead><tr><th scope="col">Mesure</th>'
        '<th scope="col">Avant</th><th scope="col">Après</th><th scope="col">Différence</th>'
        f'<th scope="col">Ce qu’on peut en dire</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )
    return section_html("Mesure par mesure", hint_html(READING) + table, "measures")


def latencies_html(found: Comparison) -> str:
    """Give how long each stage took, before and after."""
    if not found.latencies:
        return ""
    rows = ""
    for change in found.latencies:
        sides = (change.before, change.after)
        cells = "".join(f"<td>{figure(side.p50 if side else None, 'ms')}</td>" for side in sides)
        rows += f'<tr><th scope="row">{escape(STAGES.get(change.stage, change.stage))}</th>{cells}</tr>'
    table = (
        f'{hint_html(TIMES)}<div class="fanal-wide"><table class="fanal-grid"><thead><tr><th scope="col">Étape</th>'
        f'<th scope="col">Avant</th><th scope="col">Après</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )
    summary = "<summary>Le temps de réponse, avant et après</summary>"
    return f'<details class="fanal-fold" lang="fr">{summary}{table}</details>'


def _row(change: MetricChange, info: MetricInfo) -> str:
    span, hint = points_interval(change), hint_of(change, info)
    return (
        f'<tr data-testid="change" data-metric="{escape(change.name)}" data-verdict="{change.verdict}">'
        f'<th scope="row">{escape(info.label)}<small>{counted(change.cases, "cas", "cas")}</small></th>'
        f'<td data-label="Avant">{figure(change.before, info.unit)}</td>'
        f'<td data-label="Après">{figure(change.after, info.unit)}</td>'
        f'<td data-label="Différence">{points(change.difference, info.unit)}<small>{span}</small></td>'
        f'<td data-label="Verdict">{escape(hint) if hint else verdict_html(change.verdict)}</td></tr>'
    )


def hint_of(change: MetricChange, info: MetricInfo) -> str:
    """Say which way a measure seems to go, where its interval tells but not the test over all; "" elsewhere."""
    if (
        change.verdict != "same"
        or change.low is None
        or change.high is None
        or change.low <= 0 <= change.high
    ):
        return ""
    return HINTS["better" if (change.low > 0) == info.higher_is_better else "worse"]


def _draw_changes(state: QualityState, found: Comparison, labels: Mapping[str, MetricInfo]) -> None:
    said = f"{counted(len(found.changes), 'cas change', 'cas changent')}, {whole(found.unchanged)} sans changement"
    st.html(f'<h3 class="fanal-part-title" data-testid="changed" lang="fr">Cas par cas : {said}</h3>')
    if not found.changes:
        return
    kind = st.selectbox(
        "Montrer", list(KINDS), format_func=KINDS.__getitem__, key="change-kind",
        on_change=partial(setattr, state, "changes_page", 0),
    )  # fmt: skip
    changes = [one for one in found.changes if kind in ("all", kind_of(one))]
    page = page_of(state.changes_page, len(changes), CHANGES_A_PAGE)
    start = page * CHANGES_A_PAGE
    items = "".join(change_html(one, labels) for one in changes[start : start + CHANGES_A_PAGE])
    st.html(f'<ul class="fanal-cases" data-testid="changes" lang="fr">{items}</ul>')
    draw_pager("changes", page, len(changes), CHANGES_A_PAGE, partial(setattr, state, "changes_page"))
