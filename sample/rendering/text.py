"""Inline text: French typography as a word processor sets it, and runs of plain and bold text."""

import re

NBSP = "\N{NO-BREAK SPACE}"


def typeset(text: str) -> str:
    """Put typographic apostrophes and no-break spaces, which Word and its kin put as one types."""
    text = text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")
    text = re.sub(r" (?=[:;?!»€%])", NBSP, text)
    text = re.sub(r"(?<=\d) (?=\d{3}\b)", NBSP, text)
    return text.replace("« ", "«" + NBSP).replace(" - ", " \N{EN DASH} ")


def runs(text: str) -> list[tuple[str, bool]]:
    """Split `plain **bold** plain` into (text, is bold) pairs."""
    parts = text.split("**")
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]


def plain(text: str) -> str:
    return text.replace("**", "")
