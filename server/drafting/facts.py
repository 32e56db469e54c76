"""Facts that notes state of a person: a sentence goes in, what it says of a few things comes out.

The driving licence, years of experience, children, dates, amounts: things that two sentences of the same notes can say
differently. A sentence about what was, what may be, or another person states nothing here.
"""

import re
from collections.abc import Callable, Iterator

from ingest.text import fold, terms
from server.numbers import WORDS, words_value

_MONTHS = {
    month: number
    for number, month in enumerate("janv fevr mars avr mai juin juil aout sept oct nov dec".split(), start=1)
}
_MONTH = "(?:janv|fevr|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec)[a-z]*"
_DATE = rf"(?P<day>\d{{1,2}})(?:er)?(?:\s+(?P<month>{_MONTH})|/(?P<number>\d{{1,2}}))"
_COUNT = rf"(?P<value>\d+|{fold(WORDS)}|un|une)"
_EUROS = r"(?P<value>\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?\s*(?:€|euros?)"
_HAS = (
    r"\b(?:a|possede|detient|dispose|titulaire|avec)\s+(?:bien\s+)?(?:(?:le|la|du|de|d'une?|son|sa|une?)\s+)?"
)
_LACKS = (
    r"(?:\b(?:n'a|ne (?:possede|detient|dispose))\s+(?:pas|plus|jamais eu|aucune?)|\bpas|\bsans|\bni|\baucune?"
    r"|\bnon titulaire)\s+(?:encore\s+)?(?:(?:le|la|de|du|d'une?|une?|son|sa)\s+)?"
)
NOT_SO = re.compile(
    r"\b(?:si|s'il|peut-etre|pourrait|aurait|envisage\w*|repass\w+|prepar\w+|en cours|inscrite?|devrait|futur|bientot"
    r"|perdue?|etait|avait|avaient|etaient|ancien\w*|autrefois|auparavant|a l'epoque|jadis|n'est plus|n'a plus|hesite"
    r"|desormais|jusqu'en|jusqu'a l'an|avant (?:de|d'|que?)\b|apres avoir|une fois)|\?"
)
"""What makes of a statement no statement of what is: a condition, a doubt, the past, a change."""

OTHER_PERSON = re.compile(
    r"\b(?:son|sa|ses|leurs?|le|la|l'|un|une)\s*(?:ex-?)?(?:mari|epoux|epouse|femme|conjointe?|compagnon|compagne|fils"
    r"|fille|mere|pere|frere|soeur|parents?|employeur|employeuse|collegues?|patronn?e?|amie?|voisine?|tuteur|tutrice)\b"
)
WISH = re.compile(
    r"\b(?:souhait\w*|voudr\w+|aimerai\w*|veut|desire|accept\w+|refus\w+"
    r"|(?:est|serait) (?:prete? a|d'accord))\b"
)
NEGATED = re.compile(r"\bn(?:e\b|')|\bpas\b|\bjamais\b|\baucune?\b|\bsans\b")
_PRICED = re.compile(
    r"\b(?:coute?\w*|prix|devis|reste a charge|tarif|pris en charge|minimum|moins|plus|souhait\w*|pretention\w*)\b"
)
_PLACEHOLDER = re.compile(r"\[[A-Z_]+_\d+\]")
_LIVES = re.compile(
    r"\b(?i:habite|réside|domiciliée?|vit)\s+(?:actuellement\s+)?(?:à|au|aux|en)\s+"
    r"(?P<place>\[[A-Z_]+_\d+\]|[A-ZÉÈÎ][\w’'-]+(?:[ -][A-ZÉÈÎ][\w’'-]+)*)"
)
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


_Reader = Callable[[str, str], Iterator[tuple[str, str]]]
"""Reads facts, `(about, value)`, in a sentence as it is written and folded."""


def facts(written: str) -> Iterator[tuple[str, str]]:
    """Read the facts, `(about, value)`, of a sentence: two values of one thing contradict each other.

    `about` begins with what the thing is called in French; what follows "|" tells it from others of that name.
    """
    folded = fold(written)
    if not NOT_SO.search(folded):
        for reader in _READERS:
            yield from reader(written, folded)


def placeholders(text: str) -> list[str]:
    """Find the placeholders of a text, folded or not."""
    return _PLACEHOLDER.findall(text.upper())


def _licence(_: str, text: str) -> Iterator[tuple[str, str]]:
    """Read the driving licence of cars: one of another kind says nothing of it."""
    if re.search(
        r"\bpermis (?:[acde]\d?e?\b|poids|moto|bateau|de (?:travail|sejour|construire|chasse))", text
    ):
        return
    lacking = re.search(rf"{_LACKS}permis\b|\bpermis\s*:\s*non\b", text)
    held = re.search(
        rf"{_HAS}permis\b|\bpermis\s*:\s*b\b|\bpermis\s*:?\s*(?:b\s*:?\s*)?(?:oui|ok|obtenu)\b", text
    )
    found = lacking or held
    if found and not OTHER_PERSON.search(text, 0, found.start()):
        yield "Permis B", "non" if lacking else "oui"


def _vehicle(_: str, text: str) -> Iterator[tuple[str, str]]:
    if lacking := re.search(rf"{_LACKS}(?:voiture|vehicule)\b|\bnon vehiculee?\b|\bpas vehiculee?\b", text):
        if not OTHER_PERSON.search(text, 0, lacking.start()):
            yield "Véhicule", "non"
        return
    held = re.search(rf"{_HAS}(?:voiture|vehicule)\b|\bvehiculee?\b", text)
    if held and not OTHER_PERSON.search(text, 0, held.start()):
        yield "Véhicule", "oui"


def _experience(_: str, text: str) -> Iterator[tuple[str, str]]:
    pattern = rf"\b{_COUNT}\s+(?P<unit>ans?|annees?|mois)\s+d'exp(?:erience)?s?\b(?P<where>[^,;.:(]*)"
    for match in re.finditer(pattern, text):
        if re.search(r"\b(?:dont|autres?|encore|puis)\b", text) or WISH.search(text):
            continue
        where = " ".join(sorted(set(terms(match["where"])) | set(placeholders(match["where"]))))
        unit = "mois" if match["unit"] == "mois" else "ans"
        yield f"Durée d’expérience|{where}|{unit}", str(_count(match["value"]))


def _children(_: str, text: str) -> Iterator[tuple[str, str]]:
    if re.search(r"\b(?:sans enfants?|pas d'enfants?|aucun enfant)\b", text):
        yield "Enfants", "0"
    pattern = rf"(?:\b(?:a|ont|mere de|pere de|leurs|parent de)|\benfants?\s*:)\s+{_COUNT}(?:\s+(?:\w+ )?enfants?\b)"
    match = re.search(pattern, text) or re.search(r"\benfants?\s*:\s*(?P<value>\d+)\b", text)
    if match and not re.search(r"\b(?:garde|s'occup\w+|creche|ecole|accueil\w*)\b", text):
        yield "Enfants", str(_count(match["value"]))


def _available_from(_: str, text: str) -> Iterator[tuple[str, str]]:
    start = re.search(r"\b(?:dispo(?:nible)?|libre|peut commencer)\b", text)
    if start is None or OTHER_PERSON.search(text, 0, start.start()):
        return
    rest = text[start.end() : start.end() + 60]
    if re.match(r"\s*(?:immediatement|tout de suite|des maintenant|de suite)\b", rest):
        yield "Date de disponibilité", "tout de suite"
    elif match := re.match(rf"[^,;.]{{0,12}}?\b(?:a partir du|des le|le|au)\s+{_DATE}", rest):
        yield "Date de disponibilité", _day(match)


def _appointment(_: str, text: str) -> Iterator[tuple[str, str]]:
    pattern = (
        rf"\bprochain(?:e)?\s+(?P<what>rdv|rendez-vous|entretien)\b[^,;.]{{0,20}}?\ble\s+(?:\w+di\s+)?{_DATE}"
    )
    if match := re.search(pattern, text):
        yield "Prochain rendez-vous", _day(match)


def _mobility(_: str, text: str) -> Iterator[tuple[str, str]]:
    pattern = r"\b(?:deplacer|mobilite|mobile|rayon)\b[^,;.]{0,40}?\b(?P<value>\d+)\s*(?:km|kilometres?)\b"
    if match := re.search(pattern, text):
        yield "Distance acceptée", match["value"]


def _money(_: str, text: str) -> Iterator[tuple[str, str]]:
    if _PRICED.search(text):
        return
    if match := re.search(rf"\bcpf\b[^;.]{{0,40}}?{_EUROS}", text) or re.search(
        rf"{_EUROS}[^;.]{{0,20}}\bcpf\b", text
    ):
        yield "Montant du CPF", re.sub(r"\D", "", match["value"])
    if match := re.search(
        rf"\b(?:salaire|remuneration|gagne|touche)\b[^;.]{{0,30}}?{_EUROS}(?P<rest>[^,;.]*)", text
    ):
        kind = "net" if "net" in match["rest"] else "brut" if "brut" in match["rest"] else ""
        per = (
            "heure" if re.search(r"heure|horaire", match["rest"]) else "an" if " an" in match["rest"] else ""
        )
        yield f"Salaire|{kind}|{per}", re.sub(r"\D", "", match["value"])


def _contract(_: str, text: str) -> Iterator[tuple[str, str]]:
    begins = r"(?:\best (?:actuellement )?en|\bactuellement en|\bcontrat(?: actuel)?\s*:)"
    match = re.search(rf"{begins}\s*(?P<kind>cdi|cdd|interim)\b", text)
    if match and not OTHER_PERSON.search(text, 0, match.start()):
        yield "Contrat actuel", match["kind"]
    elif re.search(r"\b(?:est|actuellement) (?:au chomage|sans emploi)\b", text):
        yield "Contrat actuel", "aucun"


def _home(written: str, _: str) -> Iterator[tuple[str, str]]:
    match = _LIVES.search(written)
    if match and not OTHER_PERSON.search(fold(written[: match.start()])):
        yield "Lieu de vie", fold(match["place"])


def _couple(_: str, text: str) -> Iterator[tuple[str, str]]:
    match = re.search(r"\b(?:(?P<alone>celibataire)|en couple|mariee?|pacsee?)\b", text)
    if match and not OTHER_PERSON.search(text, 0, match.start()) and not NEGATED.search(text):
        yield "Situation de famille", "seul" if match["alone"] else "couple"


def _working_time(_: str, text: str) -> Iterator[tuple[str, str]]:
    wish = r"\b(?:souhait\w*|cherch\w+|veut|voudr\w+)\b"
    pattern = rf"{wish}[^,;.]{{0,25}}?\b(?P<time>temps (?:plein|complet|partiel)|mi-temps)"
    aside = re.search(r"\b(?:pendant|puis|ensuite|d'abord|a terme|ou)\b", text)
    if (match := re.search(pattern, text)) and not aside and not NEGATED.search(text):
        yield (
            "Temps de travail souhaité",
            "plein" if match["time"].endswith(("plein", "complet")) else "partiel",
        )


def _obtained(written: str, text: str) -> Iterator[tuple[str, str]]:
    pattern = r"(?P<what>[^,;.]*)\b(?:obtenue?s?|valide[es]*|passee?s?)\s+en\s+(?P<year>(?:19|20)\d\d)\b"
    match = re.search(pattern, text)
    if match and len(words := set(terms(match["what"]))) >= 2:
        yield f"Année d’obtention|{' '.join(sorted(words | set(placeholders(written))))}", match["year"]


def _only_days(_: str, text: str) -> Iterator[tuple[str, str]]:
    """Read the days of "disponible seulement le lundi"; two such sentences differ when their days do."""
    days = [day for day in _DAYS if re.search(rf"\b{day}s?\b", text)]
    if days and re.search(r"\bdispo\w*\b[^;.]{0,30}\b(?:seulement|uniquement|que)\b", text):
        yield "Jours de disponibilité", " ".join(days)


_READERS: tuple[_Reader, ...] = (
    _licence,
    _vehicle,
    _experience,
    _children,
    _available_from,
    _appointment,
    _mobility,
    _money,
    _contract,
    _home,
    _couple,
    _working_time,
    _obtained,
    _only_days,
)


def _count(written: str) -> int:
    if written.isdigit():
        return int(written)
    return 1 if written in ("un", "une") else words_value(written)


def _day(match: re.Match[str]) -> str:
    month = int(match["number"]) if match["number"] else _month(match["month"])
    return f"{month:02d}-{int(match['day']):02d}"


def _month(name: str) -> int:
    return next(number for month, number in _MONTHS.items() if name.startswith(month))
