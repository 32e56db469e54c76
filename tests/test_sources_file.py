"""The sources file: what an administrator writes is read, and what is wrong in it is said with its line and fix."""

import re
import textwrap
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.documents import EVERYONE, Kind, Status, Validity
from ingest.errors import ConfigurationError
from ingest.parse import Limits, ParsedFile
from ingest.parse.parsed import MEGABYTE
from ingest.settings import ROOT, IngestSettings
from ingest.sources.config import SourceConfig, read_sources, select_sources
from ingest.sources.files import FolderSource
from ingest.sources.rules import EXPECTED
from ingest.sources.web import PagesSource


def written(folder: Path, text: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def only(folder: Path, text: str) -> SourceConfig:
    [config] = read_sources(written(folder, text))
    return config


def mistakes(folder: Path, text: str) -> list[str]:
    """Give what is said of a wrong file, a line a mistake, without the sentence that introduces them."""
    with pytest.raises(ConfigurationError) as caught:
        read_sources(written(folder, text))
    message = str(caught.value)
    assert "pydantic" not in message
    assert "https://errors" not in message
    return [line.removeprefix("  - ") for line in message.splitlines()[1:]]


def mistake(folder: Path, text: str) -> str:
    [said] = mistakes(folder, text)
    return said


# ---------------------------------------------------------------- what is read


def test_a_source_takes_all_its_settings_from_the_file(tmp_path: Path) -> None:
    config = only(
        tmp_path,
        """
        [[source]]
        name = "notes"
        title = "Notes de service"
        kind = "procedure"
        folder = "notes"
        pattern = "**/*.pdf"
        groups = ["direction", "rh"]
        link = "https://intranet.exemple.fr/{key}?ref={number}"
        ocr = false
        valid_from = 2026-01-01
        valid_to = "2026-12-31"
        status = "remplace"
        schedule = "weekly"
        max_removed_share = 0.5
        review_months = 12
        """,
    )
    assert config.validity == Validity(date(2026, 1, 1), date(2026, 12, 31), Status.SUPERSEDED)
    assert (config.title, config.groups, config.ocr) == ("Notes de service", ["direction", "rh"], False)
    assert (config.schedule, config.max_removed_share, config.review_months) == ("weekly", 0.5, 12)


def test_what_is_left_out_has_a_safe_default(tmp_path: Path) -> None:
    config = only(tmp_path, '[[source]]\nname = "a"\nkind = "legal"\nfile = "a.pdf"\n')
    assert (config.groups, config.ocr, config.validity) == ([EVERYONE], True, Validity())
    assert (config.schedule, config.max_removed_share, config.review_months) == ("daily", None, None)


def test_a_file_that_a_windows_editor_saved_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes('\ufeff[[source]]\r\nname = "a"\r\nkind = "legal"\r\nfile = "é.pdf"\r\n'.encode())
    assert read_sources(path)[0].file == Path("é.pdf")


def test_the_sample_and_each_of_its_commented_examples_are_valid(tmp_path: Path) -> None:
    text = (ROOT / "sample" / "sources.toml").read_text("utf-8")
    live = read_sources(ROOT / "sample" / "sources.toml")
    uncommented = re.sub(r"^#\| ?", "", text, flags=re.MULTILINE)
    every = read_sources(written(tmp_path, uncommented))
    assert {config.name for config in live} < {config.name for config in every}
    used = set().union(*(config.model_fields_set for config in every))
    assert used == set(SourceConfig.model_fields), "each key has an example"


def test_the_sample_explains_every_key(tmp_path: Path) -> None:
    text = (ROOT / "sample" / "sources.toml").read_text("utf-8")
    explained = re.findall(r"^#  ([a-z_]+) {2,}\S", text, flags=re.MULTILINE)
    assert sorted(explained) == sorted(SourceConfig.model_fields)


def test_what_each_key_takes_can_be_said() -> None:
    assert set(EXPECTED) == set(SourceConfig.model_fields)


# ---------------------------------------------------------------- what is wrong, and where

SOURCE = '[[source]]\nname = "a"\nkind = "legal"\n'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('foldr = "x"', "« foldr » n’existe pas : écrivez « folder »"),
        ('Folder = "x"', "« Folder » n’existe pas : écrivez « folder »"),
        ('dossier = "x"', "« dossier » n’existe pas : écrivez « folder »"),
        ('zzz = "x"', "« zzz » n’existe pas : clés connues : name, title, kind"),
        ('groups = "direction"', "« groups » ne peut pas valoir « direction » ; attendu : une liste"),
        ("groups = []", "« groups » ne peut pas valoir « [] » ; attendu : une liste d’au moins un groupe"),
        ('ocr = "oui"', "« ocr » ne peut pas valoir « oui » ; attendu : true ou false, sans guillemets"),
        ("valid_from = 2026", "attendu : une date de la forme AAAA-MM-JJ"),
        ('valid_to = "31/12/2026"', "« valid_to » ne peut pas valoir « 31/12/2026 »"),
        ('status = "perime"', "attendu : une de ces valeurs : en_vigueur, remplace, abroge"),
        ('schedule = "nightly"', "hourly, daily, weekly, monthly, manual"),
        ("max_removed_share = 30", "une part entre 0 et 1"),
        ('max_removed_share = "0.3"', "sans guillemets"),
        ("max_removed_share = true", "ne peut pas valoir « true »"),
        ("review_months = 0", "un nombre de mois entier d’au moins 1"),
        ('title = ""', "un texte entre guillemets"),
        ('hosts = ["exemple.fr"]', "« hosts » ne sert qu’avec pages : retirez cette ligne"),
        ('link = "/docs/{key}"', "n’est pas une adresse http(s)"),
        ('link = "https://exemple.fr/{cle}"', "« {cle} » est inconnu dans une adresse"),
        ('pattern = "../*"', "« ../* » n’est pas un motif"),
        ('pattern = "/*"', "« /* » n’est pas un motif"),
        ('pattern = "."', "« . » n’est pas un motif"),
        ('pattern = "a**b"', "** est seul entre deux /"),
        ('file = "a.pdf"', "plusieurs endroits (folder, file)"),
        ('pattern = "sous\\notes"', "la barre \\ ne tient pas entre guillemets doubles"),
    ],
)
def test_a_wrong_line_is_named_with_its_fix(tmp_path: Path, line: str, words: str) -> None:
    said = mistake(tmp_path, f'# remarque\n{SOURCE}\nfolder = "x"\n{line}\n')
    assert said.startswith("ligne 7, source « a » : ")
    assert words in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[source]]\nkind = "legal"\nfolder = "x"\n',
            "ligne 1, source n° 1 : il manque « name » ; attendu : des minuscules",
        ),
        (SOURCE, "ligne 1, source « a » : il manque l’endroit des documents : une de ces clés, folder, file"),
        (f'{SOURCE}folder = ""\n', "ligne 4, source « a » : « folder » est vide"),
        ("[source]\nname = 'a'\n", "ligne 1 : une source s’écrit [[source]], avec deux crochets"),
        (
            "[[sources]]\nname = 'a'\n",
            "ligne 1 : « sources » n’existe pas : écrivez « source »",
        ),
        ("name = 'a'\n", "ligne 1 : « name » est au-dessus de la première [[source]]"),
        (
            f"{SOURCE}lheo = 'x'\nlink = 'https://a.fr'\n",
            "ligne 5, source « a » : « link » ne sert qu’avec folder ou file",
        ),
        (
            f"{SOURCE}lheo = 'x'\nocr = false\n",
            "ligne 5, source « a » : « ocr » ne sert qu’avec folder ou file",
        ),
        ("source = ['a']\n", "ligne 1, source n° 1 : une source s’écrit [[source]]"),
        (
            f"{SOURCE}folder = 'x'\nvalid_to = 2025-01-01\nvalid_from = 2026-01-01\n",
            "ligne 5, source « a » : la fin de validité (valid_to) précède son début",
        ),
        (
            f"{SOURCE}dataset = 'code-civil'\n",
            "ligne 4, source « a » : « code-civil » n’existe pas ; jeux connus : code-du-travail",
        ),
    ],
)
def test_what_is_missing_or_contradictory_is_named(tmp_path: Path, text: str, said: str) -> None:
    assert mistake(tmp_path, text).startswith(said)


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    said = mistakes(
        tmp_path,
        """
        [[source]]
        nom = "a"
        kind = "loi"

        [[source]]
        name = "b"
        kind = "legal"
        folder = "b"
        ocr = "non"
        """,
    )
    assert [line.split(" : ")[0] for line in said] == [
        "ligne 1, source n° 1",  # no name
        "ligne 1, source n° 1",  # no place
        "ligne 2, source n° 1",
        "ligne 3, source n° 1",
        "ligne 9, source « b »",
    ]


def test_two_sources_of_the_same_name_are_both_placed(tmp_path: Path) -> None:
    said = mistake(tmp_path, f"{SOURCE}folder = 'x'\n\n{SOURCE}folder = 'y'\n")
    assert said == (
        "ligne 7, source « a » : ce nom est déjà celui de la source de la ligne 2 : donnez un autre nom"
        " à l’une des deux"
    )


TABLE = f'{SOURCE}table = "offre.xlsx"\n'


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("", "ligne 4, source « a » : un tableau demande la correspondance de ses colonnes"),
        ('[source.columns]\nplace = "Ville"\n', "ligne 5, source « a » : il manque la colonne de l’intitulé"),
        (
            '[source.columns]\ntitle = "T"\n\n# x\nplaces = "V"\n',
            "ligne 9, source « a » : « places » n’existe pas : écrivez « place »",
        ),
        ('columns = {title = "T", ville = "V"}\n', "ligne 5, source « a » : « ville » n’existe pas"),
        ('columns.title = "T"\ncolumns.ville = "V"\n', "ligne 6, source « a » : « ville » n’existe pas"),
        ("[source.columns]\ntitle = 3\n", "ligne 6, source « a » : « title » ne peut pas valoir « 3 »"),
        (
            '[source.columns]\ntitle = "T"\ngroups = ["rh"]\n',
            "ligne 7, source « a » : « groups » est sous [source.columns] : mettez cette ligne au-dessus",
        ),
        (
            '[source.columns]\ntitle = "T"\nlink = "https://exemple.fr"\n',
            "ligne 7, source « a » : « link » est sous [source.columns] : mettez cette ligne au-dessus",
        ),
    ],
)
def test_a_wrong_mapping_of_columns_is_named(tmp_path: Path, columns: str, said: str) -> None:
    assert mistake(tmp_path, TABLE + columns).startswith(said)


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (
            'pages = ["https://a.exemple.fr/1", "https://b.exemple.fr/2"]',
            "ligne 4, source « a » : il manque la liste des hôtes permis : "
            'ajoutez hosts = ["a.exemple.fr", "b.exemple.fr"]',
        ),
        (
            'hosts = ["a.exemple.fr"]\npages = [\n  "https://a.exemple.fr/1", # bon\n  "https://b.fr/2",\n]',
            "ligne 7, source « a » : l’hôte « b.fr » n’est pas permis : ajoutez-le à « hosts »",
        ),
        (
            'hosts = ["*.exemple.fr"]\npages = ["https://exemple.fr.pirate.com/"]',
            "ligne 5, source « a » : l’hôte « exemple.fr.pirate.com » n’est pas permis",
        ),
        (
            'hosts = ["a.fr"]\npages = ["ftp://a.fr/x"]',
            "ligne 5, source « a » : « ftp://a.fr/x » n’est pas une adresse http(s)",
        ),
        (
            'hosts = ["a.fr"]\npages = ["https://moi:secret@a.fr/x"]',
            "ligne 5, source « a » : « https://moi:secret@a.fr/x » n’est pas une adresse http(s) sans mot de passe",
        ),
        (
            'hosts = ["a.fr"]\npages = ["https://a.fr/x", "https://a.fr/x"]',
            "ligne 5, source « a » : « https://a.fr/x » est déjà dans la liste",
        ),
        (
            'hosts = ["https://a.fr"]\npages = []',
            "ligne 4, source « a » : « https://a.fr » n’est pas un nom d’hôte",
        ),
        ('hosts = ["*"]\npages = []', "ligne 4, source « a » : « * » n’est pas un nom d’hôte"),
        ('hosts = ["*.fr"]\npages = []', "ligne 4, source « a » : « *.fr » n’est pas un nom d’hôte"),
    ],
)
def test_a_page_outside_the_list_of_hosts_is_refused(tmp_path: Path, pages: str, said: str) -> None:
    assert mistakes(tmp_path, f"{SOURCE}{pages}\n")[0].startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[source]]\nname = "a\nkind = "legal"\n', 'ligne 2, « name = "a » : il manque un guillemet'),
        (
            "[[source]]\nfolder = documents\n",
            "ligne 2, « folder = documents » : un texte se met entre guillemets",
        ),
        ("[[source]]\nfolder\n", "ligne 2, « folder » : il manque le signe ="),
        ("[[source]]\nname = 'a'\nname = 'b'\n", "ligne 3, « name = 'b' » : cette clé est déjà écrite"),
        ('[[source]]\ngroups = ["a" "b"]\n', 'ligne 2, « groups = ["a" "b"] » : il manque une virgule'),
        ("[[source\n", "ligne 1, « [[source » : il manque un crochet ]"),
        ('[[source]]\nfolder = "C:\\documents"\n', 'ligne 2, « folder = "C:\\documents" » : la barre \\'),
        (
            '[[source]]\nfolder = "C:\\utilisateurs\\docs"\n',
            'ligne 2, « folder = "C:\\utilisateurs\\docs" » : la barre \\ ne tient pas entre guillemets doubles :'
            " écrivez le chemin entre guillemets simples, '…', ou avec /",
        ),
        (
            '[[source]]\nfolder = "\\\\serveur\\usagers"\n',
            'ligne 2, « folder = "\\\\serveur\\usagers" » : la barre \\ ne tient pas',
        ),
        (
            "[[source]]\nvalid_from = 01/02/2025\n",
            "ligne 2, « valid_from = 01/02/2025 » : une date s’écrit AAAA-MM-JJ, sans guillemets : 2025-02-01",
        ),
        (
            "[[source]]\nvalid_to = 31-12-2025 # fin\n",
            "ligne 2, « valid_to = 31-12-2025 # fin » : une date s’écrit AAAA-MM-JJ, sans guillemets : 2025-12-31",
        ),
        (
            "[[source]]\nname = 'a' 'b'\n",
            "ligne 2, « name = 'a' 'b' » : il y a quelque chose après la valeur",
        ),
        ("[[source]]\nclé = 'é'\n", "ligne 2, « clé = 'é' » : une clé s’écrit sans accent"),
        ("[[source]]\nname = é\n", "ligne 2, « name = é » : un texte se met entre guillemets"),
        ("[[source]]\n= 3\n", "ligne 2, « = 3 » : une ligne s’écrit clé = valeur"),
        (
            f"[[source]]\npages = {'[' * 10_000}\n",
            "ligne 2 : des listes ou des tables sont les unes dans les autres, bien trop profondément",
        ),
        (
            f"[[source]]\nreview_months = {'9' * 5_000}\n",
            "ligne 2 : un nombre a bien trop de chiffres : mettez-le entre guillemets",
        ),
    ],
)
def test_what_is_no_toml_is_said_in_french_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert mistake(tmp_path, text).startswith(said)


def test_a_file_in_another_encoding_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes(f"# ok\n{SOURCE}folder = 'é'\n".encode("cp1252"))
    with pytest.raises(ConfigurationError, match="ligne 5 : enregistrez ce fichier en UTF-8"):
        read_sources(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="n’existe pas"):
        read_sources(tmp_path / "absent.toml")


def test_a_folder_that_does_not_exist_is_no_mistake_of_the_file(tmp_path: Path) -> None:
    assert only(tmp_path, f"{SOURCE}folder = 'absent'\n").folder == Path("absent")


# ---------------------------------------------------------------- what is built


def settings(folder: Path, **changes: Any) -> IngestSettings:
    return IngestSettings(
        sources_file=folder / "sources.toml", cache_dir=folder / "cache", _env_file=None, **changes
    )


def test_a_source_reads_its_files_within_the_settings_and_with_the_reader_given(tmp_path: Path) -> None:
    written(tmp_path, f"{SOURCE}file = 'a.txt'\nocr = false\n")
    (tmp_path / "a.txt").write_text("Texte.")
    asked: list[tuple[Path, Limits]] = []

    def reader(path: Path, limits: Limits) -> ParsedFile:
        asked.append((path, limits))
        return ParsedFile("Titre", ())

    chosen = settings(tmp_path, file_max_mb=5, file_max_pages=10, file_seconds=7, file_ocr_seconds=8)
    [source] = select_sources(chosen, None, reader)
    [item] = source.items()
    assert item.load(patient=False).title == "Titre"
    [(path, limits)] = asked
    assert path.name == "a.txt"
    assert (limits.max_bytes, limits.max_pages, limits.max_seconds) == (5 * MEGABYTE, 10, 7)
    assert (limits.max_ocr_seconds, limits.max_memory_bytes) == (8, 2_048 * MEGABYTE)
    assert (limits.ocr, limits.patient) == (False, False)


def test_folders_and_pages_become_their_sources(tmp_path: Path) -> None:
    written(
        tmp_path,
        """
        [[source]]
        name = "d"
        kind = "procedure"
        folder = "docs"
        groups = ["rh"]
        max_removed_share = 1
        [[source]]
        name = "p"
        kind = "legal"
        pages = ["https://www.exemple.fr/"]
        hosts = ["www.exemple.fr"]
        status = "remplace"
        """,
    )
    folder, pages = select_sources(settings(tmp_path), None)
    assert isinstance(folder, FolderSource)
    assert (folder.folder, folder.groups, folder.max_removed_share) == (tmp_path / "docs", ("rh",), 1)
    assert isinstance(pages, PagesSource)
    assert (pages.kind, pages.validity.status) == (Kind.LEGAL, Status.SUPERSEDED)
    assert [source.name for source in select_sources(settings(tmp_path), ["p"])] == ["p"]


def test_an_unknown_name_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    written(tmp_path, f"{SOURCE}folder = 'x'\n")
    with pytest.raises(ConfigurationError, match="Sources connues : a, code-du-travail"):
        select_sources(settings(tmp_path), ["b"])
