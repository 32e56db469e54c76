"""Which sensitive data a synthesis holds: words masked in the notes as such, found again in the sections' texts.

In: the draft as its author sees it, and the texts on the page. Out: the titles of sections, with the words.
"""

import re
from collections.abc import Mapping

from server.draft_schemas import DraftView, NoteSentence
from ui.mask_types import SENSITIVE

_PLACEHOLDER = re.compile(r"(\[[A-Z_]+_\d+\])")


def sensitive_words(draft: DraftView) -> list[str]:
    """Give the words of the notes that were masked as special categories or judicial data, each one once.

    There are none once the notes are destroyed: nothing is left that tells.
    """
    wanted = {entity.placeholder for entity in draft.entities if entity.type in SENSITIVE}
    words = dict.fromkeys(word for note in draft.notes for word in _words_under(note, wanted))
    return sorted(words, key=len, reverse=True)


def _words_under(note: NoteSentence, wanted: set[str]) -> list[str]:
    """Give what stands in a sentence where its masked form has one of these placeholders."""
    pieces = _PLACEHOLDER.split(note.masked)
    if not wanted.intersection(pieces):
        return []
    pattern = "".join("(.+?)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces))
    found = re.fullmatch(pattern, note.text, re.DOTALL)
    if found is None:
        return []
    return [word for name, word in zip(pieces[1::2], found.groups(), strict=True) if name in wanted]


def sensitive_sections(draft: DraftView, texts: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Give the title of each section whose text holds sensitive data, with the words that are.

    Args:
        texts: by id of the section, its text as it is on the page.
    """
    words = sensitive_words(draft)
    found = (
        (section.title, [word for word in words if _stands(word, texts.get(section.id, section.text))])
        for section in draft.sections
    )
    return [(title, held) for title, held in found if held]


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None
