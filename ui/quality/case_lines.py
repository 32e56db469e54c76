"""The cases of a run, one a line: filtered, ordered, a page at a time; a thousand of them stay quick."""

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Any
from unicodedata import combining, normalize

import streamlit as st

from server.evaluation_schemas import CaseLine, MetricInfo, RunDetail
from server.outcome_schemas import OUTCOMES
from ui.components import hint_html
from ui.kept_text import kept_text, typed_text
from ui.quality.html import button_html, tags_html
from ui.quality.pager import draw_pager, page_of
from ui.quality.runs_list import HEADLINES
from ui.quality.state import Filters, QualityState, Shown
from ui.quality.words import figure, is_wrong_silence, tag_label
from ui.wording import counted

LINES_A_PAGE = 25
SHOWN_SCORES = 3
SHOWN: dict[Shown, str] = {
    "review": "À revoir, les pires d’abord",
    "all": "Tous les cas",
    "failed": "En panne ou non posés",
    "silence": "S’est tu ou a répondu à tort",
    "unscored": "Le juge n’a pas su noter",
    "below": "Une mesure trop basse",
}
FIRST_METRIC = "fact_recall"
NONE = "Aucun cas ne répond à ces choix. Élargissez-les."
SEARCH = "run-search"


def draw_lines(state: QualityState, run: RunDetail) -> None:
    """Draw what filters the cases, then a page of them."""
    begin(state.filters, run.lines)
    _draw_filters(state, run)
    lines = filtered(run.lines, state.filters)
    st.html(
        f'<p class="fanal-hint" role="status" data-testid="found">{counted(len(lines), "cas", "cas")}</p>'
    )
    if not lines:
        st.html(hint_html(NONE))
        return
    page = page_of(state.filters.page, len(lines), LINES_A_PAGE)
    labels = {info.name: info for info in run.catalogue}
    start = page * LINES_A_PAGE
    items = "".join(line_html(line, labels, state.filters) for line in lines[start : start + LINES_A_PAGE])
    st.html(f'<ul class="fanal-cases" data-testid="cases" lang="fr">{items}</ul>')
    draw_pager("cases", page, len(lines), LINES_A_PAGE, partial(setattr, state.filters, "page"))


def _draw_filters(state: QualityState, run: RunDetail) -> None:
    """Draw the filters; what is chosen is taken in as it changes, and goes back to the first page."""
    filters = state.filters
    labels = {info.name: info.label for info in run.catalogue}
    names = [name for name in labels if any(name in line.scores for line in run.lines)]
    tags = sorted({tag for line in run.lines for tag in line.tags}, key=str.casefold)

    def choice(name: str, value: object) -> dict[str, Any]:
        """Give what a widget begins with: it has a new key each time the list comes back, or it would forget."""
        key = f"lines-{name}-{state.visits}"
        st.session_state.setdefault(key, value)
        return {"key": key, "on_change": _first_page, "args": (filters,)}

    with st.container(horizontal=True, key="line-filters", vertical_alignment="bottom"):
        shown = choice("shown", filters.shown)
        filters.shown = st.selectbox("Montrer", list(SHOWN), format_func=SHOWN.__getitem__, **shown)
        if filters.shown == "below" and names:
            metric = choice("metric", filters.metric if filters.metric in names else first_metric(names))
            filters.metric = st.selectbox("Mesure", names, format_func=labels.__getitem__, **metric)
            limit = choice("limit", round(100 * filters.limit))
            filters.limit = st.number_input("Moins de (en %)", 0, 100, step=5, **limit) / 100
        tag = choice("tag", filters.tag if filters.tag in tags else "")
        filters.tag = st.selectbox(
            "Étiquette", ["", *tags], format_func=lambda tag: tag_label(tag) or "Toutes", **tag
        )
        key, first = kept_text(SEARCH, filters.text)
        st.text_input("Mots de la question", first, key=key, on_change=_first_page, args=(filters,))
    filters.text = typed_text(SEARCH) or ""


def begin(filters: Filters, lines: Sequence[CaseLine]) -> None:
    """Show the cases to review first, if there are any; what the reader chose stays."""
    if filters.shown is None:
        filters.shown = "review" if to_review(lines) else "all"


def to_review(lines: Sequence[CaseLine]) -> list[CaseLine]:
    """Give the cases that a person should look at, the worst first."""
    kept = [line for line in lines if OUTCOMES[line.outcome].to_review]
    return sorted(kept, key=lambda line: OUTCOMES[line.outcome].rank)


def first_metric(names: Sequence[str]) -> str:
    """Give the measure that the list of low ones begins with."""
    return FIRST_METRIC if FIRST_METRIC in names else names[0]


def _first_page(filters: Filters) -> None:
    filters.page = 0


def filtered(lines: Sequence[CaseLine], filters: Filters) -> list[CaseLine]:
    """Give the cases that are asked for; those to review, the worst first; those of a low measure, the lowest first."""
    wanted = plain(filters.text)
    kept = [
        line
        for line in lines
        if _is_shown(line, filters)
        and (not filters.tag or filters.tag in line.tags)
        and (not wanted or wanted in plain(line.question) or wanted in plain(line.id))
    ]
    if filters.shown == "review":
        return to_review(kept)
    if filters.shown == "below":
        kept.sort(key=lambda line: line.scores[filters.metric])
    return kept


def _is_shown(line: CaseLine, filters: Filters) -> bool:
    match filters.shown:
        case "failed":
            return line.status != "done"
        case "silence":
            return is_wrong_silence(line)
        case "unscored":
            return bool(line.unscored)
        case "below":
            return filters.metric in line.scores and line.scores[filters.metric] < filters.limit
        case _:
            return True


def plain(text: str) -> str:
    """Give a text in small letters without accents, to search in."""
    return "".join(sign for sign in normalize("NFD", text.casefold()) if not combining(sign)).strip()


def line_html(line: CaseLine, labels: dict[str, MetricInfo], filters: Filters) -> str:
    """Give a case on one line; a click on its question opens it."""
    facts = [escape(line.id)]
    outcome = OUTCOMES[line.outcome]
    look = {"bad": "fanal-bad", "caution": "fanal-bad", "good": "fanal-good"}.get(outcome.tone, "")
    facts.append(f'<strong class="{look}" data-testid="outcome">{outcome.label}</strong>')
    names = [filters.metric] if filters.shown == "below" else [n for n in HEADLINES if n in line.scores]
    facts += [
        f"{escape(labels[name].label)} : {_note_html(line.scores[name], labels[name])}"
        for name in names[:SHOWN_SCORES]
        if name in labels and name in line.scores and name != "abstention_accuracy"
    ]
    if line.unscored:
        facts.append(counted(len(line.unscored), "note manque", "notes manquent"))
    question = line.question or line.id
    return (
        f'<li data-testid="case-line" data-case="{escape(line.id)}">'
        f"{button_html(question, 'case', line.id, look='fanal-link')}"
        f'<p class="fanal-facts">{" · ".join(facts)} {tags_html(line.tags)}</p></li>'
    )


def _note_html(value: float, info: MetricInfo) -> str:
    """Give a note; nothing at all is said in a word as well as in red."""
    said = figure(value, info.unit)
    if value > 0 or info.unit != "share" or not info.higher_is_better:
        return f"<strong>{said}</strong>"
    return f'<strong class="fanal-bad">{said} (nul)</strong>'


def neighbours(lines: Sequence[CaseLine], case_id: str) -> tuple[str | None, str | None, int]:
    """Give the cases before and after one in a list, and its place from 1; 0 where it is not in it."""
    ids = [line.id for line in lines]
    if case_id not in ids:
        return None, None, 0
    at = ids.index(case_id)
    return (ids[at - 1] if at else None), (ids[at + 1] if at + 1 < len(ids) else None), at + 1
