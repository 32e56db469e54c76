"""The statements of an answer as HTML: what is said, its numbered citations, and what is not vouched for.

In: wire types. Out: strings of HTML, with everything that comes from the server escaped.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape

from server.schemas import Passage, Statement
from ui.actions import action_attribute
from ui.passage_text import Span
from ui.trust import is_found, is_verified
from ui.wording import french

UNVERIFIED = "Non vérifié"
NOTHING_CITED = "aucun passage des documents n’appuie cette phrase mot pour mot."
PARTLY_CITED = "une citation ou un chiffre de cette phrase n’a pas été retrouvé dans les documents."
REPAIRED = "Phrase corrigée après vérification : la première version n’était pas appuyée par les documents."


@dataclass(frozen=True, slots=True)
class References:
    """What the statements of an answer may point to.

    Args:
        key: names the exchange on the page.
        passages: the answer's passages by id, best first.
        numbers: number of each cited passage, from 1, in the order in which the answer cites them.
        day: the day the question is about.
        links_base: address of the server for the advisor's browser.
    """

    key: str
    passages: Mapping[str, Passage]
    numbers: Mapping[str, int]
    day: date
    links_base: str


def references(
    key: str, passages: Iterable[Passage], statements: Iterable[Statement], day: date, links_base: str
) -> References:
    """Number the passages that the statements cite; a passage keeps its number as statements are added."""
    by_id = {passage.id: passage for passage in passages}
    cited = dict.fromkeys(citation.passage_id for statement in statements for citation in statement.citations)
    known = (cited_id for cited_id in cited if cited_id in by_id)
    numbers = {passage_id: number for number, passage_id in enumerate(known, start=1)}
    return References(key, by_id, numbers, day, links_base)


def statement_html(position: int, statement: Statement, refs: References) -> str:
    """Give a statement and its numbered citations.

    Args:
        position: place of the statement in the answer, from 1.
    """
    verified = is_verified(statement, refs.passages)
    cited = dict.fromkeys(citation.passage_id for citation in statement.citations)
    buttons = "".join(
        _citation_button(position, refs.numbers[passage_id], refs.passages[passage_id], refs)
        for passage_id in cited
        if passage_id in refs.numbers
    )
    notes = "" if verified else _unverified_note(statement, cited=bool(buttons))
    if statement.repaired:
        notes += f'<p class="fanal-repaired" data-testid="repaired">{french(REPAIRED)}</p>'
    return (
        f'<div class="fanal-statement" data-testid="statement" data-verified="{str(verified).lower()}"'
        f' lang="fr"><p>{marked_figures(statement.text, statement.unsupported)}{buttons}</p>{notes}</div>'
    )


def quotes_of(statements: Iterable[Statement], passages: Mapping[str, Passage]) -> dict[str, list[Span]]:
    """Give, passage by passage, the offsets of the quotes that are where they are said to be."""
    spans: dict[str, list[Span]] = {}
    for statement in statements:
        for citation in statement.citations:
            if is_found(citation, passages):
                spans.setdefault(citation.passage_id, []).append((citation.start, citation.end))
    return spans


def marked_figures(text: str, unsupported: Iterable[str]) -> str:
    """Write a sentence, with the figures that its quotes do not hold marked."""
    words = [re.escape(figure) for figure in unsupported if figure]
    if not words:
        return escape(text)
    pieces = re.split("(" + "|".join(sorted(words, key=len, reverse=True)) + ")", text)
    return "".join(
        f'<span class="fanal-unsupported" data-testid="unsupported">{escape(piece)}</span>'
        if at % 2
        else escape(piece)
        for at, piece in enumerate(pieces)
    )


def _unverified_note(statement: Statement, cited: bool) -> str:
    if statement.unsupported:
        figures = ", ".join(f"« {escape(figure)} »" for figure in statement.unsupported)
        is_one = len(statement.unsupported) == 1
        reason = f"{figures} {'n’est' if is_one else 'ne sont'} pas dans les passages cités."
    else:
        reason = PARTLY_CITED if cited else NOTHING_CITED
    return (
        '<p class="fanal-unverified" data-testid="unverified">'
        f"<strong>{french(UNVERIFIED + ' :')}</strong> {french(reason)} À contrôler avant tout usage.</p>"
    )


def _citation_button(position: int, number: int, passage: Passage, refs: References) -> str:
    label = french(f"[{number}] Ouvrir le passage : {passage.title}")
    return (
        f'<button type="button" class="fanal-cite" data-testid="citation" id="cite-{refs.key}-{position}-{number}"'
        f" {action_attribute('passage', refs.key, passage.id, str(position))}"
        f' aria-label="{escape(label)}" title="{escape(passage.title)}">[{number}]</button>'
    )
