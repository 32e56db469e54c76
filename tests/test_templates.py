"""Templates: Fanal's own cite the law in force, an organisation's add to them, a broken one is refused with lines."""

import json
import re
from pathlib import Path

import pytest

from ingest.errors import ConfigurationError
from ingest.settings import ROOT
from server.assisting.assistants import load_assistants
from server.draft_schemas import TemplateView
from server.templates import SHIPPED, load_templates
from tests.legal_files import real

GOOD = """\
[modele]
id = "essai"
version = "1"
titre = "Un essai"
resume = "Pour les tests."
source = "Écrit pour les tests."
destinataires = ["la personne"]
consentement = "Êtes-vous d’accord ?"

[[fondement]]
numero = "L6313-4"
titre = "Le bilan"

[conservation]
brouillon_jours = 30
notes_jours = 0
synthese_jours = 30
regle = "Une règle."

[[section]]
id = "projet"
titre = "Le projet"
contenu = "Le projet."
"""

ALL = load_templates((SHIPPED,)).all()
ARTICLE = re.compile(r"\b([LRD])\.? ?(\d{4}(?:-\d+)+)")


def written(folder: Path, text: str, name: str = "essai.toml") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_templates((written(folder, text),))
    return str(raised.value)


def test_the_seven_of_fanal_are_there_in_their_order() -> None:
    assert [template.id for template in ALL] == [
        "cep-niveau-1",
        "cep-niveau-2",
        "bilan-de-competences",
        "entretien-de-diagnostic",
        "projet-vae",
        "entretien-de-suivi",
        "libre",
    ]
    assert load_templates((SHIPPED,)).get("libre") == ALL[-1]
    assert load_templates((SHIPPED,)).get("inconnu") is None


@pytest.mark.parametrize("template", ALL, ids=lambda template: template.id)
def test_each_says_what_its_readers_must_know(template: TemplateView) -> None:
    assert "Aucun" in template.source or "aucun" in template.source or "arrêté" in template.source
    assert "intelligence artificielle" in template.consent
    assert "masqué" in template.consent
    assert "lien direct et nécessaire" in template.consent
    assert "Vous pouvez refuser cette aide" in template.consent
    assert template.retention.notes_days <= 30
    assert template.retention.draft_days <= 30
    assert template.retention.synthesis_days <= 3 * 365
    assert [section.kind for section in template.sections][-1] == "advice"
    for section in template.sections:
        assert section.kind == "advice" or (section.questions and len(section.hints) >= 7), section.id
    assert "\n\n" not in template.consent


def test_a_skills_assessment_keeps_nothing_longer_than_the_law_lets_it() -> None:
    retention = load_templates((SHIPPED,)).get("bilan-de-competences").retention  # type: ignore[union-attr]
    assert retention.notes_days == 0
    assert retention.agreed_days == 1_095
    assert retention.synthesis_days == 30
    assert "R6313-7" in retention.basis


@pytest.fixture(scope="module")
def in_force() -> dict[str, dict[str, str]]:
    """The articles of the code du travail that are in force, by number."""
    place = real("code-du-travail")
    file = place if place.is_file() else next(place.rglob("LEGITEXT*.json"))
    found: dict[str, dict[str, str]] = {}
    stack = [json.loads(file.read_text("utf-8"))]
    while stack:
        node = stack.pop()
        if node["type"] == "article" and node["data"]["etat"] == "VIGUEUR":
            found[node["data"]["num"]] = node["data"]
        stack += node.get("children", [])
    return found


@pytest.mark.law
def test_every_article_named_is_in_force_in_the_law(in_force: dict[str, dict[str, str]]) -> None:
    texts = [one.model_dump_json() for one in (*ALL, *load_assistants().all())]
    named = {letter + number for text in texts for letter, number in ARTICLE.findall(text)}
    assert {"L6313-4", "R6313-7", "L6111-6", "R6412-4", "L5411-5-2", "L1132-1"} <= named
    assert named <= set(in_force)
    for template in ALL:
        for basis in template.legal_basis:
            assert basis.url is not None
            assert basis.url.rpartition("/")[2] == in_force[basis.number]["id"], basis.number


@pytest.mark.law
@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("L6313-4", "lien direct et nécessaire"),
        ("L6313-4", "ne peut être réalisé qu'avec le consentement"),
        ("L6313-4", "à sa demande, à l'opérateur du conseil en évolution professionnelle"),
        ("R6313-7", "destruction des documents"),
        ("R6313-7", "pendant un délai de trois ans"),
        ("R6313-7", "accord écrit du bénéficiaire"),
        ("R6313-4", "entretien de suivi"),
        ("R6313-8", "modalités de remise des résultats détaillés et du document de synthèse"),
        ("L6421-1", "consentement"),
        ("L6421-3", "lien direct et nécessaire"),
        ("R6411-6", "douze mois"),
        ("R6412-3", "dont le modèle est fixé par arrêté"),
        ("L5411-5-2", "diagnostic global"),
        ("L5411-6", "contrat d'engagement"),
        ("L6111-6", "cahier des charges"),
    ],
)
def test_the_law_says_what_the_templates_say_it_says(
    in_force: dict[str, dict[str, str]], number: str, words: str
) -> None:
    assert words in in_force[number]["texte"].replace("’", "'")


def test_an_organisation_adds_its_own_and_replaces_one(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    written(tmp_path, GOOD.replace('"essai"', '"libre"').replace("Un essai", "Le nôtre"), "autre.toml")
    templates = load_templates((SHIPPED, tmp_path))
    assert [template.id for template in templates.all()] == [*(one.id for one in ALL), "essai"]
    replaced = templates.get("libre")
    assert replaced is not None
    assert replaced.title == "Le nôtre"


def test_lines_of_a_text_are_joined_and_its_paragraphs_kept(tmp_path: Path) -> None:
    text = GOOD.replace(
        '"Êtes-vous d’accord ?"', '"""\nUne ligne\nqui continue.\n\nUne autre :\n- un\n- deux\n"""'
    )
    template = load_templates((written(tmp_path, text),)).get("essai")
    assert template is not None
    assert template.consent == "Une ligne qui continue.\nUne autre :\n- un\n- deux"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('titre = "Un essai"\n', "", "ligne 1 : il manque « titre »"),
        ('titre = "Le projet"\n', "", "ligne 20 : il manque « titre »"),
        ('titre = "Un essai"', 'titres = "Un essai"', "ligne 4 : « titres » n’existe pas ici : écrivez « titre »"),
        ("notes_jours = 0", 'notes_jours = "0"', "ligne 16 : « notes_jours » ne peut pas valoir « 0 » ; attendu"),
        ("notes_jours = 0", "notes_jours = true", "ligne 16 : « notes_jours » ne peut pas valoir « true »"),
        ("notes_jours = 0", "notes_jours = -1", "ligne 16 : « notes_jours » ne peut pas valoir « -1 »"),
        ('id = "projet"', 'id = "Le Projet"', "ligne 21 : « id » ne peut pas valoir « Le Projet »"),
        ('contenu = "Le projet."', 'contenu = "  "', "ligne 23 : « contenu » ne peut pas valoir"),
        ('titre = "Le projet"', 'titre = "Le projet"\ntype = "avis"', "ligne 23 : « type » ne peut pas valoir"),
        ('contenu = "Le projet."', 'contenu = "Le projet."\nquestions = ["Qui ?", 3]', "ligne 24 : « questions »"),
        ("[[section]]", "[section]", "ligne 20 : « section » ne peut pas valoir"),
        ("[conservation]", "[retention]", "ligne 14 : « retention » n’existe pas ici"),
        ('destinataires = ["la personne"]', "destinataires = []", "ligne 7 : « destinataires » ne peut"),
        ('numero = "L6313-4"', 'numero = "L6313-4"\nlien = "http://x"', "ligne 12 : « lien » ne peut"),
        ('titre = "Un essai"', 'titre = "Un essai', "ligne 4"),
        ("synthese_jours = 30", "synthese_jours = 30\nsynthese_jours_avec_accord = 10", "ligne 18 : l’accord"),
        ('id = "projet"', 'type = "conseils"\nid = "projet"', "au moins une section tient aux notes"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert GOOD.count(old) == 1
    message = refusal(tmp_path, GOOD.replace(old, new))
    assert "essai.toml » est à corriger" in message
    assert said in message


def test_all_mistakes_come_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = GOOD.replace('version = "1"', "version = 1").replace('contenu = "Le projet."', "")
    message = refusal(tmp_path, text)
    assert re.findall(r"ligne (\d+)", message) == ["3", "20"]


@pytest.mark.parametrize("key", ["synthese_jours = 30", "notes_jours = 0", "brouillon_jours = 30"])
def test_a_skills_assessment_is_not_kept_past_three_years(tmp_path: Path, key: str) -> None:
    name = key.partition(" ")[0]
    text = GOOD.replace("L6313-4", "R. 6313-7").replace(key, f"{name} = 1096")
    assert "l’article R6313-7 ne permet pas" in refusal(tmp_path, text)
    load_templates((written(tmp_path, text.replace("= 1096", "= 1095")),))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("L6313-4", "article R6313-7"),
        ("L6313-4", "R6313\u20117"),
        ("L6313-4", "R. 6313-7 du code du travail"),
        ('id = "essai"', 'id = "bilan-de-competences"'),
    ],
)
def test_the_limit_holds_however_the_article_is_written(tmp_path: Path, old: str, new: str) -> None:
    text = GOOD.replace(old, new, 1).replace("synthese_jours = 30", "synthese_jours = 1096")
    assert text.count(new) == 1
    assert "l’article R6313-7 ne permet pas" in refusal(tmp_path, text)


def test_another_article_has_no_such_limit(tmp_path: Path) -> None:
    text = GOOD.replace("L6313-4", "R6313-70").replace("synthese_jours = 30", "synthese_jours = 1096")
    load_templates((written(tmp_path, text),))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[" * 20_000, "ligne 4 : des listes ou des tables sont les unes dans les autres"),
        ("9" * 5_000, "ligne 4 : un nombre a bien trop de chiffres"),
    ],
)
def test_what_no_reader_can_take_is_said_with_its_line(tmp_path: Path, value: str, said: str) -> None:
    text = GOOD.replace('titre = "Un essai"', f"titre = {value}")
    assert text.count(value) == 1
    assert said in refusal(tmp_path, text)


def test_two_sections_or_two_files_of_one_id_are_refused(tmp_path: Path) -> None:
    twice = GOOD + '\n[[section]]\nid = "projet"\ntitre = "Encore"\ncontenu = "Encore."\n'
    assert "ligne 26 : « projet » est déjà l’identifiant" in refusal(tmp_path, twice)
    written(tmp_path, GOOD, "autre.toml")
    message = refusal(tmp_path, GOOD)
    assert "ligne 2 : « essai » est aussi l’identifiant de « autre.toml »" in message


def test_a_folder_that_is_missing_and_a_file_of_another_encoding_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"FANAL_TEMPLATES_DIR.* n’existe pas"):
        load_templates((tmp_path / "absent",))
    (tmp_path / "latin.toml").write_bytes(GOOD.encode("cp1252"))
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load_templates((tmp_path,))


def test_a_file_may_come_from_windows_and_others_are_let_be(tmp_path: Path) -> None:
    (tmp_path / "essai.toml").write_bytes(("\ufeff" + GOOD.replace("\n", "\r\n")).encode())
    (tmp_path / "LISEZMOI.txt").write_text("Rien à lire.", "utf-8")
    assert [template.id for template in load_templates((tmp_path,)).all()] == ["essai"]


def test_the_example_of_the_guide_is_right(tmp_path: Path) -> None:
    [example] = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs" / "templates.md").read_text("utf-8"), re.DOTALL
    )
    [template] = load_templates((written(tmp_path, example),)).all()
    assert template.retention.agreed_days == 1_095
    assert template.sections[0].hints
