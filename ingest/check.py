"""`python -m ingest check`: settings go in, what each source would bring and what is wrong with it come out.

Nothing is written, fetched or indexed, and of a document no more is read than tells its format. What was last
read is given by the caller, so that looking at a source makes no manifest.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from rich.console import Console

from ingest.documents import EVERYONE, Kind
from ingest.errors import ConfigurationError, FanalError
from ingest.parse.parsed import MEGABYTE
from ingest.settings import IngestSettings
from ingest.sources.base import FailedItem, Source
from ingest.sources.config import SourceConfig, build_source, read_sources
from ingest.sources.rules import PLACES

LISTED_PROBLEMS = 20
"""Problems of one source that are shown; the others are counted."""

Known = Mapping[str, str]
"""Key of a document -> fingerprint under which it was last read."""

Stamp = Callable[[str], str]
"""Turns an item's fingerprint into the one that is kept of it."""


@dataclass(slots=True)
class SourceCheck:
    """What a source would bring.

    Args:
        config: the source, as the sources file describes it.
        unit: what is counted, in French, one and several.
        documents: files, pages, sessions or certifications that it holds.
        size: their size, in bytes; 0 where it is not known.
        formats: how many there are by format.
        new, changed, unchanged, vanished: how they differ from what was last read.
        compared: whether that could be told without reading the source.
        link: address of the first one, where the source has a template for it.
        notes: what is good to know, in French.
        problems: what is to be corrected, in French.
    """

    config: SourceConfig
    unit: tuple[str, str] = ("document", "documents")
    documents: int = 0
    size: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    compared: bool = True
    link: str | None = None
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def compare(self, present: Known, known: Known) -> None:
        """Count how what is `present` differs from what is `known`."""
        self.new = len(present.keys() - known.keys())
        self.unchanged = sum(known.get(key) == fingerprint for key, fingerprint in present.items())
        self.changed = len(present) - self.new - self.unchanged
        self.vanished = len(known.keys() - present.keys())


def print_check(settings: IngestSettings, console: Console, names: Sequence[str] | None = None) -> int:
    """Look at the named sources, or all, against what was last read of them; prints, and gives the exit status.

    Raises:
        ConfigurationError: as for `check_sources`.
    """
    from ingest.manifest import Manifest
    from ingest.pipeline import pipeline_version

    known: dict[str, Known] = {}
    if settings.manifest_file.is_file():
        with closing(Manifest(settings.manifest_file)) as manifest:
            known = {source: manifest.fingerprints(source) for source in manifest.states()}
    version = pipeline_version(settings.chunk_chars)
    checks = check_sources(settings, known, lambda fingerprint: f"{version}/{fingerprint}", names)
    return print_checks(checks, console)


def check_sources(
    settings: IngestSettings,
    known: Mapping[str, Known],
    stamp: Stamp = str,
    names: Sequence[str] | None = None,
) -> list[SourceCheck]:
    """Look at the named sources of the sources file, or all of them.

    Args:
        settings: where the file is, and what one document may cost.
        known: what was last read of each source, by its name.
        stamp: as the run turns fingerprints into those of `known`.
        names: the sources wanted, None for all.

    Raises:
        ConfigurationError: a name is not in the sources file, or the file is wrong; the message gives each line
            and its fix.
    """
    configs = {config.name: config for config in read_sources(settings.sources_file)}
    for name in names or ():
        if name not in configs:
            raise ConfigurationError(
                f"Aucune source ne s’appelle « {name} ». Sources : {', '.join(configs)}."
            )
    wanted = configs if names is None else {name: configs[name] for name in names}
    return [_checked(config, settings, known.get(name, {}), stamp) for name, config in wanted.items()]


def _checked(config: SourceConfig, settings: IngestSettings, known: Known, stamp: Stamp) -> SourceCheck:
    check = SourceCheck(config)
    try:
        source = build_source(config, settings)
        if config.folder is not None or config.file is not None:
            from ingest.check_files import check_files

            check_files(check, source, known, stamp)
        elif config.pages is not None:
            _check_pages(check, config.pages, known)
        elif config.dataset is not None:
            _check_dataset(check, config.dataset, settings, known)
        else:
            _check_records(check, source, settings, known, stamp)
    except FanalError as error:
        check.problems.append(str(error))
    else:
        _check_removals(check, settings, len(known))
    return check


def _check_pages(check: SourceCheck, pages: list[str], known: Known) -> None:
    check.unit, check.documents = ("page", "pages"), len(pages)
    check.new, check.vanished = len(set(pages) - known.keys()), len(known.keys() - set(pages))
    check.notes.append("seul « run » joint les pages et dit si elles ont changé")


def _check_dataset(check: SourceCheck, name: str, settings: IngestSettings, known: Known) -> None:
    from ingest.sources.packages import DATASETS

    dataset = DATASETS[name]
    check.documents, check.compared = len(known), False
    if dataset.is_whole(settings.cache_dir):
        check.size = sum((dataset.folder(settings.cache_dir) / path).stat().st_size for path in dataset.files)
        check.notes.append(f"« {dataset.title} », version {dataset.version}, est téléchargé")
    else:
        check.problems.append(
            f"« {dataset.title} » n’est pas encore téléchargé : python -m ingest fetch {name}"
        )


def _check_records(
    check: SourceCheck, source: Source, settings: IngestSettings, known: Known, stamp: Stamp
) -> None:
    """Count the records of a catalogue or a register; these are read, for nothing else tells what they hold."""
    place = check.config.lheo or check.config.table or check.config.certifications
    check.unit = (
        ("certification", "certifications") if check.config.certifications else ("session", "sessions")
    )
    present: dict[str, str] = {}
    for item in source.items():
        if isinstance(item, FailedItem):
            check.problems.append(f"{item.key} : {item.reason}")
        else:
            present[item.key] = stamp(item.fingerprint)
    path = settings.sources_file.parent / (place or "")
    check.documents, check.size = len(present), path.stat().st_size if path.is_file() else 0
    check.compare(present, known)


def _check_removals(check: SourceCheck, settings: IngestSettings, known: int) -> None:
    share = check.config.max_removed_share
    allowed = settings.max_removed_share if share is None else share
    if check.compared and check.documents == 0:
        check.problems.append("la source est vide : rien ne sera ajouté, ni retiré de l’index")
    elif check.vanished > max(1, allowed * known):
        check.problems.append(
            f"{check.vanished} documents sur {known} ont disparu ou changé de nom, plus que les {allowed:.0%} permis :"
            " « run » s’arrêtera si ce ne sont pas des changements de nom ; si c’est voulu, --accept-removals"
        )


def print_checks(checks: list[SourceCheck], console: Console) -> int:
    """Print what each source would bring; gives the exit status: 0 nothing to correct, 1 something is."""
    for check in checks:
        _print(check, console)
    wrong = sum(bool(check.problems) for check in checks)
    if wrong:
        console.print(f"{_counted(wrong, 'source', 'sources')} à corriger sur {len(checks)}.", style="red")
    else:
        console.print(f"{_counted(len(checks), 'source', 'sources')} : rien à corriger.", style="green")
    return 1 if wrong else 0


def _print(check: SourceCheck, console: Console) -> None:
    config = check.config
    place = next(key for key in PLACES if getattr(config, key) is not None)
    where = f"{len(config.pages)} adresses" if config.pages is not None else getattr(config, place)
    title = f" ({config.title})" if config.title else ""
    console.print(f"{config.name}{title}", style="bold", markup=False)
    lines = [
        f"{_KINDS[config.kind]} ; {place} = {where} ; {_readers(config)} ; {_SCHEDULES[config.schedule]}"
    ]
    lines.append(_contents(check))
    if differences := _differences(check):
        lines.append(f"documents, depuis la dernière ingestion : {differences}")
    if check.link:
        lines.append(f"adresse : {check.link}")
    lines += [f"remarque : {note}" for note in check.notes]
    for line in lines:
        console.print(f"  {line}", markup=False, soft_wrap=True)
    for problem in check.problems[:LISTED_PROBLEMS]:
        console.print(f"  à corriger : {problem}", style="red", markup=False, soft_wrap=True)
    if (more := len(check.problems) - LISTED_PROBLEMS) > 0:
        console.print(f"  et {more} autres", style="red")


_KINDS = {Kind.PROCEDURE: "procédures", Kind.LEGAL: "droit", Kind.TRAINING: "offre de formation"}
_SCHEDULES = {
    "hourly": "toutes les heures",
    "daily": "tous les jours",
    "weekly": "toutes les semaines",
    "monthly": "tous les mois",
    "manual": "sur demande",
}


def _readers(config: SourceConfig) -> str:
    return "ouverte à tous" if EVERYONE in config.groups else f"réservée à : {', '.join(config.groups)}"


def _contents(check: SourceCheck) -> str:
    size = f", {check.size / MEGABYTE:.1f} Mo".replace(".", ",") if check.size else ""
    formats = ", ".join(f"{count} {name}" for name, count in check.formats.most_common())
    counted = _counted(check.documents, *check.unit) + ("" if check.compared else " dans l’index")
    return f"{counted}{size}" + (f" : {formats}" if formats else "")


def _differences(check: SourceCheck) -> str:
    counts = (
        (check.new, "nouveau", "nouveaux"),
        (check.changed, "modifié", "modifiés"),
        (check.unchanged, "inchangé", "inchangés"),
        (check.vanished, "disparu", "disparus"),
    )
    return ", ".join(_counted(*count) for count in counts if count[0])


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} {one if count < 2 else several}"
