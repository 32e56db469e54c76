"""Do the cases of a suite still stand? Cases and what is indexed go in, what is wrong with each comes out.

Documents are replaced, split and renamed: a gold passage that is gone makes every figure on it worthless, and says
nothing by itself. What is gone is an error; the rest a person should look at.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from rich.console import Console

from eval.library import Held, Library
from eval.scoring.facts import says
from eval.suites import Suite
from server.case_schemas import Case, GoldPassage
from server.quality.gold import holds

FaultKind = Literal["document", "quote", "day", "rights", "fact", "group", "nothing"]

MISSING: frozenset[FaultKind] = frozenset({"document", "quote"})
"""Faults that make a figure worthless."""

LABELS: dict[FaultKind, str] = {
    "document": "documents de référence introuvables",
    "quote": "citations de référence qui ne sont plus dans leur document",
    "day": "passages de référence qui ne valent pas au jour de la question",
    "rights": "passages de référence que la personne n’a pas le droit de lire",
    "fact": "faits attendus qu’aucun passage de référence ne dit",
    "group": "groupes que personne n’a : aucun document ne leur est réservé",
    "nothing": "questions dont rien ne dit ce qu’est une bonne réponse",
}
"""In the order in which they are told, the worst first."""

SHOWN = 20
"""Faults of a kind that are listed unless all are asked for."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a case; `text` is French and says what."""

    case: Case
    kind: FaultKind
    text: str


def check(suite: Suite, library: Library, today: date) -> list[Fault]:
    """Find what is wrong with the cases of a suite.

    Args:
        today: the day of a case that names none, in a suite that names none.
    """
    return [
        fault
        for case in suite.cases
        for fault in faults_of(case, library, case.as_of or suite.today or today)
    ]


def faults_of(case: Case, library: Library, day: date) -> Iterator[Fault]:
    """Find what is wrong with one case, asked on `day`."""
    if case.draft is not None:
        yield from _draft_faults(case)
    if case.kind != "ask":
        return
    found: list[Held] = []
    for gold in case.gold:
        matching, fault = _matching(case, gold, library)
        found += matching
        if fault is not None:
            yield fault
        elif wrong := _unfit(case, gold, matching, day):
            yield wrong
    if found:
        text = "\n".join("\n".join((one.passage.title, *one.passage.path, one.passage.text)) for one in found)
        lacking = [fact for fact in case.facts if not holds(text, fact) and not says(text, fact)]
        yield from (Fault(case, "fact", f"« {fact} »") for fact in lacking)
    known = library.groups()
    if known is not None and (unknown := sorted(set(case.groups) - known)):
        yield Fault(case, "group", ", ".join(f"« {group} »" for group in unknown))
    if not (case.must_abstain or case.gold or case.facts or case.forbidden):
        yield Fault(case, "nothing", "ni passage, ni fait, ni abstention attendue")


def _matching(case: Case, gold: GoldPassage, library: Library) -> tuple[list[Held], Fault | None]:
    named = library.named(gold)
    if not named:
        return [], Fault(case, "document", f"« {gold.document} »")
    matching = [one for one in named if gold.quote is None or holds(one.passage.text, gold.quote)]
    if not matching:
        return [], Fault(case, "quote", f"« {gold.document} » ne dit plus : « {gold.quote} »")
    return matching, None


def _unfit(case: Case, gold: GoldPassage, matching: Sequence[Held], day: date) -> Fault | None:
    """Say why none of the passages that hold the gold can answer this person on this day."""
    readable = [one for one in matching if one.groups is None or one.groups & {"*", *case.groups}]
    if not readable:
        groups = sorted({group for one in matching for group in one.groups or ()})
        return Fault(case, "rights", f"« {gold.document} » est réservé à : {', '.join(groups)}")
    ordinal = day.toordinal()
    validities = [one.passage.validity for one in readable]
    if not any(one.first_day <= ordinal <= one.last_day for one in validities):
        return Fault(case, "day", f"« {gold.document} » ne vaut pas le {day:%d/%m/%Y}")
    return None


def _draft_faults(case: Case) -> Iterator[Fault]:
    """Find the facts that the notes themselves do not say; only their numbers are told: notes are not shown."""
    assert case.draft is not None
    for number, fact in enumerate(case.draft.facts, start=1):
        if not holds(case.draft.notes, fact.text) and not says(case.draft.notes, fact.text):
            yield Fault(case, "fact", f"le fait n° {number} n’est pas dans ses notes")


def report(suite: Suite, faults: Sequence[Fault], console: Console, *, whole: bool = False) -> None:
    """Tell what was checked and what is wrong, in French."""
    gold = sum(len(case.gold) for case in suite.cases)
    asked = Counter(case.kind for case in suite.cases)
    counts = [f"{len(suite.cases)} cas", f"{gold} passages de référence"]
    counts += (
        [f"{sum(case.must_abstain for case in suite.cases)} sans réponse attendue"] if asked["ask"] else []
    )
    console.print(f"{suite.title} : {', '.join(counts)}.", markup=False)
    for kind, label in LABELS.items():
        of_kind = [fault for fault in faults if fault.kind == kind]
        if not of_kind:
            continue
        console.print(
            f"\n{len(of_kind)} {label} :", markup=False, style="red" if kind in MISSING else "yellow"
        )
        for fault in of_kind if whole else of_kind[:SHOWN]:
            asks = f" {fault.case.question[:80]!s}" if fault.case.question else ""
            console.print(f"  - {fault.case.id}{asks} → {fault.text}", markup=False)
        if not whole and len(of_kind) > SHOWN:
            console.print(f"  … et {len(of_kind) - SHOWN} autres (--all les montre toutes)", markup=False)
    missing = sum(fault.kind in MISSING for fault in faults)
    if not faults:
        console.print("Tout est en place.")
    elif not missing:
        console.print("\nAucun passage de référence ne manque ; le reste est à regarder.")
    else:
        console.print(
            f"\n{missing} passages de référence manquent : corrigez ces cas avant de vous fier aux mesures."
        )
