"""Is a sentence about what its passages are about? It and they go in, its words that are not theirs come out.

A small model dresses a real quote up as an answer to whatever was asked ("Pour répondre à un mail, il faut prévoir
entre neuf et quatorze mois", from a sentence on the VAE): quote and figures are there, and the sentence is
wrong. Words tell: a sentence that rests on a passage shares most of its own with it. The whole passage counts, not the
quote alone, so that a paraphrase is left alone.
"""

import re
from collections.abc import Iterable

from ingest.text import terms
from server.figures import find_figures

HELD = 0.5
"""Least share of a sentence's informative words that its passages and their headings must hold: a paraphrase keeps
more, and the sentences of docs/reports that answered another question than their quotes held 0 to 0.4."""

FEWEST = 3
"""A sentence with fewer informative words is not judged: one synonym would decide ("Il faut un accord.")."""

_WORD = re.compile(r"[^\W\d_]{2,}")


def foreign_words(text: str, given: Iterable[str]) -> list[str]:
    """List the informative words of a sentence that none of the texts it rests on holds, if these are too many.

    Args:
        text: the sentence; its figures are left out, `server.verify` sees to them.
        given: the passages that it cites, with their headings.
    """
    figures = [(figure.start, figure.end) for figure in find_figures(text)]
    held = {term for one in given for term in terms(one)}
    own: dict[str, str] = {}
    for match in _WORD.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in figures):
            own |= {term: match.group() for term in terms(match.group()) if term not in own}
    lacking = [word for term, word in own.items() if term not in held]
    judged = len(own) >= FEWEST
    return lacking if judged and len(own) - len(lacking) < HELD * len(own) else []
