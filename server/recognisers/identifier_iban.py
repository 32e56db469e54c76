"""Bank accounts: IBAN of any country, French RIB, BIC. Rules for `server.recognisers.identifiers`."""

import re

from server.recognisers.rules import Rule

_DIGITS = re.compile(r"\d\d")
_GAP = r"[ .\-]?"
_IBAN_FRENCH = re.compile(rf"(?<!\w)(?P<IBAN>(?i:FR){_GAP}\d{{2}}(?:{_GAP}[0-9A-Za-z]){{23}})(?!\w)")
_IBAN_FOREIGN = re.compile(
    rf"(?<!\w)(?P<IBAN>(?!FR)[A-Za-z]{{2}}\d{{2}}(?:{_GAP}[0-9A-Za-z]){{11,30}})(?!\w)"
)
_IBAN_SAID = re.compile(
    r"(?i:\biban\b)[^\w\n]{0,5}(?:(?i:est|le|numero|n°|:)[^\w\n]{0,4}){0,2}"
    r"(?P<IBAN>[A-Za-z]{2}[ -]?\d\d(?:[ .\-]?(?=[A-Za-z]{0,4}\d)[0-9A-Za-z]{2,5}){2,9})(?!\w)"
)
_RIB = re.compile(
    r"(?<!\w)(?P<IBAN>\d{5}[ .\-]\d{5}[ .\-][0-9A-Z]{11}[ .\-]\d\d)(?!\w)"
    r"|(?i:\brib\b)[^\d\n]{0,15}(?P<IBAN_2>\d{4,5}(?:[ .\-]?[0-9A-Z]{2,11}){2,8})(?!\w)"
)
_BIC = re.compile(
    r"(?i:\b(?:bic|swift)\b)[^\w\n]{0,5}(?:(?i:swift|bic|code|est|:)[^\w\n]{0,3}){0,3}"
    r"(?P<IBAN>(?i:[a-z]{4} ?[a-z]{2} ?[a-z0-9]{2}(?: ?[a-z0-9]{3})?))(?!\w)"
)


def iban_rules() -> list[Rule]:
    """Give the rules of bank accounts, the surest first."""
    return [
        Rule(_IBAN_FRENCH, 1.0, near=_DIGITS),
        Rule(_IBAN_FOREIGN, 1.0, near=_DIGITS, narrow=_as_far_as_the_key_holds),
        Rule(_IBAN_SAID, 0.9, words=("iban",)),
        Rule(_RIB, 0.9, near=_DIGITS),
        Rule(_BIC, 0.9, words=("bic", "swift"), holds=_is_in_capitals),
    ]


def _as_far_as_the_key_holds(value: str) -> tuple[int, int]:
    """Give the part of `value` that is an IBAN.

    Its length depends on the country and the words after it look like more of it: only its key tells.
    """
    word_ends = (at for at in range(len(value), 0, -1) if not value[at : at + 1].isalnum())
    return 0, next((at for at in word_ends if _key_holds(value[:at])), 0)


def _key_holds(value: str) -> bool:
    """Check the key of an IBAN (ISO 13616: modulo 97)."""
    compact = re.sub(r"[\W_]", "", value).upper()
    if len(compact) < 15:
        return False
    digits = "".join(str(int(character, 36)) for character in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def _is_in_capitals(match: re.Match[str]) -> bool:
    """A BIC typed in lower case has a digit or eleven letters run together: a word after "BIC" has not."""
    value = match["IBAN"]
    return value.isupper() or any(character.isdigit() for character in value)
