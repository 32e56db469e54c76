"""One source is brought up to date: its items go in, what it holds is what the index holds in the end.

read      new and changed documents, then the removals; a file that takes minutes is put off
finish    the files that were put off, then the word that the source was read to its end
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ingest.errors import (
    FanalError,
    LoadLater,
    RemovalsWithheld,
    SourceUnavailable,
    StorageFailed,
    UnreadableFile,
    UnreadableMetadata,
)
from ingest.manifest import Manifest
from ingest.progress import Progress, Report
from ingest.sources.base import FailedItem, Item, Source
from ingest.standing import Failure, Known, SourceReport
from ingest.write import DocumentWriter, Version, batched

logger = logging.getLogger(__name__)

DOCUMENTS_A_BATCH = 64


@dataclass(frozen=True, slots=True)
class SyncRules:
    """What a run may do.

    Args:
        version: part of every fingerprint: another one has everything read again.
        attempts: runs that try a file that fails before it is set aside.
        max_removed_share: share of a source, in [0, 1], that may be removed unasked.
        accept_removals: remove whatever is gone.
        retry_set_aside: try the files that were set aside once more.
    """

    version: str
    attempts: int = 3
    max_removed_share: float = 0.3
    accept_removals: bool = False
    retry_set_aside: bool = False


@dataclass(slots=True)
class _Seen:
    """The keys that a run met: read, unchanged or put off, or failed; `unplaced` when a failure has no key."""

    good: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    unplaced: bool = False


class SourceSync:
    """One run over one source.

    Args:
        source: what is read.
        writer, manifest: where it goes.
        rules: what the run may do.
        report: called after each document; what it raises stops the run.
    """

    def __init__(
        self, source: Source, writer: DocumentWriter, manifest: Manifest, rules: SyncRules, report: Report
    ) -> None:
        self.done = SourceReport(source.name)
        self._source = source
        self._name = source.name
        self._writer = writer
        self._manifest = manifest
        self._rules = rules
        self._report = report
        self._known: dict[str, Known] = {}
        self._seen = _Seen()
        self._contents: dict[str, str] = {}
        self._later_keys: set[str] = set()
        self._former: dict[str, list[str]] = {}
        self._later: list[tuple[Item, str]] = []
        self._stamp: str | None = None
        self._ended = False

    def read(self) -> None:
        """Bring everything up to date but the files that take minutes; a source out of reach loses nothing."""
        with self._stopping():
            self._restrict()
            whole = self._source.fingerprint()
            self._stamp = f"{self._rules.version}/{whole}" if whole is not None else None
            self._writer.mend(self._name)
            is_unchanged = self._stamp is not None and self._stamp == self._manifest.source_fingerprint(
                self._name
            )
            self._manifest.begin(self._name, self._source.kind, self._source.groups)
            self._known = self._manifest.known(self._name)
            if is_unchanged:
                self._pass_over()
            else:
                self._read()

    def read_patiently(self) -> None:
        """Read the files that were put off, and remove what they take the place of."""
        if self._ended or not self._later:
            return
        with self._stopping():
            for count, (item, stamp) in enumerate(self._later, start=1):
                self._report(Progress("lecture patiente", self._name, count - 1, len(self._later)))
                self._later_keys.discard(item.key)
                if versions := list(self._versions(item, stamp, patient=True)):
                    self._writer.write(self._name, versions)
                self._report(Progress("lecture patiente", self._name, count, len(self._later)))
            self._remove_gone()

    def finish(self) -> SourceReport:
        """Note that the source was read to its end, once the index is on disk."""
        if not self._ended:
            self._manifest.finish(self._name, self._stamp)
        failures = self._manifest.failures(self._name)
        self.done.failures = [*(self._line(f) for f in failures), *self.done.failures]
        _, self.done.passages = self._manifest.coverage().get(self._name, (0, 0))
        return self.done

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Stop this source, and let the others go on, whatever it does; only what concerns all of them goes through."""
        try:
            yield
        except (SourceUnavailable, UnreadableFile, RemovalsWithheld) as error:
            self._stop(str(error))
        except StorageFailed as error:
            self._stop(str(error))  # there is room for a line still
            raise
        except FanalError:
            raise
        except Exception as error:  # a library's surprise in one source must not end the night for the others
            logger.exception("source %s", self._name)
            self._stop(f"La lecture de la source s’est arrêtée sur une erreur imprévue : {error!r}")

    def _line(self, failure: Failure) -> str:
        aside = failure.attempts >= self._rules.attempts
        return f"{failure.key} : {failure.reason}" + (
            f" (mis de côté après {failure.attempts} essais)" if aside else ""
        )

    def _stop(self, problem: str) -> None:
        self._ended = True
        if self._manifest.groups(self._name) is None:
            self._manifest.begin(self._name, self._source.kind, self._source.groups)
        self._manifest.stop(self._name, problem)
        self.done.failures.append(problem)
        logger.info("source %s not read to its end: %s", self._name, problem)

    def _restrict(self) -> None:
        """Take rights away first: a source that then cannot be read must not keep its former readers."""
        before = self._manifest.groups(self._name)
        if before is not None and not set(before) <= set(self._source.groups):
            self._writer.restrict(self._name, self._source.groups)

    def _pass_over(self) -> None:
        """Count a source that vouches for the whole of itself, and was read to its end as it is."""
        self.done.unchanged = sum(row.error is None for row in self._known.values())
        self._report(Progress("lecture", self._name, len(self._known), len(self._known)))

    def _read(self) -> None:
        items = self._source.items()
        total = 0
        if isinstance(
            items, Sequence
        ):  # all keys are known beforehand: too many removals stop before any change
            total = len(items)
            self._contents = {item.key: item.content for item in items}
            for key, row in self._known.items():
                if row.content and key not in self._contents:
                    self._former.setdefault(row.content, []).append(key)
            self._check_removals({item.key for item in items})
        for batch in batched(self._changed(items, total), DOCUMENTS_A_BATCH):
            self._writer.write(self._name, batch)
        self._remove_gone()

    def _changed(self, items: Iterable[Item], total: int) -> Iterator[Version]:
        """Read the documents that are new or different, counting as it goes."""
        for count, item in enumerate(items, start=1):
            stamp = f"{self._rules.version}/{item.fingerprint}"
            known = self._known.get(item.key)
            if known and known.fingerprint == stamp:
                self.done.unchanged += 1
                self._seen.good.add(item.key)
            elif known and not isinstance(item, FailedItem) and self._is_set_aside(known, item, stamp):
                self._seen.failed.add(item.key)
            else:
                yield from self._versions(item, stamp, patient=False)
            self._report(Progress("lecture", self._name, count, total))

    def _is_set_aside(self, known: Known, item: Item, stamp: str) -> bool:
        failed_the_same = known.error is not None and known.tried == _tried(item, stamp)
        return failed_the_same and known.attempts >= self._rules.attempts and not self._rules.retry_set_aside

    def _versions(self, item: Item, stamp: str, *, patient: bool) -> Iterator[Version]:
        """Read a document; of one that cannot be read note why, and put off one that takes minutes."""
        try:
            document = item.load(patient)
        except LoadLater:
            self._later.append((item, stamp))
            self._later_keys.add(item.key)
            self._seen.good.add(item.key)
            self._withdraw_if_narrowed(item)
            return
        except UnreadableFile as error:
            self._fail(item, stamp, error)
            return
        self._seen.good.add(item.key)
        if item.key in self._known:
            self.done.changed += 1
        else:
            self.done.added += 1
        yield Version(item.key, stamp, item.content, document)

    def _fail(self, item: Item, stamp: str, error: UnreadableFile) -> None:
        known = self._known.get(item.key)
        if isinstance(error, UnreadableMetadata):  # perhaps it was reserved: nobody finds it meanwhile
            for key in self._names(item):
                self._withdraw(key)
        else:
            self._withdraw_if_narrowed(item)
        tried = _tried(item, stamp)
        self._seen.failed.add(item.key)
        if isinstance(item, FailedItem):  # found again at each reading of its file, which is no attempt
            tried = ""
            self._seen.unplaced |= not item.is_note and not (known and known.passages)
        self._manifest.record_failure(self._name, item.key, str(error), tried, item.content)

    def _withdraw(self, key: str) -> None:
        known = self._known.get(key)
        if known and known.passages:
            self._writer.withdraw(self._name, key, known.document_id)
            self._known[key] = replace(known, passages=0)

    def _withdraw_if_narrowed(self, item: Item) -> None:
        """Take out a document that is not read now, when fewer people may see it or it holds for a shorter time."""
        described = item.described()
        for key in self._names(item):
            known = self._known.get(key)
            if known and known.passages and self._writer.is_narrowed(known.document_id, described):
                self._withdraw(key)

    def _names(self, item: Item) -> list[str]:
        """Give an item's key, and the former ones that its content may answer under."""
        return [item.key, *self._former.get(item.content, ())]

    def _check_removals(self, present: set[str]) -> None:
        """Raise `RemovalsWithheld` when more than the allowed share of the documents is gone.

        A document that only changed its name is not gone. One alone may always go.
        """
        held = {key: row for key, row in self._known.items() if row.passages}
        whole = sum(bool(row.passages or row.content) for row in self._known.values())  # withdrawn ones too
        arrived = Counter(content for key, content in self._contents.items() if key not in self._seen.failed)
        arrived.subtract(held[key].content for key in present & held.keys())
        renamed, gone = 0, 0
        for key in held.keys() - present:
            content = held[key].content
            if content and arrived[content] > 0:
                arrived[content] -= 1
                renamed += 1
            else:
                gone += 1
        self.done.renamed = renamed
        share = self._source.max_removed_share
        allowed = self._rules.max_removed_share if share is None else share
        if gone > max(1, allowed * whole) and not self._rules.accept_removals:
            self.done.withheld = gone
            raise RemovalsWithheld(
                f"{gone} documents sur {whole} ont disparu de la source « {self._name} », plus que les "
                f"{allowed * 100:.0f}\N{NO-BREAK SPACE}% permis : rien n’a été retiré. Vérifiez la source ; "
                f"si c’est voulu : python -m ingest run {self._name} --accept-removals"
            )

    def _remove_gone(self) -> None:
        """Remove what the source no longer holds."""
        seen = self._seen
        if self._known and not (seen.good or seen.failed):
            raise SourceUnavailable(
                f"La source « {self._name} » ne contient plus rien (dossier démonté ?) : rien n’a été retiré. "
                f"Si c’est voulu : python -m ingest forget {self._name}"
            )
        gone = self._known.keys() - seen.good - seen.failed - self._awaited()
        if seen.unplaced and not self._rules.accept_removals:
            # A row that cannot be read may be one of those that are indexed.
            gone = {key for key in gone if not self._known[key].passages}
        else:
            self._check_removals(seen.good | seen.failed | self._awaited())
        self.done.removed += self._writer.remove(self._name, gone)

    def _awaited(self) -> set[str]:
        """Give the former names of the files that failed or were put off under a new one: they answer meanwhile."""
        new = self._seen.failed | self._later_keys
        contents = {content for key, content in self._contents.items() if key in new}
        return {key for content in contents for key in self._former.get(content, ())}


def _tried(item: Item, stamp: str) -> str:
    """Give what a failure is tied to: the version that was read, and the means that it was read with."""
    return f"{stamp}/{item.attempt}"
