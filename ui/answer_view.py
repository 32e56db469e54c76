"""Draws an exchange into Streamlit, while it streams in and again whenever the page is rerun."""

from collections.abc import Callable
from datetime import date
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from server.schemas import INCOMPLETE
from ui.components import (
    abstention_html,
    asked_html,
    label_html,
    notice_html,
    progress_html,
    trust_html,
    understood_html,
)
from ui.consulted import conflicts_html, consulted_html
from ui.exchange import Exchange
from ui.queue_place import waiting_html
from ui.statements import References, references, statement_html
from ui.trust import trust
from ui.wording import long_date

STOPPED = "Réponse arrêtée à votre demande"
WHAT_CAME = (
    "Ce qui était déjà écrit reste affiché ; il peut manquer l’essentiel. Fanal ne garde pas cette réponse : "
    "une question qui la suit doit être posée en entier."
)


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
        self._stop = place.empty()
        self._body = place.container(key="answer")
        self._foot = place.empty()
        self._slots = [self._body.empty() for _ in range(former)]
        self._drawn = [""] * former
        self._drawn_head = ""

    def draw(self, exchange: Exchange) -> None:
        """Draw what is known so far; what already stands there is left alone."""
        refs = references_of(exchange, self._links_base)
        head = head_html(exchange, refs)
        if head != self._drawn_head:
            self._head.html(head)
            self._drawn_head = head
        for position, statement in enumerate(exchange.statements, start=1):
            self._draw_statement(position, statement_html(position, statement, refs))
        if exchange.ended and shows_passages(exchange):
            self._foot.html(_passages_html(exchange, refs))

    def offer_stop(self, stop: Callable[[], None]) -> None:
        """Offer to stop an answer that is being written."""
        self._stop.button("Arrêter", key="stop", icon=":material/stop_circle:", on_click=stop)

    def _draw_statement(self, position: int, html: str) -> None:
        if position > len(self._slots):
            self._slots.append(self._body.empty())
            self._drawn.append("")
        if self._drawn[position - 1] != html:
            self._slots[position - 1].html(html)
            self._drawn[position - 1] = html


def references_of(exchange: Exchange, links_base: str) -> References:
    """Number what the statements of an exchange cite."""
    return references(exchange.key, exchange.passages, exchange.statements, exchange.day, links_base)


def shows_passages(exchange: Exchange) -> bool:
    """Tell whether the passages help to judge the answer: those found for a greeting do not."""
    is_smalltalk = exchange.answer is not None and exchange.answer.abstention == "smalltalk"
    return bool(exchange.passages) and not is_smalltalk


def _passages_html(exchange: Exchange, refs: References) -> str:
    is_outside = exchange.answer is not None and exchange.answer.abstention == "out_of_scope"
    return consulted_html(exchange.statements, refs, near=not is_outside)


def former_turn_html(number: int, exchange: Exchange, links_base: str) -> str:
    """Give a turn of the conversation folded behind its question.

    Args:
        number: its place in the conversation, from 1.
    """
    refs = references_of(exchange, links_base)
    statements = "".join(
        statement_html(position, statement, refs)
        for position, statement in enumerate(exchange.statements, start=1)
    )
    passages = _passages_html(exchange, refs) if shows_passages(exchange) else ""
    understood = understood_html(exchange.standalone_question) if exchange.standalone_question else ""
    return (
        '<details class="fanal-turn" data-testid="turn" lang="fr"><summary>'
        f'<span class="fanal-turn-number">{number}.</span> {escape(exchange.request.question)}</summary>'
        f'<div class="fanal-turn-body">{understood}{label_html(exchange.model_label)}'
        f"{_verdict_html(exchange, refs)}{statements}{passages}</div>"
        "</details>"
    )


def head_html(exchange: Exchange, refs: References) -> str:
    """Give the question, then whether its answer can be relied on, or what there is instead of one."""
    when = long_date(exchange.day) if exchange.day != date.today() else ""
    asked = asked_html(exchange.request.question, exchange.standalone_question, when)
    label = label_html(exchange.model_label)
    return f'<div data-fanal-asked="{exchange.key}">{asked}{label}{_verdict_html(exchange, refs)}</div>'


def _verdict_html(exchange: Exchange, refs: References) -> str:
    answer = exchange.answer
    if exchange.stopped:
        return notice_html("warning", STOPPED, WHAT_CAME, testid="stopped")
    if exchange.failure:
        title = "La réponse est incomplète" if exchange.statements else "La question n’a pas reçu de réponse"
        return notice_html("error", title, exchange.failure)
    if answer is None:
        return waiting_html(exchange.place) if exchange.place else progress_html(len(exchange.passages))
    warnings = "".join(notice_html("warning", warning) for warning in answer.warnings)
    if answer.abstained or not answer.statements:
        return abstention_html(answer.abstention, answer.message, bool(answer.passages)) + warnings
    judged = trust(
        answer.statements,
        refs.passages,
        exchange.day,
        whole=INCOMPLETE not in answer.warnings,
        disputed=bool(exchange.conflicts),
    )
    return trust_html(judged, answer) + warnings + conflicts_html(exchange.conflicts, refs.passages, refs)


def draw_former_turns(exchanges: list[Exchange], links_base: str) -> None:
    """Draw the turns before the last one, folded."""
    if exchanges:
        turns = (
            former_turn_html(number, exchange, links_base)
            for number, exchange in enumerate(exchanges, start=1)
        )
        st.html(f'<section aria-label="Questions précédentes">{"".join(turns)}</section>')
