"""A case of a run, from its question to why it has its scores; and the same case in two runs, side by side."""

from dataclasses import replace
from datetime import date
from html import escape

import streamlit as st

from server.evaluation_schemas import CaseDetail, CaseResult, MetricInfo, RunDetail
from server.schemas import Statement
from ui.answer_view import references_of
from ui.calls import ApiError, ClientError
from ui.components import abstention_html, mode_sentence, notice_html, warnings_html
from ui.consulted import conflicts_html, consulted_html
from ui.exchange import Exchange
from ui.quality.case_diagnosis import EXPECTED, expected_passages
from ui.quality.case_html import (
    diagnosis_html,
    draft_html,
    expected_html,
    masked_html,
    question_html,
    scores_html,
    status_html,
    timing_html,
    withheld_html,
)
from ui.quality.case_lines import filtered, neighbours
from ui.quality.html import draw_html, section_html
from ui.quality.place import Place, go
from ui.quality.state import QualityState
from ui.quality_client import QualityClient
from ui.statements import References, statement_html
from ui.wording import french

FAILED = "Ce cas ne peut pas être affiché"
GONE = "Ce cas n’est pas, ou plus, dans cette évaluation."
NO_ANSWER = "Rien n’a été répondu."
SAME_TEXT = (
    "Les deux réponses sont les mêmes, mot pour mot : ce sont les passages ou les notes qui diffèrent."
)


def draw_case(
    client: QualityClient, state: QualityState, place: Place, run: RunDetail, links_base: str
) -> None:
    """Draw a case, and what leads to the one before and after it in the list that the reader filtered."""
    _draw_neighbours(state, place, run)
    detail = _fetch(client, state, place.run, place.case)
    if detail is None:
        return
    exchange = exchange_of("cas", detail.result)
    state.sources.exchanges = [exchange]
    result = detail.result
    st.html(question_html(result.case) + withheld_html(detail) + status_html(result) + diagnosis_html(result))
    st.html(expected_html(result.case))
    draw_html(outcome_html(result, exchange, links_base))
    draw_html(scores_html(result, run.catalogue), timing_html(detail))


def draw_both(
    client: QualityClient, state: QualityState, place: Place, catalogue: list[MetricInfo], links_base: str
) -> None:
    """Draw the same case in two runs, the former on the left."""
    details = [_fetch(client, state, run, place.case) for run in (place.before, place.run)]
    known = [detail for detail in details if detail is not None]
    if not known:
        return
    st.html(question_html(known[0].result.case) + expected_html(known[0].result.case))
    exchanges = [
        exchange_of(key, detail.result) if detail else None
        for key, detail in zip(("avant", "apres"), details, strict=True)
    ]
    state.sources.exchanges = [exchange for exchange in exchanges if exchange is not None]
    texts = [[one.text for one in exchange.statements] for exchange in state.sources.exchanges]
    if len(texts) == len(details) and texts[0] and texts[0] == texts[1]:
        st.html(f'<p class="fanal-hint" data-testid="same-text" lang="fr">{french(SAME_TEXT)}</p>')
    columns = st.columns(2, gap="medium")
    for column, title, detail, exchange in zip(columns, ("Avant", "Après"), details, exchanges, strict=True):
        with column:
            st.html(f'<h3 class="fanal-part-title" lang="fr">{title}</h3>')
            if detail is not None and exchange is not None:
                draw_html(withheld_html(detail), status_html(detail.result), diagnosis_html(detail.result))
                draw_html(outcome_html(detail.result, exchange, links_base))
                draw_html(scores_html(detail.result, catalogue))


def _fetch(client: QualityClient, state: QualityState, run_id: str, case_id: str) -> CaseDetail | None:
    try:
        return state.sources.kept(("case", run_id, case_id), lambda: client.evaluated_case(run_id, case_id))
    except ClientError as error:
        why = GONE if isinstance(error, ApiError) and error.is_gone else str(error)
        st.html(notice_html("error", FAILED, why, testid="failed"))
        return None


def _draw_neighbours(state: QualityState, place: Place, run: RunDetail) -> None:
    lines = filtered(run.lines, state.filters)
    before, after, at = neighbours(lines, place.case)
    if not at:
        return
    with st.container(horizontal=True, key="neighbours", vertical_alignment="center"):
        st.button(
            "Cas précédent", key="case-before", disabled=before is None, on_click=_go_to, args=(place, before)
        )
        st.html(f'<p class="fanal-page-number" data-testid="case-place">Cas {at} sur {len(lines)}</p>')
        st.button(
            "Cas suivant", key="case-after", disabled=after is None, on_click=_go_to, args=(place, after)
        )


def _go_to(place: Place, case_id: str | None) -> None:
    if case_id is not None:
        go(replace(place, case=case_id))


def exchange_of(key: str, result: CaseResult) -> Exchange:
    """Give what was answered as the question page holds it, so that a citation opens beside it."""
    answer = result.answer
    day = result.case.as_of or date.today()
    return Exchange.of_statements(
        key, answer.statements if answer else [], answer.passages if answer else [], day
    )


def outcome_html(result: CaseResult, exchange: Exchange, links_base: str) -> str:
    """Give what came: an answer and its passages, a draft, or a masked text."""
    if result.draft is not None:
        return draft_html(result.draft)
    if result.masked is not None:
        return masked_html(result.masked, result.case.mask)
    answer = result.answer
    if answer is None:
        return "" if result.status != "done" else section_html("La réponse", f"<p>{NO_ANSWER}</p>", "answer")
    refs = with_expected(references_of(exchange, links_base), result)
    mode = escape(mode_sentence(answer.mode, answer.model))
    parts = [f'<p class="fanal-hint" data-testid="mode">{mode}</p>']
    if answer.standalone_question:
        parts.append(
            f'<p class="fanal-hint">{french("Question comprise : ")}{escape(answer.standalone_question)}</p>'
        )
    if answer.abstained or not answer.statements:
        parts.append(abstention_html(answer.abstention, answer.message, has_passages=bool(answer.passages)))
    parts.append(statements_html(answer.statements, refs))
    if answer.warnings:
        parts.append(warnings_html(answer.warnings))
    known = {passage.id for passage in answer.passages}
    conflicts = [one for one in answer.conflicts if {one.newer, one.older} <= known]
    parts.append(conflicts_html(conflicts, refs.passages, refs))
    parts.append(consulted_html(answer.statements, refs) if answer.passages else "")
    return section_html("La réponse", "".join(parts), "answer")


def with_expected(refs: References, result: CaseResult) -> References:
    """Say in the title of each passage that the case expects that it does, and at which rank it was found."""
    ranks = expected_passages(result)
    return replace(
        refs,
        passages={
            id_: passage.model_copy(update={"title": f"{EXPECTED} (rang {ranks[id_]}) · {passage.title}"})
            if id_ in ranks
            else passage
            for id_, passage in refs.passages.items()
        },
    )


def statements_html(statements: list[Statement], refs: References) -> str:
    """Give the statements of an answer, each with what it cites."""
    return "".join(statement_html(at, one, refs) for at, one in enumerate(statements, start=1))
