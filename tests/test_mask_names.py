"""Names of persons, employers, schools and places of birth: found however they are written, and nobody else's words."""

import pytest

from server.recognisers.engine import PIECE
from tests.masking import shipped_masker

MASKER = shipped_masker()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("RDV avec M. Ahmet Yıldız ce matin.", "RDV avec M. [PERSONNE_1] ce matin."),
        ("Mme Ayşe Çelik est arrivée.", "Mme [PERSONNE_1] est arrivée."),
        ("Vu Abd el-Kader Benyoucef hier.", "Vu [PERSONNE_1] hier."),
        ("Mme Nguyễn Thị Lan tient la caisse.", "Mme [PERSONNE_1] tient la caisse."),
        ("Mamadou Diallo cherche un stage.", "[PERSONNE_1] cherche un stage."),
        ("Ngozi Okafor parle anglais.", "[PERSONNE_1] parle anglais."),
        ("Krzysztof Wiśniewski est maçon.", "[PERSONNE_1] est maçon."),
        ("Maria da Conceição Ferreira veut du stable.", "[PERSONNE_1] veut du stable."),
        ("Gwénaëlle Le Goff a commencé.", "[PERSONNE_1] a commencé."),
        ("Dossier DUPONT Jean-Paul transmis.", "Dossier [PERSONNE_1] transmis."),
        ("DUMOULIN KEVIN - PAS VENU AU RDV", "[PERSONNE_1] - PAS VENU AU RDV"),
        ("M. de La Rochebrune a appelé.", "M. [PERSONNE_1] a appelé."),
        ("Vu Mme Van den Broecke au forum.", "Vu Mme [PERSONNE_1] au forum."),
        ("Mohamed El Ouardi passe son permis.", "[PERSONNE_1] passe son permis."),
        ("Mme B. n'a rien dit.", "Mme [PERSONNE_1] n'a rien dit."),
        ("Écrire à J.-P. M. demain.", "Écrire à [PERSONNE_1] demain."),
        ("mme benali a rappelé", "mme [PERSONNE_1] a rappelé"),
        ("sa fille léa garde les petits", "sa fille [PERSONNE_1] garde les petits"),
        ("Son fils Noé entre au CP.", "Son fils [PERSONNE_1] entre au CP."),
        ("Le mari, Jean-Baptiste, travaille de nuit.", "Le mari, [PERSONNE_1], travaille de nuit."),
        ("Maître Inès Carpentier suit le litige.", "Maître [PERSONNE_1] suit le litige."),
        ("Elle s'appelle aminata.", "Elle s'appelle [PERSONNE_1]."),
        ("Nom : Petit\nPrénom : Rose", "Nom : [PERSONNE_1]\nPrénom : [PERSONNE_2]"),
        ("M. Petit et Mme Boucher sont là.", "M. [PERSONNE_1] et Mme [PERSONNE_2] sont là."),
        ("Jea\u200bn Dup\u200bont est venu.", "[PERSONNE_1] est venu."),
        ("𝐉𝐞𝐚𝐧 Dupont est venu.", "[PERSONNE_1] est venu."),
        ("Zoe\u0301 Martin est venue.", "[PERSONNE_1] est venue."),
        ("Bénéficiaire : محمد العلي", "Bénéficiaire : [PERSONNE_1]"),
        ("Vu Олена Шевченко hier.", "Vu [PERSONNE_1] hier."),
        ("née à Hanoï", "née à [LIEU_NAISSANCE_1]"),
        ("Né en mai 1979 à Tizi Ouzou.", "Né en [DATE_NAISSANCE_1] à [LIEU_NAISSANCE_1]."),
        ("Originaire de Porto-Vecchio, venue à Lille.", "Originaire de [LIEU_NAISSANCE_1], venue à Lille."),
        ("Elle a bossé chez Bonduelle.", "Elle a bossé chez [EMPLOYEUR_1]."),
        ("Dix ans à la boulangerie Vasseur.", "Dix ans à la [EMPLOYEUR_1]."),
        ("Bac pro au lycée Jean-Moulin.", "Bac pro au [ECOLE_1]."),
        ("Un DUT à l'IUT de Béthune.", "Un DUT à l'[ECOLE_1]."),
        ("ex-Camaïeu, plan social", "ex-[EMPLOYEUR_1], plan social"),
    ],
)
def test_a_name_is_masked(text: str, masked: str) -> None:
    assert MASKER.mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "Le CEP, le CPF et la VAE ; dossier France Travail, code ROME K1302, RNCP37948.",
        "Orientée vers Cap emploi, la mission locale, l'AFPA et le GRETA.",
        "Rappel de la loi Pénicaud et du rôle de France compétences.",
        "BTS MCO, CAP petite enfance, bac pro, titre professionnel.",
        "Marché couvert, samedi. Intéressée par la vente. Motivée et ponctuelle.",
        "Projet : jardin de pierre et rose au programme, en avril ou en mai.",
        "Excel et Word maîtrisés, notions de Python ; ateliers Excel et Word en juin.",
        "Madame la directrice de l'agence a donné son accord.",
        "Monsieur le maire et Madame, bonjour.",
        "Elle cherche à Lille, Roubaix ou Arras.",
        "METIERS VISES : ELECTRICIEN, PLAQUISTE. PAS DE BUREAU.",
        "Elle vit chez ses parents, chez elle il y a du bruit ; chez le médecin demain.",
        "Constance et patience : les deux qualités du métier.",
        "Agence de Brisecombe, dispositif Lever l’ancre, Port-Ellien.",
        "Elle a été à l'école jusqu'au bac et à l'université un an.",
        "Qu'est-ce qui ne change pas pour le CPF à partir du 1er janvier 2026 ?",
    ],
)
def test_words_that_are_nobody_s_stay(text: str) -> None:
    assert MASKER.mask(text).text == text


def test_a_name_known_once_is_masked_in_all_its_forms() -> None:
    text = "Mme Fatima Benali. Benali dit que FATIMA et fatima benali sont une. Bénali aussi. benali : oui."
    assert set(MASKER.mask(text).restore.values()) == {"Fatima Benali"}
    assert "enali" not in MASKER.mask(text).text.lower()


def test_a_common_word_of_a_known_name_stays_a_word() -> None:
    masked = MASKER.mask("M. Pierre Petit est là. Un petit projet en pierre. Petit à petit, Petit avance.")
    assert (
        masked.text
        == "M. [PERSONNE_1] est là. Un petit projet en pierre. Petit à petit, [PERSONNE_1] avance."
    )


def test_an_allowed_word_inside_an_address_does_not_unmask_it() -> None:
    masked = MASKER.mask("Écrire à cep.vae@cap-emploi.example, 12 rue de France Travail, 59000 Lille.")
    assert masked.text == "Écrire à [EMAIL_1], [ADRESSE_1]."


def test_long_notes_are_read_to_their_end() -> None:
    filler = "Le projet de formation avance bien, la recherche de stage aussi. " * 100
    for at in (PIECE - 20, len(filler)):
        text = f"{filler[:at]} Vu Mme Ayşe Karataş, tél. 06 39 98 12 47. {filler[at:]}"
        masked = MASKER.mask(text)
        assert [entity.type for entity in masked.entities] == ["PERSONNE", "TELEPHONE"], at
        assert masked.entities[0].start == text.index("Ayşe")
