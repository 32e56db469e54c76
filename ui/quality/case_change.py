"""A case that two runs did not answer alike: how it ended in each, and the few measures that tell why."""

from collections.abc import Mapping
from html import escape
from typing import Literal

from server.comparison_schemas import CaseChange
from server.evaluation_schemas import MetricInfo
from server.outcome_schemas import OUTCOMES
from ui.quality.html import button_html
from ui.quality.words import figure
from ui.wording import counted

Kind = Literal["all", "worse", "better", "mixed", "apart"]
CASE_WORDS: dict[Kind, str] = {
    "better": "Mieux",
    "worse": "Moins bien",
    "mixed": "Mieux et moins bien",
    "apart": "Non comparable",
}
TELLING = ("fact_recall", "citation_precision", "recall_at_10")
"""The measures that say most of what changed; the others are folded where one of these moved."""


def kind_of(change: CaseChange) -> Kind:
    """Tell which way a case went; one that was not tried in a run cannot be compared."""
    return "apart" if "skipped" in change.status else change.verdict


def ends_of(change: CaseChange) -> tuple[str, str] | None:
    """Say how the case ended, before and after; None where it ended alike."""
    before, after = (OUTCOMES[key].label for key in change.outcomes)
    return None if before == after else (before, after)


def change_html(change: CaseChange, labels: Mapping[str, MetricInfo]) -> str:
    """Give a case that changed; a click on its question shows both answers."""
    names = [name for name in change.changes if name in labels]
    telling = [name for name in TELLING if name in names] or names[: len(TELLING)]
    shown = [_moved(change, labels[name]) for name in telling]
    rest = [f"<li>{_moved(change, labels[name])}</li>" for name in names if name not in telling]
    kind, ends = kind_of(change), ends_of(change)
    look = {"better": "fanal-good", "worse": "fanal-bad"}.get(kind, "")
    said = [f'<strong class="{look}">{CASE_WORDS[kind]}</strong>']
    said += [f"{ends[0]} → <strong>{ends[1]}</strong>"] if ends else []
    others = ""
    if rest:
        label = counted(len(rest), "autre mesure", "autres mesures")
        others = f'<details class="fanal-fold"><summary>{label}</summary><ul>{"".join(rest)}</ul></details>'
    return (
        f'<li data-testid="changed-case" data-case="{escape(change.id)}" data-verdict="{kind}">'
        f"{button_html(change.question or change.id, 'case', change.id, look='fanal-link')}"
        f'<p class="fanal-facts">{" · ".join(said + shown)}</p>{others}</li>'
    )


def _moved(change: CaseChange, info: MetricInfo) -> str:
    before, after = (figure(value, info.unit) for value in change.changes[info.name])
    return f"{escape(info.label)} : {before} → <strong>{after}</strong>"
