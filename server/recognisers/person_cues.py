"""Names told by what the notes say around them: a meeting, a call, who wrote.

A page goes in, ranges of words come out.
"""

import re
from collections.abc import Iterator

from server.recognisers.name_end import name_end
from server.recognisers.names import FUNCTION_WORDS, KIN, PARTICLES, ROLES, TITLES
from server.recognisers.page import Page

_MET = re.compile(
    r"\b(?:(?:rdv|rendez-vous|entretien|point|échange|appel|mail|sms|message|courriel|visite|réunion)(?: avec"
    r"| de| d'| à| chez| par)?"
    r"|(?:voir|vue?|revue?|contacter|contactée?|rappeler|rappelée?|appeler|appelée?|relancer|relancée?|joindre"
    r"|prévenir|prévenue?"
    r"|remercier|transmis|transmettre|demander|demandez)(?: avec| à| par)?|(?:suivie?|reçue?|orientée?"
    r"|adressée?|envoyée?|accompagnée?"
    r"|conseillée?|hébergée?|rédigé|mené|signé|noté|saisi) par|c'est(?=[^\n.]{2,30} qui\b)|cf\.?|cc"
    r"|copie à) (?=[^\W\d_])",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"(?i:\b(?:signé|signature|rédigé|rédaction|cr|compte rendu|noté|saisi|mené|suivi|visa)\b(?: par)?\s?[:,]?\s?)"
    r"(?P<initials>[A-Z]{2,3}|[A-Z]\.(?:-?[A-Z]\.){1,2})(?![\w'])"
)
_INITIALS_AND_NAME = re.compile(
    r"(?<![\w'-])(?:[A-Z]\.?-[A-Z]\.? (?P<after>[A-ZÀ-Þ][\w'-]{2,})"
    r"|(?P<before>[A-ZÀ-Þ][\w'-]{2,}) (?:[A-Z]\.-?){1,3})(?![\w'])"
)
_YEAR_AFTER = re.compile(r" ?\((?:19[3-9]\d|200\d)\)")


def cued(page: Page) -> Iterator[tuple[int, int]]:
    """Find the names, as ranges of words."""
    for match in _MET.finditer(page.text):
        words = page.range_of(match.end(), match.end() + 1)
        if words and _may_be_met(page, words.start):
            yield words.start, name_end(page, words.start, sure=True)
    for match in _WROTE.finditer(page.text):
        words = page.range_of(*match.span("initials"))
        if words and not any(page.allowed[at] for at in words):
            yield words.start, words.stop
    for match in _INITIALS_AND_NAME.finditer(page.text):
        named = page.range_of(*match.span("after" if match["after"] else "before"))
        words = page.range_of(match.start(), match.end())
        title = named and page.words[named.start].folded in TITLES | ROLES
        if (
            named
            and words
            and not title
            and page.words[named.start].rare
            and not any(page.allowed[at] for at in words)
        ):
            yield words.start, words.stop
    for at, word in enumerate(page.words):
        known = page.allowed[at] or page.labels[at] in ("LOC", "ORG")
        alone = word.begins and word.rare and word.shape == "capitalised" and not known
        if alone and _YEAR_AFTER.match(page.text, word.end):
            yield at, at + 1


def _may_be_met(page: Page, at: int) -> bool:
    """Tell whether a word is a surname, and neither a town, an organisation nor a word of French."""
    first = page.words[at]
    if first.folded in PARTICLES and first.capital and page.joined(at):
        at += 1
    word = page.words[at]
    if page.allowed[at] or word.folded in FUNCTION_WORDS | TITLES | KIN | ROLES or len(word.text) < 3:
        return False
    if page.labels[at] in ("LOC", "ORG") and not word.first_name:
        return False
    if word.shape == "upper" and (len(word.text) < 4 or not page.pronounceable(at)):
        return False
    if word.shape == "low":
        initial = (
            page.joined(at) and re.match(r" [a-zA-Z]\.(?!\w)", page.text[word.end : word.end + 4]) is not None
        )
        return not word.common and (initial or word.first_name)
    return not word.common
