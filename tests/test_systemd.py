"""The systemd units: read by systemd itself where it is, in step with the code, and shut to what they need not."""

import configparser
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.make_secrets import _recipes
from ingest.settings import ROOT
from server.settings import PLACEHOLDER, ServerSettings
from ui.settings import UiSettings

UNITS = ROOT / "infra" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
INTERPRETER = "/opt/fanal/.venv/bin/python"
EXPOSURE = 2.0
"""Highest score of `systemd-analyze security` that is accepted; it calls up to 2.9 well shut."""

each = pytest.mark.parametrize("name", SERVICES)
analysed = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    """Read a unit: sections of keys, each with all its values."""
    sections: dict[str, dict[str, list[str]]] = {}
    text = (UNITS / name).read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            sections[heading[1]] = {}
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            sections[list(sections)[-1]].setdefault(key, []).append(value)
    return sections


def environment(name: str) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(
        "[all]\n" + re.sub(r"^#(?=[A-Z_]+=)", "", (UNITS / name).read_text("utf-8"), flags=re.M)
    )
    return dict(parser["all"])


@analysed
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for path in UNITS.iterdir():
        text = path.read_text("utf-8").replace(INTERPRETER, sys.executable)
        (tmp_path / path.name).write_text(text, "utf-8")
    names = [str(tmp_path / name) for name in [*SERVICES, "fanal-ingest.timer"]]
    done = subprocess.run(["systemd-analyze", "verify", *names], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@analysed
@each
def test_a_service_is_shut_to_what_it_does_not_need(name: str) -> None:
    command = [
        "systemd-analyze",
        "security",
        "--offline=true",
        f"--threshold={EXPOSURE * 10:.0f}",
        UNITS / name,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@each
def test_a_service_comes_back_and_has_its_secrets_from_files(name: str) -> None:
    service = unit(name)["Service"]
    if service["Type"] != ["oneshot"]:
        assert service["Restart"] == ["always"]
        assert unit(name)["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert service.get("User", ["root"]) == ["fanal"] or service["DynamicUser"] == ["yes"]
    made = {*_recipes(Path(), "x"), "fanal_server_api_key"}
    credentials = [line.partition(":") for line in service["LoadCredential"]]
    assert all(target == f"/etc/fanal/secrets/{key}" and key in made for key, _, target in credentials)
    settings = {f"fanal_{field}" for field in (*ServerSettings.model_fields, *UiSettings.model_fields)}
    assert {key for key, _, _ in credentials} <= settings


@each
def test_what_a_service_starts_is_there(name: str) -> None:
    (command,) = unit(name)["Service"]["ExecStart"]
    if not command.startswith(INTERPRETER):
        assert name == "fanal-vllm.service"
        used = set(re.findall(r"(?<!\$)\$([A-Z_]+)", command))
        assert used == environment("vllm.env").keys()
        return
    module, *arguments = command.removeprefix(f"{INTERPRETER} -m ").split()
    assert importlib.util.find_spec(f"{module}.__main__")
    help_asked = [sys.executable, "-m", module, *arguments, "--help"]
    if module != "ui":  # it takes no option
        assert subprocess.run(help_asked, cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_the_timer_starts_the_reading_of_the_night() -> None:
    timer = unit("fanal-ingest.timer")
    assert timer["Timer"]["Persistent"] == ["true"]
    assert timer["Install"]["WantedBy"] == ["timers.target"]
    assert "fanal-ingest.service" in SERVICES


def test_the_example_of_settings_holds_settings_that_exist() -> None:
    known = {f"FANAL_{field.upper()}" for field in (*ServerSettings.model_fields, *UiSettings.model_fields)}
    given = environment("fanal.env")
    assert {name for name in given if name.startswith("FANAL_")} <= known
    assert PLACEHOLDER in given["FANAL_OIDC_ISSUER"]
    values = {
        name.removeprefix("FANAL_").lower(): value.replace(PLACEHOLDER, "connexion")
        for name, value in given.items()
        if name.startswith("FANAL_")
    }
    server = {name: value for name, value in values.items() if name in ServerSettings.model_fields}
    assert ServerSettings(_env_file=None, **server).sign_in == "oidc"


def test_a_command_runs_with_the_settings_of_the_services(tmp_path: Path) -> None:
    settings = tmp_path / "fanal.env"
    settings.write_text(f"FANAL_DATA_DIR={tmp_path}/data\nFANAL_PORT=99999\n", "utf-8")
    (tmp_path / "home" / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / "home" / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$FANAL_PORT $FANAL_SECRETS_DIR $*"\n', "utf-8")
    python.chmod(0o755)
    script = (UNITS / "fanal").read_text("utf-8").replace('if [ "$(id -u)" = 0 ]', "if false")
    given = {"FANAL_ENV": str(settings), "FANAL_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["/bin/sh", "-s", "ingest", "status", "--x"],
        input=script,
        env=given,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "99999 /etc/fanal/secrets -m ingest status --x\n"
