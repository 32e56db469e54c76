"""Ages that no "ans" follows at once: lists, a name's, those that somebody comes up to.

Rules for `server.recognisers.dates`.
"""

import re

from server.recognisers.date_patterns import NUMBER_WORDS
from server.recognisers.names import HOMONYMS, TITLES
from server.recognisers.rules import Rule
from server.recognisers.tokens import is_first_name

_COUNT = rf"(?:\d{{1,2}}|{NUMBER_WORDS})"
_YEARS = rf"(?:{_COUNT}[ \n-]?(?:ans?|balais|piges|printemps)\b(?! d[e']))"
_AN_END = r"(?=[ ]?[,.;:)!?\n/]|[ ]?$| (?:en|le|et|au|cette|ce|dans|mais|ou) )"
_TENS = r"(?:vingt|trente|quarante|cinquante|soixante|septante|quatre-vingt|nonante)(?:-(?:et-)?\w{2,6}){0,2}"

_LISTED = re.compile(
    r"(?i:\b(?:couple|enfants?|enf|filles?|fils|garcons?|ados?|jumeaux|gosses|petits|freres?|soeurs?|ont|agee?s"
    r"|respectivement)\b"
    r"[^.;\n\d]{0,25})"
    rf"(?P<AGE>(?i:{_COUNT}))"
    + "".join(rf"(?:(?i:, ?| et )(?P<AGE_{number}>\d{{1,2}}))?" for number in range(2, 5))
    + rf"(?i:,? ?(?:et|&|/|puis) ?)(?P<AGE_5>(?i:{_YEARS}))"
)
_COMING = re.compile(
    r"(?i:\b(?:va avoir|vient (?:tout juste )?d'avoir|doit avoir|aura|a eu|a deja|bientot|presque"
    r"|approche(?: de| des)?(?: ses)?"
    r"|approchant (?:de|des)|(?:passee?|depasse|frole|frise|atteint|vers|vise) (?:les|ses)|(?:fete|fetera) ses"
    r"|sur ses|vers ses"
    r"|a l'aube de ses|du haut de ses|malgre ses|a peine|tout juste|deja) )"
    rf"(?P<AGE>(?i:{_YEARS})|(?:[1-9]\d|(?i:{_TENS})){_AN_END})"
)
_AFTER_NAME = re.compile(
    r"(?<![\w'-])(?P<name>(?:[A-Z][\w'-]{1,30} ){0,2}[A-Z][\w'-]{1,30})(?:, ?| ?\()(?P<AGE>\d{1,2}(?: ?(?:a|ans))?)"
    r"(?=\)|, |;|[ ]?$|\n)"
)
_OF_SEX = re.compile(
    r"(?<![\w'-])(?:F|H|JF|JH|(?i:femme|homme|dame|monsieur|fille|garcon|gars|ado|jeune))(?:[ ]|, |: | : | \()"
    r"(?P<AGE>\d\d(?: ?a)?)(?=[ ]?[,;.)/\n]|[ ]?$)"
)
_SHORTENED = re.compile(
    r"(?:(?<![^\n])|(?<=[(,;/])|(?<=[(,;/] )|(?<= et )|(?i:(?<=\bde )))(?P<AGE>\d{1,2}a)(?=[ ]?[,;.)/\n]|[ ]?$| et )"
)
_NTH_YEAR = re.compile(
    r"(?i:\b(?:sa|leur|ma) (?P<AGE>(?:dix-\w{4,6}|onz|douz|treiz|quatorz|quinz|seiz|vingt|trent|quarant"
    r"|cinquant|soixant|septant|nonant)"
    r"(?:e?[ -](?:et[ -])?\w{2,8})?(?:i?eme) annee)\b)"
)
_AFTER_DECADE = re.compile(
    rf"(?i:\b(?:vingt|trent|quarant|cinquant|soixant)aine[ ,(]{{1,2}}(?:[a-z]+ )?)(?P<AGE>\d\d)\b(?! ?%)"
    rf"|(?i:(?:enaire|majeure?|mineure?|adulte|senior|junior)\b ?[:,(] ?)(?P<AGE_2>(?i:{_YEARS}))"
)
_BOTH = re.compile(
    r"(?i:\b(?:lui|elle|monsieur|madame|mari|femme)(?:[ :,(]|, | : ))(?P<AGE>[1-9]\d)(?: ?ans)?[ ,;/)]{1,3}(?:et )?"
    r"(?i:elle|lui|madame|monsieur|sa femme|son mari)(?i:[ :,(]|, | : )(?P<AGE_2>[1-9]\d)(?! ?[\w%€])"
)
_STREET = re.compile(
    r"(?i)\b(?:rue|avenue|place|lycee|college|ecole|allee|chemin|quai|square|niveau|lot|salle)\b"
)


def other_age_rules() -> list[Rule]:
    """Give the rules, the surest first."""
    return [
        Rule(_LISTED, 0.85, words=("ans", "balais"), holds=_is_no_range),
        Rule(_COMING, 0.85, holds=_is_no_count),
        Rule(_AFTER_NAME, 0.8, holds=_follows_a_name),
        Rule(_OF_SEX, 0.8),
        Rule(_SHORTENED, 0.75),
        Rule(_NTH_YEAR, 0.85, words=("eme annee",)),
        Rule(_AFTER_DECADE, 0.85, words=("aine", "enaire", "ajeur", "ineur", "adulte", "senior", "junior")),
        Rule(_BOTH, 0.8, words=("lui", "elle", "monsieur", "madame", "mari", "femme")),
    ]


def _is_no_range(match: re.Match[str]) -> bool:
    """ "entre 16 et 25 ans", "moins de", "experience de 3 et 5 ans" are nobody's age."""
    return not re.search(r"(?i)\b(?:entre|moins|plus|experience|anciennete|de \d+ a)\b", match.group())


def _is_no_count(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 30) : match.start()]
    return not re.search(
        r"(?i)\b(?:contrat|formation|anciennete|experience|entreprise|offre|pret|bail)\b", before
    )


def _follows_a_name(match: re.Match[str]) -> bool:
    words = [word.lower() for word in match["name"].split()]
    if _STREET.search(match.string[max(0, match.start() - 14) : match.end()]):
        return False
    before = re.search(r"(\w+)\.? $", match.string[max(0, match.start() - 14) : match.start()])
    titled = before is not None and before[1].lower() in TITLES
    return titled or any(is_first_name(word) and word not in HOMONYMS for word in words)
