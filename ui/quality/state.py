"""What the page « Qualité » keeps for one reader between two runs of its script; the address says the rest."""

from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from server.case_schemas import CaseState, CaseView
from ui.components import notice_html
from ui.quality.case_text import CaseText
from ui.state import PageState

STATE = "fanal_quality"
OPEN = "Un cas est en cours d’écriture"
OPEN_WHY = "Enregistrez-le ou abandonnez-le d’abord : il est dans « Cas » ou sous son retour."

Shown = Literal["review", "all", "failed", "silence", "unscored", "below"]


@dataclass(slots=True)
class Filters:
    """Which cases of a run are listed, and from which one on.

    Args:
        shown: None until the list is shown: it then begins with the cases to review, if there are any.
        metric: the one that `below` and the order are about; "" for none.
        limit: the share under which a case is shown, when `shown` is "below".
        tag: "" for all.
        text: words of the question or the id of the case.
    """

    shown: Shown | None = None
    metric: str = ""
    limit: float = 0.5
    tag: str = ""
    text: str = ""
    page: int = 0


@dataclass(slots=True)
class Form:
    """A case that is being written.

    Args:
        number: counts the forms that were opened: each has texts of its own.
        case_id: the case that is corrected; None for a new one.
        answer_id: the answer whose feedback it comes from, if it does.
        revision: of the case that is corrected, as it was read.
        state: of the case that is corrected.
        text: what is typed.
        first: what was there when it was opened.
        trouble: why it could not be kept, in French.
    """

    number: int
    text: CaseText
    first: CaseText
    case_id: str | None = None
    answer_id: str | None = None
    revision: int | None = None
    state: CaseState | None = None
    trouble: str = ""

    @property
    def may_lose(self) -> bool:
        """Whether something was typed that is not kept."""
        return self.text != self.first


@dataclass(slots=True)
class QualityState:
    """What is chosen and typed.

    Args:
        notice: HTML of what is to be said once, at the top.
        beside: HTML of what is to be said once, beside what was clicked.
        drawn: the place that is on the screen.
        visits: counts the places that were drawn.
        scope: where what is kept was fetched.
        sources: what was fetched, the open passage, and the deletion that is to be confirmed.
        filters: of the cases of the run.
        forms: how many forms were opened.
        form: the case that is being written, on the inbox or among the cases.
        answered: whether the inbox shows what was of use too.
        cases: which cases of the organisation are listed.
        cases_page: from which one on.
        cases_text: words that they hold.
        skipped: the proposed cases that were put off.
        decided: how many were decided since the page was opened.
    """

    notice: str = ""
    beside: str = ""
    drawn: str = ""
    visits: int = 0
    scope: tuple[str, ...] = ()
    sources: PageState = field(default_factory=PageState)
    filters: Filters = field(default_factory=Filters)
    forms: int = 0
    form: Form | None = None
    answered: bool = False
    cases: CaseState | None = None
    cases_page: int = 0
    cases_text: str = ""
    inbox_page: int = 0
    runs_page: int = 0
    changes_page: int = 0
    skipped: list[str] = field(default_factory=list)
    decided: int = 0

    def enter(self, scope: tuple[str, ...]) -> None:
        """Forget what was fetched for another place; what is typed stays."""
        if scope != self.scope:
            self.sources, self.filters = PageState(), Filters()
            self.runs_page = self.changes_page = self.cases_page = self.inbox_page = 0
            self.scope = scope

    def take_beside(self) -> str:
        """Give what is to be said beside what was clicked, once."""
        said, self.beside = self.beside, ""
        return said

    def refetch(self) -> None:
        """Forget what was fetched: it has changed."""
        self.sources = PageState()

    def open_form(self, text: CaseText, view: CaseView | None = None, answer_id: str | None = None) -> None:
        """Begin to write a case, or to correct one; what is typed in another form is kept or given up first."""
        if self.form is not None and self.form.may_lose:
            self.notice = notice_html("warning", OPEN, OPEN_WHY, testid="form-open")
            return
        self.forms += 1
        self.form = Form(self.forms, text, text, answer_id=answer_id)
        if view is not None:
            self.form.case_id, self.form.revision, self.form.state = view.case.id, view.revision, view.state

    def view(self, case_id: str) -> CaseView | None:
        """Give a case of the organisation that is on the page."""
        views: list[CaseView] = self.sources.kept("cases", list)
        return next((view for view in views if view.case.id == case_id), None)

    def turn_inbox(self, page: int) -> None:
        """Turn to a page of the inbox."""
        self.inbox_page = page

    def turn_cases(self, page: int) -> None:
        """Turn to a page of the organisation's cases."""
        self.cases_page = page

    def close_form(self) -> None:
        """Leave the form, with what is typed in it."""
        self.form = None


def quality_state() -> QualityState:
    """Give the state of this reader's page."""
    if STATE not in st.session_state:
        st.session_state[STATE] = QualityState()
    state: QualityState = st.session_state[STATE]
    return state
