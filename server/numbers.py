"""Numbers as French writes them, in digits, in letters, as ranks and as fractions, and their value.

Patterns to search a text with, and functions that give what they match one writing: "vingt-quatre" is "24",
"deuxième" is 2, "les trois quarts" is "3/4". Which of them a text asserts is `server.figures`' to say.
"""

import re

from ingest.text import fold

_TO_SIXTEEN = "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split()
_TENS = dict(zip("vingt trente quarante cinquante soixante".split(), range(20, 70, 10), strict=True))
_SMALL = dict(zip(_TO_SIXTEEN, range(2, 17), strict=True)) | _TENS | {"un": 1, "une": 1, "zero": 0}
# "un" is an article unless a unit follows; "deux et trois" are two numbers but "vingt et un" is one.
_COUNTS = sorted(set(_SMALL) - {"un", "une", "zero"}, key=len, reverse=True)
NUMBER_WORD = "|".join([*_COUNTS, "z[ée]ro", "cent", "mille"])
WORDS = rf"(?:{NUMBER_WORD})s?(?:[ -](?:{NUMBER_WORD})s?\b|(?:[ -]et[ -]|-)(?:une?|onze)\b)*"

_SPACE = "[ \u00a0\u202f\u2009]"
# "5.000" is five thousand in French, "0.500" a half.
DIGITS = rf"(?:\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)|[1-9]\d{{0,2}}(?:\.\d{{3}})+(?!\d)|\d+)"

_RANK_STEMS = {re.sub(r"e$", "", name) + "i": name for name in [*_SMALL, "cent", "mille"]} | {
    "cinqui": "cinq",
    "neuvi": "neuf",
}
_RANK_STEM = "|".join(sorted(_RANK_STEMS, key=len, reverse=True))
_LOOSE = r"(?!\s(?:lieu|temps|ministre|chef|plan|abord|ordre|venue?|secours|ligne|nécessité|main)\b)"
"""After "premier" or "second": no rank is meant ("dans un premier temps")."""
RANK_WORDS = (
    rf"(?:(?<!\ben\s)premier|premi[eè]re|seconde?)\b{_LOOSE}"
    rf"|(?:(?:{NUMBER_WORD})s?[ -](?:et[ -])?){{0,6}}(?:{_RANK_STEM})[eè]mes?\b"
)
_ENDS_AS_RANK = re.compile(rf"({_RANK_STEM})emes?$")

_ABOUT = dict(zip("huit dix douz quinz vingt trent".split(), (8, 10, 12, 15, 20, 30), strict=True)) | dict(
    zip("quarant cinquant soixant cent".split(), (40, 50, 60, 100), strict=True)
)
ABOUT_WORDS = rf"(?:{'|'.join(_ABOUT).replace('dix', 'diz')})aines?\b|milliers?\b"
"""Round numbers ("une quinzaine")."""

# "le tiers payant" is no third, nor "double nationalité" a figure.
FRACTION_WORDS = (
    r"moitiés?|demie?s?|(?:(?:une?|deux|trois|\d)\s)?quarts?"
    r"|(?:une?|deux|trois|quatre|\d)\s(?:tiers|(?:cinqui|dixi)[eè]mes?)|tiers(?=\sdes?\b|\sdu\b)"
    r"|(?:double|triple)(?=\s(?:des?|du)\b|\sd'|\s?[.,;)]|$)"
)

NUMBER_AT_ALL = re.compile(rf"\d|\b(?:{NUMBER_WORD})\b", re.IGNORECASE)


def plain(word: str) -> str:
    """Fold a word that a pattern above matched."""
    # By its capitals: ignoring case, a pattern takes "ſ" for an s and "ı" for an i.
    return fold(word.upper())


def decimal(whole: str, decimals: str, zeros: int = 0) -> str:
    """Write a number one way: "1,5" with six zeros is 1500000."""
    decimals = decimals.ljust(zeros, "0")
    whole = (whole + decimals[:zeros]).lstrip("0") or "0"
    decimals = decimals[zeros:].rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def words_value(words: str) -> int:
    """Read a number in letters: "vingt-quatre" is 24, "deux cent cinquante" 250, "quatre-vingt-dix" 90."""
    total = current = 0
    for word in re.split(r"[ -]+", plain(words)):
        name = word if word in _SMALL else word.removesuffix("s")
        if name == "cent":
            current = max(current, 1) * 100
        elif name == "mille":
            total, current = total + max(current, 1) * 1000, 0
        elif name == "vingt" and current % 10 == 4:
            current += 80 - 4
        else:
            current += _SMALL.get(name, 0)
    return total + current


def rank_value(words: str) -> int:
    """Read a rank in letters: "premier" is 1, "seconde" 2, "vingt et unième" 21."""
    name = plain(words)
    if name.startswith("prem"):
        return 1
    if name.startswith("second"):
        return 2
    return words_value(_ENDS_AS_RANK.sub(lambda match: _RANK_STEMS[match[1]], name))


def about_value(word: str) -> int:
    """Read a round number: "quinzaine" is 15."""
    name = plain(word)
    if name.startswith("millier"):
        return 1000
    return _ABOUT[re.sub(r"aines?$", "", name).replace("diz", "dix")]


def fraction_value(words: str) -> str:
    """Write a fraction as "3/4", "le double" as "2/1"."""
    *parts, name = plain(words).split()
    if name in ("double", "triple"):
        return "2/1" if name == "double" else "3/1"
    below = {"moi": 2, "dem": 2, "tie": 3, "qua": 4, "cin": 5, "dix": 10}[name[:3]]
    above = parts[0] if parts else "1"
    return f"{above if above.isdigit() else _SMALL[above]}/{below}"
