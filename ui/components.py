"""The parts of an answer as HTML for `st.html`: what is said, what it rests on, and who wrote it.

In: wire types. Out: strings of HTML. Everything that comes from the server is escaped here or in
`ui.cards`; the page never hands text to Streamlit as HTML or Markdown by another way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Literal

from server.schemas import Answer, Mode, Passage, Statement
from ui.cards import badge_html, card_html, snippet
from ui.passage_text import Span
from ui.trust import Level, Trust, is_found, is_verified
from ui.wording import counted, french

ABSTENTION = "Les documents ne répondent pas à cette question."
UNVERIFIED = "Non vérifié"
NOTHING_CITED = "aucun passage des documents n’appuie cette phrase mot pour mot."
PARTLY_CITED = "une citation ou un chiffre de cette phrase n’a pas été retrouvé dans les documents."
EXTRACTIVE = "Réponse composée de phrases des documents, mot pour mot, sans modèle de langage."


@dataclass(frozen=True, slots=True)
class References:
    """What the statements of an answer may point to.

    Args:
        passages: the answer's passages by id, best first.
        numbers: number of each cited passage, from 1, in the order in which the answer cites them.
        day: the day the question is about.
        links_base: address of the server for the advisor's browser.
    """

    passages: Mapping[str, Passage]
    numbers: Mapping[str, int]
    day: date
    links_base: str


def references(
    passages: Iterable[Passage], statements: Iterable[Statement], day: date, links_base: str
) -> References:
    """Number the passages that the statements cite; a passage keeps its number as statements are added."""
    by_id = {passage.id: passage for passage in passages}
    cited = dict.fromkeys(citation.passage_id for statement in statements for citation in statement.citations)
    known = (cited_id for cited_id in cited if cited_id in by_id)
    numbers = {passage_id: number for number, passage_id in enumerate(known, start=1)}
    return References(by_id, numbers, day, links_base)


def statement_html(position: int, statement: Statement, refs: References) -> str:
    """Give a statement, its numbered citations and the panels that they open.

    Args:
        position: place of the statement in the answer, from 1; it makes the panels' ids unique.
    """
    verified = is_verified(statement, refs.passages)
    quotes = _quotes([statement], refs)
    cited = dict.fromkeys(citation.passage_id for citation in statement.citations)
    buttons, panels = [], []
    for passage_id in cited:
        if number := refs.numbers.get(passage_id):
            panel, passage = f"citation-{position}-{number}", refs.passages[passage_id]
            buttons.append(_citation_button(panel, number, passage))
            panels.append(_panel(panel, number, passage, quotes.get(passage_id, []), refs))
    mark = "" if verified else _unverified_mark(cited=bool(buttons))
    return (
        f'<div class="fanal-statement" data-testid="statement" data-verified="{str(verified).lower()}"'
        f' lang="fr"><p>{escape(statement.text)}{"".join(buttons)}</p>{mark}{"".join(panels)}</div>'
    )


def _unverified_mark(cited: bool) -> str:
    reason = PARTLY_CITED if cited else NOTHING_CITED
    return (
        '<p class="fanal-unverified" data-testid="unverified">'
        f"<strong>{french(UNVERIFIED + ' :')}</strong> {reason} À contrôler avant tout usage.</p>"
    )


def _citation_button(panel: str, number: int, passage: Passage) -> str:
    label = french(f"[{number}] Ouvrir le passage : {passage.title}")
    return (
        f'<button type="button" class="fanal-cite" data-testid="citation" popovertarget="{panel}"'
        f' aria-label="{escape(label)}" title="{escape(passage.title)}">[{number}]</button>'
    )


def _panel(panel: str, number: int, passage: Passage, quotes: Sequence[Span], refs: References) -> str:
    return (
        f'<div popover id="{panel}" class="fanal-panel" role="dialog" aria-labelledby="{panel}-title"'
        f' data-testid="panel"><div class="fanal-panel-head"><h3 id="{panel}-title">'
        f'<span class="fanal-number">[{number}]</span> {escape(passage.title)}</h3>'
        f'<button type="button" class="fanal-close" popovertarget="{panel}" popovertargetaction="hide">'
        f"Fermer</button></div>{card_html(passage, quotes, refs.day, refs.links_base)}</div>"
    )


def consulted_html(statements: Sequence[Statement], refs: References) -> str:
    """Give the passages of the answer: those it cites first, by number, the others folded behind one line.

    When none is cited they are all shown: they are then what the advisor has to read.
    """
    quotes = _quotes(statements, refs)
    items = {
        passage.id: _passage_item(passage, quotes.get(passage.id, []), refs)
        for passage in refs.passages.values()
    }
    cited = "".join(items[passage_id] for passage_id in refs.numbers)
    others = "".join(item for passage_id, item in items.items() if passage_id not in refs.numbers)
    if not cited:
        return _section("Passages les plus proches", others)
    if not others:
        return _section("Passages cités", cited)
    count = counted(len(items) - len(refs.numbers), "autre passage consulté", "autres passages consultés")
    folded = f'<details class="fanal-others"><summary>{count}</summary>{others}</details>'
    return _section("Passages cités", cited + folded)


def _section(title: str, items: str) -> str:
    return f'<section class="fanal-passages" lang="fr"><h2>{title}</h2>{items}</section>'


def _passage_item(passage: Passage, quotes: Sequence[Span], refs: References) -> str:
    number = refs.numbers.get(passage.id)
    quoted = f"«\u00a0{snippet(passage.text[slice(*quotes[0])])}\u00a0»" if quotes else ""
    excerpt = quoted or snippet(passage.text)
    shown = f'<span class="fanal-number">[{number}]</span> ' if number else ""
    return (
        '<details class="fanal-passage" data-testid="passage"><summary>'
        f'<span class="fanal-title">{shown}{escape(passage.title)}</span> {badge_html(passage, refs.day)}'
        f'<span class="fanal-snippet">{escape(excerpt)}</span></summary>'
        f"{card_html(passage, quotes, refs.day, refs.links_base)}</details>"
    )


def _quotes(statements: Iterable[Statement], refs: References) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    for statement in statements:
        for citation in statement.citations:
            if is_found(citation, refs.passages):
                spans.setdefault(citation.passage_id, []).append((citation.start, citation.end))
    return spans


def trust_html(trust: Trust, answer: Answer) -> str:
    """Give the line that tells whether to rely on the answer, and the one that says what wrote it."""
    sign: dict[Level, str] = {"sure": "Vérifié", "caution": "À contrôler", "doubt": "Non vérifié"}
    mode = escape(mode_sentence(answer.mode, answer.model))
    return (
        f'<div class="fanal-trust fanal-trust-{trust.level}" data-testid="trust" lang="fr">'
        f'<p><strong class="fanal-sign">{sign[trust.level]}</strong> {escape(trust.sentence)}</p>'
        f'<p class="fanal-mode" data-testid="mode">{mode}</p></div>'
    )


def mode_sentence(mode: Mode, model: str) -> str:
    """Say what wrote the answer."""
    if mode == "extractive":
        return EXTRACTIVE
    return french(
        f"Rédigé par une intelligence artificielle (modèle {model}) ; "
        "chaque phrase vérifiée renvoie à son passage."
    )


def progress_html(found: int) -> str:
    """Say what the server is doing while nothing can be judged yet."""
    if not found:
        doing = "Recherche dans les documents…"
    else:
        count = counted(found, "passage trouvé", "passages trouvés")
        doing = f"{count}. Rédaction et vérification en cours…"
    return (
        f'<div class="fanal-progressing" role="status" data-testid="progress" lang="fr"><p>{doing}</p></div>'
    )


def abstention_html(has_passages: bool) -> str:
    """Say that the documents do not answer, and what follows."""
    nearest = "Voici les passages les plus proches : ils peuvent aider, mais ils ne suffisent pas à répondre."
    nothing = "Aucun passage proche n’a été trouvé. Essayez d’autres mots, ou élargissez les filtres."
    return notice_html("calm", ABSTENTION, nearest if has_passages else nothing, testid="abstention")


def title_html(title: str, subtitle: str = "") -> str:
    """Give the title of a page."""
    below = f"<p>{subtitle}</p>" if subtitle else ""
    return f'<header class="fanal-header" lang="fr"><h1>{title}</h1>{below}</header>'


def hint_html(text: str) -> str:
    """Give a quiet line of help."""
    return f'<p class="fanal-hint" lang="fr">{escape(french(text))}</p>'


def reading_guide_html() -> str:
    """Say how an answer reads, where the first one will come."""
    rows = (
        ("[1]", "Chaque phrase renvoie au passage sur lequel elle repose : un clic sur le numéro l’ouvre."),
        (UNVERIFIED, "Une phrase que les documents n’appuient pas mot pour mot porte cette mention."),
        ("À la date du", "La réponse ne s’appuie que sur les textes en vigueur ce jour-là."),
    )
    items = "".join(f"<dt>{term}</dt><dd>{french(meaning)}</dd>" for term, meaning in rows)
    return f'<section class="fanal-guide" lang="fr"><h2>Lire une réponse</h2><dl>{items}</dl></section>'


Look = Literal["calm", "warning", "error"]


def notice_html(look: Look, title: str, text: str = "", testid: str = "notice") -> str:
    """Give a framed message; an error is announced to screen readers at once."""
    role = "alert" if look == "error" else "status"
    body = f"<p>{escape(french(text))}</p>" if text else ""
    return (
        f'<div class="fanal-notice fanal-notice-{look}" role="{role}" data-testid="{testid}" lang="fr">'
        f"<p><strong>{escape(french(title))}</strong></p>{body}</div>"
    )
