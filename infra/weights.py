"""Digests of a folder of weights: written where the files were published, checked where they arrive.

    python infra/weights.py manifest FOLDER    writes FOLDER/SHA256SUMS, on the machine that has internet
    python infra/weights.py check FOLDER       on the server: every file there is, and no other, to the bit

`SHA256SUMS` is what `sha256sum` writes and reads: `sha256sum --check --strict SHA256SUMS` says the same of the files
that are listed. Exit status: 0 when all is as listed, 1 when anything is not, 2 when there is nothing to compare.

Standard library only: an administrator runs it on a server that has nothing else yet.
"""

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

MANIFEST = "SHA256SUMS"
_LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>.+)")
_NAME = re.compile(r"[^\x00-\x1f\x7f\\]+")
"""Names that a line holds as they are; `sha256sum` writes others in a way of its own, and weights have none."""

_RUNS_CODE = frozenset({".py", ".pyc", ".so", ".bin", ".pt", ".pth", ".pkl", ".ckpt"})
"""Programs, and the formats of weights that run what they hold when they are read (pickle)."""


class ManifestWrong(Exception):
    """There is no list, or it cannot be read; the message says which line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["manifest", "check"])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    try:
        if options.command == "manifest":
            written = write_manifest(options.folder)
            print(f"{options.folder / MANIFEST} : {len(written)} fichiers.")
            problems = [f"à écarter, il peut exécuter du code : {name}" for name in programs(written)]
        else:
            problems = list(check(options.folder))
    except (ManifestWrong, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    if options.command == "check":
        print(f"{options.folder} : tout est conforme à {MANIFEST}.")
    return 0


def write_manifest(folder: Path) -> Mapping[str, str]:
    """Write the digest of every file of a folder; give them by name.

    Raises:
        ManifestWrong: the folder is empty, or a name cannot be listed.
        OSError: it cannot be read or written.
    """
    digests = {name: digest_of(folder / name) for name in sorted(_files(folder))}
    if not digests:
        raise ManifestWrong(f"{folder} : aucun fichier.")
    for name in digests:
        if not _NAME.fullmatch(name):
            raise ManifestWrong(f"{folder} : le nom {name!r} ne peut pas être listé.")
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    (folder / MANIFEST).write_text(lines, "utf-8")
    return digests


def check(folder: Path) -> Iterator[str]:
    """Say what is not as the folder's list has it: changed, missing, in excess, or able to run code.

    Raises:
        ManifestWrong: there is no list, or it cannot be read.
        OSError: a file cannot be read.
    """
    listed = read_manifest(folder / MANIFEST)
    present = set(_files(folder))
    for name, digest in listed.items():
        if name not in present:
            yield f"absent : {name}"
        elif digest_of(folder / name) != digest:
            yield f"modifié : {name}"
    for name in sorted(present - listed.keys()):
        yield f"en trop, absent de {MANIFEST} : {name}"
    for name in programs(listed):
        yield f"à écarter, il peut exécuter du code : {name}"


def read_manifest(path: Path) -> dict[str, str]:
    """Read a list of digests, by name.

    Raises:
        ManifestWrong: it is not there, is empty, or a line is not a digest and a name inside the folder.
    """
    if not path.is_file():
        raise ManifestWrong(f"{path} n’existe pas : il vient avec les poids (infra/weights.py manifest).")
    listed: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        read = _LINE.fullmatch(line)
        if read is None or Path(read["name"]).is_absolute() or ".." in Path(read["name"]).parts:
            raise ManifestWrong(f"{path}, ligne {number} : illisible.")
        listed[str(Path(read["name"]))] = read["digest"]
    if not listed:
        raise ManifestWrong(f"{path} est vide.")
    return listed


def programs(names: Mapping[str, str]) -> list[str]:
    """Give the names of files that may run code when a model is loaded."""
    return [name for name in names if Path(name).suffix.lower() in _RUNS_CODE]


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file, read in pieces: weights do not fit in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[str]:
    """Give the names of the files of a folder, the list itself and what tools keep for themselves left out."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and name != Path(MANIFEST) and not name.parts[0].startswith("."):
            yield str(name)


if __name__ == "__main__":
    sys.exit(main())
