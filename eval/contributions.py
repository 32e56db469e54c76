"""Questions about the law that no indexed sheet asks, with the articles that answer them.

Two sets, for measuring what links bring without a circle (the links that are followed are those of the labour
ministry's sheets; neither these questions nor their articles come from them):

- the contributions: 41 questions answered by lawyers for the code du travail numérique
  (`@socialgouv/contributions-data`); gold: the articles that the general answer names;
- service-public.fr: titles of its sheets of November 2020; gold: the articles that each gives as its references.

Articles that are no longer in the code are no gold; neither is an article of another code.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ingest.sources.legal import LABOUR_CODE
from ingest.sources.packages import DATASETS, Package
from ingest.sources.service_public import read_service_public
from ingest.sources.sheet_section import article_place, article_range
from ingest.text import article_numbers, find_articles, terms

CONTRIBUTIONS = Package(
    "contributions",
    "@socialgouv/contributions-data",
    "1.16.0",
    "sha512-wi1uKMTzH/QphTqBAB8PhSKst0N9pQlzsxlG9Fhv9GMUcvpr4qMA20Z/m5QcY9BZ2iFS04z3qFAuFP/0Gcp6iw==",
    MappingProxyType(
        {"data/contributions.json": "6331a3e0b799f4445a1dfaee5e601eeb3d3b74f4bd4862f7b06dd5d659fa3deb"}
    ),
    "Contributions du code du travail numérique",
)

SHEETS = "fiches-travail"
OLD_SHEETS = "fiches-service-public-2020"

MAX_GOLD = 10
"""Most articles that a question may have for gold: ten places cannot hold more, and such a sheet is an overview."""

_REFERENCE = re.compile(r"Texte de référence : Code du travail\s*:(?P<articles>[^(]+)")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LawQuestion:
    """A question and the document ids of the articles that answer it, at least one."""

    question: str
    gold: frozenset[str]


def contribution_questions(path: Path, articles: Mapping[str, str]) -> list[LawQuestion]:
    """Read the lawyers' questions whose general answer names an article at hand.

    Args:
        path: `contributions.json`.
        articles: document ids of the articles of the code du travail, by number.
    """
    questions = []
    for asked in json.loads(path.read_bytes()):
        gold = frozenset(articles[number] for number in _sources(asked) if number in articles)
        if gold:
            questions.append(LawQuestion(asked["title"].strip(), gold))
    return questions


def service_public_questions(
    path: Path, articles: Mapping[str, str], titles: frozenset[str]
) -> list[LawQuestion]:
    """Read the titles of the sheets that give one to `MAX_GOLD` articles at hand as their references.

    Args:
        path: the archive of the sheets.
        articles: as above.
        titles: titles that are left out: those of the sheets that carry the links.
    """
    known = {_asked(title) for title in titles}
    questions: dict[frozenset[str], LawQuestion] = {}
    for document in read_service_public(path, OLD_SHEETS):
        cited = [match for block in document.blocks if (match := _REFERENCE.match(block.text))]
        gold = frozenset(
            articles[number] for match in cited for number in _named(match["articles"], articles)
        )
        if 0 < len(gold) <= MAX_GOLD and _asked(document.title) not in known:
            questions.setdefault(_asked(document.title), LawQuestion(document.title, gold))
    return list(questions.values())


def sheet_titles(cache: Path) -> frozenset[str]:
    """Give the titles of the labour ministry's sheets and of their sections."""
    sheets: list[Json] = json.loads(DATASETS[SHEETS].place(cache).read_bytes())
    return frozenset(
        title for sheet in sheets for title in (sheet["title"], *(one["title"] for one in sheet["sections"]))
    )


def _asked(title: str) -> frozenset[str]:
    """Give what a title asks: two with the same words are the same question."""
    return frozenset(terms(title))


def _sources(asked: Json) -> list[str]:
    """Give the numbers of the articles that the general answer names, in its text or among its sources."""
    return article_numbers(asked["answers"]["generic"]["text"])


def _named(text: str, articles: Mapping[str, str]) -> Iterator[str]:
    """Give the articles that a reference names, those between the ends of a range included."""
    for mention in find_articles(text):
        if mention.number in articles:
            yield mention.number
        if span := article_range(text, mention):
            yield from (number for number in articles if span[0] <= article_place(number) <= span[1])


def law_articles(numbers: Iterator[tuple[str | None, str]]) -> dict[str, str]:
    """Map article numbers to document ids, from (number, document id) of the passages of the code."""
    return {
        number: document for number, document in numbers if number and document.startswith(f"{LABOUR_CODE}:")
    }
