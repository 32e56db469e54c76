"""The ingest path: what a source holds is what the index holds, and no text is embedded twice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingest.chunk import chunk_document
from ingest.documents import EVERYONE, Document, Kind
from ingest.embed import Vectors
from ingest.errors import EmbeddingFailed, SourceUnavailable, UnreadableFile, UnreadableMetadata
from ingest.index import Index, Query, SearchFilter
from ingest.manifest import Manifest
from ingest.pipeline import Ingestion
from ingest.progress import Progress
from ingest.sources.base import FailedItem, Item, LoadedItem
from tests.support import WordEmbedder, make_document

ALL = SearchFilter(groups=None)


@dataclass
class ListSource:
    """A source held in memory."""

    documents: list[Document] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    reachable: bool = True
    name: str = "essai"
    kind: Kind = Kind.PROCEDURE
    groups: tuple[str, ...] = (EVERYONE,)
    max_removed_share: float | None = 1.0

    def fingerprint(self) -> None:
        return None

    def items(self) -> Iterable[Item]:
        if not self.reachable:
            raise SourceUnavailable("Le partage est débranché.")
        loaded = [LoadedItem(d.document_id.removeprefix(f"{self.name}:"), d) for d in self.documents]
        return [*loaded, *(FailedItem(key, "fichier abîmé") for key in self.broken)]


@dataclass
class Bench:
    index: Index
    manifest: Manifest
    embedder: WordEmbedder

    @property
    def ingestion(self) -> Ingestion:
        return Ingestion(self.index, self.manifest, self.embedder)

    def texts(self) -> list[str]:
        return [hit.payload["text"] for hit in self.index.passages(ALL)]


@pytest.fixture
def bench(edge_index: Index, embedder: WordEmbedder, tmp_path: Path) -> Iterator[Bench]:
    manifest = Manifest(tmp_path / "ingest.sqlite")
    yield Bench(edge_index, manifest, embedder)
    manifest.close()


A = make_document(
    "a", "# Un", "Le bilan de compétences dure vingt-quatre heures.", "# Deux", "Il est confidentiel."
)
B = make_document("b", "La validation des acquis demande un livret.")


def test_a_run_indexes_what_the_source_holds_and_counts_it(bench: Bench) -> None:
    [report] = bench.ingestion.run_sources([ListSource([A, B])])
    assert (report.added, report.changed, report.unchanged, report.removed, report.passages) == (
        2,
        0,
        0,
        0,
        3,
    )
    assert len(bench.texts()) == 3


def test_passages_are_found_by_words_before_any_is_embedded(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    assert bench.embedder.embedded == []
    assert bench.index.search(Query("livret de validation", where=ALL))[0].payload["title"] == "b"


def test_an_unchanged_source_embeds_nothing_and_says_so(bench: Bench) -> None:
    source = ListSource([A, B])
    bench.ingestion.run_sources([source])
    assert bench.ingestion.fill_dense() == 3
    [report] = bench.ingestion.run_sources([source])
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert bench.ingestion.fill_dense() == 0
    assert len(bench.embedder.embedded) == 3


def test_a_changed_document_is_embedded_where_it_changed_only(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    bench.ingestion.fill_dense()
    changed = make_document("a", "# Un", "Le bilan dure seize heures.", "# Deux", "Il est confidentiel.")
    [report] = bench.ingestion.run_sources([ListSource([changed, B])])
    assert (report.changed, report.unchanged) == (1, 1)
    assert bench.ingestion.fill_dense() == 1
    assert "seize heures" in bench.embedder.embedded[-1]


def test_a_shorter_version_leaves_no_passage_behind(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A])])
    bench.ingestion.run_sources([ListSource([make_document("a", "Tout tient ici.")])])
    assert bench.texts() == ["Tout tient ici."]


def test_a_document_that_is_gone_is_gone_from_the_index(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    [report] = bench.ingestion.run_sources([ListSource([B])])
    assert report.removed == 1
    assert bench.texts() == ["La validation des acquis demande un livret."]


def test_a_source_that_cannot_be_reached_loses_nothing(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    [report] = bench.ingestion.run_sources([ListSource(reachable=False)])
    assert report.failures == ["Le partage est débranché."]
    assert len(bench.texts()) == 3


def test_a_source_that_is_suddenly_empty_loses_nothing(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    [report] = bench.ingestion.run_sources([ListSource([])])
    assert "ne contient plus rien" in report.failures[0]
    assert len(bench.texts()) == 3


def test_a_broken_file_is_named_and_the_others_go_on(bench: Bench) -> None:
    [report] = bench.ingestion.run_sources([ListSource([A, B], broken=["abîmé.pdf"])])
    assert report.added == 2
    assert report.failures == ["abîmé.pdf : fichier abîmé"]


def test_a_file_that_breaks_keeps_the_passages_of_its_last_good_version(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    [report] = bench.ingestion.run_sources([ListSource([A], broken=["b"])])
    assert report.failures == ["b : fichier abîmé"]
    assert len(bench.texts()) == 3
    [mended] = bench.ingestion.run_sources([ListSource([A, B])])
    assert (mended.changed, mended.failures) == (1, [])


def test_two_passages_with_the_same_words_share_one_embedding(bench: Bench) -> None:
    twins = [make_document(key, "Même texte.", title="Même titre") for key in ("x", "y")]
    bench.ingestion.run_sources([ListSource(twins)])
    assert bench.ingestion.fill_dense() == 1
    assert bench.index.count(SearchFilter(groups=None, embedded=True)) == 2


def test_vectors_already_computed_serve_a_document_that_comes_back(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    bench.ingestion.fill_dense()
    bench.ingestion.run_sources([ListSource([B])])
    bench.ingestion.run_sources([ListSource([A, B])])
    assert bench.ingestion.fill_dense() == 0
    assert bench.index.count(SearchFilter(groups=None, embedded=True)) == 3


def test_a_stopped_dense_run_goes_on_where_it_was(bench: Bench) -> None:
    many = [make_document(f"d{n}", f"Texte numéro {n}.") for n in range(40)]
    bench.ingestion.run_sources([ListSource(many)])
    answers = iter([False, False, True])
    first = bench.ingestion.fill_dense(stop=lambda: next(answers))
    assert 0 < first < 40
    assert first + bench.ingestion.fill_dense() == 40
    assert len(bench.embedder.embedded) == 40


def test_progress_counts_up_to_the_number_of_documents_and_passages(bench: Bench) -> None:
    seen: list[Progress] = []
    bench.ingestion.run_sources([ListSource([A, B])], seen.append)
    bench.ingestion.fill_dense(seen.append)
    assert Progress("lecture", "essai", 2, 2) in seen
    assert seen[-1] == Progress("vecteurs", "", 3, 3)


def test_forgetting_a_source_leaves_the_others(bench: Bench) -> None:
    other = ListSource([make_document("z", "Autre source.", source="autre")], name="autre")
    bench.ingestion.run_sources([ListSource([A, B]), other])
    assert bench.ingestion.forget_source("essai") == 2
    assert bench.texts() == ["Autre source."]
    assert list(bench.manifest.states()) == ["autre"]


def test_a_row_that_breaks_removes_no_session_that_is_indexed(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    [report] = bench.ingestion.run_sources([ListSource([A], broken=["catalogue (1)"])])
    assert report.removed == 0
    assert len(bench.texts()) == 3
    [mended] = bench.ingestion.run_sources([ListSource([A, B])])
    assert (mended.unchanged, mended.removed, mended.failures) == (2, 0, [])


def test_a_source_that_breaks_while_it_is_listed_is_named_and_the_next_one_goes_on(bench: Bench) -> None:
    class Broken(ListSource):
        def items(self) -> Iterable[Item]:
            raise UnreadableFile("catalogue.csv : colonne absente : « Début »")

    bench.ingestion.run_sources([ListSource([A])])
    other = ListSource([make_document("z", "Autre.", source="autre")], name="autre")
    first, second = bench.ingestion.run_sources([Broken(), other])
    assert first.failures == ["catalogue.csv : colonne absente : « Début »"]
    assert second.added == 1
    assert len(bench.texts()) == 3


@dataclass
class StampedSource(ListSource):
    """A source that vouches for the whole of itself."""

    stamp: str = "v1"

    def fingerprint(self) -> str:  # type: ignore[override]  # this one has a fingerprint
        return self.stamp


def test_a_stamped_source_is_not_read_again_and_still_names_its_failures(bench: Bench) -> None:
    source = StampedSource([A, B], broken=["ligne 4"])
    bench.ingestion.run_sources([source])
    [again] = bench.ingestion.run_sources([source])
    assert (again.unchanged, again.failures) == (2, ["ligne 4 : fichier abîmé"])


def test_a_run_that_was_cut_leaves_no_stamp_to_be_trusted(bench: Bench) -> None:
    bench.ingestion.run_sources([StampedSource([A])])

    class Cut(StampedSource):
        def items(self) -> Iterator[Item]:
            many = [make_document(f"d{n}", f"Texte {n}.") for n in range(70)]
            yield from ListSource(many).items()
            raise UnreadableFile("fin du fichier inattendue")

    bench.ingestion.run_sources([Cut(stamp="v2")])
    assert len(bench.texts()) > 2
    [report] = bench.ingestion.run_sources([StampedSource([A])])
    assert report.removed == 64
    assert len(bench.texts()) == 2


def test_a_file_whose_restriction_cannot_be_read_is_found_by_nobody(bench: Bench) -> None:
    @dataclass
    class Misdescribed:
        key: str = "a"
        fingerprint: str = "x"
        attempt: str = ""
        content: str = ""

        def described(self) -> None:
            return None

        def load(self, patient: bool = True) -> Document:  # noqa: ARG002 - the protocol's
            raise UnreadableMetadata("metadonnees.csv, ligne 2 : date illisible")

    class Source(ListSource):
        def items(self) -> Iterable[Item]:
            return [Misdescribed()]

    bench.ingestion.run_sources([ListSource([A, B])])
    [report] = bench.ingestion.run_sources([Source()])
    assert "date illisible" in report.failures[0]
    assert "Il est confidentiel." not in bench.texts()


def test_a_passage_rewritten_while_its_old_text_is_embedded_does_not_take_the_old_vector(
    bench: Bench,
) -> None:
    bench.ingestion.run_sources([ListSource([B])])
    changed = make_document("b", "La validation passe par un jury.")
    embed = bench.embedder.passages

    def slow(texts: Sequence[str]) -> Vectors:
        if not bench.embedder.embedded:
            bench.ingestion.run_sources([ListSource([changed])])
        return embed(texts)

    bench.embedder.passages = slow  # type: ignore[method-assign]  # the file changes meanwhile
    assert bench.ingestion.fill_dense() == 2
    rewritten = bench.embedder.embedded[-1]
    assert "jury" in rewritten
    vector = bench.embedder.query(rewritten)
    [best] = bench.index.search(Query("", vector, k=1, side="dense", where=ALL))
    assert best.score == pytest.approx(1.0, abs=1e-3)


def test_a_run_killed_between_the_index_and_the_manifest_is_mended_by_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.ingestion.run_sources([ListSource([A])])
    rewritten = make_document("a", "# Un", "Autre texte.", "# Deux", "Encore.", "# Trois", "Fin.")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bench.manifest, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            bench.ingestion.run_sources([ListSource([rewritten, B])])
    bench.ingestion.run_sources([ListSource([A])])
    texts = ["Le bilan de compétences dure vingt-quatre heures.", "Il est confidentiel."]
    assert bench.texts() == texts


def test_an_index_that_was_emptied_behind_the_manifest_is_filled_again_at_no_cost(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    bench.ingestion.fill_dense()
    bench.index.delete(ALL)
    [report] = bench.ingestion.run_sources([ListSource([A, B])])
    assert report.changed == 2
    assert bench.ingestion.fill_dense() == 0
    assert bench.index.count(SearchFilter(groups=None, embedded=True)) == 3


def test_passages_that_a_lost_manifest_knew_are_not_left_behind(bench: Bench, tmp_path: Path) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    bench.ingestion.fill_dense()
    bench.manifest.switch(tmp_path / "autre.sqlite")
    [report] = bench.ingestion.run_sources([ListSource([B])])
    assert bench.texts() == ["La validation des acquis demande un livret."]
    assert (report.changed, bench.ingestion.fill_dense()) == (1, 0)


def test_a_vector_that_the_index_lost_is_put_back_from_the_cache(bench: Bench) -> None:
    bench.ingestion.run_sources([ListSource([A, B])])
    bench.ingestion.fill_dense()
    [chunk] = chunk_document(B, 1_800)
    bench.index.upsert([chunk], {}, bench.embedder.name)
    bench.ingestion.run_sources([ListSource([A, B])])
    assert bench.ingestion.fill_dense() == 0
    assert bench.index.count(SearchFilter(groups=None, embedded=True)) == 3


def test_a_text_that_the_embedder_refuses_stops_no_other(bench: Bench) -> None:
    embed = bench.embedder.passages

    def picky(texts: Sequence[str]) -> Vectors:
        if any("livret" in text for text in texts):
            raise EmbeddingFailed("trop long")
        return embed(texts)

    bench.embedder.passages = picky  # type: ignore[method-assign]  # an endpoint with a limit
    bench.ingestion.run_sources([ListSource([A, B])])
    assert bench.ingestion.fill_dense() == 2
    assert bench.manifest.embedded() == (2, 3)
