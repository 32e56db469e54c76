"""A draft while it is being made: what the steps of `server.draft` do, and what each leaves to the next."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import perf_counter

import anyio.to_thread

from server.draft_schemas import Contradiction, DraftSection, DraftSentence, TemplateSection
from server.drafting.advice import advise
from server.drafting.answer import ModelDraft, NotedSentence
from server.drafting.contradictions import contradictions
from server.drafting.generate import GROUP, WindowDraft, Writing
from server.drafting.instructions import instruction_warnings
from server.drafting.merge import merged
from server.drafting.questions import numbered_questions, unanswered
from server.drafting.sort import Sorting, as_it_is, assembled, sort_sentences
from server.drafting.types import REST_HOLDS, REST_ID, REST_TITLE, SORTED, Drafted, DraftParts, DraftSource
from server.drafting.unused import unused_sentences
from server.drafting.verify import QuotedNotes, verify_sentence
from server.drafting.warnings import Course, course_warnings
from server.notes import NumberedSentence
from server.prompts.draft import PROMPT_VERSION
from server.schemas import Passage

NEIGHBOURS = 1
"""Sentences of the notes on either side of one that a faulty sentence announces, shown to repair it."""

MOST_NEAR = 30
"""Sentences of the notes that one request to repair shows."""


@dataclass(frozen=True, slots=True)
class _Proposed:
    """A sentence that the model proposed, and what the notes make of it; None when they carry nothing of it."""

    window: int
    said: NotedSentence
    checked: DraftSentence | None

    @property
    def verified(self) -> bool:
        return self.checked is not None and self.checked.verified


class DraftWork:
    """One draft; `server.draft.draft` says in which order its steps go."""

    def __init__(self, source: DraftSource, parts: DraftParts) -> None:
        self.source = source
        self._parts = parts
        self._began = perf_counter()
        self._notes = [section for section in source.sections if section.kind == "notes"]
        self._writing = Writing(source, parts.writer, parts.parallel) if parts.writer else None
        self._quoted = QuotedNotes(source.sentences)
        self._questions = numbered_questions(self._notes)
        self._gave = False
        """Whether the model has written anything that rests on the notes."""
        self._sorting: Sorting | None = None
        self._unwritten: set[int] = set()
        self._sections: dict[str, DraftSection] = {}
        self._answered: dict[int, set[int]] = {}
        self._opposed: list[list[int]] = []
        self._contradictions: list[Contradiction] = []
        self._unanswered: list[str] = []
        self._passages: dict[str, Passage] = {}
        self._course = Course(with_model=parts.writer is not None)
        self._timings: dict[str, float] = {}

    @property
    def groups(self) -> list[list[TemplateSection]]:
        """Give the sections that rest on the notes, by groups that one request fills."""
        return [self._notes[at : at + GROUP] for at in range(0, len(self._notes), GROUP)]

    @property
    def advice(self) -> list[TemplateSection]:
        """Give the sections that rest on the index."""
        return [section for section in self.source.sections if section.kind == "advice"]

    async def fill(self, group: Sequence[TemplateSection]) -> list[DraftSection]:
        """Draft a group of sections from the notes."""
        with self._timed("notes"):
            windows = await self._windows(group)
            proposed = await self._repaired(await anyio.to_thread.run_sync(self._checked, windows, group))
            self._gave = self._gave or any(one.checked for one in proposed)
            if not self._gave:
                windows, proposed = self._given_up(windows, proposed), []
            if any(window.draft is None for window in windows):
                await self._sort()
            sections = [self._filled(section, windows, proposed) for section in group]
        self._note_course(group, windows)
        for section in sections:
            self._sections[section.id] = section
        return sections

    def _given_up(self, windows: Sequence[WindowDraft], proposed: Sequence[_Proposed]) -> list[WindowDraft]:
        """Take a model that found nothing in notes that say something for one that fails: silence is not an answer."""
        self._course.dropped += len(proposed)
        if self._writing and any(window.draft for window in windows):
            self._writing.gave_nothing()
        return [replace(window, draft=None) for window in windows]

    async def advise(self, section: TemplateSection) -> DraftSection:
        """Draft a section from the index."""
        with self._timed("advice"):
            advice = await advise(section, self.source, self._parts, self._writing)
        self._passages |= {passage.id: passage for passage in advice.passages}
        self._course.advice += advice.warnings
        self._course.dropped += advice.dropped
        if advice.written:
            self._course.written.append(section.title)
        elif self._writing and self._writing.error and not advice.section.missing:
            self._course.advice_failed.append(section.title)
        self._sections[section.id] = advice.section
        return advice.section

    def rest(self) -> DraftSection | None:
        """Give the sentences that no section received, as a section of their own; None when there are none."""
        if self._sorting is None or not self.source.keep_rest:
            return None
        left = [one for one in self._sorting.of(None, self.source.sentences) if one.number in self._unwritten]
        if not left:
            return None
        section = TemplateSection(id=REST_ID, title=REST_TITLE, holds=REST_HOLDS)
        self._sections[REST_ID] = assembled(section, list(map(as_it_is, left)), "\n")
        return self._sections[REST_ID]

    async def compare(self) -> None:
        """Look for contradictions, and for questions that the notes do not answer."""
        if not self.source.compare:
            return
        with self._timed("compare"):
            self._contradictions = await anyio.to_thread.run_sync(
                contradictions, self.source.sentences, self._opposed
            )
            self._unanswered = await anyio.to_thread.run_sync(
                unanswered, self._questions, self._sections, self.source.sentences, self._answered
            )

    def drafted(self) -> Drafted:
        """Give the whole draft."""
        ordered = [self._sections[section.id] for section in self.source.sections]
        sections = [*ordered, self._sections[REST_ID]] if REST_ID in self._sections else ordered
        self._course.error = self._writing.error if self._writing else None
        if self.source.compare:
            self._course.unused = unused_sentences(self.source.sentences, sections)
        generative = bool(self._course.written)
        self._timings["total"] = _ms_since(self._began)
        return Drafted(
            sections=sections,
            contradictions=self._contradictions,
            unanswered=self._unanswered,
            unused=self._course.unused,
            passages=list(self._passages.values()),
            warnings=[*course_warnings(self._course, sections), *instruction_warnings(self.source.sentences)],
            mode="generative" if generative else "extractive",
            model=self._writing.model if self._writing and generative else SORTED,
            prompt_version=PROMPT_VERSION if generative else None,
            timings=self._timings,
            model_label=self._parts.model_label if generative else None,
        )

    async def _windows(self, group: Sequence[TemplateSection]) -> list[WindowDraft]:
        if self._writing is None or not self.source.sentences:
            return [WindowDraft(self.source.sentences, None)]
        ids = {section.id for section in group}
        asked = {number: text for number, (section_id, text) in self._questions.items() if section_id in ids}
        windows = await self._writing.write(group, asked)
        for window in windows:
            if window.draft is not None:
                self._note_findings(window.draft, frozenset(asked))
        return windows

    def _note_findings(self, draft: ModelDraft, asked: frozenset[int]) -> None:
        """Keep what the model found beside the sections, where its quotes are in the notes."""
        for opposed in draft.contradictions:
            found = [self._quoted.find(source) for source in opposed.sources]
            numbers = sorted({quote.sentence for quote in found if quote})
            if None not in found and len(numbers) > 1:
                self._opposed.append(numbers)
        for answer in draft.answered:
            if answer.question in asked:
                self._answered.setdefault(answer.question, set()).update(answer.sentences)

    def _checked(self, windows: Sequence[WindowDraft], group: Sequence[TemplateSection]) -> list[_Proposed]:
        ids = {section.id for section in group}
        return [
            _Proposed(index, said, verify_sentence(said.text, said.sources, self._quoted))
            for index, window in enumerate(windows)
            for said in (window.draft.sentences if window.draft else ())
            if said.section in ids
        ]

    async def _repaired(self, proposed: list[_Proposed]) -> list[_Proposed]:
        """Ask once more for the sentences that could not be verified; one that fails again is kept as it was."""
        faulty = {number: one.said for number, one in enumerate(proposed) if not one.verified}
        if self._writing is None or not faulty:
            return proposed
        for repaired in await self._writing.repair(faulty, self._near(faulty.values())):
            if repaired.number in faulty:
                again = verify_sentence(repaired.text, repaired.sources, self._quoted)
                if again is not None and again.verified:
                    proposed[repaired.number] = replace(proposed[repaired.number], checked=again)
        return proposed

    def _near(self, faulty: Iterable[NotedSentence]) -> list[NumberedSentence]:
        """Give the sentences of the notes that faulty ones announce, with their neighbours."""
        announced = {source.sentence for said in faulty for source in said.sources}
        reach = range(-NEIGHBOURS, NEIGHBOURS + 1)
        near = {number + step for number in announced for step in reach}
        return [sentence for sentence in self.source.sentences if sentence.number in near][:MOST_NEAR]

    def _filled(
        self, section: TemplateSection, windows: Sequence[WindowDraft], proposed: Sequence[_Proposed]
    ) -> DraftSection:
        """Put a section together, window after window; one that the model failed on gives its own sentences."""
        sentences: list[DraftSentence] = []
        for index, window in enumerate(windows):
            if window.draft is None and self._sorting is not None:
                sentences += map(as_it_is, self._sorting.of(section.id, window.sentences))
                continue
            for one in proposed:
                if one.window == index and one.said.section == section.id:
                    if one.checked is not None and (one.verified or self._parts.unverified == "show"):
                        sentences.append(one.checked)
                    else:
                        self._course.dropped += 1
        if all(window.draft is None for window in windows):
            return assembled(section, sentences, "\n")
        between = " " if all(window.draft for window in windows) else "\n"
        return assembled(section, merged(sentences), between)

    def _note_course(self, group: Sequence[TemplateSection], windows: Sequence[WindowDraft]) -> None:
        titles = [section.title for section in group]
        lost = [window for window in windows if window.draft is None]
        self._unwritten |= {sentence.number for window in lost for sentence in window.sentences}
        if len(lost) == len(windows):
            self._course.sorted += titles if self.source.sentences else []
            return
        self._course.written += titles
        named = ", ".join(f"« {title} »" for title in titles)
        for window in windows:
            span = window.sentences[0].number, window.sentences[-1].number, named
            if window.draft is None:
                self._course.lost.append(span)
            elif not window.draft.whole:
                self._course.cut.append(span)

    async def _sort(self) -> None:
        if self._sorting is None:
            with self._timed("sort"):
                self._sorting = await anyio.to_thread.run_sync(
                    sort_sentences, self.source.sentences, self._notes, self._parts.embedder
                )

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = perf_counter()
        yield
        self._timings[stage] = round(self._timings.get(stage, 0.0) + _ms_since(began), 3)


def _ms_since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 3)
