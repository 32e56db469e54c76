"""Rebuild without a gap: sources go in, a new generation of the index comes out, and takes the live one's place.

The live index is never touched: questions are answered from it until the new one is whole, vectors included.
A rebuild that is cut short is taken up where it was by the next one.
"""

import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass

from ingest.errors import IndexMismatch, RemovalsWithheld, SourceUnavailable
from ingest.generations import Generations
from ingest.manifest import Manifest
from ingest.opening import Store, open_store
from ingest.progress import Report
from ingest.settings import IngestSettings
from ingest.standing import SourceReport

_KEPT = "L’index en service reste en place ; le nouveau sera repris par le prochain `rebuild`."
_ACCEPT = "Si c’est voulu : python -m ingest rebuild --accept-removals"
_NAMED = 5
"""Documents named in a message."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild made.

    Args:
        generation: number of the new live generation.
        reports: what each source brought.
        embedded: texts that had to be embedded; the others were in the cache of vectors.
    """

    generation: int
    reports: list[SourceReport]
    embedded: int


def rebuild(settings: IngestSettings, report: Report, *, accept_removals: bool = False) -> Rebuilt:
    """Build a new generation from all sources, beside the live one, then make it the live one.

    Sources that the file no longer lists are left behind, but for open data that was fetched.

    Raises:
        SourceUnavailable: a source cannot be reached: the live index stays.
        RemovalsWithheld: a source would lose more than is allowed unasked: the live index stays.
        IngestionStopped: as `report` says; the next rebuild goes on.
    """
    from ingest import runs

    before = _live(settings)
    number = _next(settings)
    names = _names(settings, before)
    options = runs.RunOptions(names, accept_removals=True, retry_set_aside=True)
    with closing(_opened(settings, number)) as store:
        for name in store.manifest.states().keys() - names:  # an earlier rebuild, cut short, had them still
            runs.ingestion_over(store, settings).forget_source(name)
        reports = runs.run_sources(store, settings, options, report)
        _check_reached(store.manifest)
        if not accept_removals:
            _check_kept(before, store.manifest, _shares(settings))
        embedded = runs.ingestion_over(store, settings).fill_dense(report)
    _publish(settings, number)
    return Rebuilt(number, reports, embedded)


def _live(settings: IngestSettings) -> dict[str, dict[str, str]]:
    """Give the keys that each source of the live index has passages of, with the digest of their content."""
    with closing(Manifest(settings.manifest_file)) as manifest:
        return {source: _indexed(manifest, source) for source in manifest.states()}


def _indexed(manifest: Manifest, source: str) -> dict[str, str]:
    return {key: known.content for key, known in manifest.known(source).items() if known.passages}


def _names(settings: IngestSettings, before: Collection[str]) -> list[str]:
    """List the sources of the file, and the open data that was fetched without being in it."""
    from ingest.sources.config import read_sources
    from ingest.sources.packages import DATASETS

    listed = [config.name for config in read_sources(settings.sources_file)]
    return [*listed, *(name for name in before if name in DATASETS and name not in listed)]


def _shares(settings: IngestSettings) -> Callable[[str], float]:
    """Give the share that each source may lose unasked."""
    from ingest.sources.config import read_sources

    own = {config.name: config.max_removed_share for config in read_sources(settings.sources_file)}

    def share(source: str) -> float:
        allowed = own.get(source)
        return settings.max_removed_share if allowed is None else allowed

    return share


def _next(settings: IngestSettings) -> int:
    """Give the number of the generation to build; on a server its alias may be ahead of this folder."""
    live = Generations(settings.data_dir).live()
    if settings.qdrant_url is not None:
        from ingest.collections import live_generation

        live = max(live, live_generation(settings))
    return live + 1


def _opened(settings: IngestSettings, number: int) -> Store:
    """Open the new generation, as an earlier rebuild left it unless that was for another embedder."""
    try:
        return open_store(settings, number)
    except IndexMismatch:
        _discard(settings, number)
        return open_store(settings, number)


def _discard(settings: IngestSettings, number: int) -> None:
    generations = Generations(settings.data_dir)
    if settings.qdrant_url is None:
        shutil.rmtree(generations.index_dir(number))
    else:
        from ingest.collections import drop_generation

        drop_generation(settings, number)
    generations.manifest_file(number).unlink(missing_ok=True)


def _check_reached(after: Manifest) -> None:
    """Raise unless every source was read to its end."""
    for state in after.states().values():
        if state.problem is not None:
            raise SourceUnavailable(f"{state.problem} {_KEPT}")


def _check_kept(before: Mapping[str, dict[str, str]], after: Manifest, share: Callable[[str], float]) -> None:
    """Raise when what the live index answers from would be lost: too many documents, or one that fails now."""
    for source, held in before.items():
        known = after.known(source)
        failed = {key for key, row in known.items() if row.error is not None and not row.passages}
        contents = {known[key].content for key in failed} - {""}  # under another name perhaps
        failing = sorted(key for key, content in held.items() if key in failed or content in contents)
        if failing:
            names = ", ".join(failing[:_NAMED]) + ("…" if len(failing) > _NAMED else "")
            raise RemovalsWithheld(
                f"{len(failing)} documents de « {source} » répondent aujourd’hui et ne peuvent plus être lus "
                f"({names}). {_KEPT} {_ACCEPT}"
            )
        left = len(_indexed(after, source))
        if len(held) - left > max(1, share(source) * len(held)):
            raise RemovalsWithheld(
                f"La source « {source} » passerait de {len(held)} à {left} documents. {_KEPT} {_ACCEPT}"
            )


def _publish(settings: IngestSettings, number: int) -> None:
    if settings.qdrant_url is not None:
        from ingest.collections import publish_generation

        publish_generation(settings, number)
    Generations(settings.data_dir).publish(number)
