"""What the page « Assistants » keeps for one advisor between two runs of its script."""

from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from server.assistant_schemas import (
    AssistantAnswer,
    AssistantInput,
    AssistantRequest,
    AssistantView,
    TrainingFilters,
)
from ui.asking import Asking
from ui.assistant_stream import AssistantProgress
from ui.mask_review import MaskReview
from ui.state import PageState

STATE = "fanal_assistants"

Step = Literal["choose", "form", "masks", "working", "answer"]


@dataclass(slots=True)
class AssistantState:
    """An assistant at work; nothing of it is kept by the server.

    Args:
        views: the organisation's; None before they are asked for.
        values: what was typed or chosen, by id of the input.
        reviews: the masks of what was typed, by id of the input.
        working: the assistant while it works.
        file: the id of an input, and the name and content of a file whose text is to be read into it.
        version: counts the forms, so that each begins empty.
        sources: the source panel beside the answer.
        notice: HTML of what is to be said once, at the top.
        drawn: the step that is on the screen.
    """

    step: Step = "choose"
    views: list[AssistantView] | None = None
    view: AssistantView | None = None
    values: dict[str, str] = field(default_factory=dict)
    filters: TrainingFilters = field(default_factory=TrainingFilters)
    reviews: dict[str, MaskReview] = field(default_factory=dict)
    working: Asking[AssistantProgress] | None = None
    answer: AssistantAnswer | None = None
    file: tuple[str, str, bytes] | None = None
    version: int = 0
    sources: PageState = field(default_factory=PageState)
    notice: str = ""
    drawn: Step | None = None

    @property
    def dialogue(self) -> AssistantInput | None:
        """The input that a conversation fills, where the assistant has one."""
        inputs = self.view.inputs if self.view else []
        return next((one for one in inputs if one.kind == "dialogue"), None)

    @property
    def may_lose(self) -> bool:
        """Whether closing the page would lose what was typed."""
        return self.step != "choose" and any(value.strip() for value in self.values.values())

    def request(self) -> AssistantRequest:
        """Give what is sent: each input, and what is masked of those that were reviewed."""
        return AssistantRequest(
            inputs={id_: value for id_, value in self.values.items() if value.strip()},
            mask={id_: review.spans for id_, review in self.reviews.items()},
            filters=self.filters,
        )

    def go(self, step: Step) -> None:
        """Go to a step, with all that was typed."""
        self.step = step

    def choose(self, view: AssistantView | None) -> None:
        """Begin with an assistant, or go back to the list."""
        self.view, self.step = view, "form" if view else "choose"
        self.values, self.reviews, self.answer = {}, {}, None
        self.filters, self.notice = TrainingFilters(), ""
        self.sources.panel = None
        self.version += 1


def assistant_state() -> AssistantState:
    """Give the state of this advisor's page."""
    if STATE not in st.session_state:
        st.session_state[STATE] = AssistantState()
    state: AssistantState = st.session_state[STATE]
    return state
