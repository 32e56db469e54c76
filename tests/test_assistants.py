"""Assistant files: Fanal's nine are whole, an organisation's add to them, a broken one is refused with its lines."""

import re
from pathlib import Path

import pytest

from ingest.documents import Kind
from ingest.errors import ConfigurationError
from ingest.settings import ROOT
from server.assisting.assistants import AssistantForm, BankQuestion, Rule, load_assistants
from server.assisting.letter import senders
from server.assisting.rules import bank_questions, compared, next_question, picked, quiz, remarks, turns_of
from server.assisting.search import common_words, rests_on_little
from tests.drafting import numbered
from tests.passages import make_passage

GOOD = """\
[assistant]
id = "essai"
version = "1"
titre = "Un essai"
resume = "Pour les tests."
consigne = "Range."

[recherche]
natures = ["droit"]
demande = ["texte"]

[[entree]]
id = "texte"
libelle = "Un texte"

[[entree]]
id = "genre"
libelle = "Un genre"
type = "choix"
choix = ["Court", "Long"]

[[section]]
id = "tout"
titre = "Tout"
contenu = "Tout le texte."

[[section]]
id = "droits"
titre = "Droits"
type = "conseils"
contenu = "Les droits."
"""

ALL = load_assistants().all()


def written(folder: Path, text: str, name: str = "essai.toml") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


def test_the_nine_of_fanal_are_there_and_say_what_they_do_without_a_model() -> None:
    assert {one.id: one.without_model for one in ALL} == {
        "analyser-un-cv": "sort",
        "competences-manquantes": "sort",
        "proposer-des-formations": "search",
        "pistes-de-parcours": "sort",
        "lettre-ou-courriel": "fill",
        "preparer-un-entretien": "fill",
        "simuler-un-entretien-d-embauche": "fill",
        "expliquer-un-courrier": "sort",
        "quiz": "sort",
    }


@pytest.mark.parametrize("assistant", ALL, ids=lambda one: one.id)
def test_each_is_whole(assistant: AssistantForm) -> None:
    view = assistant.view()
    assert view.inputs[0].required
    assert len(assistant.head.instruction) > 80
    has_advice = any(section.kind == "advice" for section in view.sections)
    assert has_advice == (assistant.search is not None)
    for section in assistant.sections:
        if section.fallback == "rangement" and not (
            section.text or section.frame or section.rule or section.takes or section.rest
        ):
            assert len(section.hints) >= 7, section.id


def test_the_one_that_suggests_training_filters_the_catalogue() -> None:
    suggests = load_assistants().get("proposer-des-formations")
    assert suggests is not None
    assert suggests.view().filters
    assert suggests.kinds == [Kind.TRAINING]


def test_an_organisation_adds_its_own_and_replaces_one(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    written(tmp_path, GOOD.replace('"essai"', '"quiz"').replace("Un essai", "Le nôtre"), "autre.toml")
    found = load_assistants(tmp_path)
    assert [one.id for one in found.all()] == [*(one.id for one in ALL), "essai"]
    quiz_of_theirs = found.get("quiz")
    assert quiz_of_theirs is not None
    assert quiz_of_theirs.head.title == "Le nôtre"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('consigne = "Range."\n', "", "ligne 1 : il manque « consigne »"),
        ('titre = "Un essai"', 'title = "Un essai"', "ligne 4 : « title » n’existe pas ici : écrivez « titre »"),
        ('natures = ["droit"]', 'natures = ["lois"]', "ligne 9 : « natures » ne peut pas valoir « lois »"),
        ('demande = ["texte"]', 'demande = ["notes"]', "ligne 10 : « notes » n’est l’id d’aucune [[entree]]"),
        ('type = "choix"\n', "", "une entrée de type \"choix\" a une liste"),
        ('choix = ["Court", "Long"]', 'choix = "Court"', "ligne 20 : « choix » ne peut pas valoir « Court »"),
        ('libelle = "Un genre"', 'libelle = "Un texte"', "ligne 18 : « Un texte » est déjà le libellé"),
        ('id = "genre"', 'id = "texte"', "ligne 17 : « texte » est déjà l’identifiant"),
        ('contenu = "Tout le texte."', 'contenu = "x"\ntexte = "Cher {nom}"', "ligne 26 : « {nom} » n’est l’id"),
        ('contenu = "Tout le texte."', 'contenu = "x"\nsi = { genre = "Moyen" }', "ligne 26 : « Moyen » n’est pas un"),
        ('contenu = "Tout le texte."', 'contenu = "x"\nsi = { genre = 3 }', "ligne 26 : « si » ne peut pas valoir"),
        ('contenu = "Tout le texte."', 'contenu = "x"\nsans_modele = "rien du tout"', "ligne 26 : « sans_modele »"),
        ('contenu = "Tout le texte."', 'contenu = "x"\nsans_modele = "banque"', "« banque » demande des tables"),
        ('contenu = "Tout le texte."', 'contenu = "x"\nsans_modele = "retour"', "« retour » demande une entrée"),
        ('contenu = "Tout le texte."', 'contenu = "x"\nregle = "noms"', "ligne 26 : « regle » ne peut pas valoir"),
        ('[recherche]\nnatures = ["droit"]\ndemande = ["texte"]\n', "", "demande une table [recherche]"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ConfigurationError, match=r"L’assistant « .*essai\.toml » est à corriger") as raised:
        load_assistants(written(tmp_path, GOOD.replace(old, new)))
    assert said in str(raised.value)
    assert re.search(r"ligne \d+ : ", str(raised.value))


# ---------------------------------------------------------------- rules

LETTER = """\
Objet : votre demande du 3 octobre 2026
Vous devez nous retourner l’imprimé avant le 15/12/2026.
Un trop-perçu de 432,50 € vous est réclamé.
Vous disposez de deux mois pour contester, au plus tard à la réception.
Le taux est de 12 %.
Veuillez joindre une copie.
Nous restons à votre disposition.
"""


@pytest.mark.parametrize(
    ("rule", "lines"),
    [("dates", [1, 2, 4]), ("montants", [3, 5]), ("obligations", [2, 6])],
)
def test_picks_word_for_word_what_a_letter_fixes(rule: Rule, lines: list[int]) -> None:
    found = picked(rule, numbered(LETTER))
    assert [one.sources[0].sentence for one in found] == lines
    assert all(one.text in LETTER for one in found)


def test_compares_the_words_of_two_texts() -> None:
    wanted = numbered("Lecture de plans\nSoudure TIG\nEncadrement d’une équipe")
    held = numbered("Je sais lire un plan.\nJ’ai soudé en TIG et en MIG.")
    assert [one.text for one in compared(wanted, held, "acquis")] == ["Lecture de plans", "Soudure TIG"]
    assert [one.text for one in compared(wanted, held, "manques")] == ["Encadrement d’une équipe"]


def test_a_skill_that_is_named_is_not_said_to_lack_and_a_heading_asks_for_nothing() -> None:
    wanted = numbered(
        "Poste : conducteur de bus.\nCompétences requises :\nBonne maîtrise du logiciel Excel exigée\n"
        "Excel, gestion des plannings, suivi budgétaire\nPermis D"
    )
    held = numbered("Je sais utiliser Excel.")
    assert [one.text for one in compared(wanted, held, "acquis")] == [
        "Bonne maîtrise du logiciel Excel exigée"
    ]
    assert [one.text for one in compared(wanted, held, "partiels")] == [
        "Excel, gestion des plannings, suivi budgétaire"
    ]
    assert [one.text for one in compared(wanted, held, "manques")] == ["Permis D"]


FRANCE_TRAVAIL = """\
France Travail
Agence de Tours-Nord
Monsieur [PERSONNE_1], identifiant [IDENTIFIANT_FT_1]
Objet : votre demande d’allocation
Monsieur,
France Travail vous informe que votre demande est refusée.
Vous pouvez nous joindre au [TELEPHONE_1].
Le directeur de l’agence, [PERSONNE_2]"""


def test_who_writes_a_letter_is_never_who_it_is_written_to() -> None:
    lines = [one.text for one in senders(numbered(FRANCE_TRAVAIL))]
    assert lines == [
        "France Travail",
        "Agence de Tours-Nord",
        "Vous pouvez nous joindre au [TELEPHONE_1].",
        "Le directeur de l’agence, [PERSONNE_2]",
    ]
    assert senders(numbered("Monsieur [PERSONNE_1], identifiant 12\nVous devez 40 €.")) == []


def test_a_letter_s_own_words_on_its_appeals_are_picked() -> None:
    letter = (
        "Vous disposez d’un délai de deux mois pour contester cette décision.\nIl pleut depuis deux mois."
    )
    assert [one.text for one in picked("recours", numbered(letter))] == [letter.split("\n")[0]]


def test_sorts_the_bank_by_what_the_notes_say() -> None:
    bank = [
        BankQuestion(texte="Quel permis ?", mots=["permis"]),
        BankQuestion(texte="Quel projet ?", mots=["projet"]),
    ]
    found = list(bank_questions(bank, numbered("Elle a le permis B.")))
    assert [(question.text, spoken and spoken.number) for question, spoken in found] == [
        ("Quel permis ?", 1),
        ("Quel projet ?", None),
    ]


DIALOGUE = """\
Question : Pouvez-vous vous présenter ?
Réponse : J’ai vendu du pain pendant 3 ans.
J’aime le contact.
Recruteuse : Pourquoi ce poste ?
Candidat : Je ne sais pas encore.
"""


def test_reads_the_turns_of_a_dialogue() -> None:
    turns = turns_of(numbered(DIALOGUE))
    assert [turn.is_answer for turn in turns] == [False, True, False, True]
    assert turns[1].text == "J’ai vendu du pain pendant 3 ans. J’aime le contact."


def test_asks_the_bank_in_its_order() -> None:
    bank = [BankQuestion(texte=f"Question {n} ?") for n in range(3)]
    assert next_question(bank, []) == "Question 0 ?"
    assert next_question(bank, numbered(DIALOGUE)) == "Question 2 ?"
    assert next_question(bank[:2], numbered(DIALOGUE)) is None


def test_counts_answers_and_judges_none() -> None:
    said = remarks(numbered(DIALOGUE))
    assert [one.text for one in said] == [
        "Réponse 1 : 10 mots, avec un chiffre ou une date.",
        "Réponse 2 : 5 mots, sans chiffre ni date.",
    ]
    assert [one.sources[0].sentence for one in said] == [2, 5]


DOCUMENT = """\
Le bilan de compétences dure au plus vingt-quatre heures, réparties sur plusieurs semaines.
Court.
Il ne peut être réalisé qu’avec le consentement du bénéficiaire, qui en reçoit seul les résultats.
La synthèse est gardée trois ans quand la personne l’accepte par écrit.
[PERSONNE_1] a demandé que la synthèse soit envoyée à [EMAIL_1] sans attendre.
"""


def test_a_quiz_takes_its_answers_from_its_sentences() -> None:
    sentences = numbered(DOCUMENT)
    questions = quiz(sentences, 10)
    assert [one.sources[0].sentence for one in questions] == [1, 3, 4, 5]
    for question in questions:
        asked, _, answer = question.text.partition("\nRéponse : ")
        assert asked.replace("……", answer) == sentences[question.sources[0].sentence - 1].masked
        assert "[" not in answer
    assert len(quiz(sentences, 2)) == 2
    assert quiz(numbered("Rien."), 5) == []


def test_the_words_of_a_reason_are_those_of_the_demand() -> None:
    text = "Formation des soudeurs à Tours"
    assert common_words("Devenir soudeur à Tours en 2027", text) == ["soudeur", "Tours"]
    assert common_words("avant décembre", "en décembre") == []


def test_one_word_of_several_is_no_reason() -> None:
    engins = make_passage(
        "Intitulé : Conducteur d’engins\nLieu : Tours\nProgramme : la pelle hydraulique.",
        title="Conducteur d’engins",
        kind=Kind.TRAINING,
    )
    bus = engins.model_copy(update={"title": "Conducteur de bus"})
    assert rests_on_little("conducteur de bus à Tours", engins)
    assert not rests_on_little("conducteur de bus à Tours", bus)
    assert not rests_on_little("conducteur", engins)
    assert rests_on_little("soudeur à Tours", engins)
    assert common_words("une formation éligible au CPF", "Éligible au CPF : formation") == ["éligible"]


def test_the_example_of_the_guide_is_right(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "assistants.md").read_text("utf-8")
    file, bank = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    [example] = load_assistants(written(tmp_path, file + bank)).all()[len(ALL) :]
    assert example.bank
    table = set(re.findall(r"^\| `([a-z-]+)` \|", guide, re.MULTILINE))
    assert {one.id for one in ALL} <= table
