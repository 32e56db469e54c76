"""Birth dates that no "né le" announces: beside a name, on an identity document, by another turn of phrase.

Rules for `server.recognisers.dates`, whose own rules are tried first.
"""

import re

from server.recognisers.date_patterns import (
    COUNTRY_AFTER,
    MONTH,
    MONTH_AND_YEAR,
    NUMERIC,
    PLACE,
    WHOLE_DATE,
    WRITTEN,
)
from server.recognisers.names import HOMONYMS, TITLES
from server.recognisers.rules import Rule
from server.recognisers.tokens import is_first_name

_PLACE_HELD = rf"(?P<LIEU_NAISSANCE>(?=(?:(?i:la |le |les |l'))?[A-Z]){PLACE}{COUNTRY_AFTER})"
_AN_END = r"(?=[ ]?[-,.;)(\n/]|[ ]?$)"
_PAST_YEAR = r"(?:19[3-9]\d|20[01]\d)(?!\d)"
_ANY = rf"(?i:{WHOLE_DATE}|{MONTH_AND_YEAR}|{_PAST_YEAR})"
LATEST = 2010
"""A date after this year is the birth of nobody who looks for work: a child's, beside the word for one."""

_SEEN_THE_DAY = re.compile(
    r"(?i:\b(?:(?:vu|vit|voit|verra) le jour|venue?s? au monde|naqui(?:t|rent)|naissait)\b,? ?)"
    rf"(?:(?i:a|au|aux|en) {_PLACE_HELD},? ?)?(?:(?i:(?:le|un|en|au|vers) )(?P<DATE_NAISSANCE>{_ANY}))?"
)
_SEVERAL = re.compile(
    r"(?i:\b(?:nees?|nes|naissances?|enfants?|enf)\b[^\d\n.;]{0,18})"
    rf"(?P<DATE_NAISSANCE>{_ANY})"
    + "".join(
        rf"(?:(?i:, ?| et | & | ?/ | puis |, puis )(?P<DATE_NAISSANCE_{number}>{_ANY})"
        for number in range(2, 6)
    )
    + ")?" * 4
)
_CHILD_S = re.compile(
    r"(?i:\b(?:enf(?:ant)?s?|fils|filles?|bebes?|garcons?|petite?|aine|ainee|cadet|cadette|benjamine?|puine)"
    rf"(?: \d)?[^.;\n\d()]{{0,20}}[(:,] ?)(?P<DATE_NAISSANCE>{_ANY}){_AN_END}"
)
_OF = re.compile(
    rf"(?:(?<![^\n])|(?i:\b(?:elle|il|est|monsieur|madame),? )"
    rf"|(?<=[\w-], ))(?i:du )(?P<DATE_NAISSANCE>(?i:{WRITTEN}|{NUMERIC}))"
    rf"(?! ?(?i:au|a|jusqu)\b){_AN_END}"
    rf"|(?i:\b(?:elle|il) est (?:de |d')(?:{MONTH} )?)(?P<DATE_NAISSANCE_2>'?[3-9]\d)(?=[ ]?[,.;)\n]| comme"
    rf"| aussi|[ ]?$)"
    rf"|(?i:\b(?:cru|generation|millesime|nee? vers|autour de"
    rf"|meme annee[^.;\n\d]{{0,30}}[,(]),? ?)(?P<DATE_NAISSANCE_3>{_PAST_YEAR}){_AN_END}"
)
_THEN_BORN = re.compile(rf"(?P<DATE_NAISSANCE>{_ANY})(?=,? ?\(?(?i:nee?) (?i:a|au|aux|en) (?=[A-Z]))")
_BORN_AT = re.compile(r"(?i:\bnee?) (?i:a|au|aux|en) (?=[A-Z])")
_ANNIVERSARY = re.compile(
    r"(?i:\banniv\w*\b\.?|\bfet(?:e|era|ait|er) (?:ses|son|sa)\b)[^\n.;\d]{0,30}?(?P<DATE_NAISSANCE>"
    rf"(?i:{WHOLE_DATE}|\d{{1,2}}(?:er)? {MONTH}|\d{{1,2}}[/.]\d{{1,2}}))(?![\d/.]\d)"
)
_FAR = re.compile(
    r"(?i:\b(?:naissance|naiss|ddn|dtn|jugement suppletif|etat civil)\b)(?P<between>[^\d\n]{0,30})"
    rf"(?P<DATE_NAISSANCE>(?i:{WHOLE_DATE})|{_PAST_YEAR}){_AN_END}(?:, {_PLACE_HELD}{_AN_END})?"
)
_DOCUMENT = re.compile(
    r"(?i:\b(?:cni|carte (?:nationale )?d'identite|passeport|pieces? d'identite|titre de sejour|acte de naissance"
    r"|livret de famille|carte vitale)\b)(?P<between>[^\n.;\d]{0,24})"
    rf"(?P<DATE_NAISSANCE>(?i:{WHOLE_DATE}))(?!\w)(?:, (?=[A-Z][\w'-]{{3}}){_PLACE_HELD}{_AN_END})?"
)
_OTHER_ACT = re.compile(
    r"(?i)\b(?:demand|conge|alloc|prime|prevu|attend|recu|deliv|valable|expir|perim|obten|jusqu|emis|refait"
    r"|fini|fourni|n°)"
)
_AFTER_NAME = re.compile(
    r"(?<![\w'-])(?P<name>(?:[A-Z][\w'-]{1,30} ){0,2}[A-Z][\w'-]{1,30})(?: ?[,(:–-] ?| )(?i:(?:du|le|de) )?"
    rf"(?P<DATE_NAISSANCE>(?i:{NUMERIC}|\d{{1,2}}(?:er)? {MONTH} \d{{4}})(?! ?(?i:au|a)\b)"
    rf"|(?<=[,(] ){_PAST_YEAR}{_AN_END}|(?<=\(){_PAST_YEAR}(?=\)))"
)
_OLD = re.compile(
    r"(?<![\w/.-])(?P<DATE_NAISSANCE>\d{1,2}(?P<sep>[/.-])\d{1,2}(?P=sep)(?:19[3-9]\d|200[0-4]))(?![\w/-])"
    rf"(?:,? (?i:a|au) {_PLACE_HELD})?(?! ?(?i:au|a|-|–) ?\d)"
)
_NOT_BORN = re.compile(
    r"(?i)(?:contrat|cdd|cdi|poste|stage|diplom|obten|loi|decret|arrete|convention|accord|avenant|circulaire"
    r"|directive"
    r"|ordonnance|reglement|texte|article|depuis|entre|mari|pacs|divorc|deced|mort|arriv|entree|embauch|licenci"
    r"|permis"
    r"|signe|inscri|mission|periode|jusqu|version|valable|deliv|bilan|examen|attestation|certif|rupture|sorti"
    r"|parti|fond"
    r"|cree|creation|immatricul|session|formation|\bau|\bdu|\bfin|\bdebut)[^\n]{0,28}$"
)


def more_birth_rules() -> list[Rule]:
    """Give the rules, the surest first."""
    return [
        Rule(_SEEN_THE_DAY, 0.9, words=("le jour", "au monde", "naqui", "naissait")),
        Rule(_SEVERAL, 0.85, words=("nee", "nes", "naiss", "enf"), holds=_are_of_one_kind),
        Rule(_CHILD_S, 0.85, holds=_is_no_class),
        Rule(_FAR, 0.85, words=("naiss", "ddn", "dtn", "suppletif", "etat civil"), holds=_says_no_other_act),
        Rule(_ANNIVERSARY, 0.85, words=("anniv", "fete"), holds=_is_somebody_s_day),
        Rule(_DOCUMENT, 0.8, holds=_says_no_other_act),
        Rule(_OF, 0.75, holds=_is_long_ago),
        Rule(_THEN_BORN, 0.75, near=_BORN_AT),
        Rule(_AFTER_NAME, 0.75, holds=_follows_a_name),
        Rule(_OLD, 0.6, holds=_is_no_other_date),
    ]


def _value(match: re.Match[str]) -> str:
    return next((value for name, value in match.groupdict().items() if name.startswith("DATE") and value), "")


def _year(match: re.Match[str]) -> int | None:
    """Give the year of a date, None when it tells none."""
    value = _value(match)
    if found := re.search(r"(?:19|20)\d\d", value):
        return int(found.group())
    if found := re.search(r"(?:[/.-]|[a-z] )'?(\d\d)$", value):
        return 2000 + int(found[1]) if int(found[1]) <= 10 else 1900 + int(found[1])
    return None


def _is_long_ago(match: re.Match[str]) -> bool:
    year = _year(match)
    return year is None or year <= LATEST


def _are_of_one_kind(match: re.Match[str]) -> bool:
    """ "enfants" with one year is told by another rule."""
    return match["DATE_NAISSANCE_2"] is not None


def _is_no_class(match: re.Match[str]) -> bool:
    """ "enfant : 2024-2025" is a school year."""
    return re.match(r" ?[-–/] ?\d", match.string[match.end() : match.end() + 4]) is None


def _says_no_other_act(match: re.Match[str]) -> bool:
    return _OTHER_ACT.search(match["between"]) is None and _is_long_ago(match)


def _is_somebody_s_day(match: re.Match[str]) -> bool:
    return not re.search(r"(?i)\b(?:association|entreprise|societe|structure|service|loi)\b", match.group())


def _follows_a_name(match: re.Match[str]) -> bool:
    """Tell a person's name from other words with capitals."""
    words = [word.lower() for word in match["name"].split()]
    before = re.search(r"(\w+)\.? $", match.string[max(0, match.start() - 14) : match.start()])
    titled = before is not None and before[1].lower() in TITLES
    named = any(is_first_name(word) and word not in HOMONYMS for word in words)
    return (named or titled) and _is_long_ago(match)


def _is_no_other_date(match: re.Match[str]) -> bool:
    return _NOT_BORN.search(match.string[max(0, match.start() - 45) : match.start()]) is None
