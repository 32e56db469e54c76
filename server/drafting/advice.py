"""Advice sections: what the notes say of the project goes in, sentences that rest on the index alone come out.

Training, rights, funding: apart from what the person said, and never about them. With a model, its statements are
checked as those of an answer; without one, they are sentences of the documents, cited.
"""

import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import anyio.to_thread

from ingest.text import fold
from server.draft_schemas import DraftSection, DraftSentence, TemplateSection
from server.drafting.generate import Writing
from server.drafting.readable import readable
from server.drafting.sort import assembled, words_of
from server.drafting.types import DraftParts, DraftSource
from server.drafting.warnings import cut_short
from server.errors import ModelError
from server.extractive import ExtractiveGenerator
from server.guard import leaks
from server.notes import NumberedSentence
from server.placeholders import placeholders_of, without_placeholders
from server.retrieval import Retrieval
from server.schemas import MAX_QUESTION_CHARS, Passage
from server.verify import ProposedStatement, verify

PASSAGES = 8
"""How many passages one section of advice may draw on."""

PROJECT_CHARS = 400
PROJECT_SENTENCES = 4
"""What is searched for: a longer text finds what is near to none of it."""

_PROJECT = words_of(
    "projet devenir souhaite reconversion métier formation certification diplôme titre VAE CPF financement transition "
    "créer entreprise évoluer concours reprendre bilan CACES"
)
_DENIED = re.compile(r"\bn(?:e\b|')|\bpas\b|\brefus\w+|\becarte\w*|\bpas question\b")


@dataclass(frozen=True, slots=True)
class Advice:
    """One advice section, drafted.

    Args:
        passages: those that were found for it.
        written: whether the model wrote it.
        dropped: statements that were left out because no passage carries them.
    """

    section: DraftSection
    passages: list[Passage] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    written: bool = False
    dropped: int = 0


def project_of(sentences: Sequence[NumberedSentence], section: TemplateSection) -> str:
    """Give what the notes say of the project, without placeholders and without what is refused; empty for nothing.

    Args:
        section: what is to be advised on; its words count too.
    """
    wanted = words_of(f"{section.title} {section.holds} {' '.join([*section.questions, *section.hints])}")
    scored = []
    for sentence in sentences:
        text = without_placeholders(sentence.masked)
        words = words_of(text)
        score = 2 * len(words & _PROJECT) + len(words & wanted)
        said = len(words) > 2 and not text.isupper() and not _DENIED.search(fold(text))
        if said and words & _PROJECT:
            scored.append((-score, sentence.number, text[:PROJECT_CHARS]))
    chosen: list[tuple[int, str]] = []
    for _, number, text in sorted(scored)[:PROJECT_SENTENCES]:
        if sum(len(other) for _, other in chosen) + len(text) <= PROJECT_CHARS:
            chosen.append((number, text))
    return " ".join(text for _, text in sorted(chosen))


async def advise(
    section: TemplateSection, source: DraftSource, parts: DraftParts, writing: Writing | None
) -> Advice:
    """Draft one advice section; it is missing when the index says nothing for it, or the notes name no project."""
    project = project_of(source.sentences, section) if source.project is None else source.project
    project = without_placeholders(project)
    if not project:
        return Advice(assembled(section, [], " "))
    query = f"{section.title} : {project}"[:MAX_QUESTION_CHARS]
    scope = source.scope.model_copy(update={"as_of": source.scope.as_of or source.today})
    found = await anyio.to_thread.run_sync(parts.retriever.retrieve, query, scope, source.groups, PASSAGES)
    writer = parts.writer if writing and not writing.down else None
    if writing and writer and found.passages:
        try:
            advised = await writing.advise(section, project, found.passages)
            made = await _checked(section, advised.statements, advised.shown, found, parts, written=True)
            return (
                made if advised.whole else replace(made, warnings=[*made.warnings, cut_short(section.title)])
            )
        except ModelError:  # `writing` keeps it, and the draft says so
            pass
    proposed = await _extracts(query, found, source, parts)
    return await _checked(section, proposed, found.passages, found, parts, written=False)


async def _extracts(
    query: str, found: Retrieval, source: DraftSource, parts: DraftParts
) -> list[ProposedStatement]:
    if not found.passages:
        return []
    decision = await anyio.to_thread.run_sync(parts.abstainer.decide, query, found, "extractive")
    if not decision.answers:
        return []
    as_of = source.scope.as_of or source.today
    async with aclosing(ExtractiveGenerator().generate(query, found.passages, found, as_of)) as statements:
        return readable([statement async for statement in statements], found.passages, as_of)


async def _checked(
    section: TemplateSection,
    proposed: Sequence[ProposedStatement],
    passages: Sequence[Passage],
    found: Retrieval,
    parts: DraftParts,
    *,
    written: bool,
) -> Advice:
    sentences = await anyio.to_thread.run_sync(_sentences, proposed, passages)
    kept = [one for one in sentences if one.verified or parts.unverified == "show"]
    cited = {citation.passage_id for one in kept for citation in one.citations}
    conflicts = [c.explanation for c in found.conflicts if {c.newer, c.older} & cited]
    return Advice(
        assembled(section, kept, " " if written else "\n"),
        found.passages,
        [*found.warnings, *conflicts],
        written=written,
        dropped=len(proposed) - len(kept),
    )


def _sentences(proposed: Sequence[ProposedStatement], passages: Sequence[Passage]) -> list[DraftSentence]:
    """Check statements as those of an answer; one that no passage carries, or that speaks of a person, is left out."""
    sentences = []
    for statement in proposed:
        checked = verify(statement, passages)
        if checked.citations and not placeholders_of(checked.text) and not leaks(checked.text):
            sentences.append(
                DraftSentence(
                    text=checked.text,
                    verified=checked.verified,
                    citations=checked.citations,
                    unsupported=checked.unsupported,
                )
            )
    return sentences
