"""Where the reader is on the page « Qualité », kept in the address so that a link can be sent.

?vue=retours                         a part of the page
?evaluation=RUN                      a run; &volet=cas for its cases, &cas=ID for one of them
?evaluation=RUN&avec=BEFORE          side by side with another one; &cas=ID for both answers to a question
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeGuard, get_args

import streamlit as st

Tab = Literal["evaluations", "tendances", "retours", "cas"]
Pane = Literal["resultats", "cas", "details"]

TABS: dict[Tab, str] = {
    "evaluations": "Évaluations",
    "tendances": "Tendances",
    "retours": "Retours",
    "cas": "Cas",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the page.

    Args:
        run: id of the run that is open; "" for none.
        before: id of the run that it is compared with; "" for none.
        case: id of the case that is open; "" for none.
        pane: the part of the run that is shown.
    """

    tab: Tab = "evaluations"
    run: str = ""
    before: str = ""
    case: str = ""
    pane: Pane = "resultats"

    @property
    def step(self) -> str:
        """Name the place for the page's script, which shows a new one from its top."""
        parts = (self.tab, self.run, self.before, self.case, self.pane if self.run else "")
        return "-".join(part for part in parts if part)

    @property
    def scope(self) -> tuple[str, ...]:
        """What was fetched is kept as long as this stays the same."""
        return (self.tab, self.run, self.before)


def here() -> Place:
    """Read the place from the address; what it does not know is as if it were not there."""
    asked = st.query_params
    run, tab, pane = asked.get("evaluation", ""), asked.get("vue", ""), asked.get("volet", "")
    if not run:
        return Place(tab if is_tab(tab) else "evaluations")
    return Place(
        run=run,
        before=asked.get("avec", ""),
        case=asked.get("cas", ""),
        pane=pane if is_pane(pane) else "resultats",
    )


def go(place: Place) -> None:
    """Go to a place: the address changes, and with it what the next run draws."""
    if not place.run:
        params: dict[str, str] = {} if place.tab == "evaluations" else {"vue": place.tab}
    else:
        params = {"evaluation": place.run}
        params |= {"avec": place.before} if place.before else {}
        params |= {"volet": place.pane} if place.pane != "resultats" else {}
        params |= {"cas": place.case} if place.case else {}
    st.query_params.from_dict(params)


def back_of(place: Place) -> tuple[Place, str]:
    """Give where « back » leads from here, and what it is called."""
    if place.case:
        if place.before:
            return replace(place, case=""), "Retour à la comparaison"
        return Place(run=place.run, pane="cas"), "Retour aux cas"
    if place.before:
        return Place(run=place.run), "Retour à l’évaluation"
    return Place(), "Toutes les évaluations"


def is_tab(word: str) -> TypeGuard[Tab]:
    """Tell whether an address may name this part of the page."""
    return word in get_args(Tab)


def is_pane(word: str) -> TypeGuard[Pane]:
    """Tell whether an address may name this part of a run."""
    return word in get_args(Pane)
