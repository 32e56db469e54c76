"""What the question page keeps for one advisor between two runs of its script."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import streamlit as st

from server.schemas import ConversationSummary
from ui.asking import Asking
from ui.exchange import Exchange

STATE = "fanal"
KEPT = 24
"""How many documents and pages of the panel are kept: going back to one asks for nothing."""

Value = TypeVar("Value")
Rating = Literal["done", "worth", "reasons"]


@dataclass(slots=True)
class Panel:
    """The passage that is open beside the answer.

    Args:
        exchange: key of the exchange that it belongs to.
        position: place, from 1, of the statement that cites it; None for all that the answer cites of it.
        page: page of its PDF that is shown; None for the one where the quote is.
    """

    exchange: str
    passage_id: str
    position: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Confirming:
    """A deletion that is to be confirmed.

    Args:
        target: the conversation; "*" for all of them.
        number: which showing of the question it is: an answer to a former one counts for nothing.
    """

    target: str
    number: int


@dataclass(slots=True)
class PageState:
    """The conversation on the page, and what is open around it.

    Args:
        exchanges: the turns, oldest first; the last one is the one that is shown whole.
        stored: whether they come from the history, where personal data is masked.
        asking: the last turn, while it is being answered.
        former: how many statements the answer that stood there before had.
        replaced: the answer that the last turn is asked again for.
        notice: HTML of what is to be said once, above the form.
        typed: a question that goes back into the form.
        history: the caller's conversations; None before they are asked for, and when they have changed.
        confirming: the deletion that is to be confirmed.
        confirmations: how many times such a question was shown.
        rating: what is asked of the last answer: nothing once it is rated, its worth, or why it is poor.
        rating_trouble: why they could not be sent, in French.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    conversation_id: str | None = None
    stored: bool = False
    asking: Asking[Exchange] | None = None
    former: int = 0
    replaced: Exchange | None = None
    panel: Panel | None = None
    notice: str = ""
    typed: str = ""
    history: list[ConversationSummary] | None = None
    confirming: Confirming | None = None
    confirmations: int = 0
    rating: Rating = "worth"
    rating_trouble: str | None = None
    _kept: "OrderedDict[object, object]" = field(default_factory=OrderedDict)

    @property
    def last(self) -> Exchange | None:
        """The turn that is shown whole."""
        return self.exchanges[-1] if self.exchanges else None

    def exchange(self, key: str) -> Exchange | None:
        """Give the turn of that key; None when it has left the page."""
        return next((exchange for exchange in self.exchanges if exchange.key == key), None)

    def confirm(self, target: str) -> None:
        """Ask whether this conversation is to be deleted, in the place of what was asked before."""
        if self.confirming is not None and self.confirming.target == target:
            return
        self.confirmations += 1
        self.confirming = Confirming(target, self.confirmations)

    def is_confirming(self, target: str, number: str) -> bool:
        """Tell whether an answer is to the question on the page, not to one that has left it."""
        return self.confirming is not None and (target, number) == (
            self.confirming.target,
            str(self.confirming.number),
        )

    def take_back(self) -> None:
        """Give the last question back to the form, as it was typed: it was not answered, and could not be."""
        self.typed = self.exchanges.pop().request.question
        self.asking = None

    def clear(self) -> None:
        """Begin a new conversation; what is being answered is stopped."""
        if self.asking is not None:
            self.asking.stop()
        self.former = len(self.last.statements) if self.last else 0
        self.exchanges, self.conversation_id, self.asking = [], None, None
        self.stored, self.panel, self.replaced, self.notice = False, None, None, ""
        self.rating, self.rating_trouble = "worth", None

    def kept(self, key: object, fetch: Callable[[], Value]) -> Value:
        """Give what was fetched under this key, or fetch it."""
        if key not in self._kept:
            self._kept[key] = fetch()
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        value: Value = self._kept[key]  # type: ignore[assignment]  # one key, one type
        return value


def page_state() -> PageState:
    """Give the state of this advisor's page."""
    if STATE not in st.session_state:
        st.session_state[STATE] = PageState()
    state: PageState = st.session_state[STATE]
    return state
