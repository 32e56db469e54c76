"""A sync that can be trusted: removals that are asked for, renames, files set aside, scans put off, rights."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from ingest.chunk import chunk_document
from ingest.documents import EVERYONE, Document, Kind, Status, Validity
from ingest.errors import LoadLater, SourceUnavailable, UnreadableFile, UnreadableMetadata
from ingest.index import Index, SearchFilter
from ingest.manifest import Manifest
from ingest.pipeline import Ingestion
from ingest.progress import Progress
from ingest.settings import IngestSettings
from ingest.sources.base import Described, FailedItem, Item, LoadedItem
from ingest.sources.files import FolderSource
from ingest.standing import SourceReport
from tests.support import WordEmbedder, make_document

ALL = SearchFilter(groups=None)


@dataclass
class Store:
    index: Index
    manifest: Manifest
    embedder: WordEmbedder
    settings: IngestSettings = field(default_factory=IngestSettings.model_construct)

    def run(self, *sources: object, **options: bool) -> SourceReport:
        ingestion = Ingestion(self.index, self.manifest, self.embedder, self.settings)
        return ingestion.run_sources(sources, **options)[-1]  # type: ignore[arg-type]  # protocols, structurally

    def ids(self) -> list[str]:
        return sorted({hit.payload["document_id"] for hit in self.index.passages(ALL)})

    def readable_by(self, *groups: str) -> int:
        return self.index.count(SearchFilter(groups=frozenset(groups)))


@pytest.fixture
def store(edge_index: Index, embedder: WordEmbedder, tmp_path: Path) -> Iterator[Store]:
    manifest = Manifest(tmp_path / "data" / "ingest.sqlite")
    yield Store(edge_index, manifest, embedder)
    manifest.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(10):
        (folder / f"note-{number}.txt").write_text(f"La note numéro {number} parle du congé {number}.")
    return folder


def notes(folder: Path, **settings: object) -> FolderSource:
    return FolderSource("notes", Kind.PROCEDURE, folder, **settings)  # type: ignore[arg-type]  # fields of the class


# ---------------------------------------------------------------- removals


def test_a_share_that_vanishes_stops_the_run_before_any_change(store: Store, folder: Path) -> None:
    store.run(notes(folder))
    before = store.ids()
    for number in range(4):
        (folder / f"note-{number}.txt").unlink()
    (folder / "nouvelle.txt").write_text("Une note de plus.")
    report = store.run(notes(folder))
    assert (report.withheld, report.removed, report.added) == (4, 0, 0)
    assert "4 documents sur 10 ont disparu" in report.failures[-1]
    assert "--accept-removals" in report.failures[-1]
    assert store.ids() == before
    assert store.manifest.states()["notes"].problem == report.failures[-1]


def test_accepted_removals_are_made(store: Store, folder: Path) -> None:
    store.run(notes(folder))
    for number in range(4):
        (folder / f"note-{number}.txt").unlink()
    store.run(notes(folder))
    report = store.run(notes(folder), accept_removals=True)
    assert (report.withheld, report.removed, report.failures) == (0, 4, [])
    assert len(store.ids()) == 6
    assert store.manifest.states()["notes"].problem is None


def test_a_share_that_is_allowed_goes_unasked(store: Store, folder: Path) -> None:
    store.run(notes(folder))
    for number in range(3):
        (folder / f"note-{number}.txt").unlink()
    assert store.run(notes(folder)).removed == 3


def test_a_source_sets_its_own_share(store: Store, folder: Path) -> None:
    store.run(notes(folder))
    for number in range(2):
        (folder / f"note-{number}.txt").unlink()
    assert store.run(notes(folder, max_removed_share=0.1)).withheld == 2
    assert store.run(notes(folder, max_removed_share=0.2)).removed == 2


def test_one_document_alone_may_always_go(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "deux"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text(f"Le texte {name} tient en une ligne.")
    store.run(notes(folder))
    (folder / "a.txt").unlink()
    assert store.run(notes(folder)).removed == 1


def test_accepting_removals_does_not_empty_an_index_whose_folder_is_empty(store: Store, folder: Path) -> None:
    store.run(notes(folder))
    for path in folder.iterdir():
        path.unlink()
    report = store.run(notes(folder), accept_removals=True)
    assert "ne contient plus rien" in report.failures[-1]
    assert len(store.ids()) == 10


def test_a_folder_that_is_renamed_is_no_removal(store: Store, folder: Path) -> None:
    store.run(notes(folder))
    store_before = len(store.ids())
    (folder / "archives").mkdir()
    for number in range(8):
        (folder / f"note-{number}.txt").rename(folder / "archives" / f"note-{number}.txt")
    report = store.run(notes(folder))
    assert (report.added, report.renamed, report.removed, report.withheld) == (8, 8, 8, 0)
    assert len(store.ids()) == store_before
    assert "notes:archives/note-0.txt" in store.ids()


@pytest.mark.parametrize("trouble", ["fails", "slow"])
def test_a_file_renamed_while_it_cannot_be_read_answers_under_its_former_name(
    store: Store, trouble: str
) -> None:
    store.run(Items([Shaky("avant.pdf", content="abc", fails=False)]))
    item = Shaky("après.pdf", content="abc", fails=True, slow=trouble == "slow")
    report = store.run(Items([item]))
    assert (report.removed, store.ids()) == (0, ["essai:avant.pdf"])
    item.fails, item.fingerprint = False, "v2"
    report = store.run(Items([item]))
    assert (report.removed, store.ids()) == (1, ["essai:après.pdf"])


def test_removals_are_asked_for_after_the_manifest_was_lost_too(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    store.run(notes(folder))
    for number in range(4):
        (folder / f"note-{number}.txt").unlink()
    store.manifest.switch(tmp_path / "autre.sqlite")
    report = store.run(notes(folder))
    assert (report.withheld, len(store.ids())) == (4, 10)


def test_an_index_older_than_its_manifest_is_mended_after_a_run_that_was_cut(
    store: Store, folder: Path
) -> None:
    store.run(notes(folder))
    [before] = store.index.passages(SearchFilter(groups=None, document_id="notes:note-0.txt"))
    (folder / "note-0.txt").write_text("La note numéro 0 parle du tramway.")
    store.run(notes(folder))
    former = make_document("note-0.txt", before.payload["text"], source="notes", title="note-0")
    store.index.upsert(chunk_document(former, 1_800), {}, store.embedder.name)  # what a power cut can leave
    store.manifest.begin("notes", Kind.PROCEDURE, (EVERYONE,))
    assert store.run(notes(folder)).changed == 1
    [after] = store.index.passages(SearchFilter(groups=None, document_id="notes:note-0.txt"))
    assert "tramway" in after.payload["text"]


# ---------------------------------------------------------------- failures


@dataclass
class Shaky:
    """An item that fails as long as it is told to, and counts how often it was read."""

    key: str = "scan.pdf"
    fingerprint: str = "v1"
    attempt: str = "sans tesseract"
    content: str = ""
    fails: bool = True
    slow: bool = False
    read: int = 0
    said: Described | None = None

    def described(self) -> Described | None:
        return self.said

    def load(self, patient: bool = True) -> Document:
        if self.slow and not patient:
            raise LoadLater("un long scan")
        self.read += 1
        if self.fails:
            raise UnreadableFile("illisible ici")
        return make_document(self.key, "Le scan est lu.")


@dataclass
class Items:
    items_: list[Item]
    name: str = "essai"
    kind: Kind = Kind.PROCEDURE
    groups: tuple[str, ...] = (EVERYONE,)
    max_removed_share: float | None = None
    reachable: bool = True

    def fingerprint(self) -> None:
        return None

    def items(self) -> Iterable[Item]:
        if not self.reachable:
            raise SourceUnavailable("débranché")
        return self.items_


def test_a_file_that_keeps_failing_is_set_aside_and_still_named(store: Store) -> None:
    item = Shaky()
    for _ in range(5):
        report = store.run(Items([item]))
    assert item.read == store.settings.file_attempts == 3
    assert report.failures == ["scan.pdf : illisible ici (mis de côté après 3 essais)"]
    assert store.manifest.states()["essai"].set_aside == 1


@pytest.mark.parametrize("changed", ["fingerprint", "attempt"])
def test_a_file_set_aside_is_read_again_when_it_or_the_means_change(store: Store, changed: str) -> None:
    item = Shaky()
    for _ in range(4):
        store.run(Items([item]))
    setattr(item, changed, "autre")
    item.fails = False
    report = store.run(Items([item]))
    assert (report.changed, report.failures) == (1, [])
    assert store.manifest.states()["essai"].failures == 0


def test_a_file_set_aside_is_read_again_when_it_is_asked(store: Store) -> None:
    item = Shaky()
    for _ in range(4):
        store.run(Items([item]))
    item.fails = False
    assert store.run(Items([item]), retry_set_aside=True).failures == []


def sessions(*keys: str) -> list[Item]:
    return [LoadedItem(key, make_document(key, f"Session {key}.")) for key in keys]


def test_a_note_about_a_row_keeps_nothing_that_is_gone(store: Store) -> None:
    note = FailedItem("catalogue (1)", "ligne 3 : durée illisible", is_note=True)
    store.run(Items([*sessions("a", "b", "c"), note]))
    report = store.run(Items([*sessions("a", "b"), note]))
    assert (report.removed, report.failures) == (1, ["catalogue (1) : ligne 3 : durée illisible"])
    assert store.ids() == ["essai:a", "essai:b"]


def test_a_row_left_out_keeps_what_may_be_it_however_often_it_is_met(store: Store) -> None:
    broken = FailedItem("catalogue (1)", "ligne 3 : date illisible")
    store.run(Items(sessions("a", "b", "c")))
    for _ in range(5):
        report = store.run(Items([*sessions("a", "b"), broken]))
    assert report.removed == 0
    assert report.failures == ["catalogue (1) : ligne 3 : date illisible"]
    assert store.run(Items([*sessions("a", "b"), broken]), accept_removals=True).removed == 1


def test_a_row_left_out_that_says_which_one_it_is_keeps_that_one_only(store: Store) -> None:
    store.run(Items(sessions("a", "b", "c")))
    report = store.run(Items([*sessions("a"), FailedItem("b", "ligne 3 : date illisible")]))
    assert report.removed == 1
    assert store.ids() == ["essai:a", "essai:b"]


# ---------------------------------------------------------------- long scans


def test_a_long_scan_is_read_after_every_other_source(store: Store) -> None:
    order: list[str] = []

    def note(progress: Progress) -> None:
        order.append(f"{progress.stage} {progress.source}")

    first = Items([Shaky(fails=False, slow=True), Shaky("a.txt", fails=False)])
    second = Items([Shaky("b.txt", fails=False)], name="autre")
    ingestion = Ingestion(store.index, store.manifest, store.embedder)
    reports = ingestion.run_sources([first, second], note)
    assert order.index("lecture autre") < order.index("lecture patiente essai")
    assert [report.added for report in reports] == [2, 1]
    assert "essai:scan.pdf" in store.ids()


def test_a_run_stopped_before_its_long_scan_keeps_the_rest_and_reads_it_the_next_time(store: Store) -> None:
    def stop(progress: Progress) -> None:
        if progress.stage == "lecture patiente":
            raise KeyboardInterrupt

    source = Items([Shaky(fails=False, slow=True), Shaky("a.txt", fails=False)])
    ingestion = Ingestion(store.index, store.manifest, store.embedder)
    with pytest.raises(KeyboardInterrupt):
        ingestion.run_sources([source], stop)
    assert store.ids() == ["essai:a.txt"]
    report = store.run(source)
    assert (report.added, report.unchanged) == (1, 1)


def test_a_long_scan_that_did_not_change_keeps_its_passages_and_is_not_read_again(store: Store) -> None:
    item = Shaky(fails=False, slow=True)
    store.run(Items([item]))
    report = store.run(Items([item]))
    assert (item.read, report.unchanged, report.removed) == (1, 1, 0)


# ---------------------------------------------------------------- sources that vouch for the whole of themselves


@dataclass
class Stamped(Items):
    stamp: str = "v1"

    def fingerprint(self) -> str:  # type: ignore[override]  # this one has a fingerprint
        if not self.reachable:
            raise SourceUnavailable("débranché")
        return self.stamp


def test_a_source_that_is_back_unchanged_has_no_problem_any_more_and_was_read_now(store: Store) -> None:
    store.run(Stamped(sessions("a")))
    store.run(Stamped(sessions("a"), reachable=False))
    broken = store.manifest.states()["essai"]
    assert broken.problem == "débranché"
    report = store.run(Stamped(sessions("a")))
    mended = store.manifest.states()["essai"]
    assert (report.unchanged, mended.problem) == (1, None)
    assert (mended.last_run or "") >= (broken.last_run or "")


# ---------------------------------------------------------------- rights


def test_rights_taken_from_a_source_out_of_reach_are_taken_at_once(store: Store) -> None:
    reserved = make_document("r", "Pour la direction.", groups=("direction",))
    open_to_all = make_document("o", "Pour tous.")
    items: list[Item] = [_Loaded(reserved), _Loaded(open_to_all)]
    store.run(Items(items))
    assert (store.readable_by(), store.readable_by("direction")) == (1, 2)
    store.run(Items(items, groups=("cadres", "direction"), reachable=False))
    assert (store.readable_by(), store.readable_by("cadres"), store.readable_by("direction")) == (0, 1, 2)
    store.run(Items(items, groups=("cadres",), reachable=False))
    assert (store.readable_by("cadres"), store.readable_by("direction")) == (1, 0)


@dataclass
class _Loaded:
    document: Document
    fingerprint: str = "v1"
    attempt: str = ""
    content: str = ""

    def described(self) -> None:
        return None

    @property
    def key(self) -> str:
        return self.document.document_id.partition(":")[2]

    def load(self, patient: bool = True) -> Document:  # noqa: ARG002 - the protocol's
        return self.document


@pytest.mark.parametrize(
    "said",
    [
        (("direction",), Validity()),
        ((EVERYONE,), Validity(valid_to=date(2020, 1, 1))),
        ((EVERYONE,), Validity(valid_from=date(2090, 1, 1))),
        ((EVERYONE,), Validity(status=Status.REPEALED)),
    ],
)
@pytest.mark.parametrize("slow", [False, True])
def test_a_document_that_is_narrowed_while_it_cannot_be_read_is_found_by_nobody(
    store: Store, said: Described, slow: bool
) -> None:
    item = Shaky(fails=False)
    store.run(Items([item]))
    assert store.readable_by() == 1
    item.fails, item.slow, item.fingerprint, item.said = True, slow, "v2", said
    store.run(Items([item]))
    assert store.index.count(ALL) == 0


def test_a_document_that_fails_and_is_described_as_before_stays(store: Store) -> None:
    item = Shaky(fails=False, said=((EVERYONE,), Validity()))
    store.run(Items([item]))
    item.fails, item.fingerprint = True, "v2"
    store.run(Items([item]))
    assert store.readable_by() == 1


def test_wrong_metadata_are_set_aside_like_any_failure(store: Store) -> None:
    class Misdescribed(Shaky):
        def load(self, patient: bool = True) -> Document:  # noqa: ARG002 - the protocol's
            self.read += 1
            raise UnreadableMetadata("metadonnees.csv, ligne 2 : date illisible")

    store.run(Items([Shaky(fails=False)]))
    item = Misdescribed(fingerprint="v2")
    for _ in range(5):
        report = store.run(Items([item]))
    assert (item.read, store.index.count(ALL)) == (3, 0)
    assert "mis de côté après 3 essais" in report.failures[0]


def test_a_surprise_in_one_source_does_not_end_the_night_for_the_others(store: Store) -> None:
    class Surprising(Items):
        def items(self) -> Iterable[Item]:
            raise TypeError("BookView.__init__() got an unexpected keyword argument")

    ingestion = Ingestion(store.index, store.manifest, store.embedder)
    first, second = ingestion.run_sources([Surprising([]), Items([Shaky("a", fails=False)], name="autre")])
    assert "erreur imprévue" in first.failures[0]
    assert second.added == 1


def test_reading_the_manifest_does_not_wait_for_a_batch_that_is_written(store: Store) -> None:
    with store.manifest.writing(), ThreadPoolExecutor(1) as other:
        assert other.submit(store.manifest.dense_share).result(timeout=5) == 1.0


@pytest.mark.parametrize("trouble", ["fails", "slow", "metadata"])
def test_a_document_renamed_and_reserved_at_once_is_found_by_nobody_under_its_former_name(
    store: Store, trouble: str
) -> None:
    class Moved(Shaky):
        def load(self, patient: bool = True) -> Document:
            if trouble == "metadata":
                raise UnreadableMetadata("metadonnees.csv, ligne 2 : date illisible")
            return super().load(patient)

    store.run(Items([Shaky("avant.pdf", content="abc", fails=False)]))
    reserved = (("direction",), Validity())
    store.run(Items([Moved("après.pdf", content="abc", fails=True, slow=trouble == "slow", said=reserved)]))
    assert store.readable_by() == 0


def test_rights_taken_and_given_back_while_out_of_reach_come_back(store: Store) -> None:
    items: list[Item] = [_Loaded(make_document("a", "Pour deux.", groups=("cadres", "direction")))]
    both = ("cadres", "direction")
    store.run(Items(items, groups=both))
    store.run(Items(items, groups=("cadres",), reachable=False))
    assert store.readable_by("direction") == 0
    store.run(Items(items, groups=both))
    assert store.readable_by("direction") == 1


def test_withdrawn_documents_do_not_make_ordinary_removals_look_too_many(store: Store) -> None:
    class Misdescribed(Shaky):
        def load(self, patient: bool = True) -> Document:  # noqa: ARG002 - the protocol's
            raise UnreadableMetadata("metadonnees.csv, ligne 2 : date illisible")

    def item(kind: type[Shaky], number: int) -> Shaky:
        return kind(f"n{number}", fingerprint=kind.__name__, content=f"c{number}", fails=False)

    store.run(Items([item(Shaky, number) for number in range(20)]))
    closed: list[Item] = [item(Misdescribed, number) for number in range(10)]
    report = store.run(Items([*closed, *(item(Shaky, number) for number in range(10, 16))]))
    assert (report.withheld, report.removed) == (0, 4)


def test_removals_beside_a_long_scan_are_counted(store: Store) -> None:
    def item(number: int) -> Shaky:
        return Shaky(f"n{number}", content=f"c{number}", fails=False)

    store.run(Items([item(number) for number in range(10)]))
    scan = Shaky("scan.pdf", content="s", fails=False, slow=True)
    report = store.run(Items([scan, *(item(number) for number in range(2, 10))]))
    assert (report.added, report.removed) == (1, 2)


def test_a_rename_that_fails_is_no_rename(store: Store) -> None:
    store.run(Items([Shaky("avant.pdf", content="abc", fails=False)]))
    report = store.run(Items([Shaky("après.pdf", content="abc", fails=True)]))
    assert (report.added, report.renamed, report.removed, report.withheld) == (0, 0, 0, 0)


def test_readers_older_than_the_manifest_are_mended_after_a_run_that_was_cut(store: Store) -> None:
    document = make_document("a", "Réservé depuis peu.", groups=("direction",))
    store.run(Items([_Loaded(document)], groups=(EVERYONE,)))
    [hit] = store.index.passages(ALL)
    store.index.set_groups([hit.chunk_id], [EVERYONE])  # what a power cut can leave
    store.manifest.begin("essai", Kind.PROCEDURE, (EVERYONE,))
    store.run(Items([_Loaded(document)], groups=(EVERYONE,)))
    assert store.readable_by() == 0
