"""Small pieces of HTML that the parts of the page « Qualité » share; everything that is not our wording is escaped."""

from collections.abc import Iterable
from html import escape

import streamlit as st

from server.comparison_schemas import ChangeVerdict
from server.evaluation_schemas import MetricUnit, RunSummary
from ui.actions import Verb, action_attribute
from ui.quality.words import VERDICTS, gate_sentence, tag_label
from ui.wording import french

SIGNS: dict[ChangeVerdict, str] = {"better": "▲", "worse": "▼", "same": "="}


def draw_html(*pieces: str) -> None:
    """Draw pieces of HTML, if there are any: Streamlit refuses an empty one."""
    if html := "".join(pieces):
        st.html(html)


def button_html(
    label: str,
    *target: str,
    look: str = "fanal-button",
    said: str = "",
    verb: Verb = "open",
    is_current: bool = False,
) -> str:
    """Give a button of the page.

    Args:
        target: what it opens, as `ui.views.quality` reads it.
        said: its whole name for a screen reader, where the label alone says too little.
        is_current: whether it leads to where the reader is.
    """
    named = f' aria-label="{escape(french(said))}"' if said else ""
    current = ' aria-current="page"' if is_current else ""
    return (
        f'<button type="button" class="{look}"{named}{current} {action_attribute(verb, *target)}>'
        f"{escape(french(label))}</button>"
    )


def tags_html(tags: Iterable[str]) -> str:
    """Give the tags of a case."""
    return "".join(f'<span class="fanal-tag">{escape(tag_label(tag))}</span>' for tag in tags)


def verdict_html(verdict: ChangeVerdict) -> str:
    """Give what changed, in words and with a sign."""
    return (
        f'<span class="fanal-change fanal-change-{verdict}"><span aria-hidden="true">{SIGNS[verdict]}</span> '
        f"{VERDICTS[verdict]}</span>"
    )


def gate_html(run: RunSummary) -> str:
    """Give whether the thresholds of a run hold; "" where there are none."""
    said = gate_sentence(run.gate)
    if not said:
        return ""
    look = "current" if all(verdict.passed for verdict in run.gate) else "failed"
    return f'<span class="fanal-badge fanal-badge-{look}" data-testid="gate">{escape(said)}</span>'


def bar_html(value: float | None, low: float | None, high: float | None, unit: MetricUnit = "share") -> str:
    """Draw a share from 0 to 100 %: its interval as a band, its value as a stroke. Said in words beside it."""
    if value is None or unit != "share":
        return ""
    low, high = (value if bound is None else bound for bound in (low, high))
    width = max(100 * (high - low), 0.5)
    return (
        '<span class="fanal-bar" aria-hidden="true">'
        f'<span class="fanal-bar-band" style="left:{100 * low:.1f}%;width:{width:.1f}%"></span>'
        f'<span class="fanal-bar-value" style="left:{100 * value:.1f}%"></span></span>'
    )


def section_html(title: str, body: str, testid: str = "") -> str:
    """Give a part of the page under its title."""
    named = f' data-testid="{testid}"' if testid else ""
    return f'<section class="fanal-part"{named} lang="fr"><h3>{escape(french(title))}</h3>{body}</section>'


def list_html(lines: Iterable[str], look: str = "") -> str:
    """Give a list of lines of HTML."""
    return f'<ul class="fanal-lines {look}">' + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"
