"""Whether a question is about somebody: what the index is searched for stays in it when it is about nobody.

"Quelles aides pour un travailleur handicapé ?" is asked of the documents word for word; in "Fatima Benali a une
RQTH", the handicap is hers, and is masked with her name.
"""

import re
from collections.abc import Sequence

from server.mask_schemas import EntityType
from server.placeholders import SPECIAL
from server.recognisers.engine import Span

INDIRECT: frozenset[EntityType] = SPECIAL | {"AGE", "EMPLOYEUR", "ECOLE"}
"""What says something of somebody only when it is known of whom."""

_WHOM = (
    r"(?:bénéficiaire|cliente?|usag(?:er|ère)|candidate?|stagiaire|demandeu(?:r|se) d'emploi|dame|monsieur"
    r"|madame|salariée?|"
    r"jeune(?: (?:femme|homme|fille))?|apprentie?|alternante?|collègue|fils|fille|mari|femme|père|mère"
    r"|frère|sœur|conjointe?|"
    r"compagne|compagnon|amie?|voisine?|accompagnée?|suivie?|protégée?|patiente?|adhérente?|étudiante?|élève)"
)
_SOMEBODY = re.compile(
    rf"\b(?:m(?:a|on)|notre) (?:jeune |nouvelle? |ancienne? )?{_WHOM}\b"
    rf"|\b(?:cette personne|cette (?:jeune )?(?:femme|dame|fille|salariée|candidate|bénéficiaire|stagiaire"
    rf"|cliente|demandeuse)"
    r"|ce monsieur|cet homme|ce jeune homme)\b"
    r"|\b(?:une? de (?:mes|nos)|l'une? de (?:mes|nos)|j'accompagne|je (?:reçois|suis avec)|j'ai reçu) ",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?<!\bs\')(?<!\bsi )(?:elle|il|je|j'|tu|on lui|lui)\s*(?:n'|ne |se |s'|lui |y |m'|me |en )?"
    r"(?:est|suis|es|a|ai|as|était|étais|avait|avais|sera|souffre|vient|vit|perçoit|touche|porte|fait"
    r"|attend|prend|sort|risque|reste)\b"
    r"[^.!?;:\n]{0,60}$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
"""Of all who were born that year."""
_IMPERSONAL = re.compile(
    r"\bil (?:n')?(?:est|a|y a|faut|suffit)\b (?!(?:une?|en|de|reconnue?|atteinte?|malade)\b)", re.IGNORECASE
)


def kept_in_question(text: str, spans: Sequence[Span], beside: Sequence[str]) -> list[Span]:
    """Leave out of what was found in a question what is nobody's.

    Args:
        beside: placeholders of the texts before this one: somebody is spoken of.
    """
    direct = [span for span in spans if _tells_who(text, span)]
    if direct or beside or _SOMEBODY.search(text):
        return list(spans)
    return [span for span in spans if _is_said_of(text, span[0])]


def _tells_who(text: str, span: Span) -> bool:
    """Tell whether data names somebody; a year is many people's, and so is a town."""
    start, end, kind = span
    if kind == "ADRESSE" and not any(character.isdigit() for character in text[start:end]):
        return False
    return kind not in INDIRECT and not _YEAR.fullmatch(text[start:end])


def _is_said_of(text: str, start: int) -> bool:
    """Tell whether a pronoun is the subject of what stands at a place: "elle est enceinte"."""
    before = text[max(0, start - 100) : start]
    return _SUBJECT.search(before) is not None and _IMPERSONAL.search(before) is None
