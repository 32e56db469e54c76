"""Persons' names: by spaCy's entities, titles, relations, first names, and how they are written.

A text goes in, places of names come out, without the title before them. spaCy alone misses one name in ten in
interview notes, names of foreign origin and lower case first of all.
"""

import re
from collections.abc import Iterable, Iterator

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from server.recognisers.allowed import Allowed
from server.recognisers.announced import Form, announced
from server.recognisers.lone_names import about_a_thing, beside, lone
from server.recognisers.name_end import lower_part, name_end
from server.recognisers.names import (
    AGE_WORDS,
    COMMON_SURNAMES,
    FAMILIAR,
    FUNCTION_WORDS,
    HEADINGS,
    HOMONYMS,
    KIN,
    OWNERS,
    PARTICLES,
    ROLES,
    TITLES,
    VERBS,
)
from server.recognisers.page import Page, page_of
from server.recognisers.person_cues import cued
from server.recognisers.tokens import is_spelt_as_first_name

_HONOURS = frozenset(("Si", "Sidi", "Lalla", "Moulay", "Hadj"))
"""What stands before a first name in the Maghreb."""

_LOW_INITIAL = re.compile(r" (?![aày]\b)[a-z]\.(?:-?[a-z]\b\.?)?(?!\w)")
"""What is left of a surname after a first name: "mégane r."."""


class PersonRecogniser(EntityRecognizer):
    """Finds the names of persons."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        super().__init__(["PERSONNE"], name="personnes", supported_language="fr")

    def load(self) -> None:
        """Nothing to load: the engine loads the model."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:
        """Find the names in a legible text."""
        if "PERSONNE" not in entities:
            return []
        page = page_of(text, nlp_artifacts, self._allowed)
        found = list(people(page))
        places = _merged(page, [*found, *beside(page, found)])
        return [RecognizerResult("PERSONNE", start, end, 0.9) for start, end in places]


def people(page: Page) -> Iterator[tuple[int, int]]:
    """Find the names, as ranges of words; they may overlap."""
    for at in range(len(page.words)):
        yield from _after_title(page, at)
        yield from _after_relation(page, at)
        yield from _first_name(page, at)
        yield from _two_unknown(page, at)
        yield from _after_initial(page, at)
        yield from lone(page, at)
    for at, form in announced(page):
        yield from _announced(page, at, form=form)
    yield from _seen_by_model(page)
    yield from cued(page)


def _low_surname_before(page: Page, at: int) -> int:
    """Count the words in lower case before a first name that are its surname: "hadji mourad"."""
    if not page.joined(at - 1) or page.allowed[at - 1] or not page.pronounceable(at - 1):
        return 0
    word = page.words[at - 1]
    return int(
        word.folded not in FUNCTION_WORDS | TITLES | KIN | ROLES and lower_part(page, at - 1, at - 1) > 0
    )


def _after_title(page: Page, at: int) -> Iterator[tuple[int, int]]:
    word = page.words[at]
    if word.folded.rstrip(".") not in TITLES and word.folded not in FAMILIAR:
        return
    if word.folded in ("m", "me", "pr", "ms") and not (word.capital or _is_low_title(page, at)):
        return
    gap = page.gap(at)
    if gap.strip() not in ("", ".", ":") or "\n" in gap or at + 1 >= len(page.words):
        return
    after = at + 1
    if (
        page.words[after].shape == "low"
        and page.words[after].folded in TITLES | ROLES | KIN | FUNCTION_WORDS - PARTICLES
    ):
        return
    end = name_end(page, after, sure=True)
    if end == after and word.folded in ("mme", "mlle", "mr") and _plain_low(page, after):
        end = after + 1
    if end > after:
        yield (at if word.folded in FAMILIAR else after), end


def _is_low_title(page: Page, at: int) -> bool:
    """ "m. lebrun": the full stop and a word that is none of French."""
    if not page.gap(at).startswith(".") or at + 1 >= len(page.words):
        return False
    after = page.words[at + 1]
    return after.shape == "low" and not after.common and len(after.text) > 3


def _plain_low(page: Page, at: int) -> bool:
    """Tell whether a lower-case common word may be a surname: "mme boucher"."""
    word = page.words[at]
    blocked = FUNCTION_WORDS | PARTICLES | VERBS
    return word.shape == "low" and len(word.text) > 3 and word.folded not in blocked and not page.allowed[at]


def _after_relation(page: Page, at: int) -> Iterator[tuple[int, int]]:
    word = page.words[at]
    kin = word.folded in KIN
    owned = at > 0 and page.words[at - 1].folded in OWNERS | AGE_WORDS
    if not (kin or word.folded in ROLES | AGE_WORDS) or not (owned or (kin and word.begins)):
        return
    last = at
    if page.joined(at) and page.words[at + 1].folded in AGE_WORDS:
        last = at + 1
    after = last + 1
    gap = page.gap(last)
    if after >= len(page.words) or gap.strip() not in ("", ",", "(", ":", "-", "–") or "\n" in gap:
        return
    end = name_end(page, after, sure=not gap.strip())
    if end > after and _is_named(page, after, kin=kin, apart=bool(gap.strip())):
        yield after, end


def _is_named(page: Page, at: int, *, kin: bool, apart: bool) -> bool:
    """Tell whether the word after a relation is a name: "sa sœur Léa", "le mari, Jean-Baptiste"."""
    word = page.words[at]
    known = word.first_name and (kin or word.folded not in HOMONYMS or word.capital)
    if page.words[at - 1].folded in AGE_WORDS and not kin:
        return known and word.capital
    if word.shape == "low":
        return not apart and (known or (kin and not word.common))
    place = page.labels[at] == "ORG" or (apart and page.labels[at] == "LOC" and not kin)
    place |= word.shape == "upper" and len(word.text) < 5
    return known or page.labels[at] == "PER" or (word.rare and not place)


def _first_name(page: Page, at: int) -> Iterator[tuple[int, int]]:
    """Find a name by its first name, alone or with a surname on either side."""
    word = page.words[at]
    if not word.first_name or word.folded in FUNCTION_WORDS:
        return
    if page.allowed[at]:
        # "Avril Lenoir" is somebody, "avril" a month.
        if page.joined(at) and page.words[at + 1].rare and not page.allowed[at + 1] and word.capital:
            yield at, max(at + 2, name_end(page, at + 1, sure=False))
        return
    homonym = word.folded in HOMONYMS or len(word.text) < 3
    if word.shape == "low":
        end = name_end(page, at, sure=True)
        surname = end > at + 1 and not page.words[at + 1].common
        spelt = len(word.text) > 2 and is_spelt_as_first_name(word.text)
        if spelt and (surname or not (homonym or word.common)):
            yield at - _low_surname_before(page, at), max(end, at + 1)
        return
    end = name_end(page, at, sure=False)
    begin = _surname_before(page, at)
    if homonym and not _stands_as_name(page, begin, at, end):
        return
    yield begin, max(end, at + 1)


def _stands_as_name(page: Page, begin: int, at: int, end: int) -> bool:
    """Tell whether a first name that is a word as well is a name here."""
    if begin < at or end > at + 1:
        return True
    if _is_word(page, at):
        return False
    if page.labels[at] == "PER":
        return True
    word = page.words[at]
    if len(word.text) < 3 or word.shape == "upper" or page.labels[at] in ("LOC", "ORG"):
        return False
    if not word.begins:
        return True
    if not page.joined(at):
        return False
    after = page.words[at + 1]
    if after.folded == "et":
        return page.joined(at + 1) and page.words[at + 2].first_name and page.words[at + 2].capital
    return after.shape == "low" and after.folded in VERBS


def _is_word(page: Page, at: int) -> bool:
    """Tell the word from the first name where a sentence begins: "Constance et patience sont utiles"."""
    word = page.words[at]
    if not word.begins or word.folded not in HOMONYMS or at + 2 >= len(page.words):
        return False
    other = page.words[at + 2]
    joined = page.joined(at) and page.words[at + 1].folded == "et"
    return joined and other.shape == "low" and other.folded not in FUNCTION_WORDS | OWNERS


def _surname_before(page: Page, at: int) -> int:
    """Give where a surname before a first name begins: "DUPONT Jean-Paul", "Diallo Mamadou"."""
    begin = at
    while begin and at - begin < 3 and page.joined(begin - 1):
        word = page.words[begin - 1]
        honour = word.text in _HONOURS
        if honour or (word.folded in PARTICLES and begin < at and word.capital):
            begin -= 1
            continue
        surname = word.folded in COMMON_SURNAMES and word.capital
        if (
            page.allowed[begin - 1] and not surname
        ) or word.folded in FUNCTION_WORDS | TITLES | VERBS | HEADINGS:
            break
        shouted = word.shape == "upper" and page.words[at].shape == "capitalised"  # "PETIT Marie"
        if not word.rare and not ((shouted or surname) and at - begin == 0):
            break
        if len(word.text) < 2 or (word.shape == "upper" and not page.pronounceable(begin - 1)):
            break
        begin -= 1
    return begin


def _two_unknown(page: Page, at: int) -> Iterator[tuple[int, int]]:
    """Find two words that are written as names and are no words of French: "Ngozi Okafor"."""
    if not page.joined(at) or page.gap(at) != " ":
        return
    for here in (at, at + 1):
        word = page.words[here]
        if not word.rare or page.allowed[here] or page.labels[here] in ("LOC", "ORG") or len(word.text) < 3:
            return
        if word.folded in TITLES | FUNCTION_WORDS or (word.shape == "upper" and page.shouted(here)):
            return
    yield at, name_end(page, at, sure=False)


def _after_initial(page: Page, at: int) -> Iterator[tuple[int, int]]:
    """Find a surname after initials ("A. Yıldız"), and initials alone ("J.-P. M.")."""
    word = page.words[at]
    if word.shape != "initial" or page.allowed[at]:
        return
    if "-" in word.text:
        yield at, max(name_end(page, at, sure=True), at + 1)
    elif page.joined(at) and not (word.folded == "m." and page.words[at + 1].folded not in ("",)):
        after = page.words[at + 1]
        if (
            after.capital
            and len(after.text) > 2
            and (after.rare or page.labels[at + 1] == "PER")
            and not page.allowed[at + 1]
        ):
            yield at, name_end(page, at + 1, sure=True)


def _announced(page: Page, at: int, *, form: Form) -> Iterator[tuple[int, int]]:
    """Find the name that a form's label or a verb announces: "Nom : Caron", "elle s'appelle léa"."""
    end = name_end(page, at, sure=True)
    word = page.words[at]
    known = word.first_name and (word.capital or word.folded not in HOMONYMS)
    unknown = word.rare or (form == "called" and word.shape == "low" and not word.common)
    place = page.labels[at] == "ORG" or (form == "called" and page.labels[at] == "LOC")
    if end > at and (known or page.labels[at] == "PER" or form == "name" or (unknown and not place)):
        yield at, end


def _seen_by_model(page: Page) -> Iterator[tuple[int, int]]:
    """Keep spaCy's persons that are written as names are, without what it takes too much."""
    for start, end, label in page.entities:
        words = page.range_of(start, end)
        if label != "PER" or not words:
            continue
        first, last = words.start, words.stop
        while first < last and _edge(page, first):
            first += 1
        while first < last and _edge(page, last - 1):
            last -= 1
        if first >= last or about_a_thing(page, first):
            continue
        before = page.words[first - 1] if first else None
        lone_word = last == first + 1 and not (
            before and before.capital and before.folded not in FUNCTION_WORDS
        )
        if any(_names(page, at, lone_word=lone_word) for at in range(first, last)):
            yield first, max(last, name_end(page, first, sure=False))


def _edge(page: Page, at: int) -> bool:
    """Tell whether a word at the edge of an entity is no part of the name."""
    word = page.words[at]
    no_name = word.folded.rstrip(".") in TITLES | FUNCTION_WORDS or page.allowed[at]
    return (
        no_name
        or (word.shape == "low" and word.common)
        or (word.begins and word.common and not word.first_name)
    )


def _names(page: Page, at: int, *, lone_word: bool) -> bool:
    """Tell whether a word may be a name by itself."""
    word = page.words[at]
    if page.allowed[at] or not (word.capital or word.shape == "initial") or _is_word(page, at):
        return False
    if len(word.text) == 1:
        return False
    if word.shape == "upper" and (page.shouted(at) or len(word.text) < 5):
        return word.first_name and word.folded not in HOMONYMS
    return word.rare or word.first_name or (lone_word and not word.begins)


def _merged(page: Page, ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join the ranges that overlap, as places in the text."""
    places: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if last <= first:
            continue
        start, end = page.words[first].start, page.words[last - 1].end
        if page.words[last - 1].first_name and (initial := _LOW_INITIAL.match(page.text, end)):
            end = initial.end()
        if places and start < places[-1][1]:
            places[-1] = places[-1][0], max(places[-1][1], end)
        else:
            places.append((start, end))
    return places
