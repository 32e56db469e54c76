"""Postal addresses, whole: number, street, building, floor, town, on one line or more.

A text goes in, Presidio's results come out. The word "rue" in general speech is no address: a street counts with its
number, with a name in capitals, or after words that say that someone lives there. The town where someone lives is an
address too. The agency's own addresses are taken out by the allow-list, not here.
"""

import re

from presidio_analyzer import EntityRecognizer

from server.recognisers.address_patterns import (
    CAPITAL_TOWN,
    CODE_AND_TOWN,
    DOUBTFUL_KIND,
    HOUSING,
    KIND_OF_PLACE,
    LIVED_IN,
    LIVES_AT,
    LIVES_WITH,
    NAMED,
    NUMBERED,
    POSTAL_KIND,
    SHEET,
    SMALL_TOWN,
    SURE_KIND,
    WITH_CODE,
)
from server.recognisers.rules import Rule, RuleRecogniser
from server.recognisers.tokens import is_common

_NUMBERED = re.compile(rf"(?P<ADRESSE>{NUMBERED})")
_WITH_CODE = re.compile(rf"(?P<ADRESSE>{WITH_CODE})")
_LIVED_IN = re.compile(rf"(?:{LIVES_AT}|(?i:\b{HOUSING}) )(?P<ADRESSE>{LIVED_IN})")
_NAMED = re.compile(rf"(?P<ADRESSE>{NAMED})")
_CODE_AND_TOWN = re.compile(rf"(?P<ADRESSE>{CODE_AND_TOWN})")
_SHEET = re.compile(rf"{SHEET}(?P<ADRESSE>[^\n]{{3,140}})")
_TOWN = re.compile(
    rf"{LIVES_AT}(?:(?P<ADRESSE>{CAPITAL_TOWN}(?: ?\(\d{{2,5}}\))?)|(?:(?<=[ ]a[ ])|(?<=sur[ ]))"
    rf"(?P<ADRESSE_2>{SMALL_TOWN}))"
    rf"|{LIVES_WITH}(?P<ADRESSE_3>{CAPITAL_TOWN})"
)
_CODE = re.compile(r"\d\d ?\d{3}(?!\d)")
_STREET_OR_CODE = re.compile(
    rf"(?i){SURE_KIND}|\d ?(?:bis|ter)?,? (?:{DOUBTFUL_KIND}|{POSTAL_KIND}) |(?<!\d)\d{{5}}(?!\d)"
)
_LIVES_NEAR = re.compile(
    rf"(?i)\b(?:{HOUSING} |habit|vi[tsv]|resid|log[ee]|heberg|domicili|demeur|install|demenag|emmenag|basee?|loue"
    r"|locataire|proprietaire|adresse|dort)"
)
_SHEET_END = re.compile(
    r"(?i)[ ,;/|–-]*(?:[;|]| / |\btel(?:ephone)?\b|\bport(?:able)?\b\.?|\be?-?mail\b|\bcourriel\b|\.(?= |$))"
)
_ADDRESS_BEGINS = re.compile(rf"\s*(?:[A-Z]|chez\b|\d|(?:au |a la |a l'|en )?{KIND_OF_PLACE})")
_ASIDE = re.compile(
    rf",? (?!{KIND_OF_PLACE}|chez\b|cedex\b)(?<=, )[a-z]| (?:depuis|jusqu'|mais|car|en attendant)\b"
)
"""Where a sheet's line goes on with something else: "Estaires, à confirmer"."""
_NO_TOWN = re.compile(
    r"(?i)(?:postale?|mail|web|electronique|actuelle?|personnelle|fixe|le|la|les|l'|une?|deux|trois|quatre|cinq"
    r"|dix|vingt|cinquante|ce|cette|son|sa|ses|sa"
    r"|proximite|cote|nouveau|temps|mi"
    r"|plein|jour|domicile|distance|pied|present|moins|plus|environ|france|europe|quelques|hotel|campagne"
    r"|etranger|moment"
    r"|partir|cheval|flot|risque|terme|long|peine|part|titre|place|fond|jamais|charge|credit|bas|haut"
    r"|mere|adresser"
    r"|l'(?:hotel|etranger|annee|ecart|aise|instant|heure)|la (?:rue|campagne|journee|semaine|maison"
    r"|charge|place|fois|suite)"
    r"|metropole|province|ville|couple|famille|autonomie|colocation|securite|travail|emploi|formation"
    r"|social|\d+)(?![\w'-])"
)
_THING = re.compile(
    r"(?i)(?:logement|adresse|domicile|hebergement|locataire|proprietaire|demenagement|installee?s?)"
)
"""After these, a word in lower case is no town: "logement à trouver"."""


def recognisers() -> list[EntityRecognizer]:
    """Give the recogniser of postal addresses, the longest forms first."""
    return [
        RuleRecogniser(
            "adresses",
            [
                Rule(_NUMBERED, 0.95, near=_STREET_OR_CODE),
                Rule(_LIVED_IN, 0.9, near=_LIVES_NEAR),
                Rule(_NAMED, 0.85, near=_STREET_OR_CODE),
                Rule(_WITH_CODE, 0.9, near=_CODE),
                Rule(
                    _SHEET,
                    0.85,
                    words=("adr", "domicil", "habitation", "lieu de vie"),
                    narrow=_until_something_else,
                    rest=True,
                ),
                Rule(_CODE_AND_TOWN, 0.75, near=_CODE, holds=_is_no_amount),
                Rule(_TOWN, 0.85, near=_LIVES_NEAR, holds=_is_a_town),
            ],
        )
    ]


def _until_something_else(value: str) -> tuple[int, int]:
    """A sheet's line holds the address until a telephone, a mail or the end of a sentence."""
    end = _SHEET_END.search(value)
    kept = value[: end.start()] if end else value
    aside = _ASIDE.search(kept)
    kept = kept[: aside.start()] if aside else kept
    return (0, len(kept)) if _ADDRESS_BEGINS.match(kept) and "@" not in kept else (0, 0)


def _is_a_town(match: re.Match[str]) -> bool:
    """ "Vit à Lens", "habite Lens"; not "logement à trouver", nor "hébergement chez un ami, Moussa"."""
    if match["ADRESSE_2"] and _THING.match(match.group()):
        return False
    if match["ADRESSE"] and not match["at"] and ("," in match.group() or " " in _said(match)):
        return False
    if match["ADRESSE_2"] and is_common(match["ADRESSE_2"]):
        return False
    value = match["ADRESSE"] or match["ADRESSE_2"] or match["ADRESSE_3"]
    return _NO_TOWN.match(value) is None


def _said(match: re.Match[str]) -> str:
    """Give the words before the town."""
    return match.string[match.start() : match.start("ADRESSE")].strip()


def _is_no_amount(match: re.Match[str]) -> bool:
    """ "10000 Euros" has the shape of a code and a town."""
    amount = (
        r"(?i)[\d ]{5,7}(?:euros?|eur|heures?|personnes?|salaries?|habitants?|dossiers?|emplois?|offres?)\b"
    )
    return re.match(amount, match["ADRESSE"]) is None
