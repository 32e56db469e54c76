"""Where a name ends: a page and the word where a name begins go in, the word after its last one comes out."""

from server.recognisers.names import COMMON_SURNAMES, FUNCTION_WORDS, HOMONYMS, PARTICLES, TITLES
from server.recognisers.page import Page

LONGEST = 6
"""Words of a name."""

_SMALL = frozenset("de du des d' l' la le les".split())


def name_end(page: Page, at: int, *, sure: bool) -> int:
    """Give where the name that begins with the word `at` ends; `at` when none does.

    Args:
        sure: what stands before says that a name comes: a common word, or lower case, is one then.
    """
    end = at
    while end < len(page.words) and end - at < LONGEST and (end == at or page.joined(end - 1)):
        taken = _part(page, at, end, sure=sure)
        if not taken:
            break
        end += taken
    return end


def _part(page: Page, at: int, here: int, *, sure: bool) -> int:
    """Give how many words from `here` on belong to the name that begins at `at`."""
    word = page.words[here]
    if particles := _particles(page, at, here, sure=sure):
        return particles
    if word.shape == "initial" or (len(word.text) == 1 and word.capital and word.text not in "AÀYÔ"):
        return 1 if sure or here > at else 0
    follows = here > at
    named = follows and page.words[here - 1].first_name
    if page.allowed[here] and not (named and word.first_name and word.shape == "capitalised"):
        return 0
    foreign = follows and word.rare and not word.text.isascii()  # "Lê" is not "le"
    if (word.folded in FUNCTION_WORDS and not foreign) or word.folded in TITLES:
        return 0
    if word.capital:
        return 1 if word.rare or word.first_name or _common_surname(page, at, here, sure=sure) else 0
    return lower_part(page, at, here) if sure else 0


def _common_surname(page: Page, at: int, here: int, *, sure: bool) -> bool:
    """Tell whether a common word in capitals is part of the name: "M. Petit", "Prune Marchand"."""
    if page.words[here].shape == "upper" and page.shouted(here):
        return sure and here == at
    return sure if here == at else page.words[here - 1].first_name or (sure and here == at + 1)


def _particles(page: Page, at: int, here: int, *, sure: bool) -> int:
    """Count the particles from `here` on with the word after them, when that goes on with the name."""
    count = 0
    while count < 3 and here + count < len(page.words) and page.words[here + count].folded in PARTICLES:
        if not page.joined(here + count):
            return 0
        count += 1
    after = here + count
    if not count or after >= len(page.words) or page.allowed[after]:
        return 0
    first, word = page.words[here], page.words[after]
    if not word.capital or word.folded in FUNCTION_WORDS:
        return 0
    if first.folded in _SMALL and first.shape == "low":
        fits = (here == at and sure) or (
            here > at and page.words[here - 1].first_name and page.labels[after] != "LOC"
        )
    else:
        fits = here > at or sure or (first.rare and word.rare)
    return count + 1 if fits else 0


def lower_part(page: Page, at: int, here: int) -> int:
    """Give 1 when a word in lower case is part of the name that begins at `at`, 0 when it is not."""
    word = page.words[here]
    if word.shape != "low" or len(word.text) < 3 or word.text.endswith("'"):
        return 0
    known = word.first_name and word.folded not in HOMONYMS
    if here == at:
        return 1 if known or not word.common else 0
    before = page.words[here - 1]
    surname = word.folded in COMMON_SURNAMES and before.folded not in HOMONYMS and before.first_name
    return (
        1
        if before.shape == "low" and (known or surname or not word.common) and page.pronounceable(here)
        else 0
    )
