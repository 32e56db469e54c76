"""What holds for the repository itself: its packages, its documents, its commands."""

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from server.settings import settings_table

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["ingest", "server", "ui", "eval"])
def test_a_package_is_this_checkout_s_own(name: str) -> None:
    module = importlib.import_module(name)
    assert Path(str(module.__file__)).resolve() == ROOT / name / "__init__.py"


def test_the_settings_page_is_what_the_code_says() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert page.endswith(settings_table())


@pytest.mark.parametrize("command", ["ingest", "server", "eval"])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        "import sys, runpy, json; sys.argv = ['x', '--help']\n"
        f"try: runpy.run_module('{command}', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    heavy = {
        "llama_index.core",
        "unstructured",
        "openai",
        "qdrant_client",
        "qdrant_edge",
        "numpy",
        "fastapi",
        "nltk",
    }
    assert not loaded & heavy
    assert "usage:" in done.stdout


def test_links_between_the_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sample" / "README.md"]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_lock_file_pins_every_dependency_and_names_no_registry() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    locked = {_plain(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    assert {_plain(re.split(r"[\[=~<> ]", entry)[0]) for entry in wanted} <= locked


def _plain(name: str) -> str:
    return re.sub(r"[._-]+", "-", name).lower()
