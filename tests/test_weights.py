"""The digests of weights that travel by hand: what `sha256sum` says, and what it does not say."""

import subprocess
from pathlib import Path

import pytest

from infra.weights import MANIFEST, ManifestWrong, check, main, read_manifest, write_manifest


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "modèle"
    (folder / "tokenizer").mkdir(parents=True)
    (folder / ".cache").mkdir()
    (folder / ".cache" / "état").write_text("d’un outil")
    (folder / "model-00001.safetensors").write_bytes(b"\x00" * 10_000)
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer" / "mots à moi.json").write_text("[]")
    write_manifest(folder)
    return folder


def test_what_arrived_whole_is_as_listed(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(weights)]) == 0
    assert "tout est conforme" in capsys.readouterr().out
    assert len(read_manifest(weights / MANIFEST)) == 3


def test_sha256sum_reads_what_is_written_and_the_other_way_round(weights: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", MANIFEST], cwd=weights, check=True)
    names = ["config.json", "model-00001.safetensors", "./tokenizer/mots à moi.json"]
    told = subprocess.run(["sha256sum", "-b", *names], cwd=weights, check=True, capture_output=True)
    (weights / MANIFEST).write_bytes(told.stdout)
    assert list(check(weights)) == []


def test_what_changed_is_missing_or_came_along_is_said(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray((weights / "model-00001.safetensors").read_bytes())
    data[5_000] ^= 1
    (weights / "model-00001.safetensors").write_bytes(data)
    (weights / "config.json").unlink()
    (weights / "modeling_custom.py").write_text("print('bonjour')")
    assert main(["check", str(weights)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "absent : config.json",
        "modifié : model-00001.safetensors",
        "en trop, absent de SHA256SUMS : modeling_custom.py",
    ]


def test_files_that_run_code_are_told_even_when_listed(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (weights / "pytorch_model.bin").write_bytes(b"pickle")
    assert main(["manifest", str(weights)]) == 1
    assert main(["check", str(weights)]) == 1
    assert capsys.readouterr().err.count("pytorch_model.bin") == 2


@pytest.mark.parametrize(
    "written",
    ["", "abc  config.json\n", "0" * 64 + "  ../etc/passwd\n", "0" * 64 + "  /etc/passwd\n"],
    ids=["empty", "no digest", "outside", "absolute"],
)
def test_a_list_that_cannot_be_trusted_stops_the_check(
    weights: Path, written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (weights / MANIFEST).write_text(written)
    assert main(["check", str(weights)]) == 2
    assert MANIFEST in capsys.readouterr().err


def test_a_folder_without_a_list_or_without_files_is_said(tmp_path: Path) -> None:
    with pytest.raises(ManifestWrong, match="n’existe pas"):
        list(check(tmp_path))
    with pytest.raises(ManifestWrong, match="aucun fichier"):
        write_manifest(tmp_path)
