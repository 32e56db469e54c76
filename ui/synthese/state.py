"""What the page « Synthèse » keeps for one advisor between two runs of its script."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from threading import RLock
from typing import Literal

import streamlit as st

from server.draft_schemas import Consent, DraftRequest, DraftSummary, DraftView, TemplateView
from ui.asking import Asking
from ui.draft_stream import DraftProgress
from ui.mask_review import MaskReview
from ui.state import PageState

STATE = "fanal_synthese"

Step = Literal["template", "notes", "masks", "writing", "review"]
Answer = Literal["agrees", "refuses"]


@dataclass(slots=True)
class SyntheseState:
    """A synthesis on its way, and the former ones.

    Args:
        templates: the organisation's; None before they are asked for.
        answer: what the person said when they were asked; None before.
        keep: whether they agreed in writing that the synthesis be kept.
        file: the name and content of a file whose text is to be read.
        review: the masks of the notes, once they were asked for.
        writing: the draft while it is being written.
        unsaved: by section, what was typed and is not saved yet.
        other: the draft as it was changed elsewhere, where that is in the way of saving.
        trouble: why what was typed could not be saved, in French.
        gone: whether the draft was deleted elsewhere: what is on the page is all that is left of it.
        saving: held while a change is on its way to the server and its reply is taken in. Streamlit begins the run
            of a second click while the first one's callback still waits, in another thread.
        validator: the name that validated last, so that it need not be typed again.
        warned: HTML of what is to be said once, beside the button that validates.
        version: counts the times when the texts on the page are not those that were typed into it.
        saved: whether something was saved since the draft is on the page.
        drafts: the caller's; None before they are asked for, and when they have changed.
        sources: the deletion that is to be confirmed, and the source panel beside the draft.
        notice: HTML of what is to be said once, at the top.
        drawn: the step that is on the screen.
    """

    step: Step = "template"
    templates: list[TemplateView] | None = None
    template: TemplateView | None = None
    answer: Answer | None = None
    keep: bool = False
    agreed_on: date = field(default_factory=date.today)
    notes: str = ""
    label: str = ""
    file: tuple[str, bytes] | None = None
    review: MaskReview | None = None
    writing: Asking[DraftProgress] | None = None
    draft: DraftView | None = None
    unsaved: dict[str, str] = field(default_factory=dict)
    other: DraftView | None = None
    trouble: str = ""
    gone: bool = False
    saving: AbstractContextManager[bool] = field(default_factory=RLock, repr=False, compare=False)
    validator: str = ""
    warned: str = ""
    version: int = 0
    saved: bool = False
    drafts: list[DraftSummary] | None = None
    sources: PageState = field(default_factory=PageState)
    notice: str = ""
    drawn: Step | None = None

    @property
    def may_lose(self) -> bool:
        """Whether closing the page would lose what was typed: only a draft is kept by the server."""
        return bool(self.unsaved) or (self.step in ("notes", "masks", "writing") and bool(self.notes.strip()))

    def request(self) -> DraftRequest:
        """Give what is sent to have the draft written."""
        if self.template is None or self.review is None:
            raise ValueError("a draft needs a template and reviewed notes")
        return DraftRequest(
            template=self.template.id,
            notes=self.review.text,
            consent=Consent(given=self.answer == "agrees", keep=self.keep, on=self.agreed_on),
            mask=self.review.spans,
            label=self.label,
        )

    def go(self, step: Step) -> None:
        """Go to a step, with all that was typed."""
        self.step = step

    def show(self, draft: DraftView) -> None:
        """Put a draft on the page, as the server has it."""
        self.draft, self.step = draft, "review"
        self.unsaved, self.other, self.trouble, self.saved = {}, None, "", False
        self.gone, self.warned = False, ""
        self.sources.panel = None
        self.version += 1
        self.drafts = None

    def start_over(self) -> None:
        """Go back to the choice of a template, with nothing typed."""
        if self.writing is not None:
            self.writing.stop()
        self.step, self.template, self.answer, self.keep = "template", None, None, False
        self.notes, self.label, self.review, self.writing, self.draft = "", "", None, None, None
        self.unsaved, self.other, self.trouble, self.notice = {}, None, "", ""
        self.gone, self.warned, self.validator = False, "", ""
        self.agreed_on, self.templates, self.drafts = date.today(), None, None
        self.sources.panel = None
        self.version += 1


def synthese_state() -> SyntheseState:
    """Give the state of this advisor's page."""
    if STATE not in st.session_state:
        st.session_state[STATE] = SyntheseState()
    state: SyntheseState = st.session_state[STATE]
    return state
