"""Acronyms and what they stand for find each other; a broken list is refused with its line."""

from pathlib import Path

import pytest

from ingest.errors import ConfigurationError
from ingest.settings import ROOT
from ingest.sparse import SparseEncoder
from ingest.text import terms
from server.acronyms import Acronyms, load_acronyms

SAMPLE = ROOT / "sample" / "acronyms.toml"


@pytest.fixture(scope="module")
def sample() -> Acronyms:
    return load_acronyms(SAMPLE)


def written(path: Path, text: str) -> Path:
    file = path / "sigles.toml"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize(
    ("question", "added"),
    [
        ("Comment financer une VAE ?", "validation des acquis de l’expérience"),
        ("comment financer une vae", "validation des acquis de l’expérience"),
        ("Comment financer une validation des acquis de l'expérience ?", "VAE"),
        ("la reconnaissance de la qualité de travailleur handicapé", "RQTH"),
        (
            "Un cléa pour une personne en PMSMP",
            "certificat de connaissances et de compétences professionnelles",
        ),
    ],
)
def test_expands_both_ways(sample: Acronyms, question: str, added: str) -> None:
    assert added in sample.expand(question).text.split(" ; ")


@pytest.mark.parametrize(
    "question",
    [
        "Les heures are payées",
        "Quel cap se fixer ?",
        "le rs de la rue de Rome",
        "QUEL CAP PREPARER POUR LA CUISINE",
        "une procédure de VAEL",
        "le dossier PR-CPF-X et le xCPF",
        "",
    ],
)
def test_a_word_is_no_acronym(sample: Acronyms, question: str) -> None:
    assert sample.expand(question).text == ""


def test_words_that_are_acronyms_too_count_in_capitals(sample: Acronyms) -> None:
    assert sample.expand("un CAP cuisine").text == "certificat d’aptitude professionnelle"
    assert sample.expand("l'ARE est-elle maintenue ?").text == "allocation d’aide au retour à l’emploi"


def test_adds_nothing_that_the_question_says_already(sample: Acronyms) -> None:
    assert sample.expand("La VAE (validation des acquis de l’expérience)").text == ""


def test_says_what_stands_for_each_term() -> None:
    known = load_acronyms(SAMPLE).expand("une VAE").synonyms
    assert known == {"vae": (frozenset(terms("validation acquis expérience")),)}
    spelled = load_acronyms(SAMPLE).expand("validation des acquis de l'expérience").synonyms
    assert all(sets == (frozenset({"vae"}),) for sets in spelled.values())
    assert len(spelled) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[acronymes]\nVAE = validation\n", "ligne 2"),
        ('[acronymes]\nCléA = "certificat"\n', "entre guillemets"),
        ('[sigles]\nVAE = "validation"\n', "ligne 1 : « sigles » n’est pas attendu ici"),
        ('VAE = "validation"\n', "ligne 1 : « VAE » n’est pas attendu ici"),
        ("[acronymes]\n\nVAE = 3\n", "ligne 3 : ce que veut dire « VAE » s’écrit entre guillemets"),
        ("[acronymes]\nVAE = []\n", "ligne 2 : ce que veut dire"),
        ('[acronymes]\nVAE = " "\n', "ligne 2 : il manque ce que veut dire « VAE »"),
        ('[acronymes]\n"deux mots" = "sens"\n', "ligne 2 : « deux mots » n’est pas un sigle"),
        (
            '[acronymes]\nVAE = "un"\n[en_capitales]\nvae = "deux"\n',
            "ligne 4 : « vae » est déjà à la ligne 2",
        ),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match="est à corriger") as raised:
        load_acronyms(written(tmp_path, text))
    assert message in str(raised.value)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_acronyms(written(tmp_path, '[acronymes]\nA = 1\n"x y" = "sens"\n[autre]\n'))
    assert [f"ligne {line}" in str(raised.value) for line in (2, 3, 4)] == [True] * 3


def test_a_missing_file_and_one_of_another_encoding_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="le fichier n’existe pas"):
        load_acronyms(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes('[acronymes]\nVAE = "acquis de l’été"\n'.encode("cp1252"))
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load_acronyms(tmp_path / "latin.toml")


def test_the_file_may_come_from_a_spreadsheet_of_windows(tmp_path: Path) -> None:
    file = tmp_path / "sigles.toml"
    file.write_bytes('\ufeff[acronymes]\r\nVAE = ["validation des acquis", "acquis"]\r\n'.encode())
    assert load_acronyms(file).expand("VAE").text == "validation des acquis ; acquis"


def test_the_sample_holds_what_its_documents_use(sample: Acronyms) -> None:
    for acronym in (
        "VAE",
        "CPF",
        "CEP",
        "RQTH",
        "OPCO",
        "CDD",
        "CDI",
        "AGEFIPH",
        "PMSMP",
        "POEI",
        "AFPR",
        "RNCP",
    ):
        assert sample.expand(acronym.lower()).text, acronym
    for acronym in (
        "RS",
        "CléA",
        "FLE",
        "AAH",
        "ESAT",
        "CPAM",
        "DPO",
        "NIR",
        "ROME",
        "EDOF",
        "CAP",
        "DREETS",
        "ARE",
    ):
        assert sample.expand(f"un {acronym}").text, acronym


def test_what_an_acronym_stands_for_counts_for_less_than_what_is_asked() -> None:
    encoder = SparseEncoder()
    asked = encoder.query("mobiliser le CPF", "compte personnel de formation")
    plain = encoder.query("mobiliser le CPF")
    weights = dict(zip(asked.indices, asked.values, strict=True))
    assert [weights[index] for index in plain.indices] == plain.values
    added = [value for index, value in weights.items() if index not in plain.indices]
    assert len(added) == 3
    assert sum(added) < min(plain.values)
