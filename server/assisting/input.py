"""What an assistant was given: a request goes in, its texts come out, checked, masked and in numbered sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.text import terms
from server.assistant_schemas import AssistantRequest
from server.assisting.assistants import AssistantForm, InputForm
from server.draft_schemas import TemplateSection
from server.drafting.advice import PROJECT_CHARS, project_of
from server.drafting.decided_masks import check_spans, count_unmasked
from server.drafting.errors import DraftRequestWrong
from server.mask import Masked, Masker
from server.mask_schemas import MaskedEntity, MaskSpan
from server.notes import NumberedSentence, number_texts
from server.placeholders import without_placeholders

FULL_SENTENCE = 4
"""Words of a sentence that says something of its subject: a heading or a line of an address has fewer."""

LINE_CHARS = 300
"""Longest input of one line, in characters."""


@dataclass(frozen=True, slots=True)
class GivenInputs:
    """The inputs of one request.

    Args:
        typed: as they were typed, by id; those left out are absent.
        masked: the same without the choices, in the order of the file.
        sentences: of all of them, numbered in a row; `source` is the input's label.
        labels: by id.
        unmasked: data that the recognisers find and that the masks of a person leave in clear.
    """

    typed: Mapping[str, str]
    masked: Mapping[str, Masked]
    sentences: Sequence[NumberedSentence]
    labels: Mapping[str, str]
    unmasked: int = 0

    @property
    def restore(self) -> dict[str, str]:
        """The value behind each placeholder, of all inputs."""
        return {name: value for one in self.masked.values() for name, value in one.restore.items()}

    @property
    def genders(self) -> dict[str, str]:
        """ "f" or "m" of persons, by placeholder."""
        told = (item for one in self.masked.values() for item in one.genders.items())
        return {placeholder: gender for placeholder, gender in told if gender}

    @property
    def entities(self) -> dict[str, list[MaskedEntity]]:
        """What was masked, by id."""
        return {
            name: [
                MaskedEntity(start=one.start, end=one.end, type=one.type, placeholder=one.placeholder)
                for one in masked.entities
            ]
            for name, masked in self.masked.items()
        }

    def of(self, index: int) -> list[NumberedSentence]:
        """Give the sentences of one input, by its place in the file."""
        label = list(self.labels.values())[index]
        return [one for one in self.sentences if one.source == label]

    def named(self, names: Sequence[str]) -> list[NumberedSentence]:
        """Give the sentences of some inputs, by id."""
        labels = {self.labels[name] for name in names}
        return [one for one in self.sentences if one.source in labels]

    def texts(self, assistant: AssistantForm) -> list[NumberedSentence]:
        """Give the sentences of the texts: an input of one line says what is asked, and is no part of them."""
        places = (index for index, one in enumerate(assistant.inputs) if one.kind != "ligne")
        return [sentence for index in places for sentence in self.of(index)]

    def dialogue(self, assistant: AssistantForm) -> list[NumberedSentence]:
        """Give the sentences of the dialogue."""
        places = (index for index, one in enumerate(assistant.inputs) if one.kind == "dialogue")
        return [sentence for index in places for sentence in self.of(index)]

    def query(self, names: Sequence[str]) -> str | None:
        """Give what those inputs say, without placeholders; None when that is too long to be searched for."""
        said = (without_placeholders(self.masked[name].text) for name in names if name in self.masked)
        joined = " ; ".join(one for one in said if one)
        return joined if len(joined) <= PROJECT_CHARS else None

    def project(self, section: TemplateSection) -> str:
        """Give what to search for a section of advice: the project of the inputs, or their first full sentences."""
        if said := project_of(self.sentences, section):
            return said
        chosen: list[str] = []
        for sentence in self.sentences:
            text = without_placeholders(sentence.masked)
            if len(terms(text)) >= FULL_SENTENCE and len(" ".join([*chosen, text])) <= PROJECT_CHARS:
                chosen.append(text)
        return " ".join(chosen) or without_placeholders(self.sentences[0].masked)[:PROJECT_CHARS]

    def instruction(self, assistant: AssistantForm) -> str:
        """Give what the model is asked, with the choices that were made: they are the file's own words."""
        choices = [
            f"{one.label} : {self.typed[one.id]}."
            for one in assistant.inputs
            if one.kind == "choix" and one.id in self.typed
        ]
        return " ".join([assistant.head.instruction, *choices])


def give_inputs(assistant: AssistantForm, request: AssistantRequest, masker: Masker) -> GivenInputs:
    """Check the inputs of a request and mask them: the same person has one placeholder in all of them.

    Raises:
        DraftRequestWrong: an input is missing, unknown or too long, a choice is none of the file's, a mask is none of
            its text or cuts a word, or filters are given to an assistant that has none.
    """
    _check(assistant, request)
    typed = {one.id: text for one in assistant.inputs if (text := request.inputs.get(one.id, "")).strip()}
    written = "\n".join(typed.values())
    masked: dict[str, Masked] = {}
    unmasked = 0
    for one in assistant.inputs:
        if one.id in typed and one.kind != "choix":
            decided = (request.mask or {}).get(one.id)
            masked[one.id], left = _masked(masker, typed[one.id], decided, masked, written)
            unmasked += left
    labels = {one.id: one.label for one in assistant.inputs}
    sentences = number_texts((labels[name], typed[name], one) for name, one in masked.items())
    return GivenInputs(typed, masked, sentences, labels, unmasked)


def _masked(
    masker: Masker, text: str, decided: Sequence[MaskSpan] | None, before: Mapping[str, Masked], written: str
) -> tuple[Masked, int]:
    """Mask an input; gives how much of what is found in it stays in clear as well.

    Args:
        written: all the inputs: what any of them writes like a placeholder is given to no value.
    """
    beside = "\n".join([*(one.text for one in before.values()), written])
    known = {name: value for one in before.values() for name, value in one.restore.items()}
    found = masker.mask(text, beside, about="notes", known=known)
    if decided is None:
        return found, 0
    check_spans(text, decided, found)
    masked = masker.mask_spans(text, decided, beside, known=known)
    return masked, count_unmasked(text, found, masked)


def _check(assistant: AssistantForm, request: AssistantRequest) -> None:
    known = {one.id: one for one in assistant.inputs}
    for name in [*request.inputs, *(request.mask or {})]:
        if name not in known:
            raise DraftRequestWrong(
                f"Cet assistant n’a pas d’entrée « {name[:60]} » ; les siennes : {', '.join(known)}."
            )
    for one in assistant.inputs:
        _check_input(one, request.inputs.get(one.id, ""))
    for name, spans in (request.mask or {}).items():
        if any(span.end > len(request.inputs.get(name, "")) for span in spans):
            raise DraftRequestWrong(
                f"Un masque sort du texte de « {known[name].label} » : relisez les masques."
            )
    has_filters = assistant.search is not None and assistant.search.filters
    if not has_filters and request.filters.model_dump(exclude_none=True):
        raise DraftRequestWrong("Cet assistant ne filtre pas les formations : retirez les filtres.")


def _check_input(one: InputForm, text: str) -> None:
    if not text.strip():
        if one.required:
            raise DraftRequestWrong(f"Il manque « {one.label} ».")
        return
    if one.kind == "choix" and text not in one.choices:
        raise DraftRequestWrong(f"« {one.label} » se choisit parmi : {' ; '.join(one.choices)}.")
    if one.kind == "ligne" and (len(text) > LINE_CHARS or len(text.splitlines()) > 1):
        raise DraftRequestWrong(f"« {one.label} » tient en une ligne de {LINE_CHARS} caractères au plus.")
