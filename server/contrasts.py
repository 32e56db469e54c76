"""What a follow-up puts in place of what the question before it spoke of: a CDD for a CDI, 2024 for 2026.

Two questions go in; the first one with the second's thing in place of its own comes out, when French allows it
word for word. The families are those of guidance questions: contracts, situations, schemes, means, places, dates.
"""

import re
from dataclasses import dataclass

from ingest.text import fold

_MONTHS = "janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[ûu]t|septembre|octobre|novembre|d[ée]cembre"
_NUMBER = r"\d[\d \u00a0\u202f]{0,14}"
"""Bounded: a question of nothing but digits and spaces would be read again from each of them."""
_DAYS = "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"


@dataclass(frozen=True, slots=True)
class _Family:
    """Things that stand for one another.

    Args:
        invariable: they take the same words before them (acronyms, numbers), so that any replaces any.
        alone: one is replaced only by a follow-up that says no more: "de 3 à 12 ans" is not "12 ans".
        dates: a day stands for a day, a month for a month, a year for a year.
    """

    things: re.Pattern[str]
    invariable: bool = False
    alone: bool = False
    dates: bool = False


def _family(
    things: str, *, invariable: bool = False, alone: bool = False, dates: bool = False, case: bool = False
) -> _Family:
    pattern = re.compile(rf"(?<![\w-])(?:{things})(?![\w-])", 0 if case else re.IGNORECASE)
    return _Family(pattern, invariable, alone, dates)


_FAMILIES = (
    _family(r"(?:[LRDA]\.? ?)?\d{4}-\d+(?:-\d+)*", invariable=True),
    _family(r"[A-Z]{1,4}-\d{2,4}(?:-\d+)*", invariable=True, case=True),
    _family(rf"(?:\d{{1,2}}(?:er)? )?(?:{_MONTHS})(?: \d{{4}})?|(?:19|20)\d\d", invariable=True, dates=True),
    _family(_DAYS, invariable=True),
    _family(r"niveau \d", invariable=True),
    _family(r"formule \w+", invariable=True),
    _family(r"phase (?:d[’']|de )?\w{3,}", invariable=True),
    _family(rf"{_NUMBER}(?:€|euros?)", invariable=True, alone=True),
    _family(rf"{_NUMBER}(?:mois|ans?|jours|heures|semaines)", invariable=True, alone=True),
    _family(rf"{_NUMBER}(?:km|kilom[èe]tres)", invariable=True, alone=True),
    _family(r"CDI|CDD|CTT", invariable=True),
    # What pays is no service: "Qui paie le bilan ?", "et avec le CPF ?" does not ask who pays the CPF.
    _family(r"CPF|PTP", invariable=True),
    _family(r"bilan(?: de comp[ée]tences)?|CEP|VAE"),
    _family(r"POEI|POEC", invariable=True),
    _family(
        r"salari[ée]e?s?|demandeu(?:r|se)s? d[’']emploi|ch[ôo]meu(?:r|se)s?|fonctionnaires?|agents? publics?"
        r"|(?:travailleu(?:r|se)s? )?ind[ée]pendante?s?|auto-?entrepreneu(?:r|se)s?|int[ée]rimaires?|apprentie?s?"
        r"|stagiaires?|retrait[ée]e?s?|b[ée]n[ée]voles?|vacataires?|conjointe?s?|mineure?s?"
    ),
    _family(r"cadres?|ouvri(?:er|[èe]re)s?|employ[ée]e?s?|techniciens?|techniciennes?|agents? de ma[îi]trise"),
    _family(r"voiture|moto|scooter|v[ée]lo|train|autocar|avion|taxi|deux-roues"),
    _family(
        r"courriels?|mails?|e-mails?|courriers?(?: posta(?:l|ux))?|lettres?|t[ée]l[ée]phone|sms"
        r"|messages? t[ée]l[ée]phoniques?"
    ),
    _family(r"d[ée]jeuner|d[îi]ner|repas|nuit[ée]e|nuit|h[ôo]tel"),
    _family(
        r"paris|lyon|marseille|brisecombe|aubeterre-le-lac|port-ellien|pont-serein|la fert[ée]-maille|si[èe]ge"
    ),
    _family(r"plein temps|temps plein|mi-temps|temps partiel"),
)  # fmt: skip

_ONLY_WITH: tuple[list[str], ...] = ([], ["pour"], ["avec"], ["à"], ["en"], ["de"], ["dans"], ["pendant"])
_LONGEST_BEFORE = 40
"""Characters before a thing in which the word that it follows is looked for."""
_BEFORE = re.compile(
    r"(?:(d[’']une?|de la|de l[’']|à la|à l[’']|[a-zàâéèêôû]+|[ldsn][’'])[ \u00a0]?)$", re.IGNORECASE
)
_GENDERS = {
    **dict.fromkeys(("un", "d’un", "d'un", "le", "du", "au", "ce", "cet", "son", "mon", "votre"), "m"),
    **dict.fromkeys(("une", "d’une", "d'une", "la", "de la", "à la", "cette", "sa", "ma"), "f"),
    **dict.fromkeys(("les", "des", "aux", "ces", "ses", "mes", "vos"), "p"),
}
_ELIDED = frozenset(("de", "le", "la", "de la", "que"))
_ROLE = re.compile(
    r"\b(avec|par|sans|contre|chez|apr[èe]s|avant|depuis|d[èe]s|sauf|hors)\s"
    r"(?:(?:une?|les?|la|des|ces?|cet(?:te)?|s(?:on|a|es)|m(?:on|a|es)|v(?:otre|os))\s|l[’'])?$",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"(?:(?:(?P<day>\d{{1,2}})(?:er)? )?(?P<month>{_MONTHS}) ?)?(?P<year>\d{{4}})?", re.IGNORECASE
)
_VOWEL = re.compile(r"[aeiouyh]")


def substituted(previous: str, followup: str) -> tuple[str, str] | None:
    """Put what the follow-up names in place of its counterpart in the previous question.

    Returns:
        The previous question so changed, and what the follow-up named; None when they have no counterparts,
        or when the sentence would no longer be French.
    """
    changed, named = previous, ""
    for family in _FAMILIES:
        new, old = family.things.search(followup), family.things.search(changed)
        if new is None or old is None or not _stand_for_one_another(family, changed, old, followup, new):
            continue
        written = _with_year_of(old.group(), new.group()) if family.dates else new.group()
        if written is None:
            continue
        changed = changed[: old.start()] + written + changed[old.end() :]
        named += f" {new.group()}"
    return (changed, named.strip()) if named else None


def _stand_for_one_another(
    family: _Family, previous: str, old: re.Match[str], followup: str, new: re.Match[str]
) -> bool:
    if fold(new.group()) == fold(old.group()):
        return False
    if len(set(map(fold, family.things.findall(previous)))) > 1:
        return False  # "du CDI ou du CDD": which one is meant?
    role = _role(followup[: new.start()])
    if role and role != _role(previous[: old.start()]):
        return False  # "Combien dure le bilan ?", "et après le CEP ?"
    if not (_elide_alike(previous, old, new) if family.invariable else _agree(previous, old, followup, new)):
        return False
    return not family.alone or _words(followup[: new.start()] + followup[new.end() :]) in _ONLY_WITH


def _with_year_of(old: str, new: str) -> str | None:
    """Write a date to put in place of another, with its year if it has none; None when they differ in kind."""
    one, other = _DATE.fullmatch(old), _DATE.fullmatch(new)
    if (
        one is None
        or other is None
        or any((one[part] is None) != (other[part] is None) for part in ("day", "month"))
    ):
        return None
    return f"{new} {one['year']}" if one["year"] and not other["year"] else new


def _role(before: str) -> str:
    """Give the preposition that says what part the thing after `before` plays, if it is one of those that do."""
    match = _ROLE.search(before[-_LONGEST_BEFORE:])
    return fold(match[1]) if match else ""


def _elide_alike(previous: str, old: re.Match[str], new: re.Match[str]) -> bool:
    """Tell whether the word before `old` may stay before `new`: "d’avril" is no "d’mars", "de mars" no "de avril"."""
    before = _word_before(previous[: old.start()])
    elided = before.endswith(("’", "'")) or before in _ELIDED
    return not elided or _starts_with_vowel(old.group()) == _starts_with_vowel(new.group())


def _agree(previous: str, old: re.Match[str], followup: str, new: re.Match[str]) -> bool:
    """Tell whether `new` can stand where `old` does: same gender and number, same elision before it."""
    one, other = _word_before(previous[: old.start()]), _word_before(followup[: new.start()])
    if one.endswith(("’", "'")) or _starts_with_vowel(old.group()) != _starts_with_vowel(new.group()):
        return one in _GENDERS and _GENDERS.get(one) == _GENDERS.get(other)
    if one in _GENDERS or other in _GENDERS:
        return _GENDERS.get(one) == _GENDERS.get(other)
    return True


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _word_before(text: str) -> str:
    match = _BEFORE.search(text[-_LONGEST_BEFORE:])
    return match[1].lower() if match else ""


def _starts_with_vowel(word: str) -> bool:
    return _VOWEL.match(fold(word)) is not None
