"""Drafts against their notes: nothing of them is passed over in silence, and what is theirs comes back as typed."""

import pytest
from openai import AsyncOpenAI

from server.draft import unmask_drafted
from server.drafting.sort import as_it_is, assembled
from server.drafting.types import SORTED
from server.drafting.unused import unused_sentences, unused_warning
from server.generate import OpenAIGenerator
from server.notes import number_notes as numbered_texts
from tests.drafting import (
    GOOD,
    PARCOURS,
    PROJET,
    SHORT,
    answer,
    drafted,
    masked_with,
    numbered,
    parts,
    said,
    source,
    texts,
)
from tests.masking import shipped_masker
from tests.scripted_model import ScriptedModel


@pytest.fixture
def writer(model: ScriptedModel, model_client: AsyncOpenAI) -> OpenAIGenerator:
    return OpenAIGenerator(model_client, model.name)


@pytest.mark.parametrize("given", [[], [said("ailleurs", "Elle est vendeuse.", 1, "vendeuse en CDI")]])
async def test_a_model_that_says_nothing_of_full_notes_has_failed(
    model: ScriptedModel, writer: OpenAIGenerator, given: list[dict[str, object]]
) -> None:
    model.says(answer(*given))
    made = await drafted(source(), parts(writer=writer))
    assert (made.mode, made.model, made.prompt_version) == ("extractive", SORTED, None)
    assert [texts(section) for section in made.sections] == [SHORT.split("\n")[:3], SHORT.split("\n")[3:]]
    assert made.unused == []
    assert "n’a pas rendu de texte utilisable" in made.warnings[0]


async def test_sections_without_a_sentence_are_none_of_a_failure_once_the_model_wrote_others(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    others = [PARCOURS.model_copy(update={"id": f"p{n}"}) for n in range(3)]
    model.says(GOOD)
    model.says(answer())
    made = await drafted(source(sections=[PARCOURS, *others, PROJET]), parts(writer=writer))
    assert made.mode == "generative"
    assert made.sections[-1].missing
    assert made.unused == [2, 4, 5]


def test_what_is_left_out_is_named_and_headings_are_not() -> None:
    notes = "PARCOURS\nVendeuse depuis 2019.\nTél [TELEPHONE_1]\nBEP vente.\nBEP vente\nSouhaite un CDI."
    sentences = numbered(notes)
    parcours = assembled(PARCOURS, [as_it_is(sentences[1])], " ")
    assert unused_sentences(sentences, [parcours]) == [4, 5, 6]
    assert "les phrases 4, 5 et 7." in unused_warning([4, 5, 7])
    assert "La phrase 4 " in unused_warning([4])
    assert "11, 12 et 8 autres" in unused_warning(range(1, 21))


async def test_what_the_notes_write_like_a_placeholder_comes_back_as_it_was_typed() -> None:
    text = (
        "[Employeur] : à préciser. Elle travaille chez Zorvex depuis 2019.\n"
        "[Email] : à demander. Mail de la conseillère : iris@exemple.fr.\n"
        "Vu avec [PERSONNE] de la mission. [personne 1] et PERSONNE_2 étaient là.\n"
        "Mme Nadia Benali vend. Mme Benali souhaite vendre. Mme Benali ne souhaite pas vendre."
    )
    masked = shipped_masker().mask(text)
    assert {"[PERSONNE_1]", "[PERSONNE_2]"}.isdisjoint(masked.restore)
    notes = numbered_texts(text, masked)
    shown = unmask_drafted(await drafted(source(text, masked=masked), parts()), masked.restore, notes)
    typed = {sentence.number: sentence.text for sentence in notes}
    for section in shown.sections:
        assert texts(section) == [typed[one.sources[0].sentence] for one in section.sentences]
        assert section.text == section.machine_text == "\n".join(texts(section))
    assert "« Mme Benali souhaite vendre. »" in shown.contradictions[0].explanation


async def test_a_label_without_a_number_that_a_model_writes_is_never_guessed(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    text = "Anne Roy est vendeuse."
    masked = masked_with(text, ("Anne Roy", "PERSONNE"))
    model.says(answer(said("parcours", "[PERSONNE] est vendeuse.", 1, "est vendeuse")))
    made = await drafted(source(text, masked=masked), parts(writer=writer))
    shown = unmask_drafted(made, masked.restore, numbered_texts(text, masked))
    assert texts(shown.sections[0]) == ["[PERSONNE] est vendeuse."]
