"""The masks that a person decided: checked against their text, and compared with what the recognisers find in it.

A text, a person's spans and what is found go in; nothing, counts or warnings come out. The spans come from a page or
a program that may have read another version of the text: one that cuts a word would leave half of a name in clear.
"""

import unicodedata
from collections.abc import Sequence

from server.drafting.errors import DraftRequestWrong
from server.mask import Masked
from server.mask_schemas import MaskSpan

MASK_OUTSIDE = "Un masque sort du texte : rechargez la page, puis relisez les masques."
MASK_CUTS = "Un masque coupe un mot en deux (caractères {start} à {end}) : étendez-le au mot entier."


def check_spans(text: str, spans: Sequence[MaskSpan] | None, found: Masked) -> None:
    """Check that what a person decided is of this text: in it, and cutting no word in two.

    Args:
        found: what the recognisers find in the text: where they cut a word themselves, a person may too.

    Raises:
        DraftRequestWrong: it is of another text.
    """
    proposed = {border for entity in found.entities for border in (entity.start, entity.end)}
    for span in spans or ():
        if span.end > len(text):
            raise DraftRequestWrong(MASK_OUTSIDE)
        if any(_cuts(text, border) for border in {span.start, span.end} - proposed):
            raise DraftRequestWrong(MASK_CUTS.format(start=span.start, end=span.end))


def count_unmasked(text: str, found: Masked, masked: Masked) -> int:
    """Count the data that the recognisers find and that a person's masks leave in clear, in part at least."""
    covered = bytearray(len(text))
    for entity in masked.entities:
        covered[entity.start : entity.end] = b"\x01" * (entity.end - entity.start)
    return sum(
        any(_in_word(text[at]) and not covered[at] for at in range(entity.start, entity.end))
        for entity in found.entities
    )


def unmasked_warnings(count: int) -> list[str]:
    """Say how many data that were found stay in clear because a person decided so; nothing for none."""
    if not count:
        return []
    if count == 1:
        return ["Une donnée reconnue n’a pas été masquée, à votre demande : relisez ce qui en est dit."]
    return [f"{count} données reconnues n’ont pas été masquées, à votre demande : relisez ce qui en est dit."]


def _cuts(text: str, border: int) -> bool:
    return 0 < border < len(text) and _in_word(text[border - 1]) and _in_word(text[border])


def _in_word(character: str) -> bool:
    """Tell whether a character is of a word: a letter, a digit, or an accent that stands on one."""
    return character.isalnum() or unicodedata.category(character).startswith("M")
