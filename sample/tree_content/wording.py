"""The texts of the tree: a reference and a seed go in, the `Source` of a document of some kind comes out.

The sentences are those of `subjects.toml`; what stands in their braces is drawn for each document.
"""

import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sample.rendering.source import Source, parse_blocks

TOWNS = ("Brisecombe", "Port-Ellien", "Pont-Serein", "Saint-Aubin-des-Prés", "La Ferté-Maille", "Montfaucon")
ROLES = (
    "la responsable d'agence",
    "le coordinateur du pôle",
    "la chargée de qualité",
    "l'assistante de direction",
    "le référent numérique",
    "la cheffe de service",
)
TOOLS = ("Escale", "le registre partagé", "l'agenda commun", "le classeur de suivi")
FIRST_DAY = date(2023, 1, 9)


@dataclass(frozen=True)
class Subject:
    """What a document is about, its sentences not yet filled."""

    title: str
    service: str
    steps: list[str]
    rules: list[str]
    cases: list[str]
    questions: list[tuple[str, str]]

    @property
    def topic(self) -> str:
        """The title as it stands within a sentence."""
        return self.title[0].lower() + self.title[1:]


@cache
def subjects() -> list[Subject]:
    """Read the subjects."""
    path = Path(__file__).with_name("subjects.toml")
    return [Subject(**entry) for entry in tomllib.loads(path.read_text("utf-8"))["subject"]]


class Draft:
    """What one document says of a subject: the same reference and seed give the same words.

    Args:
        reference: the document's own, as "PRO-014".
        number: its place among those of its kind; it chooses the subject.
    """

    def __init__(self, seed: int, reference: str, number: int) -> None:
        self.reference = reference
        self.chance = random.Random(f"{seed}/{reference}")
        self.subject = subjects()[number % len(subjects())]
        self.town = self.chance.choice(TOWNS)
        self.day = FIRST_DAY + timedelta(days=self.chance.randrange(1_350))
        self._slots = self._draw()

    def _draw(self) -> dict[str, Any]:
        chance = self.chance
        role = chance.choice(ROLES)
        return {
            "town": self.town,
            "role": role,
            "role_cap": role[0].upper() + role[1:],
            "tool": chance.choice(TOOLS),
            "form": f"F-{chance.randrange(100, 999)}",
            "phone": chance.randrange(2_100, 2_999),
            "amount": 10 * chance.randrange(12, 160),
            "meal": chance.randrange(10, 25),
            "minutes": 5 * chance.randrange(3, 12),
            "days": chance.randrange(3, 15),
            "weeks": chance.randrange(3, 12),
            "few": chance.randrange(2, 6),
            "count": chance.randrange(7, 40),
            "hour": chance.randrange(9, 13),
            "day": 5 * chance.randrange(1, 6),
        }

    @property
    def title(self) -> str:
        """The subject and the agency concerned."""
        return f"{self.subject.title} - agence de {self.town}"

    def filled(self, sentences: list[str]) -> list[str]:
        """Fill the braces of sentences."""
        return [sentence.format(**self._slots) for sentence in sentences]

    @property
    def steps(self) -> list[str]:
        return self.filled(self.subject.steps)

    @property
    def rules(self) -> list[str]:
        return self.filled(self.subject.rules)

    @property
    def cases(self) -> list[str]:
        return self.filled(self.subject.cases)

    @property
    def last_words(self) -> str:
        """The sentence that ends each text: finding it shows that the text was read to its end."""
        return self.cases[-1]

    def source(self, body: str, title: str | None = None) -> Source:
        """Make what the renderers take."""
        meta = {
            "reference": self.reference,
            "title": title or self.title,
            "date": self.day.isoformat(),
            "from": f"{self.subject.service} <{self.reference.lower()}@cap-brisecombe.example>",
            "to": "Tous les conseillers <conseillers@cap-brisecombe.example>",
            "subject": title or self.title,
        }
        return Source(meta, body, parse_blocks(body))


def _items(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _numbered(sentences: list[str]) -> str:
    return "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(sentences, start=1))


def procedure(draft: Draft) -> Source:
    """Who does what, in which order, with which exceptions."""
    first, *others = draft.steps
    body = f"""## Objet

{draft.subject.title}. Ce texte s'applique à l'agence de {draft.town} et remplace les usages oraux.

## Qui fait quoi

| Étape | Ce qui est fait |
|---|---|
| Ouverture | {first} |
| Clôture | {others[-1]} |

## Étapes

{_numbered([first, *others])}

## Règles à respecter

{_items(draft.rules)}

## Cas particuliers

{draft.cases[0]}

{draft.last_words}
"""
    return draft.source(body)


def note(draft: Draft) -> Source:
    """What changes, and from when."""
    body = f"""## Ce qui change

{draft.rules[0]} Cette mesure concerne d'abord l'agence de **{draft.town}**.

{draft.rules[1]}

## Ce qu'il faut faire

{_numbered(draft.steps[:3])}

## Pour finir

{draft.last_words}
"""
    return draft.source(body, f"Note : {draft.subject.topic}")


def minutes(draft: Draft) -> Source:
    """Who was there, what was said, what was decided."""
    present = ", ".join(draft.chance.sample(ROLES, 3))
    body = f"""## Présents

Étaient présents : {present}. La séance s'est tenue à {draft.town}.

## Points abordés

{_items(draft.steps[:2])}

{draft.rules[2]}

## Décisions

| Décision | Échéance |
|---|---|
| {draft.rules[0]} | immédiate |
| {draft.cases[0]} | fin du trimestre |

## Questions diverses

{draft.last_words}
"""
    return draft.source(body, f"Compte rendu : {draft.subject.topic}, {draft.town}")


def faq(draft: Draft) -> Source:
    """Questions as headings, answers below."""
    pairs = [draft.filled(list(pair)) for pair in draft.subject.questions]
    parts = [f"## {question}\n\n{answer}" for question, answer in pairs]
    parts.append(f"## Y a-t-il des exceptions ?\n\n{' '.join(draft.cases)}")
    return draft.source("\n\n".join(parts) + "\n", f"Questions fréquentes : {draft.subject.topic}")


def leaflet(draft: Draft) -> Source:
    """A page to keep at hand."""
    body = f"""## En bref

{draft.rules[0]} {draft.rules[1]}

## La marche à suivre

{_numbered(draft.steps)}

## À retenir

{_items([draft.rules[2], draft.cases[0]])}

## Attention

{draft.last_words}
"""
    return draft.source(body, f"Fiche pratique : {draft.subject.topic}")


def deck(draft: Draft) -> Source:
    """Slides: three or four lines under each title."""
    body = f"""## Pourquoi en parler

{draft.rules[0]}

## Les étapes

{_items(draft.steps)}

## Ce qui ne change pas

{_items(draft.rules[1:])}

## Les exceptions

{_items(draft.cases)}
"""
    return draft.source(body, f"{draft.subject.title} : présentation aux équipes")


KINDS: dict[str, Callable[[Draft], Source]] = {
    "procedure": procedure,
    "note": note,
    "minutes": minutes,
    "faq": faq,
    "leaflet": leaflet,
    "deck": deck,
}
