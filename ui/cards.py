"""A passage as a card: where it comes from, whether it holds, and its text with the quotes marked.

In: wire passages. Out: HTML for `st.html`, with everything that comes from a document escaped.
"""

import re
from collections.abc import Iterable
from datetime import date
from html import escape
from urllib.parse import quote

from ingest.documents import Kind, Standing, Status, web_host
from server.schemas import Passage
from ui.passage_text import Span, passage_html
from ui.wording import french, long_date

KIND_LABELS = {
    Kind.PROCEDURE: "Procédure",
    Kind.LEGAL: "Texte de loi ou fiche",
    Kind.TRAINING: "Formation",
}
SNIPPET_CHARS = 220

_LAYOUT = re.compile(r"^\s*[-–•*·▪]\s|\||-{3,}", re.MULTILINE)
_ARTICLE = re.compile(r"[LRDA]\.?\s?\*{0,2}\s?\d")


def card_html(passage: Passage, quotes: Iterable[Span], day: date, links_base: str, opener: str = "") -> str:
    """Give the card of a passage, without its title.

    Args:
        quotes: offsets of what to mark in the passage's text.
        day: the day the question is about; it decides what is "en vigueur".
        links_base: address of the server for the advisor's browser.
        opener: HTML of what opens the passage in its document, before the links.
    """
    return (
        f'<div class="fanal-card" lang="fr">{standing_html(passage, day)}{text_html(passage, quotes)}'
        f"{links_html(passage, links_base, opener)}</div>"
    )


def standing_html(passage: Passage, day: date) -> str:
    """Say where a passage is, what it is, and from when to when it holds."""
    return (
        f'{_breadcrumb(passage)}<p class="fanal-meta">{badge_html(passage, day)} {_facts(passage)}</p>'
        f'<p class="fanal-dates">{validity_sentence(passage, day)}</p>'
    )


def text_html(passage: Passage, quotes: Iterable[Span]) -> str:
    """Give a passage's text with its quotes marked."""
    return f'<div class="fanal-text" data-testid="passage-text">{passage_html(passage.text, quotes)}</div>'


def links_html(passage: Passage, links_base: str, opener: str = "") -> str:
    """Give the links to what a passage was read from."""
    links = "".join(_link(url, label) for label, url in source_links(passage, links_base))
    return f'<p class="fanal-links">{opener}{links}</p>'


def source_links(passage: Passage, links_base: str) -> list[tuple[str, str]]:
    """Give the labels and addresses of what a passage was read from."""
    links = []
    site = _site(passage.url)
    if passage.url and site:
        links.append((f"Lire sur {site}", passage.url))
    # A training session is one record of a catalogue: there is no file of its own to open.
    if passage.kind is Kind.PROCEDURE or (passage.kind is Kind.LEGAL and not site):
        identifier = quote(passage.document_id, safe="")
        links.append(("Ouvrir le document d’origine", f"{links_base}/v1/documents/{identifier}/file"))
    return links


def badge_html(passage: Passage, day: date) -> str:
    """Give the badge that says where the text stands on `day`."""
    label = passage.validity.standing(day)
    look = "current" if label is Standing.HOLDS else "past"
    return f'<span class="fanal-badge fanal-badge-{look}" data-testid="status">{label}</span>'


def validity_sentence(passage: Passage, day: date) -> str:
    """Say from when to when the text holds, seen from `day`.

    A text whose source calls it superseded or repealed is never said to hold still, even without an end.
    """
    start, end = passage.valid_from, passage.valid_to
    if start and end:
        return f"En vigueur du {long_date(start)} au {long_date(end)}"
    if start and passage.status is not Status.IN_FORCE:
        began = "Entré en vigueur" if start <= day else "Devait entrer en vigueur"
        return f"{began} le {long_date(start)}, date de fin non renseignée"
    if start:
        return f"En vigueur {'depuis le' if start <= day else 'à partir du'} {long_date(start)}"
    if end:
        return f"En vigueur jusqu’au {long_date(end)}"
    return "Dates de validité non renseignées"


def number_label(number: str) -> str:
    """Say what a number is: an article of a code, or a reference of the organisation."""
    return f"Article\u00a0{number}" if _ARTICLE.match(number) else f"Référence\u00a0{number}"


def snippet(text: str) -> str:
    """Give the beginning of a passage on one line, without its bullets and table rules, cut between words."""
    line = " ".join(_LAYOUT.sub(" ", text).split())
    if len(line) <= SNIPPET_CHARS:
        return line
    return line[:SNIPPET_CHARS].rsplit(" ", 1)[0] + "…"


def _breadcrumb(passage: Passage) -> str:
    if not passage.path or passage.path == [passage.title]:
        return ""
    steps = "".join(f"<li>{escape(step)}</li>" for step in passage.path)
    return f'<ol class="fanal-path" aria-label="Emplacement dans le document">{steps}</ol>'


def _facts(passage: Passage) -> str:
    facts = [KIND_LABELS[passage.kind]]
    if passage.number:
        facts.append(escape(number_label(passage.number)))
    if passage.page is not None:
        facts.append(f"page\u00a0{passage.page}")
    facts.append(french(f"source : {escape(passage.source)}"))
    return "".join(f'<span class="fanal-fact">{fact}</span>' for fact in facts)


def _link(url: str, label: str) -> str:
    return f'<a href="{escape(url)}" target="_blank">{escape(label)}</a>'


def _site(url: str | None) -> str | None:
    """Name the site of a web address; None for anything a browser should not be sent to."""
    host = web_host(url)
    if host is None:
        return None
    host = host.removeprefix("www.")
    return "Légifrance" if host == "legifrance.gouv.fr" else host
