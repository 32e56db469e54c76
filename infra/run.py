"""`make run`: ingest the sample organisation, start the API and the page, print the address, stop with Ctrl-C.

Standard library only, so that it starts at once and says what it is doing.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_S = 120
"""Longest time that a part may take to answer."""

Child = subprocess.Popen[bytes]


def main() -> int:
    """Run everything until Ctrl-C, or until one of the parts stops by itself."""
    api, page = _port("FANAL_PORT", 8000), _port("FANAL_UI_PORT", 8501)
    environment = {**os.environ, "FANAL_PORT": str(api), "FANAL_API_URL": f"http://127.0.0.1:{api}"}
    environment["FANAL_SERVER_URL"] = environment["FANAL_API_URL"]
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a closed terminal stops everything too
        signal.signal(stop, _interrupt)
    children: list[Child] = []
    try:
        _ingest(environment)
        children.append(_start("l’API", ["-m", "server"], environment))
        _wait(f"http://127.0.0.1:{api}/health/ready", children)
        options = ["--server.port", str(page), "--server.address", "127.0.0.1"]
        children.append(_start("la page", ["-m", "streamlit", "run", "ui/app.py", *options], environment))
        _wait(f"http://127.0.0.1:{page}/_stcore/health", children)
        _welcome(api, page)
        return _until_one_stops(children)
    except KeyboardInterrupt:
        print("\nArrêt de Fanal…", flush=True)
        return 0
    finally:
        _stop(children)


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


def _start(name: str, arguments: list[str], environment: dict[str, str]) -> Child:
    print(f"Démarrage de {name}…", flush=True)
    # A session of its own: Ctrl-C reaches this script alone, which then stops the parts in order.
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, start_new_session=True)


def _wait(url: str, children: list[Child]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if children[-1].poll() is not None:
            sys.exit("Une partie de Fanal s’est arrêtée au démarrage : voir les lignes ci-dessus.")
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - this machine only
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    sys.exit(f"{url} ne répond pas après {START_S} secondes.")


def _welcome(api: int, page: int) -> None:
    print(
        f"\n  Fanal est prêt : http://127.0.0.1:{page}\n  API : http://127.0.0.1:{api}/docs\n"
        "  Connexion des utilisateurs coupée : accessible depuis cette machine seulement.\n"
        f"  La loi, dans un autre terminal : {_setting(api)}.venv/bin/python -m ingest fetch code-du-travail\n"
        "  Ctrl-C arrête tout.\n",
        flush=True,
    )


def _setting(api: int) -> str:
    """Give what the command line needs to find a server that is not at its usual address."""
    return "" if api == 8000 else f"FANAL_SERVER_URL=http://127.0.0.1:{api} "


def _until_one_stops(children: list[Child]) -> int:
    while all(child.poll() is None for child in children):
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
