"""A document as text, with one of its passages framed and its quotes marked: wire types in, HTML out."""

from collections.abc import Iterable, Sequence
from html import escape

from server.schemas import DocumentView, Passage
from ui.passage_text import Span, passage_html
from ui.wording import counted, whole

AROUND = 25
"""How many passages are shown on each side of the one that is looked for: a code has thousands."""


def document_html(document: DocumentView, passage: Passage, quotes: Iterable[Span]) -> str:
    """Give the document around a passage, under its section titles, the passage framed where it stands."""
    passages = document.passages or [passage]
    at = next((at for at, other in enumerate(passages) if other.id == passage.id), None)
    if at is None:  # the document has changed since the answer: what was cited is shown by itself
        passages, at = [passage], 0
    first, end = max(0, at - AROUND), min(len(passages), at + AROUND + 1)
    shown = "".join(
        _titles(passages[place - 1] if place > first else None, passages[place])
        + _passage(passages[place], quotes if place == at else (), framed=place == at)
        for place in range(first, end)
    )
    return (
        f'<div class="fanal-document" data-testid="document-text" lang="fr">{_left_out(first, "avant")}'
        f"{shown}{_left_out(len(passages) - end, 'après')}</div>"
    )


def _passage(passage: Passage, quotes: Iterable[Span], framed: bool) -> str:
    text = passage_html(passage.text, quotes)
    if not framed:
        return f'<div class="fanal-around">{text}</div>'
    return (
        '<div class="fanal-framed" data-fanal-target data-testid="passage-text" role="group"'
        f' aria-label="Passage cité">{text}</div>'
    )


def _titles(before: Passage | None, passage: Passage) -> str:
    """Give the section titles that this passage is the first to stand under."""
    former = before.path if before else []
    shared = _shared(former, passage.path)
    titles = [step for step in passage.path[shared:] if step != passage.title]
    return "".join(f"<h4>{escape(title)}</h4>" for title in titles)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _left_out(count: int, where: str) -> str:
    if not count:
        return ""
    plural = f"{whole(count)}\u00a0autres passages {where} ne sont pas affichés"
    said = plural if count > 1 else f"{counted(1, 'autre passage', '')} {where} n’est pas affiché"
    return f'<p class="fanal-left-out">{said} ici.</p>'
