"""Telephone numbers, French and foreign, however they are grouped. Rules for `server.recognisers.identifiers`."""

import re

from server.recognisers.rules import Rule

_DIGITS = re.compile(r"\d[\d .,/()_-]{2,40}")
_BETWEEN = r"[ .\-/,_]{0,3}"
_FREE = r"(?<![\w+])(?<!\d[ .])"
_FRENCH_CODE = r"(?:33|262|508|590|594|596|681|687|689)"
_COUNTRY = (
    r"(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-69]\d|35\d|37\d|38\d|42\d|5[09]\d|67\d|68\d|85\d|88\d|96\d|97\d|99\d)"
)

_FRENCH = re.compile(
    rf"{_FREE}(?P<TELEPHONE>(?:\(?(?:\+ ?|00 ?)\(?{_FRENCH_CODE}\)?{_BETWEEN}(?:\(0\){_BETWEEN}|0"
    rf"(?=[1-9]))?|[0O]|\(0\) ?)"
    rf"[1-9](?:{_BETWEEN}\d\d){{4}})(?!\w)"
    rf"|{_FREE}(?P<TELEPHONE_2>\(?33\)?[ .\-]?(?:\(0\))?[ .\-]?[1-79](?:[ .\-]\d\d){{4}})(?!\w)"
)
_FRENCH_UNEVEN = re.compile(rf"{_FREE}(?P<TELEPHONE>0[1-79](?:[ .\-]?\d){{8}})(?!\w)")
_FOREIGN = re.compile(
    rf"(?<![\w+])(?P<TELEPHONE>\(?(?:\+ ?|00){_COUNTRY}\)?(?:[ .\-/]{{0,2}}\(?\d{{1,4}}\)?){{2,7}})(?!\w)"
)
_SAID = re.compile(
    r"(?i:\b(?:tels?|telephones?|tph|port|portables?|mobiles?|fixe|gsm|joignables?|joindre|appel(?:er"
    r"|ez)?|rappel(?:er|ez)?"
    r"|sms|whats ?app|fax|texto|contacter|contact|numero|num|06|perso|domicile)\b)[^\d\n+;]{0,25}?"
    r"(?<![\w+])(?!\d{1,2}[/.\- ]\d{1,2}[/.\- ](?:19|20)?\d\d(?! ?[.\-/]?\d))(?!(?:19|20)\d\d\b)"
    r"(?P<TELEPHONE>(?:\+ ?)?\(?\d(?:[ .\-/()]{0,3}\d){7,14})(?!\w)"
)
_DIGIT_WORD = (
    r"(?:zero|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
    r"|vingts?|trente"
    r"|quarante|cinquante|soixante|et)"
)
_SPOKEN = re.compile(
    rf"(?i:\b(?P<TELEPHONE>zero[ ,-]{{1,2}}(?:un|deux|trois|quatre|cinq|six|sept|neuf)"
    rf"(?:[ ,-]{{1,2}}{_DIGIT_WORD}\b){{4,16}}))"
)


def phone_rules() -> list[Rule]:
    """Give the rules of telephone numbers, the surest first."""
    return [
        Rule(_FRENCH, 1.0, near=_DIGITS),
        Rule(_FRENCH_UNEVEN, 0.9, near=_DIGITS),
        Rule(_FOREIGN, 0.95, near=_DIGITS, words=("+", "00"), holds=_has_a_number_s_length),
        Rule(_SAID, 0.85, near=_DIGITS),
        Rule(_SPOKEN, 0.9, words=("zero",)),
    ]


def _has_a_number_s_length(match: re.Match[str]) -> bool:
    """E.164 (UIT-T): fifteen digits at most, country included; less than nine is no subscriber's."""
    value: str = match["TELEPHONE"]
    return 9 <= sum(character.isdigit() for character in value) <= 17
