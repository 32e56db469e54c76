"""What the draft path takes and gives: the notes and the sections to fill go in, drafted sections come out, masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from ingest.embed import Embedder
from server.abstain import Abstainer
from server.ask import AskParts, Retriever
from server.draft_schemas import Contradiction, DraftSection, DraftSentence, TemplateSection
from server.drafting.contradictions import as_typed
from server.generate import OpenAIGenerator
from server.mask import Masked, unmask
from server.notes import NumberedSentence, number_notes
from server.schemas import Mode, Passage, Scope

SORTED = "phrases-des-notes"
"""What is named in place of a model when nobody wrote: the notes' own sentences."""

REST_ID = "autres"
REST_TITLE = "Autres éléments des notes"
REST_HOLDS = "Les phrases des notes qu’aucune autre partie n’a reçues : à ranger, ou à retirer."

PARALLEL = 4
"""Requests that one draft has at the model's endpoint at once."""


@dataclass(frozen=True, slots=True)
class DraftSource:
    """What is to be drafted, masked.

    Args:
        sentences: of the notes, or of the texts that an assistant was given, numbered in a row from 1.
        sections: to fill, in order; those of kind "advice" rest on the index alone.
        title: what is written ("Synthèse d’un entretien CEP, niveau 2").
        groups: whose documents may be cited.
        today: the day that the advice is about, unless `scope.as_of` is another.
        instruction: what the writer is asked beside the rules that hold for every draft, in French; empty for a
            synthesis.
        genders: "f" or "m" of persons, by placeholder, where the notes tell.
        scope: which passages advice may rest on: kinds, sources, filters of training.
        project: what to search advice for; None to take it from the notes.
        keep_rest: whether sentences that no section receives make a last section of their own.
        compare: whether contradictions, unanswered questions and sentences used nowhere are looked for.
    """

    sentences: Sequence[NumberedSentence]
    sections: Sequence[TemplateSection]
    title: str
    groups: frozenset[str]
    today: date
    instruction: str = ""
    genders: Mapping[str, str] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)
    project: str | None = None
    keep_rest: bool = True
    compare: bool = True


def source_of_notes(
    notes: str,
    masked: Masked,
    sections: Sequence[TemplateSection],
    title: str,
    *,
    groups: frozenset[str],
    today: date,
) -> DraftSource:
    """Give the source of a synthesis.

    Args:
        notes: as typed.
        masked: the same, masked.
    """
    genders = {placeholder: gender for placeholder, gender in masked.genders.items() if gender}
    return DraftSource(number_notes(notes, masked), sections, title, groups, today, genders=genders)


@dataclass(frozen=True, slots=True)
class DraftParts:
    """What the path is made of.

    Args:
        writer: the model; None without one.
        embedder: tells which section a sentence is nearest to where words do not; None to do without.
        unverified: what becomes of a sentence that could not be verified.
        parallel: requests at the model's endpoint at once.
        model_label: what readers are told of the model beside its name.
    """

    retriever: Retriever
    abstainer: Abstainer
    writer: OpenAIGenerator | None = None
    embedder: Embedder | None = None
    unverified: Literal["show", "drop"] = "show"
    parallel: int = PARALLEL
    model_label: str | None = None


def draft_parts(asking: AskParts, embedder: Embedder | None) -> DraftParts:
    """Give the parts of the draft path from those of the ask path: the same model, index and settings."""
    writer = asking.generator if isinstance(asking.generator, OpenAIGenerator) else None
    return DraftParts(
        asking.retriever,
        asking.abstainer,
        writer,
        embedder,
        asking.unverified,
        model_label=asking.model_label,
    )


@dataclass(frozen=True, slots=True)
class SectionReady:
    """A section, drafted and checked; masked."""

    section: DraftSection


@dataclass(frozen=True, slots=True)
class Drafted:
    """The whole draft, masked: sections in the order of the template, and what its reader must know.

    Args:
        unused: sentences of the notes that no section rests on, by number.
        passages: those that advice cites or was looked for in.
        model: who wrote, or `SORTED`; `model_label`: what is to be told of a model that did.
        timings: in milliseconds, by stage, and in all (`total`).
    """

    sections: list[DraftSection]
    contradictions: list[Contradiction]
    unanswered: list[str]
    unused: list[int]
    passages: list[Passage]
    warnings: list[str]
    mode: Mode
    model: str
    prompt_version: str | None
    timings: dict[str, float]
    model_label: str | None = None


DraftEvent = SectionReady | Drafted


def unmask_section(
    section: DraftSection, restore: Mapping[str, str], typed: Sequence[NumberedSentence]
) -> DraftSection:
    """Put the names back in a section's text; quotes stay masked, as places of the masked notes.

    Args:
        typed: the sentences of the notes: one that stands word for word in the section is shown as it was typed.
    """
    by_number = {sentence.number: sentence for sentence in typed}
    return _unmasked_section(section, restore, by_number)


def unmask_drafted(
    drafted: Drafted, restore: Mapping[str, str], typed: Sequence[NumberedSentence]
) -> Drafted:
    """Put the names back, for the person who typed them; `typed` as in `unmask_section`."""
    by_number = {sentence.number: sentence for sentence in typed}
    return replace(
        drafted,
        sections=[_unmasked_section(section, restore, by_number) for section in drafted.sections],
        contradictions=[as_typed(found, by_number) for found in drafted.contradictions],
    )


def _unmasked_section(
    section: DraftSection, restore: Mapping[str, str], typed: Mapping[int, NumberedSentence]
) -> DraftSection:
    if not section.sentences:  # words of a file: nothing of the notes is in them
        return section
    sentences = [_unmasked_sentence(sentence, restore, typed) for sentence in section.sentences]
    masked = [sentence.text for sentence in section.sentences]
    between = next((mark for mark in (" ", "\n") if mark.join(masked) == section.machine_text), "\n")
    text = between.join(sentence.text for sentence in sentences)
    return section.model_copy(update={"sentences": sentences, "machine_text": text, "text": text})


def _unmasked_sentence(
    sentence: DraftSentence, restore: Mapping[str, str], typed: Mapping[int, NumberedSentence]
) -> DraftSentence:
    if sentence.citations:  # of a document: it has no names of the notes
        return sentence
    if len(sentence.sources) == 1:
        whole = typed[sentence.sources[0].sentence]
        if sentence.text == whole.masked:
            return sentence.model_copy(update={"text": whole.text})
    return sentence.model_copy(
        update={
            "text": unmask(sentence.text, restore),
            "unsupported": [unmask(word, restore) for word in sentence.unsupported],
        }
    )
