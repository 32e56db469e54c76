"""A shared folder as organisations have them: about 250 files of every format, nested, some of them unreadable.

A folder and a seed go in; out come the files, a `sources.toml` that ingests them with three real datasets, and
what is expected of each file. Everything in it is invented. Run as `python -m sample.tree FOLDER`.
"""

import csv
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sample.tree_content.files import WRITTEN_AS, Planned, planned
from sample.tree_content.unreadable import LINK, ignored, refused

SHARED = "Partage de l'association"
DATASETS = ("code-du-travail", "fiches-travail", "fiches-service-public-2020")
METADATA = ("Procédures/Accueil", "Procédures/Pôle VAE", "Notes de service/2025")
"""Folders whose quality team fills in a `metadonnees.csv`."""

CONVERSION_SECONDS = 300
COLUMNS = ("fichier", "reference", "titre", "date", "valable_du", "statut")


@dataclass(frozen=True)
class TreeFile:
    """A file of the tree and what is expected of it.

    Args:
        path: below the shared folder, with `/`.
        outcome: what ingestion does with it.
        text: a sentence that a `read` file holds, a word of the reason of a `refused` one, "" when `ignored`.
    """

    path: str
    outcome: Literal["read", "refused", "ignored"]
    text: str = ""


@dataclass(frozen=True)
class Tree:
    """A tree once written.

    Args:
        folder: holds `sources.toml` and the shared folder.
        files: every file of the shared folder but the sheets of metadata.
        left_out: extensions that this machine cannot write, for want of LibreOffice.
    """

    folder: Path
    files: tuple[TreeFile, ...]
    left_out: tuple[str, ...]

    @property
    def shared(self) -> Path:
        """The shared folder."""
        return self.folder / SHARED

    @property
    def sources(self) -> Path:
        """The sources file."""
        return self.folder / "sources.toml"


def build_tree(folder: Path, seed: int = 7) -> Tree:
    """Write the tree below `folder`, which is created; the same seed gives the same texts and names.

    Bytes are the same too, but for what LibreOffice converts, the encrypted PDF, and ODT files (alone or attached),
    in which odfpy declares every namespace that the process met before.

    Raises:
        FileExistsError: the folder holds a tree already.
    """
    shared = folder / SHARED
    shared.mkdir(parents=True)
    office = shutil.which("soffice")
    files = [file for file in planned(seed) if office or not file.convert]
    for file in files:
        if not file.convert:
            _write(shared / file.path, file.content)
    if office:
        _convert(office, shared, [file for file in files if file.convert])
    _write_metadata(shared, files)
    outcomes = [TreeFile(file.path, "read", file.sentence) for file in files]
    tree = Tree(
        folder, (*outcomes, *_write_unreadable(folder, shared, seed)), () if office else tuple(WRITTEN_AS)
    )
    tree.sources.write_text(_sources(tree), "utf-8")
    return tree


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _convert(office: str, shared: Path, files: Sequence[Planned]) -> None:
    """Convert with LibreOffice, one call a format."""
    with tempfile.TemporaryDirectory(prefix="fanal-tree-") as place:
        profile = f"-env:UserInstallation=file://{place}/profile"
        for extension, given in WRITTEN_AS.items():
            wanted = {f"{number:03d}": file for number, file in enumerate(files) if file.convert == extension}
            for name, file in wanted.items():
                _write(Path(place, extension, f"{name}.{given}"), file.content)
            inputs = [str(Path(place, extension, f"{name}.{given}")) for name in wanted]
            command = [office, profile, "--headless", "--convert-to", extension, "--outdir", place, *inputs]
            subprocess.run(command, check=True, capture_output=True, timeout=CONVERSION_SECONDS)
            for name, file in wanted.items():
                _write(shared / file.path, Path(place, f"{name}.{extension}").read_bytes())


def _write_metadata(shared: Path, files: Iterable[Planned]) -> None:
    rows = defaultdict(list)
    for file in files:
        rows[file.path.rpartition("/")[0]].append(file.row)
    for folder in METADATA:
        with (shared / folder / "metadonnees.csv").open("w", encoding="utf-8-sig", newline="") as sheet:
            writer = csv.writer(sheet, delimiter=";")
            writer.writerow(COLUMNS)
            writer.writerows(rows[folder])


def _write_unreadable(folder: Path, shared: Path, seed: int) -> list[TreeFile]:
    outcomes = []
    for path, content, reason in refused(seed):
        _write(shared / path, content)
        outcomes.append(TreeFile(path, "refused", reason))
    for path, content in ignored():
        _write(shared / path, content)
        outcomes.append(TreeFile(path, "ignored"))
    secret = folder / "ailleurs" / "paie.txt"
    _write(secret, b"Les salaires ne sont pas dans le partage.\n")
    (shared / LINK).symlink_to(secret)
    return [*outcomes, TreeFile(LINK, "ignored")]


def _sources(tree: Tree) -> str:
    """Write one source a top folder, then the datasets."""
    tops = sorted({file.path.partition("/")[0] for file in tree.files})
    parts = [
        f'[[source]]\nname = "partage-{number}"\nkind = "procedure"\nfolder = "{SHARED}/{top}"\n'
        for number, top in enumerate(tops, start=1)
    ]
    parts += [f'[[source]]\nname = "{name}"\nkind = "legal"\ndataset = "{name}"\n' for name in DATASETS]
    return "# Le partage inventé, et trois jeux de données réels.\n\n" + "\n".join(parts)


if __name__ == "__main__":
    built = build_tree(Path(sys.argv[1]))
    print(f"{len(built.files)} fichiers dans {built.shared}")
    if built.left_out:
        print(f"LibreOffice manque : pas de fichiers {', '.join(built.left_out)}")
