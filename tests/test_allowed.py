"""The list of words that are never masked: what ships, what an organisation adds, and what is wrong in its file."""

from pathlib import Path

import pytest

from ingest.errors import ConfigurationError
from server.mask import load_masker
from server.recognisers.allowed import load_allowed
from server.settings import ServerSettings


def test_words_are_known_in_any_case_with_or_without_accents() -> None:
    allowed = load_allowed()
    for words in ("CEP", "vae", "France Travail", "POLE EMPLOI", "la VAE et le CPF", "K1302", "RNCP37948"):
        assert allowed.covers(words), words
    for words in ("Cep Durand", "Fatima", "", "la"):
        assert not allowed.covers(words), words


def test_an_organisation_adds_its_own_words(tmp_path: Path) -> None:
    own = tmp_path / "mots.toml"
    own.write_text('[mots]\nsites = ["Les Hirondelles", "Espace Zorglub"]\n', "utf-8")
    text = "Réunion chez Zorglubine avec Espace Zorglub et Karim Zorglub."
    masked = load_masker(ServerSettings(_env_file=None, allowed_words_file=own)).mask(text).text
    assert masked == "Réunion chez [EMPLOYEUR_1] avec Espace Zorglub et [PERSONNE_1]."


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ('[mots]\nsites = ["un mot"\n', 2, ""),
        ('[mots]\n\nsites = "un mot"\n', 3, "en liste"),
        ('[mots]\nsites = [\n  "un",\n  12,\n]\n', 4, "entre guillemets"),
        ('[mots]\nsites = ["  "]\n', 2, "il lui faut des lettres"),
        ('# sites\n[noms]\nsites = ["un mot"]\n', 2, "sous [mots]"),
        ('sites = ["un mot"]\n', 1, "sous [mots]"),
    ],
)
def test_a_broken_list_is_refused_with_its_line(tmp_path: Path, written: str, line: int, said: str) -> None:
    own = tmp_path / "mots.toml"
    own.write_text(written, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_allowed(own)
    assert f"ligne {line}" in str(caught.value)
    assert said in str(caught.value)


def test_a_list_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="n’existe pas"):
        load_allowed(tmp_path / "absente.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes('[mots]\nsites = ["été"]\n'.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load_allowed(latin)
