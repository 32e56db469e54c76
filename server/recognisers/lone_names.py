"""Names that nothing but their place gives away: a page goes in, ranges of words come out.

"Sixtine attend la réponse", "Merci à Vanina", "les Bourdelier": a capitalised word that French does not know is a
name, unless what stands before it says that it is a thing, a place or a method.
"""

from collections.abc import Collection, Iterator

from server.recognisers.name_end import name_end
from server.recognisers.names import (
    FUNCTION_WORDS,
    HEADINGS,
    HOMONYMS,
    KIN,
    NOT_BEFORE_A_NAME,
    PARTICLES,
    ROLES,
    THINGS,
    TITLES,
    TO_SOMEBODY,
    VERBS,
)
from server.recognisers.page import Page
from server.recognisers.tokens import is_common, is_verb

_FAMILIES = frozenset("les famille familles freres soeurs epoux fratrie cousins parents".split())
_FILES = frozenset("dossier suivi appel mail rdv vu vue revu revue relance absent absente cv fiche".split())
_SMALL_LINKS = frozenset(("de", "d'", "avec", "a"))
_ACCENTED = {"e": "éêè", "a": "àâ", "i": "î", "o": "ô", "u": "û"}


def lone(page: Page, at: int) -> Iterator[tuple[int, int]]:
    """Find the name that begins with a word, of which only the place tells."""
    word = page.words[at]
    if (
        word.text in ("D'", "O'")
        and page.joined(at)
        and page.words[at + 1].rare
        and page.labels[at + 1] != "LOC"
    ):
        yield at, max(at + 2, name_end(page, at + 1, sure=True))  # "D'Almeida"
    if page.allowed[at] or not word.capital or word.folded in TITLES | FUNCTION_WORDS | HEADINGS:
        return
    if word.first_name and word.folded in HOMONYMS:
        if _is_subject(page, at) or _is_spoken_to(page, at):
            yield at, max(at + 1, name_end(page, at, sure=False))
        return
    if not word.rare or len(word.text) < 3 or not page.pronounceable(at):
        return
    if word.shape == "upper":
        if len(word.text) >= 5 and not page.shouted(at) and _in_a_file(page, at):
            yield at, max(at + 1, name_end(page, at, sure=True))
    elif _is_name(page, at):
        particle = page.joined(at - 1) and page.words[at - 1].folded in PARTICLES - FUNCTION_WORDS - {
            "d'",
            "l'",
        }
        yield at - particle, max(at + 1, name_end(page, at, sure=True))


def _is_subject(page: Page, at: int) -> bool:
    """Tell the first name that begins a sentence from the word: "Olive cherche", but not "Olive verte"."""
    word = page.words[at]
    if not (word.begins or _follows_a_comma(page, at)) or word.shape == "upper" or not page.joined(at):
        return False
    if word.rare and page.words[at + 1].rare and page.joined(at + 1):
        at += 1
    after = page.words[at + 1]
    return after.folded == "ne" or (
        after.shape == "low" and (after.folded in VERBS - {"et", "y"} or is_verb(after.text))
    )


def _is_spoken_to(page: Page, at: int) -> bool:
    """Tell whether what stands before speaks of somebody: "appeler X", "merci à X"."""
    before = at - 1
    if not page.joined(before):
        return False
    if page.words[before].folded in _SMALL_LINKS and page.joined(before - 1):
        before -= 1
    return page.words[before].folded in TO_SOMEBODY


def _in_a_file(page: Page, at: int) -> bool:
    """Tell whether a word in capitals is the name on a file: "dossier BOUTALEB", "appel de NDOYE"."""
    if page.words[at].begins:
        return page.joined(at) and (page.words[at + 1].folded in VERBS or is_verb(page.words[at + 1].text))
    before = at - 1
    while before > 0 and page.words[before].folded in _SMALL_LINKS and page.joined(before - 1):
        before -= 1
    return page.joined(before) and page.words[before].folded in _FILES | TO_SOMEBODY | _FAMILIES


def _is_name(page: Page, at: int) -> bool:
    word = page.words[at]
    if _is_common_nearly(word.folded):
        return False
    if _is_spoken_to(page, at):
        return True
    if page.labels[at] in ("LOC", "ORG") and not _is_subject(page, at):
        return page.joined(at - 1) and page.words[at - 1].folded in _FAMILIES
    if not page.joined(at - 1):
        return word.begins or _follows_a_comma(page, at)
    before = page.words[at - 1]
    if before.folded in _FAMILIES:
        return True
    if about_a_thing(page, at):
        return False
    return before.folded not in NOT_BEFORE_A_NAME and not before.capital


def about_a_thing(page: Page, at: int) -> bool:
    """Tell whether a name is that of a method, a law or a tool: "méthode Kolb", "échelle de Likert"."""
    before = at - 1
    while page.joined(before) and page.words[before].folded in ("de", "d'", "du"):
        before -= 1
    return page.joined(before) and page.words[before].folded in THINGS


def _follows_a_comma(page: Page, at: int) -> bool:
    return page.gap(at - 1).strip() == "," if at else True


def _is_common_nearly(folded: str) -> bool:
    """Tell whether a word is common once its first letter has its accent, or without its plural: "Etudiante"."""
    written = [folded, *(accented + folded[1:] for accented in _ACCENTED.get(folded[0], ""))]
    if "-" in folded and (is_common(folded.partition("-")[0]) or folded.rpartition("-")[2] in FUNCTION_WORDS):
        return True  # "Chef-d'œuvre", "Écris-moi"
    return any(is_common(one) or (one.endswith("s") and is_common(one[:-1])) for one in written)


def beside(page: Page, places: Collection[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Find what a list of names holds besides those that are known: "Karim, Rose et Le Meur".

    Args:
        places: the names that are known, as ranges of words.
    """
    for first, last in places:
        yield from _onward(page, last)
        yield from _backward(page, first)


def _linked(page: Page, left: int) -> int:
    """Give the word that a list goes on with after the word `left`, -1 when it does not go on."""
    gap = page.gap(left)
    if left + 1 >= len(page.words):
        return -1
    if gap.strip() in (",", "/", "&", "+") and "\n" not in gap:
        return left + 1
    follows = page.joined(left) and page.words[left + 1].folded in ("et", "ou")
    return left + 2 if follows and page.joined(left + 1) else -1


def _onward(page: Page, last: int) -> Iterator[tuple[int, int]]:
    while (at := _linked(page, last - 1)) > 0 and _may_be_listed(page, at):
        end = max(at + 1, name_end(page, at, sure=False))
        yield at, end
        last = end


def _backward(page: Page, first: int) -> Iterator[tuple[int, int]]:
    at = first - 1
    if page.joined(at) and page.words[at].folded == "et":
        at -= 1
        while at >= 0 and _linked(page, at) in (first, at + 1) and _may_be_listed(page, at):
            yield at, at + 1
            first = at
            at -= 1


def _may_be_listed(page: Page, at: int) -> bool:
    if at >= len(page.words):
        return False
    word = page.words[at]
    if page.allowed[at] or not word.capital or word.folded in TITLES | ROLES | KIN | HEADINGS:
        return False
    if word.folded in PARTICLES and page.joined(at) and page.words[at + 1].rare:
        return True
    if word.folded in FUNCTION_WORDS or len(word.text) < 3:
        return False
    known = word.first_name or word.rare
    return known and (page.labels[at] not in ("LOC", "ORG") or word.first_name)
