"""Pages of the web: a list of addresses goes in, one document a page comes out.

The pages are fetched when they are listed, from the hosts of the sources file alone, redirects included; what was
fetched waits in the cache until it is read. A page that is gone (404, 410) is not listed. One that fails otherwise
is listed with the reason, so that its last good version stays.
"""

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from ingest.documents import EVERYONE, Document, Kind, Validity
from ingest.errors import SourceUnavailable, UnreadableFile
from ingest.parse import Limits, parse_file
from ingest.parse.parsed import MEGABYTE, ReadFile
from ingest.sources.base import Described
from ingest.sources.deadline import Deadline
from ingest.sources.inflate import ACCEPTED, inflated
from ingest.sources.means import means, reads_scans
from ingest.sources.reach import SECONDS, page_client, refusal

if TYPE_CHECKING:
    from ingest.sources.config import SourceConfig

_GONE = (404, 410)
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
}


@dataclass(frozen=True, slots=True)
class PageItem:
    """A page that was fetched, or the reason why it was not.

    Args:
        key: its address.
        content: digest of what the server sent, "" for a failure.
        path: where that waits to be read.
        reason: why there is nothing, in French.
        source: the source that reads it.
    """

    key: str
    content: str
    path: Path
    reason: str
    source: "PagesSource"

    @property
    def fingerprint(self) -> str:
        """Digest of the page and of the settings that decide what it becomes, or of the failure."""
        written = f"{self.content}\0{self.reason}\0{self.source.outcome_settings()}"
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def attempt(self) -> str:
        """Digest of what one page may cost, and of the programs that help to read some."""
        return means(self.source.limits)

    def described(self) -> Described:
        """Say who may read the page and when it holds: what its source says."""
        return self.source.groups, self.source.validity

    def load(self, patient: bool = True) -> Document:
        """Read the page; raises `UnreadableFile`, and `LoadLater` unless `patient`."""
        return self.source.load(self, patient)


@dataclass(frozen=True)
class PagesSource:
    """The pages of a list of addresses.

    Args:
        name: name of the source; document ids begin with it.
        kind: what its passages are.
        addresses: http(s) addresses; each is the key of its page.
        hosts: the hosts that may be reached, see `ingest.sources.hosts`.
        folder: where what is fetched waits; it holds nothing else and can be emptied.
        groups: who may read the pages.
        limits: what one page may cost.
        validity: what holds for each of them.
        max_removed_share: share of the pages, in [0, 1], that a run may remove unasked; None for the setting.
        reader: reads a file within limits; raises as `parse_file` does.
        seconds: longest silence of a server.
    """

    name: str
    kind: Kind
    addresses: tuple[str, ...]
    hosts: tuple[str, ...]
    folder: Path
    groups: tuple[str, ...] = (EVERYONE,)
    limits: Limits = field(default_factory=Limits)
    validity: Validity = field(default_factory=Validity)
    max_removed_share: float | None = None
    reader: ReadFile = parse_file
    seconds: float = SECONDS

    @classmethod
    def of(cls, config: "SourceConfig", cache: Path, limits: Limits, reader: ReadFile) -> "PagesSource":
        """Build the source that the sources file describes by `pages` and `hosts`."""
        return cls(
            config.name,
            config.kind,
            addresses=tuple(config.pages or ()),
            hosts=tuple(config.hosts),
            folder=cache / "pages" / config.name,
            groups=tuple(config.groups),
            limits=limits,
            validity=config.validity,
            max_removed_share=config.max_removed_share,
            reader=reader,
        )

    def fingerprint(self) -> None:
        """Give nothing: only fetching the pages tells whether they changed."""

    def outcome_settings(self) -> tuple[object, ...]:
        """Give the settings that decide what a page becomes; not those of cost, which only decide whether."""
        return (self.kind, self.groups, self.validity, reads_scans(self.limits))

    def items(self) -> list[PageItem]:
        """Fetch the pages and list those that are not gone.

        Raises:
            SourceUnavailable: not one page came; or the cache cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with page_client(self.hosts, min(self.seconds, self.limits.max_seconds)) as client:
                items = [item for address in self.addresses if (item := self._fetched(client, address))]
            for left in set(self.folder.iterdir()) - {item.path for item in items}:
                left.unlink(missing_ok=True)
        except OSError as error:
            raise SourceUnavailable(f"Le dossier {self.folder} ne peut pas être écrit : {error}") from error
        if items and all(item.reason for item in items):
            raise SourceUnavailable(
                f"Aucune page de la source « {self.name} » n’a répondu ; la première : {items[0].reason}"
            )
        return items

    def load(self, item: PageItem, patient: bool = True) -> Document:
        """Read a page.

        Raises:
            UnreadableFile: it was not fetched, or cannot be read.
            LoadLater: reading it takes minutes, and the caller is not `patient`.
        """
        if item.reason:
            raise UnreadableFile(item.reason)
        parsed = self.reader(item.path, replace(self.limits, patient=patient))
        return Document(
            document_id=f"{self.name}:{item.key}",
            source=self.name,
            kind=self.kind,
            title=parsed.title or item.key,
            blocks=parsed.blocks,
            url=item.key,
            dated=parsed.dated,
            validity=self.validity,
            groups=self.groups,
        )

    def _fetched(self, client: httpx.Client, address: str) -> PageItem | None:
        """Fetch a page into the cache; None when it is gone."""
        place = self.folder / hashlib.sha256(address.encode()).hexdigest()[:32]
        try:
            with (
                Deadline(self.limits.max_seconds) as deadline,
                self._asked(client, address, deadline) as response,
            ):
                if response.status_code in _GONE:
                    return None
                path = place.with_suffix(_suffix(response))
                digest = self._keep(response, path)
        except (UnreadableFile, httpx.HTTPError, httpx.InvalidURL) as error:
            reason = self._late() if deadline.passed else refusal(error)
            return PageItem(address, "", place, reason, self)
        if deadline.passed:  # what was cut can look whole
            return PageItem(address, "", place, self._late(), self)
        return PageItem(address, digest, path, "", self)

    def _asked(
        self, client: httpx.Client, address: str, deadline: Deadline
    ) -> AbstractContextManager[httpx.Response]:
        headers = {"Accept": ", ".join(_SUFFIXES), "Accept-Encoding": ACCEPTED}
        return client.stream("GET", address, headers=headers, extensions={"trace": deadline.watch})

    def _late(self) -> str:
        return f"la page n’est pas arrivée en {self.limits.max_seconds:g} secondes"

    def _keep(self, response: httpx.Response, path: Path) -> str:
        """Write what the server sends, and give its digest; raises `UnreadableFile` past the limits."""
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as file:
            for piece in inflated(response.iter_raw(), response.headers.get("Content-Encoding", "")):
                size += len(piece)
                if size > self.limits.max_bytes:
                    raise UnreadableFile(
                        f"la page pèse plus que les {self.limits.max_bytes // MEGABYTE} Mo permis"
                    )
                digest.update(piece)
                file.write(piece)
        return digest.hexdigest()


def _suffix(response: httpx.Response) -> str:
    """Give the extension that names the format of a page; raises `UnreadableFile` for a page that is none."""
    if not response.is_success:
        raise UnreadableFile(f"le serveur répond {response.status_code} au lieu de la page")
    kind = response.headers.get("Content-Type", "text/html").split(";")[0].strip().lower()
    if kind not in _SUFFIXES:
        raise UnreadableFile(f"ce n’est ni une page ni un PDF : le serveur l’annonce comme « {kind} »")
    return _SUFFIXES[kind]
