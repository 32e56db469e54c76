"""The passages of an answer as cards: those it cites, their legal basis, what contradicts what, and the others.

In: wire types. Out: strings of HTML, with everything that comes from the server escaped.
"""

from collections.abc import Mapping, Sequence
from html import escape

from server.schemas import Conflict, Passage, Statement
from ui.actions import action_attribute
from ui.cards import badge_html, card_html, snippet, validity_sentence
from ui.passage_text import Span
from ui.statements import References, quotes_of
from ui.wording import counted, french

LEGAL_BASIS = "Base légale"
DISPUTED = "Deux textes ne disent pas la même chose"
NEWER, OLDER = "Le plus récent", "Le plus ancien"


def consulted_html(statements: Sequence[Statement], refs: References, *, near: bool = True) -> str:
    """Give the passages of the answer: those it cites first, by number, then what these rest on, the others folded.

    When none is cited they are all shown: they are then what the advisor has to read, if they are `near` the
    question at all.
    """
    quotes = quotes_of(statements, refs.passages)
    items = {
        passage.id: _item(passage, quotes.get(passage.id, []), refs) for passage in refs.passages.values()
    }
    if not refs.numbers and near:
        return _section("Passages les plus proches", "".join(items.values()))
    basis = [
        id_ for id_, passage in refs.passages.items() if id_ not in refs.numbers and _based(passage, refs)
    ]
    html = _section("Passages cités", "".join(items[id_] for id_ in refs.numbers)) if refs.numbers else ""
    if basis:
        html += _section(LEGAL_BASIS, "".join(items[id_] for id_ in basis))
    others = [item for id_, item in items.items() if id_ not in refs.numbers and id_ not in basis]
    return html + _folded(others)


def conflicts_html(conflicts: Sequence[Conflict], passages: Mapping[str, Passage], refs: References) -> str:
    """Show, for each contradiction, both passages with their dates, the newer one first."""
    return "".join(
        '<section class="fanal-notice fanal-notice-warning" data-testid="conflict" lang="fr">'
        f"<p><strong>{DISPUTED}</strong></p><p>{escape(french(conflict.explanation))}</p><ul>"
        f"{_side(NEWER, passages[conflict.newer], refs, position)}"
        f"{_side(OLDER, passages[conflict.older], refs, position)}</ul></section>"
        for position, conflict in enumerate(conflicts, start=1)
    )


def open_button(
    passage: Passage, refs: References, label: str = "Voir dans le document", place: str = ""
) -> str:
    """Give the button that opens a passage in its document.

    Args:
        place: where it stands, for a passage that has more than one: the focus comes back to the one clicked.
    """
    name = escape(f"{label} : {passage.title}")
    return (
        f'<button type="button" class="fanal-open" data-testid="open" id="open{place}-{refs.key}-{escape(passage.id)}"'
        f' {action_attribute("passage", refs.key, passage.id, "")} aria-label="{name}">{escape(label)}</button>'
    )


def _side(word: str, passage: Passage, refs: References, position: int) -> str:
    number = f"[{refs.numbers[passage.id]}] " if passage.id in refs.numbers else ""
    return (
        f"<li>{french(word + ' :')} <strong>{number}{escape(passage.title)}</strong> "
        f"{badge_html(passage, refs.day)} {validity_sentence(passage, refs.day)}. "
        f"{open_button(passage, refs, 'Ouvrir', f'-conflict-{position}')}</li>"
    )


def _based(passage: Passage, refs: References) -> list[int]:
    """Give the numbers of the cited passages whose text rests on this one."""
    return sorted(refs.numbers[id_] for id_ in passage.legal_basis_of if id_ in refs.numbers)


def _folded(items: Sequence[str]) -> str:
    if not items:
        return ""
    count = counted(len(items), "autre passage consulté", "autres passages consultés")
    return (
        '<section class="fanal-passages fanal-rest" lang="fr"><details class="fanal-others">'
        f"<summary>{count}</summary>{''.join(items)}</details></section>"
    )


def _section(title: str, items: str) -> str:
    return f'<section class="fanal-passages" lang="fr"><h2>{title}</h2>{items}</section>'


def _item(passage: Passage, quotes: Sequence[Span], refs: References) -> str:
    number = refs.numbers.get(passage.id)
    quoted = f"«\u00a0{snippet(passage.text[slice(*quotes[0])])}\u00a0»" if quotes else ""
    excerpt = quoted or snippet(passage.text)
    shown = f'<span class="fanal-number">[{number}]</span> ' if number else ""
    return (
        '<details class="fanal-passage" data-testid="passage"><summary>'
        f'<span class="fanal-title">{shown}{escape(passage.title)}</span> {badge_html(passage, refs.day)}'
        f'{_basis_note(passage, refs)}<span class="fanal-snippet">{escape(excerpt)}</span></summary>'
        f"{card_html(passage, quotes, refs.day, refs.links_base, open_button(passage, refs))}</details>"
    )


def _basis_note(passage: Passage, refs: References) -> str:
    based = _based(passage, refs)
    if not based:
        return ""
    numbers = ", ".join(f"[{number}]" for number in based)
    return f'<span class="fanal-basis" data-testid="legal-basis">base légale de {numbers}</span>'
