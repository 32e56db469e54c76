"""What the tests of drafts build on: templates of two sections, masked notes, and parts without an index."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import date
from pathlib import Path
from typing import Any

from ingest.settings import ROOT
from server.abstain import Decision
from server.draft import Drafted, DraftEvent, DraftParts, DraftSource, draft, source_of_notes
from server.draft_schemas import DraftSection, TemplateSection
from server.mask import Entity, Masked
from server.mask_schemas import EntityType
from server.notes import NumberedSentence, number_notes
from server.placeholders import label_of
from server.retrieval import Retrieval
from server.schemas import Mode, Passage, Scope
from tests.passages import bilan_and_frais, make_retrieval

NOTES = ROOT / "sample" / "notes"
DAY = date(2026, 11, 22)

PARCOURS = TemplateSection(
    id="parcours",
    title="Le parcours",
    holds="Les emplois et les diplômes.",
    questions=["Quels emplois la personne a-t-elle occupés ?", "Quelle langue étrangère parle-t-elle ?"],
    hints=["expérience", "vendeuse", "emploi", "diplôme", "BEP", "permis"],
)
PROJET = TemplateSection(
    id="projet",
    title="Le projet",
    holds="Le métier visé.",
    questions=["Quel est le projet ?"],
    hints=["souhaite", "devenir", "projet", "métier", "secrétaire"],
)
DROITS = TemplateSection(
    id="droits", title="Droits et financements", kind="advice", holds="Les droits qui servent le projet."
)

SHORT = (
    "[PERSONNE_1] est vendeuse en CDI depuis 2019.\n"
    "BEP vente obtenu en 2005.\n"
    "N’a pas le permis.\n"
    "Souhaite devenir secrétaire médicale, peut-être à Brisecombe.\n"
    "CPF : 1 840 €."
)
"""Notes that are masked already."""


def notes_of(name: str) -> str:
    """Read invented notes of the sample."""
    return Path(NOTES / f"{name}.txt").read_text(encoding="utf-8")


def as_masked(text: str) -> Masked:
    """Take a text as masked already."""
    return Masked(text, [], {})


def masked_with(text: str, *hidden: tuple[str, EntityType]) -> Masked:
    """Mask the first place of each of some words of a text."""
    entities = []
    counts: dict[str, int] = {}
    for words, kind in sorted(hidden, key=lambda one: text.index(one[0])):
        start = text.index(words)
        counts[kind] = counts.get(kind, 0) + 1
        placeholder = f"[{label_of(kind)}_{counts[kind]}]"
        entities.append(Entity(start, start + len(words), kind, placeholder))
    pieces, at = [], 0
    for entity in entities:
        pieces += [text[at : entity.start], entity.placeholder]
        at = entity.end
    restore = {entity.placeholder: text[entity.start : entity.end] for entity in entities}
    return Masked("".join([*pieces, text[at:]]), entities, restore)


def numbered(text: str) -> list[NumberedSentence]:
    return number_notes(text, as_masked(text))


def source(
    text: str = SHORT, sections: Sequence[TemplateSection] = (PARCOURS, PROJET), masked: Masked | None = None
) -> DraftSource:
    return source_of_notes(
        text, masked or as_masked(text), sections, "Synthèse d’un entretien", groups=frozenset(), today=DAY
    )


class FewPassages:
    """A retriever that finds the same passages for everything, and remembers what it was asked."""

    def __init__(self, passages: Sequence[Passage] | None = None) -> None:
        self.passages = bilan_and_frais() if passages is None else list(passages)
        self.asked: list[tuple[str, Scope]] = []

    def retrieve(self, question: str, scope: Scope, _groups: frozenset[str], _k: int) -> Retrieval:
        self.asked.append((question, scope))
        return make_retrieval(question, self.passages)


class Always:
    """An abstainer whose mind is made up."""

    def __init__(self, answers: bool = True) -> None:
        self._answers = answers

    def decide(self, _question: str, _retrieval: Retrieval, _mode: Mode) -> Decision:
        return Decision(1.0, answers=self._answers)


def parts(**fields: Any) -> DraftParts:
    return DraftParts(**{"retriever": FewPassages(), "abstainer": Always(), **fields})


async def events_of(drafted: DraftSource, of: DraftParts) -> list[DraftEvent]:
    async with aclosing(draft(drafted, of)) as events:
        return [event async for event in events]


async def drafted(of: DraftSource, made_of: DraftParts) -> Drafted:
    last = (await events_of(of, made_of))[-1]
    assert isinstance(last, Drafted)
    return last


async def first_event(events: AsyncIterator[DraftEvent]) -> DraftEvent:
    async for event in events:
        return event
    raise AssertionError("no event came")


def said(section: str, text: str, sentence: int, quote: str) -> dict[str, Any]:
    """Write a sentence as a model does."""
    return {"section": section, "text": text, "sources": [{"sentence": sentence, "quote": quote}]}


def answer(*sentences: dict[str, Any], **found: Any) -> str:
    """Write a whole answer as a model does."""
    return json.dumps(
        {"sentences": list(sentences), "answered": [], "contradictions": [], **found}, ensure_ascii=False
    )


def texts(section: DraftSection) -> list[str]:
    return [sentence.text for sentence in section.sentences]


GOOD = answer(
    said("parcours", "[PERSONNE_1] est vendeuse en CDI depuis 2019.", 1, "vendeuse en CDI depuis 2019"),
    said("parcours", "Elle n’a pas le permis.", 3, "N’a pas le permis."),
    said("projet", "Elle souhaite devenir secrétaire médicale.", 4, "Souhaite devenir secrétaire médicale"),
)
"""What a model that does as it is told answers for `SHORT`."""
