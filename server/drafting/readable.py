"""Extracts as a person reads them: the words of a record or of a table go in, a line of French comes out.

Only the text that is shown changes: the quotes stay the document's own words, and the new text is checked against them
as any other. A course is its title, who holds it, where and when; a row of a table is each cell after its heading.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date

from ingest.documents import Kind
from ingest.sources.readings import MONTHS
from server.schemas import Passage
from server.verify import ProposedStatement, Quote, is_quotable

_FIELD = re.compile(r"^(?:Organisme|Lieu|Dates) : (?P<value>.+)$", re.MULTILINE)
_DATES = re.compile(r"^Dates : (?P<dates>.+)$", re.MULTILINE)
_DAY = re.compile(rf"(\d{{1,2}})(?:er)? ({'|'.join(MONTHS)}) (\d{{4}})")
_RULE = frozenset("|-: ")
_CELLS = re.compile(r"(?<!\\)\|")


def session_remark(text: str, today: date) -> str:
    """Say of a session that it has begun or is over, in French; empty for one to come or without dates.

    Args:
        text: a record's, as `ingest.sources.rendering` writes it.
    """
    dates = _DATES.search(text)
    days = list(_days(dates["dates"])) if dates else []
    if dates is None or not days:
        return ""
    has_end = not dates["dates"].startswith("à partir")
    if has_end and days[-1] < today:
        return "déjà terminée"
    begins = not dates["dates"].startswith("jusqu")
    return "déjà commencée" if begins and days[0] < today else ""


def _days(text: str) -> Iterator[date]:
    for day, month, year in _DAY.findall(text):
        with suppress(ValueError):  # a day that no month has
            yield date(int(year), MONTHS.index(month) + 1, int(day))


def readable(
    proposed: Iterable[ProposedStatement], passages: Sequence[Passage], today: date
) -> list[ProposedStatement]:
    """Write extracts anew; those of one course become one, with the quotes of all.

    Args:
        today: a session that began before is said to have begun.
    """
    written: dict[str, ProposedStatement] = {}
    for statement in proposed:
        one = _written(statement, passages, today)
        before = written.get(one.text)
        quotes = (*before.quotes, *one.quotes) if before else one.quotes
        written[one.text] = ProposedStatement(one.text, tuple(dict.fromkeys(quotes)))
    return list(written.values())


def _written(statement: ProposedStatement, passages: Sequence[Passage], today: date) -> ProposedStatement:
    number = statement.quotes[0].passage if statement.quotes else 0
    passage = passages[number - 1] if 0 < number <= len(passages) else None
    if passage is not None and passage.kind is Kind.TRAINING:
        held = list(_FIELD.finditer(passage.text))
        if held:
            lines = (Quote(number, match[0]) for match in held if is_quotable(match[0]))
            said = [*(match["value"].strip() for match in held), session_remark(passage.text, today)]
            text = f"{passage.title} — {', '.join(filter(None, said))}"
            return ProposedStatement(text, (*statement.quotes, *lines))
    return ProposedStatement(without_tables(statement.text), statement.quotes)


def without_tables(text: str) -> str:
    """Write the rows of Markdown tables as lines: "Véhicule : vélo ; Indemnité : 0,25 €", or "vélo : 0,25 €"."""
    lines: list[str] = []
    header: list[str] = []
    rows = text.split("\n")
    for index, line in enumerate(rows):
        if not line.lstrip().startswith("|"):
            lines.append(line)
            continue
        following = rows[index + 1].strip() if index + 1 < len(rows) else ""
        if following.startswith("|") and set(following) <= _RULE:
            header = _cells(line)
        elif not set(line) <= _RULE:
            lines.append(_row(header, _cells(line)))
    return "\n".join(lines) or text


def _cells(line: str) -> list[str]:
    return [
        cell.strip().replace("\\|", "|")
        for cell in _CELLS.split(line.strip().removeprefix("|").removesuffix("|"))
    ]


def _row(header: Sequence[str], cells: Sequence[str]) -> str:
    if len(header) == len(cells):
        named = zip(header, cells, strict=True)
        return " ; ".join(f"{name} : {cell}" if name else cell for name, cell in named if cell)
    first, *others = [cell for cell in cells if cell] or [""]
    return f"{first} : {' ; '.join(others)}" if others else first
