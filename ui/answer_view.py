"""Draws an exchange into Streamlit, while it streams in and again whenever the page is rerun."""

from streamlit.delta_generator import DeltaGenerator

from server.schemas import INCOMPLETE
from ui.components import (
    References,
    abstention_html,
    consulted_html,
    notice_html,
    progress_html,
    references,
    statement_html,
    trust_html,
)
from ui.exchange import Exchange
from ui.trust import trust


class AnswerView:
    """The places of an answer on the page, from top to bottom: its trust line, its statements, its passages.

    Args:
        place: an empty container.
        links_base: address of the server for the advisor's browser.
        former: how many statements the answer before this one left on the screen: their places are
            emptied at once, where Streamlit would show them beside the new ones until the run ends.
    """

    def __init__(self, place: DeltaGenerator, links_base: str, former: int = 0) -> None:
        self._links_base = links_base
        self._head = place.empty()
        self._body = place.container(key="answer")
        self._foot = place.empty()
        self._slots = [self._body.empty() for _ in range(former)]
        self._drawn = [""] * former

    def draw(self, exchange: Exchange) -> None:
        """Draw what is known so far; a statement that already stands there is left alone."""
        refs = references(exchange.passages, exchange.statements, exchange.day, self._links_base)
        self._head.html(_head_html(exchange, refs))
        for position, statement in enumerate(exchange.statements, start=1):
            self._draw_statement(position, statement_html(position, statement, refs))
        if exchange.ended and exchange.passages:
            self._foot.html(consulted_html(exchange.statements, refs))

    def _draw_statement(self, position: int, html: str) -> None:
        if position > len(self._slots):
            self._slots.append(self._body.empty())
            self._drawn.append("")
        if self._drawn[position - 1] != html:
            self._slots[position - 1].html(html)
            self._drawn[position - 1] = html


def _head_html(exchange: Exchange, refs: References) -> str:
    answer = exchange.answer
    if exchange.failure:
        title = "La réponse est incomplète" if exchange.statements else "La question n’a pas reçu de réponse"
        return notice_html("error", title, exchange.failure)
    if answer is None:
        return progress_html(len(exchange.passages))
    warnings = "".join(notice_html("warning", warning) for warning in answer.warnings)
    if answer.abstained or not answer.statements:
        return abstention_html(bool(answer.passages)) + warnings
    return (
        trust_html(
            trust(answer.statements, refs.passages, exchange.day, whole=INCOMPLETE not in answer.warnings),
            answer,
        )
        + warnings
    )
