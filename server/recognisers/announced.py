"""What announces a name: a form's label ("Nom :"), a verb ("elle s'appelle"). A page goes in, words come out."""

import re
from collections.abc import Iterator
from typing import Literal

from server.recognisers.page import Page

Form = Literal["name", "label", "called"]
"""The label of a name, which is always followed by one; another label; a verb."""

_LABEL = re.compile(
    r"\b(?P<name>noms?(?:(?: et|,|/) ?prénoms?)?(?: (?:d'usage|de naissance|de famille|marital"
    r"|de jeune fille))?|"
    r"prénoms?(?: et noms?)?|identité|surnom)\s*[:=]\s*"
    r"|\b(?:bénéficiaire|candidate?|stagiaire|conseill(?:er|ère)|référente?|interlocut(?:eur|rice)"
    r"|sign(?:ature|é)|"
    r"contact|suivie? par|vue? par|référente? unique|(?:resp\.?|responsable)(?: [\w']+){0,2}|r\.?h\.?"
    r"|tut(?:eur|rice)|usag(?:er|ère)|salariée?|patiente?|assurée?|demandeu(?:r|se)|présents?"
    r"|présentes?|"
    r"absente?s?|excusée?s?|participante?s?|enfants?|employeur|responsable|vu avec|reçue?"
    r"|entretien avec)\s*(?:[:=]|→|->)\s*",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:s'appel(?:le|lait|lent)|m'appelle|t'appelles?|se (?:nomme|prénomme|fait appeler)|(?:pré|sur"
    r"|dé)?nommée?s?|appelée?s?|"
    r"(?P<name>nom de (?:jeune fille|naissance|famille|mari|femme mariée)(?: (?:c'est|est|était))?"
    r"|nom d'usage(?: (?:c'est|est))?)|se présente comme|"
    r"prénom (?:c'est|est|usuel|d'usage)|moi c'est|au nom de|de la part de|signée?|utiliser|née)\s+[«\"]?\s*",
    re.IGNORECASE,
)
_NOBODY = frozenset("inconnu inconnue neant idem non confidentiel anonyme vide absent".split())


def announced(page: Page) -> Iterator[tuple[int, Form]]:
    """Give the words where a name is announced, each with how."""
    for pattern in (_LABEL, _CALLED):
        for match in pattern.finditer(page.text):
            words = page.range_of(match.end(), match.end() + 1)
            if words and page.words[words.start].folded not in _NOBODY:
                other: Form = "label" if pattern is _LABEL else "called"
                yield words.start, "name" if match["name"] else other
