"""What the fields of a training catalogue say: French dates, hours, prices, levels and answers.

In: the text of a field, as exports and people write it. Out: its value, or None (or "") when it says nothing.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_DATE_FORMATS = ("%Y%m%d", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y")
_UNKNOWN = frozenset(
    {"", "-", "–", "—", "nc", "n.c.", "n/c", "non communique", "a definir", "a preciser", "a venir"}
)
_LEVEL = r"(?:^|\bniv(?:eau)?\W*)"
_FORMER_LEVELS = {"v": 3, "iv": 4, "iii": 5, "ii": 6, "i": 7}
_YES = frozenset({"oui", "o", "x", "1", "true", "vrai"})
_NO = frozenset({"non", "n", "0", "false", "faux", "pas", "ineligible"})
_ABOUT_CPF = frozenset({"eligible", "eligibilite", "cpf", "au", "le", "la", "formation", "est"})
_REGIONS = {
    "01": "Guadeloupe", "02": "Martinique", "03": "Guyane", "04": "La Réunion", "06": "Mayotte",
    "11": "Île-de-France", "24": "Centre-Val de Loire", "27": "Bourgogne-Franche-Comté", "28": "Normandie",
    "32": "Hauts-de-France", "44": "Grand Est", "52": "Pays de la Loire", "53": "Bretagne",
    "75": "Nouvelle-Aquitaine", "76": "Occitanie", "84": "Auvergne-Rhône-Alpes",
    "93": "Provence-Alpes-Côte d'Azur", "94": "Corse",
}  # fmt: skip
_HTML_TAG = re.compile(r"</?(?:p|br|ul|ol|li|div|span|b|i|u|em|strong|h[1-6])\b[^<>]*>", re.IGNORECASE)
_HTML_ITEM = re.compile(r"<li\b[^<>]*>", re.IGNORECASE)
_HTML_BREAK = re.compile(r"</?(?:p|br|li|ul|ol|div|h[1-6])\b[^<>]*>", re.IGNORECASE)


class UnreadableValue(ValueError):
    """A value cannot be read; the message says which, in French."""


def known(raw: str) -> str:
    """Tidy a text (HTML of some exports included); what stands for "unknown" becomes empty."""
    if _HTML_TAG.search(raw):
        raw = _HTML_TAG.sub("", _HTML_BREAK.sub("\n", _HTML_ITEM.sub("\n- ", raw)))
    lines = (" ".join(line.split()) for line in html.unescape(raw).splitlines())
    text = "\n".join(line for line in lines if line)
    return "" if len(text) < 20 and key(text) in _UNKNOWN else text


def key(text: str) -> str:
    """Reduce a text to what compares: no accents, no case, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


def slug(text: str) -> str:
    """Reduce a text to what stands in an id: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", key(text)).strip("-")


def first_text(texts: Iterable[str]) -> str:
    """Give the first text that is not empty, or an empty one."""
    return next(filter(None, texts), "")


def read_date(text: str) -> date:
    """Read a day as exports and people write it; raises `UnreadableValue`."""
    bare = re.sub(r"[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?$", "", text)
    for pattern in _DATE_FORMATS:
        try:
            return datetime.strptime(bare, pattern).date()
        except ValueError:
            continue
    written = re.fullmatch(r"(?:[a-z]+ )?(\d{1,2})(?:er)? ([a-z]+) (\d{4})", key(bare))
    months = [key(month) for month in MONTHS]
    if written and written[2] in months:
        try:
            return date(int(written[3]), months.index(written[2]) + 1, int(written[1]))
        except ValueError:
            pass
    raise UnreadableValue(f"date illisible « {text} »")


def read_hours(text: str) -> float | None:
    """Read "35", "35,5 h", "35 heures", "7h30"; a number of days or months is not one of hours."""
    compact = re.sub(r"\s", "", text.lower())
    if match := re.fullmatch(r"(\d+)h(\d{2})", compact):
        return int(match[1]) + int(match[2]) / 60
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)(?:h|heures?)?", compact)
    return float(match[1].replace(",", ".")) if match else None


def read_price(text: str) -> float | None:
    """Read "1 250,00 €", "1.250,00", "1250 euros TTC", "gratuit"."""
    compact = re.sub(r"\s", "", text.lower())
    if compact == "gratuit":
        return 0.0
    match = re.fullmatch(r"(\d+(?:\.\d{3})*(?:[.,]\d{1,2})?)(?:€|euros?|eur)?(?:ttc|net|netdetaxe)?", compact)
    if match is None:
        return None
    digits = re.sub(r"\.(?=\d{3}(?:\D|$))", "", match[1])
    return float(digits.replace(",", "."))


def read_level(text: str) -> int | None:
    """Read "4", "Niveau 4 (bac)", "Niveau : 4", "NIV4", and the former "Niveau IV"."""
    if match := re.search(rf"{_LEVEL}([3-8])\b", key(text)):
        return int(match[1])
    former = re.search(rf"{_LEVEL}(i{{1,3}}|iv|v)\b(?! bis)", key(text))
    return _FORMER_LEVELS[former[1]] if former else None


def has_none(text: str) -> bool:
    """Tell "sans niveau", "aucun" and "non concerné": a field that is filled in to say that there is nothing."""
    return key(text).startswith(("sans ", "aucun", "neant", "non concern", "pas de "))


def read_mode(text: str) -> str:
    """Read "présentiel", "distance" or "mixte" from their many names; "" when it is none of them."""
    said = key(text)
    at_distance = any(word in said for word in ("distan", "foad", "visio", "en ligne"))
    on_site = any(word in said for word in ("present", "en centre", "sur site"))
    if "mixte" in said or "hybride" in said or (at_distance and on_site):
        return "mixte"
    return "distance" if at_distance else "présentiel" if on_site else ""


def read_yes_no(text: str) -> bool | None:
    """Read "oui", "x", "éligible au CPF", "non éligible"; None when the text is neither a yes nor a no."""
    words = set(re.findall(r"\w+", key(text)))
    said = words - _ABOUT_CPF
    if said <= _YES and (said or words & {"cpf", "eligible"}):
        return True
    return False if said and said <= _NO else None


def read_region(text: str) -> str:
    """Give a region's name, also where the source gives its INSEE code."""
    return _REGIONS.get(text, text)


def read_postal_code(text: str) -> str:
    """Give back to a postal code the leading zero (01000) that a spreadsheet dropped."""
    return text.zfill(5) if text.isdigit() else text
