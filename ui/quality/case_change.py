"""A case that two runs did not answer alike: how it ended in each, and the few measures that tell why."""

from collections.abc import Mapping
from html import escape
from typing import Literal

from server.evaluation_schemas import CaseChange, MetricInfo
from ui.quality.html import button_html
from ui.quality.outcomes import OUTCOMES, completeness
from ui.quality.words import STATUSES, figure
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
    """Say how the case ended, before and after; None where it ended alike, or its measures do not tell."""
    before, after = (_end(change, side) for side in (0, 1))
    return (before, after) if before and after and before != after else None


def _end(change: CaseChange, side: int) -> str:
    """Say how the case ended in a run, from the measures that moved; "" where they do not tell."""
    if change.status[side] != "done":
        return STATUSES[change.status[side]]
    moved = {name: pair[side] for name, pair in change.changes.items()}
    known = {name: value for name, value in moved.items() if value is not None}
    if known.get("nothing_forbidden", 1.0) < 1:
        key = "forbidden"
    elif "abstention_recall" in known:  # only of questions that the documents do not answer
        key = "abstained_rightly" if known["abstention_recall"] >= 1 else "answered_wrongly"
    elif "abstention_precision" in known:  # only of silences
        key = "abstained_rightly" if known["abstention_precision"] >= 1 else "abstained_wrongly"
    elif "fact_recall" in known:
        key = completeness([known["fact_recall"]])
    elif "abstention_precision" in moved:
        key = "answered"
    else:
        return STATUSES["done"] if change.status[1 - side] != "done" else ""
    return OUTCOMES[key].label


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
