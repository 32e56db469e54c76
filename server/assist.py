"""Assistants at work: a request and its assistant go in, sections with their sources come out; nothing is kept.

check -> mask -> sentences -> draft (with a model) or rules (without) -> verify -> unmask

`prepare` does what comes before a model is asked, `carry_out` the rest; `server.assisting.run` waits in between.
What a model reads is masked; what it writes is checked by the draft path (`server.draft`). Without one, each section
has the stand-in that its file names (`server.assisting.rules`, `server.assisting.search`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from time import perf_counter

import anyio.to_thread

from server.assistant_schemas import AssistantAnswer, AssistantRequest
from server.assisting.assistants import FIELD, AssistantForm, AssistantSectionForm, Without
from server.assisting.input import GivenInputs, give_inputs
from server.assisting.letter import senders
from server.assisting.rules import ANSWER, bank_questions, compared, next_question, picked, quiz, remarks
from server.assisting.search import Found, search
from server.draft import Drafted, DraftParts, DraftSource, draft, unmask_section
from server.draft_schemas import DraftSection, DraftSentence
from server.drafting.decided_masks import unmasked_warnings
from server.drafting.instructions import instruction_warnings
from server.drafting.sort import as_it_is, assembled, sort_sentences
from server.figures import find_figures
from server.mask import Masker
from server.schemas import Passage, Scope

RULES = "sans-modele"
"""What is named in place of a model when nobody wrote."""

WITHOUT_MODEL = "Sans modèle de rédaction : {ways}."
FAILED = (
    "Le modèle de rédaction n’a rien rendu d’utilisable : voici ce que Fanal fait sans lui. Vous pouvez recommencer"
    " dans quelques minutes ; si cela se répète, prévenez votre administrateur."
)
DOUBTFUL = (
    "Phrases qui n’ont pas pu être vérifiées mot pour mot : {count}. Elles sont signalées ; contrôlez-les."
)
ALL_ASKED = "Toutes les questions ont été posées : demandez maintenant le bilan."
NEEDS_MODEL = "Cette partie demande un modèle de rédaction."
FILLED = "la trame de l’assistant est remplie avec ce qui est saisi"
QUIZ_QUESTIONS = 10

_COUNTED = re.compile(r"pas pu être vérifiées? mot pour mot")
"""What the draft path says of its sentences, which are counted here as they are shown."""

_WAYS: Mapping[Without, str] = {
    "rangement": "les phrases fournies sont classées, telles quelles",
    "recherche": "les documents les plus proches de la demande sont cités, avec les mots communs",
    "acquis": "les mots des deux textes sont comparés, sans juger des compétences",
    "partiels": "les mots des deux textes sont comparés, sans juger des compétences",
    "manques": "les mots des deux textes sont comparés, sans juger des compétences",
    "expediteur": "les lignes qui disent qui écrit sont reconnues à leurs premiers mots",
    "banque": "les questions sont celles de l’assistant",
    "approfondir": "les questions sont celles de l’assistant",
    "tour": "les questions sont celles de l’assistant, dans leur ordre",
    "retour": "les réponses sont comptées, sans être jugées",
    "quiz": "les questions sont des phrases du document, à compléter",
    "rien": "une partie reste vide",
}


@dataclass(slots=True)
class AssistantWork:
    """A request while it is carried out, its sections masked; `began` and `masked` tell when, by `perf_counter`."""

    assistant: AssistantForm
    given: GivenInputs
    scope: Scope
    parts: DraftParts
    groups: frozenset[str]
    today: date
    began: float
    masked: float
    sections: dict[str, DraftSection] = field(default_factory=dict)
    passages: dict[str, Passage] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    drafted: Drafted | None = None

    @property
    def wanted(self) -> list[AssistantSectionForm]:
        """The sections that the choices made ask for."""
        chosen = self.given.typed
        return [
            one
            for one in self.assistant.sections
            if all(chosen.get(name) == value for name, value in one.only_if.items())
        ]

    @property
    def to_write(self) -> dict[str, AssistantSectionForm]:
        """The sections that the model is asked for: those that no rule of the file makes."""
        if self.parts.writer is None:
            return {}
        return {one.id: one for one in self.wanted if not (one.text or one.rule or one.rest)}

    def query(self, form: AssistantSectionForm) -> str:
        """Give what to search for a section of advice."""
        asked = self.given.query(self.assistant.search.query if self.assistant.search else ())
        return asked or self.given.project(form.section())

    @property
    def is_written(self) -> bool:
        return self.drafted is not None and self.drafted.mode == "generative"


async def prepare(
    assistant: AssistantForm,
    request: AssistantRequest,
    parts: DraftParts,
    masker: Masker,
    *,
    groups: frozenset[str],
    today: date,
) -> AssistantWork:
    """Check and mask what an assistant is given; no model is asked.

    Args:
        groups: whose documents may be cited.
        today: the day that advice is about.

    Raises:
        DraftRequestWrong: an input is missing, unknown or too long, or a mask is none of its text.
    """
    began = perf_counter()
    given = await anyio.to_thread.run_sync(give_inputs, assistant, request, masker)
    scope = Scope(kinds=assistant.kinds or None, as_of=today, **request.filters.model_dump(exclude_none=True))
    work = AssistantWork(assistant, given, scope, parts, groups, today, began, perf_counter())
    work.warnings += instruction_warnings(given.sentences)
    return work


async def carry_out(work: AssistantWork) -> AssistantAnswer:
    """Carry out an assistant's task, for the person who typed the inputs."""
    began = perf_counter()
    if asked := work.to_write:
        await _write(work, asked)
    await _stand_in(work)
    timings = {"mask": _ms(work.began, work.masked), "write": _ms(began), "total": _ms(work.began)}
    return _answer(work, timings)


async def _write(work: AssistantWork, asked: Mapping[str, AssistantSectionForm]) -> None:
    advice = [one for one in asked.values() if one.kind == "conseils"]
    source = DraftSource(
        work.given.sentences,
        [one.section() for one in asked.values()],
        work.assistant.head.title,
        work.groups,
        work.today,
        instruction=work.given.instruction(work.assistant),
        genders=work.given.genders,
        scope=work.scope,
        project=work.query(advice[0]) if advice else None,
        keep_rest=False,
        compare=False,
    )
    async with aclosing(draft(source, work.parts)) as events:
        async for event in events:
            if isinstance(event, Drafted):
                work.drafted = event
    if work.drafted is None or not work.is_written:
        work.warnings.append(FAILED)
        return
    work.passages |= {passage.id: passage for passage in work.drafted.passages}
    for section in work.drafted.sections:
        if form := asked.get(section.id):
            work.sections[section.id] = _bounded(section, form)
    work.warnings += [one for one in work.drafted.warnings if not _COUNTED.search(one)]
    written = [sentence for section in work.sections.values() for sentence in section.sentences]
    if doubtful := sum(not sentence.verified for sentence in written):
        work.warnings.append(DOUBTFUL.format(count=doubtful))


def _bounded(section: DraftSection, form: AssistantSectionForm) -> DraftSection:
    """Keep no more sentences than the file wants; a question is held to where it comes from, not to its words."""
    sentences = section.sentences[: form.at_most]
    if form.asks:
        sentences = [_as_question(sentence) for sentence in sentences]
    if form.fallback == "quiz":
        sentences = [_with_answer(sentence) for sentence in sentences]
    if sentences == section.sentences:
        return section
    return assembled(form.section(), sentences, "\n" if form.asks else " ")


def _as_question(sentence: DraftSentence) -> DraftSentence:
    figures = [one for one in sentence.unsupported if find_figures(one)]
    carried = bool(sentence.sources or sentence.citations) and not figures
    return sentence.model_copy(update={"verified": carried, "unsupported": figures})


def _with_answer(sentence: DraftSentence) -> DraftSentence:
    """Give the answer of a quiz where the model left it out: the words that the question rests on."""
    if ANSWER in sentence.text or not sentence.sources:
        return sentence
    return sentence.model_copy(update={"text": f"{sentence.text}\n{ANSWER} {sentence.sources[0].quote}"})


async def _stand_in(work: AssistantWork) -> None:
    """Fill what is left: the file's own rules and frames, and all the rest when no model wrote."""
    left = [one for one in work.wanted if one.id not in work.sections and not (one.text or one.rest)]
    sorted_ones = await anyio.to_thread.run_sync(_sorted, work, left)
    ways: list[str] = []
    for form in left:
        if form.rule:
            work.sections[form.id] = _listed(form, picked(form.rule, work.given.texts(work.assistant)))
            continue
        ways.append(FILLED if form.frame else _WAYS[form.fallback])
        if form.frame:
            continue  # it is filled with what was typed, once the names are back
        if form.takes:
            work.sections[form.id] = _listed(form, [as_it_is(one) for one in work.given.named(form.takes)])
        elif form.fallback == "recherche":
            work.sections[form.id] = await _found(work, form)
        else:
            work.sections[form.id] = sorted_ones.get(form.id) or _by_rule(work, form)
    _keep_rest(work)
    if work.parts.writer is None and ways:
        work.warnings.append(WITHOUT_MODEL.format(ways=" ; ".join(dict.fromkeys(ways))))


def _keep_rest(work: AssistantWork) -> None:
    """Give the sentences that no section holds to the section made for them: nothing of a text is lost unseen."""
    form = next((one for one in work.wanted if one.rest), None)
    if form is None:
        return
    texts = work.given.texts(work.assistant)
    held = {
        source.sentence
        for section in work.sections.values()
        for sentence in section.sentences
        for source in sentence.sources
    }
    named = [one.section() for one in work.wanted if one.kind == "notes" and not one.rest]
    placed = sort_sentences(texts, named).places  # a heading that only names a section has no place
    left = [as_it_is(one) for one in texts if one.number in placed and one.number not in held]
    if left:
        work.sections[form.id] = _listed(form, left)


def _sorted(work: AssistantWork, left: Sequence[AssistantSectionForm]) -> dict[str, DraftSection]:
    forms = [one for one in left if one.fallback == "rangement" and not (one.rule or one.frame or one.takes)]
    if not forms:
        return {}
    sections = [one.section() for one in forms]
    taken = {sentence.number for form in left for sentence in work.given.named(form.takes)}
    if any(form.fallback == "expediteur" for form in left):
        lines = senders(work.given.texts(work.assistant))
        taken |= {source.sentence for line in lines for source in line.sources}
    sentences = [one for one in work.given.texts(work.assistant) if one.number not in taken]
    sorting = sort_sentences(sentences, sections, work.parts.embedder)
    return {
        form.id: _listed(form, [as_it_is(one) for one in sorting.of(form.id, sentences)]) for form in forms
    }


async def _found(work: AssistantWork, form: AssistantSectionForm) -> DraftSection:
    query = work.query(form)
    if not query:
        return assembled(form.section(), [], "\n")
    count = work.assistant.search.count if work.assistant.search else 0
    found: Found = await anyio.to_thread.run_sync(
        search, query, work.parts.retriever, work.scope, work.groups, count
    )
    work.passages |= {passage.id: passage for passage in found.passages}
    work.warnings += [one for one in found.warnings if one not in work.warnings]
    return _listed(form, found.sentences)


def _by_rule(work: AssistantWork, form: AssistantSectionForm) -> DraftSection:
    given, bank = work.given, work.assistant.bank
    match form.fallback:
        case "acquis" | "partiels" | "manques":
            return _listed(form, compared(given.of(1), given.of(0), form.fallback))
        case "expediteur":
            return _listed(form, senders(given.texts(work.assistant)))
        case "approfondir":
            return _listed(form, list(_to_deepen(work)))
        case "retour":
            return _listed(form, remarks(given.dialogue(work.assistant)))
        case "quiz":
            return _listed(form, quiz(given.texts(work.assistant), form.at_most or QUIZ_QUESTIONS))
        case "banque":
            asked = (
                question.text for question, spoken in bank_questions(bank, given.sentences) if not spoken
            )
            return _worded(form, "\n".join(f"- {text}" for text in asked))
        case "tour":
            return _worded(form, next_question(bank, given.dialogue(work.assistant)) or ALL_ASKED)
        case _:
            return _worded(form, NEEDS_MODEL)


def _to_deepen(work: AssistantWork) -> Iterator[DraftSentence]:
    for question, spoken in bank_questions(work.assistant.bank, work.given.sentences):
        if spoken is not None:
            yield as_it_is(spoken).model_copy(update={"text": question.text})


def _listed(form: AssistantSectionForm, sentences: Sequence[DraftSentence]) -> DraftSection:
    return assembled(form.section(), list(sentences)[: form.at_most], "\n")


def _worded(form: AssistantSectionForm, text: str) -> DraftSection:
    """Make a section of words of the file: they assert nothing that a source could carry."""
    made = assembled(form.section(), [], "\n")
    return made.model_copy(update={"missing": False, "machine_text": text, "text": text}) if text else made


def _framed(form: AssistantSectionForm, frame: str, typed: Mapping[str, str]) -> DraftSection:
    lines = [FIELD.sub(lambda name: typed.get(name[1], ""), line).rstrip() for line in frame.split("\n")]
    return _worded(form, "\n".join(lines).strip())


def _answer(work: AssistantWork, timings: dict[str, float]) -> AssistantAnswer:
    """Put the names back; the file's frames are filled with what was typed."""
    restore, typed = work.given.restore, work.given.typed
    shown = []
    for form in work.wanted:
        if section := work.sections.get(form.id):
            shown.append(unmask_section(section, restore, work.given.sentences))
        elif not form.rest:
            shown.append(_framed(form, form.text or form.frame or "", typed))
    written = work.drafted if work.drafted and work.is_written else None
    return AssistantAnswer(
        assistant=work.assistant.id,
        version=work.assistant.head.version,
        mode="generative" if written else "extractive",
        model=written.model if written else RULES,
        model_label=written.model_label if written else None,
        prompt_version=written.prompt_version if written else None,
        inputs=[sentence.wire() for sentence in work.given.sentences],
        entities=work.given.entities,
        sections=shown,
        passages=list(work.passages.values()),
        warnings=list(dict.fromkeys([*work.warnings, *unmasked_warnings(work.given.unmasked)])),
        timings=timings,
    )


def _ms(began: float, ended: float | None = None) -> float:
    return round(((ended or perf_counter()) - began) * 1000, 3)
