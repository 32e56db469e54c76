"""`make run`: ingest the sample organisation, start the API and the page, print the address, stop with Ctrl-C.

`make run MODEL=local` (`--model local`) also brings and starts the small model of `infra/local_model.py`, which then
writes the answers and drafts, labelled as what they are; where it cannot be had, that is said and Fanal runs without.

Standard library only, so that it starts at once and says what it is doing.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_S = 120
"""Longest time that a part may take to answer."""

MODEL_START_S = 300
"""Longest time that the small model may take to be read from the disk."""

MODEL_LABEL = "brouillon, petit modèle"

MODEL_PACE = {
    "FANAL_MODEL_CONTEXT": "3072",  # some six passages: it reads twenty tokens a second and core
    "FANAL_MODEL_TIMEOUT": "300",
    "FANAL_MODEL_SECONDS": "600",
    "FANAL_MODEL_SLOTS": "1",
    "FANAL_QUEUE_SECONDS": "600",
}
"""Settings that suit a model without a graphics card, where nobody set them: it is asked little, and waited for."""

WITHOUT_MODEL = (
    "Le petit modèle n’est pas disponible (voir ci-dessus) : Fanal démarre sans lui, et répond par des extraits des "
    "documents. « make run MODEL=local » réessaiera."
)

Child = subprocess.Popen[bytes]


class ModelAbsent(Exception):
    """The small model cannot be had, or does not start: Fanal runs without."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything until Ctrl-C, or until one of the parts stops by itself."""
    parser = argparse.ArgumentParser(description="Fanal sur cette machine.")
    parser.add_argument(
        "--model", choices=["local"], help="local : un petit modèle rédige, sur cette machine"
    )
    options = parser.parse_args(arguments)
    api, page = _port("FANAL_PORT", 8000), _port("FANAL_UI_PORT", 8501)
    environment = {**os.environ, "FANAL_PORT": str(api), "FANAL_API_URL": f"http://127.0.0.1:{api}"}
    environment["FANAL_SERVER_URL"] = environment["FANAL_API_URL"]
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a closed terminal stops everything too
        signal.signal(stop, _interrupt)
    children: list[Child] = []
    try:
        _ingest(environment)
        model = _local_model(environment, children) if options.model else None
        children.append(_start("Démarrage de l’API", ["-m", "server"], environment))
        _wait(f"http://127.0.0.1:{api}/health/ready", children)
        options = ["--server.port", str(page), "--server.address", "127.0.0.1"]
        children.append(
            _start("Démarrage de la page", ["-m", "streamlit", "run", "ui/app.py", *options], environment)
        )
        _wait(f"http://127.0.0.1:{page}/_stcore/health", children)
        _welcome(api, page, environment["FANAL_MODEL_NAME"] if model else None)
        return _until_one_stops(children, model)
    except KeyboardInterrupt:
        print("\nArrêt de Fanal…", flush=True)
        return 0
    finally:
        _stop(children)


def _local_model(environment: dict[str, str], children: list[Child]) -> Child | None:
    """Bring and start the small model, and have the server ask it; None where it cannot be had, which is said."""
    try:
        url = _serve_model(environment, children)
    except ModelAbsent as error:
        print(f"{error}{WITHOUT_MODEL}", flush=True)
        return None
    with urllib.request.urlopen(f"{url}/models", timeout=30) as answer:  # noqa: S310 - this machine only
        [served] = json.load(answer)["data"]
    for name, value in MODEL_PACE.items():
        environment.setdefault(name, value)
    environment |= {
        "FANAL_GENERATOR": "openai",
        "FANAL_MODEL_URL": url,
        "FANAL_MODEL_NAME": served["id"],
        "FANAL_MODEL_LABEL": MODEL_LABEL,
    }
    return children[-1]


def _serve_model(environment: dict[str, str], children: list[Child]) -> str:
    """Start the model as the last of the children, its weights brought first; gives its URL.

    Raises:
        ModelAbsent: it cannot be brought, or does not answer; none of its processes is left.
    """
    program = "infra/local_model.py"
    children.append(_start("Recherche du petit modèle", [program, "fetch"], environment))
    if children[-1].wait():
        children.pop()
        raise ModelAbsent
    port = _port("FANAL_MODEL_PORT", 8081)
    children[-1] = _start("Démarrage du petit modèle", [program, "serve", "--port", str(port)], environment)
    try:
        _wait(f"http://127.0.0.1:{port}/v1/models", children, MODEL_START_S)
    except SystemExit as error:
        _stop([children.pop()])
        raise ModelAbsent(f"{error.code}\n") from error
    return f"http://127.0.0.1:{port}/v1"


def _ingest(environment: dict[str, str]) -> None:
    """Make the sample searchable by words; the server computes the vectors behind."""
    if shutil.which("tesseract") is None:
        print(
            "Facultatif : sans tesseract, les pages scannées ne sont pas lues (apt install tesseract-ocr-fra)."
        )
    print("Ingestion des documents…", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "ingest", "run", "--sparse-only"], cwd=ROOT, env=environment, check=False
    )
    if done.returncode == 130:
        raise KeyboardInterrupt
    if done.returncode == 2:
        sys.exit("L’ingestion n’a pas pu se faire : voir la ligne ci-dessus.")


def _start(said: str, arguments: list[str], environment: dict[str, str]) -> Child:
    print(f"{said}…", flush=True)
    # A session of its own: Ctrl-C reaches this script alone, which then stops the parts in order.
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, start_new_session=True)


def _wait(url: str, children: list[Child], limit_s: int = START_S) -> None:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if children[-1].poll() is not None:
            sys.exit("Une partie de Fanal s’est arrêtée au démarrage : voir les lignes ci-dessus.")
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - this machine only
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    sys.exit(f"{url} ne répond pas après {limit_s} secondes.")


def _welcome(api: int, page: int, model: str | None) -> None:
    written = (
        f"  Modèle : {model}, « {MODEL_LABEL} ». Une réponse prend d’une demi-minute à quelques minutes.\n"
        if model
        else ""
    )
    print(
        f"\n  Fanal est prêt : http://127.0.0.1:{page}\n  API : http://127.0.0.1:{api}/docs\n"
        f"{written}  Connexion des utilisateurs coupée : accessible depuis cette machine seulement.\n"
        f"  La loi, dans un autre terminal : {_setting(api)}.venv/bin/python -m ingest fetch code-du-travail\n"
        "  Ctrl-C arrête tout.\n",
        flush=True,
    )


def _setting(api: int) -> str:
    """Give what the command line needs to find a server that is not at its usual address."""
    return "" if api == 8000 else f"FANAL_SERVER_URL=http://127.0.0.1:{api} "


def _until_one_stops(children: list[Child], model: Child | None) -> int:
    """Watch the parts; the model alone may stop, as the server answers without."""
    parts = [child for child in children if child is not model]
    while all(child.poll() is None for child in parts):
        if model and model.poll() is not None:
            print("Le petit modèle s’est arrêté : les réponses sont des extraits des documents.", flush=True)
            model = None
        time.sleep(0.5)
    print("Une partie de Fanal s’est arrêtée.", flush=True)
    return 1


def _stop(children: list[Child]) -> None:
    for child in reversed(children):
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(timeout=40)
        except subprocess.TimeoutExpired:
            child.kill()


def _port(name: str, default: int) -> int:
    """Take the port of the setting, or the default, or a free one when the default is taken."""
    if given := os.environ.get(name):
        return int(given)
    with socket.socket() as probe:
        free = probe.connect_ex(("127.0.0.1", default)) != 0
    if free:
        return default
    with socket.socket() as any_free:
        any_free.bind(("127.0.0.1", 0))
        return int(any_free.getsockname()[1])


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
