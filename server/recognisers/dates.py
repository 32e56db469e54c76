"""Birth: dates in any form, places, ages.

A text goes in, Presidio's results come out. A date or a number of years is a birth date or an age only beside words
that say so, or where a sheet writes one ("Mme Leroy, 42 ans,"); a duration ("3 ans d'expérience") and a rule's
threshold ("moins de 26 ans") are neither.
"""

import re

from presidio_analyzer import EntityRecognizer

from server.recognisers.ages import age_rules
from server.recognisers.births import more_birth_rules
from server.recognisers.date_patterns import (
    ANY_DATE,
    COUNTRY_AFTER,
    MONTH,
    NUMERIC,
    PLACE,
    WHOLE_DATE,
    WRITTEN,
)
from server.recognisers.other_ages import other_age_rules
from server.recognisers.rules import Rule, RuleRecogniser

# "né" and the negation "ne" are one word without their accents: only what follows at once tells them apart.
_BORN = r"\b(?:nee?s?(?:\([es]{1,2}\))*(?:[.·/-]e?s?)*|n\([e]\)s?|ne\(e\)s?)(?![\w'])"
_BORN_SURELY = r"\b(?:nees?|nes|ne(?:\(e\)s?|[.·/-]es?|\(e\)))(?![\w'])"
_HELD_PLACE = rf"(?P<LIEU_NAISSANCE>{PLACE}{COUNTRY_AFTER})"
_HELD_DATE = rf"(?P<DATE_NAISSANCE>(?i:{ANY_DATE}))"
_TO = r"(?i:a la|a l'|a|au|aux|en|dans (?:le|la|les|l')|dans|sur)"
_LINK = r"[ \n]{0,2}(?:[,:–-] ?){0,1}[ \n]{0,1}"

_NO_PLACE = (
    r"(?i:(?:(?:la|le|les|une?) |l')?(?:toussaint|noel|paques|terme|domicile|etranger|bled|hopital|maternite"
    r"|maison|nouveau"
    r"|sous x|aube|epoque|debut|fin|mois|printemps|ete|automne|hiver|minuit|midi|pays|meme)(?![\w-]))"
)
"""What follows "né à" and is no place."""

_BORN_IN_ON = re.compile(
    rf"(?i:{_BORN})(?: le[ou] )?{_LINK}(?i:{_TO})[ \n]{{1,2}}(?!{_NO_PLACE}|(?i:{ANY_DATE})){_HELD_PLACE}"
    rf"{_LINK}(?i:le|en|les|au|un)?[ \n]{{0,2}}{_HELD_DATE}(?!\w)"
)
_BORN_ON_IN = re.compile(
    rf"(?i:{_BORN})[ \n]{{0,2}}(?i:tous (?:les )?deux )?:?[ \n]{{0,2}}(?i:(?:le|les|un|en|au|l'an|fin"
    rf"|debut|courant|vers|autour de|a la toussaint|a noel|a paques|a terme"
    rf"|a domicile)[ \n]{{1,2}}(?::[ \n]{{0,2}})?){{0,2}}{_HELD_DATE}(?!\w)"
    rf"(?:{_LINK}(?i:{_TO})[ \n]{{1,2}}{_HELD_PLACE}"
    rf"|[ ](?P<LIEU_NAISSANCE_2>(?=[A-Z]{{3}}){PLACE})(?= ?[,;.\n)(]| ?$))?"
)
_BORN_IN = re.compile(
    rf"(?i:{_BORN})[ \n]{{0,2}}:?[ \n]{{0,2}}(?i:{_TO})(?: ?: ?|[ \n]{{1,2}})(?!{_NO_PLACE}|(?i:{ANY_DATE})(?!\w))"
    rf"{_HELD_PLACE}"
)
_BORN_AWAY = re.compile(
    rf"(?i:{_BORN}(?: par hasard| au bled| a l'etranger| la-bas| au pays|(?<=ee)[^\n.;:(]{{1,30}}?),? ?)"
    r"(?:\(|,? ?(?i:a|au|aux|en) |, )(?P<LIEU_NAISSANCE>(?=[A-Z])"
    rf"{PLACE}{COUNTRY_AFTER})"
)
_BORN_FAR = re.compile(
    rf"(?i:{_BORN_SURELY})(?![ ](?i:pour|sous)\b)(?P<between>[^\n.;:]{{0,60}}?)(?<![\w/])"
    rf"(?P<DATE_NAISSANCE>(?i:{WHOLE_DATE}))(?!\w)"
)
_SAID = (
    r"(?:date(?:s)? ?(?:et lieu )?(?:de|d') ?naiss(?:ance|\b\.?)|date naiss(?:ance|\b\.?)|d\. ?naiss"
    r"(?:ance|\b\.?)"
    r"|d\.? ?d\.? ?n\b\.?|ddn|\bdn\b|naissances?|naiss?\b\.?|dtn\b|date nais\b\.?|anniv\b\.?|dob\b"
    r"|date of birth|born(?: on)?|anniversaire"
    r"|\bn\. ?(?=\d))"
)
_SHEET = re.compile(
    rf"(?i:(?<!\w){_SAID})[^\w\n]{{0,6}}\n?(?:(?i:est|c'est|le|les|en|:)[ ]{{0,2}}){{0,3}}{_HELD_DATE}(?!\w)"
    rf"(?:{_LINK}(?i:(?:{_TO}|lieu ?:) ){{0,1}}(?P<LIEU_NAISSANCE>(?=[A-Z]){PLACE}{COUNTRY_AFTER})"
    rf"(?= ?[,;.\n)(]| ?$| -))?"
)
_SHEET_FAR = re.compile(
    rf"(?i:\bdate de naissance\b)[^\d\n]{{0,20}}(?P<DATE_NAISSANCE>(?i:{WHOLE_DATE}))(?!\w)"
)
_PLACE_SAID = re.compile(
    r"(?i:\b(?:(?:lieu|ville|commune|pays|dpt|departement)(?: et date)? (?:de )?naiss(?:ance|\b\.?)"
    r"|place of birth|lieu nais\w*)"
    rf"[ ]?(?:\([^)\n]{{0,20}}\))?[ ]?[:=-]?[ \n]{{0,2}}(?:est |a |au |en |aux )?)(?P<LIEU_NAISSANCE>"
    rf"{PLACE}{COUNTRY_AFTER})"
    rf"|(?<=\n)(?i:lieu) ?: ?(?P<LIEU_NAISSANCE_2>{PLACE}{COUNTRY_AFTER})"
)
_NATIVE = re.compile(
    rf"(?i:\b(?:natif|native|natifs|natives|vu le jour|vit le jour|venue? au monde|originaires?)(?!\w) "
    rf"(?:de |d'|du |des |a |au |aux |en ))"
    rf"(?P<LIEU_NAISSANCE>(?=(?:(?i:la |le |les |l'))?[A-Z]){PLACE}{COUNTRY_AFTER})"
    rf"(?:{_LINK}(?i:le|en)[ ]{_HELD_DATE}(?!\w))?"
)
_FEAST = re.compile(
    rf"(?P<DATE_NAISSANCE>(?i:{WRITTEN}|{NUMERIC}))(?=[^\n.;]{{0,30}}(?i:\b(?:sa naissance"
    rf"|son anniversaire|fete ses)\b))"
)
_OF_YEAR = re.compile(
    rf"(?i:(?:(?<![^\n])|\b(?:elle|il|est) )de |\bclasse )(?P<DATE_NAISSANCE>(?i:(?:{MONTH} )?(?:19[3-9]\d"
    rf"|200\d)))(?=[ ]?[,.;)\n]|[ ]?$)"
)
_FEAST_SAID = re.compile(r"(?i)naissance|anniversaire|fete ")
_BORN_NEAR = re.compile(r"(?i)\bnee?s?\b|\bn\(e")
_ALONE = re.compile(
    rf"(?:(?<=[,(;–|\t])|(?<=[,;–|/-] )|(?<=- ))(?P<DATE_NAISSANCE>{NUMERIC}|(?i:\d{{1,2}}(?:er)? "
    rf"{MONTH} \d{{4}}))"
    rf"(?=\s?[,);–|/\n.]|\s-|\s?$)(?:, (?P<LIEU_NAISSANCE>[A-Z][\w'-]{{2,30}}"
    rf"(?: [A-Z][\w'-]{{1,30}}){{0,2}})(?=\)))?"
)
_CHILD = re.compile(
    r"(?i)\b(?:(?:mere|pere|maman|papa) (?:de|d')|enfants?|fils|filles?|bebes?|jumeaux|jumelles|garcons?"
    r"|petite?s?|aine"
    r"|ainee|cadette?"
    r"|epou(?:x|se))\b"
)
_TITLE_OR_NAME = re.compile(
    r"(?:\b(?:M|Mr|Mme|Mlle|Monsieur|Madame)\b\.?[^\n.;]{2,40}|[A-Z][\w'-]+ [A-Z][\w'-]+"
    r"(?: [A-Z][\w'-]+)?) ?[,(;–|/-] ?$"
)


_OF_A_THING = re.compile(
    r"(?i)\b(?:projet|dispositif|idee|entreprise|societe|loi|association|vocation|envie|reforme|service"
    r"|organisme|besoin)s?\b"
    r"[^.;\n]{0,20}$"
)


def recognisers() -> list[EntityRecognizer]:
    """Give the recogniser of births and ages."""
    return [
        RuleRecogniser("naissance", [*_birth_rules(), *more_birth_rules(), *age_rules(), *other_age_rules()])
    ]


def _birth_rules() -> list[Rule]:
    return [
        Rule(_BORN_IN_ON, 0.95, near=_BORN_NEAR),
        Rule(_BORN_ON_IN, 0.95, near=_BORN_NEAR, holds=_is_no_negation),
        Rule(_BORN_IN, 0.9, near=_BORN_NEAR, holds=_is_no_negation),
        Rule(_BORN_FAR, 0.9, near=_BORN_NEAR, holds=_says_nothing_else),
        Rule(_BORN_AWAY, 0.8, near=_BORN_NEAR),
        Rule(
            _SHEET,
            0.95,
            words=("nais", "dtn", "ddn", "d.d.n", "dn", "dob", "birth", "born", "anniversaire", "n."),
        ),
        Rule(_SHEET_FAR, 0.9, words=("naissance",)),
        Rule(_PLACE_SAID, 0.9, words=("nais", "birth", "lieu")),
        Rule(_NATIVE, 0.85, words=("natif", "native", "le jour", "originaire", "au monde")),
        Rule(_FEAST, 0.8, near=_FEAST_SAID),
        Rule(_OF_YEAR, 0.7),
        Rule(_ALONE, 0.7, holds=_stands_beside_a_name),
    ]


def _is_no_negation(match: re.Match[str]) -> bool:
    """ "né en 85" is a birth; "ne le fait pas", "ne en" are not: a lone "ne" needs a whole date or a capital."""
    if _OF_A_THING.search(match.string[max(0, match.start() - 50) : match.start()]):
        return False
    if not re.match(r"(?i)ne\b(?![(.·/-])", match.group()):
        return True
    if re.match(r" (?:ni|pas|que|plus)\b", match.string[match.end() : match.end() + 40]):
        return False
    groups = match.groupdict()
    return bool(groups.get("DATE_NAISSANCE")) or (groups.get("LIEU_NAISSANCE") or "").strip("' ") != ""


def _says_nothing_else(match: re.Match[str]) -> bool:
    """Between "née" and a date that is not next to it, no other act may stand: "née à Oran, arrivée le 3 mai"."""
    return not re.search(
        r"(?i)\b(?:arriv|venue?s?\b|depuis|inscri|entree?s?\b|habit|mariee?s?\b|suivi|vit\b|rdv|rendez"
        r"|contrat|dispo|est\b|a\b(?= (?:ete|fait))|sorti|diplom|obten)",
        match["between"],
    )


def _stands_beside_a_name(match: re.Match[str]) -> bool:
    """A date alone between punctuation is a birth date after a name, for someone who may work or a child."""
    before = match.string[max(0, match.start() - 90) : match.start()]
    line = before[before.rfind("\n") + 1 :]
    year = re.search(r"(?:19|20)\d\d", match["DATE_NAISSANCE"])
    if year is not None:
        grown = int(year.group()) <= 2010
    else:
        grown = int(match["DATE_NAISSANCE"][-2:]) >= 35 or int(match["DATE_NAISSANCE"][-2:]) <= 10
    return bool(
        (grown and _TITLE_OR_NAME.search(line))
        or (_CHILD.search(line) and re.search(r"[A-Z][\w'-]+ ?[(,] ?$", line))
    )
