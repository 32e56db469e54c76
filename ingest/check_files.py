"""The files of a folder, looked at without being parsed: a source goes in, its counts and problems come out."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ingest.check import Known, SourceCheck, Stamp
from ingest.errors import UnreadableFile
from ingest.parse.detect import Format, detect
from ingest.parse.parsed import MEGABYTE, Limits
from ingest.sources.base import Source
from ingest.sources.description import orphan_problem
from ingest.sources.files import FileReference, FolderSource, Listing
from ingest.sources.means import reads_scans
from ingest.sources.metadata import METADATA_FILE
from ingest.sources.records import apart

_NEEDS_OFFICE = (Format.DOC, Format.PPT, Format.XLS, Format.ODS, Format.ODP)
_SCANS = "scans"
_LOOK_SECONDS = 20.0
"""Time to open one PDF and read its first page."""

_Looks = Callable[[Path, Limits], bool]


def check_files(check: SourceCheck, source: Source, known: Known, stamp: Stamp) -> None:
    """Fill in `check` for a source of files; raises `SourceUnavailable` where they cannot be listed."""
    if not isinstance(source, FolderSource):
        raise TypeError(f"{source.name} is no source of files")
    references = source.items()
    check.unit, check.documents = ("fichier", "fichiers"), len(references)
    listing = source.listing()
    check.notes += [f"laissé de côté, {key} : {why}" for key, why in listing.left_out.items()]
    needs: Counter[str] = Counter()
    with apart(looks_scanned) as looks:
        for reference in references:
            _check_file(check, source, reference, needs, looks)
    _check_programs(check, source, needs)
    check.problems += dict.fromkeys(_metadata_problems(source, references, listing))
    check.compare({ref.key: stamp(ref.fingerprint) for ref in references}, known)
    if references:
        check.link = _link(source, references[0])


def _check_file(
    check: SourceCheck, source: FolderSource, reference: FileReference, needs: Counter[str], looks: _Looks
) -> None:
    """Count one file by its format, and note in `needs` what reading it takes besides Fanal."""
    try:
        size = reference.path.stat().st_size
        check.size += size
        if size > source.limits.max_bytes:
            limit = source.limits.max_bytes // MEGABYTE
            raise UnreadableFile(f"il pèse {size // MEGABYTE} Mo, plus que les {limit} Mo permis")
        data = reference.path.read_bytes()
        format_ = detect(data, reference.path.name)
    except OSError as error:
        check.problems.append(f"{reference.key} : il ne peut pas être ouvert ({error.strerror})")
    except UnreadableFile as error:
        check.problems.append(f"{reference.key} : {error}")
    else:
        check.formats[format_] += 1
        needs["office"] += format_ in _NEEDS_OFFICE
        needs[_SCANS] += format_ is Format.PDF and _is_scan(reference.path, source.limits, looks)


def _is_scan(path: Path, limits: Limits, looks: _Looks) -> bool:
    try:
        return looks(path, replace(limits, ocr=False, max_seconds=_LOOK_SECONDS))
    except UnreadableFile:
        return False  # the run will tell why


def looks_scanned(path: Path, limits: Limits) -> bool:  # noqa: ARG001 - its process holds the limits
    """Tell whether the first page of a PDF has no text; one that does not open is left to the run to explain."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        with closing(PdfDocument(path)) as document, closing(document[0].get_textpage()) as page:
            return not str(page.get_text_range()).strip()
    except (PdfiumError, IndexError, OSError):
        return False


def _check_programs(check: SourceCheck, source: FolderSource, needs: Counter[str]) -> None:
    from ingest.parse.libreoffice import missing_office
    from ingest.parse.ocr import missing_ocr

    if needs["office"] and (reason := missing_office()):
        check.problems.append(f"{needs['office']} fichiers d’un ancien format ne seront pas lus : {reason}")
    if needs[_SCANS] and not source.limits.ocr:
        check.notes.append(f"{needs[_SCANS]} PDF sans doute numérisés ne seront pas lus (ocr = false)")
    elif needs[_SCANS] and not reads_scans(source.limits):
        check.problems.append(f"{needs[_SCANS]} PDF sans doute numérisés ne seront pas lus : {missing_ocr()}")


def _metadata_problems(
    source: FolderSource, references: list[FileReference], listing: Listing
) -> Iterator[str]:
    """Say which sheets and rows cannot be read, and which rows describe no file."""
    for reference in references:
        try:
            source.describe(reference)
        except UnreadableFile as error:
            said = str(error)
            if said.startswith(METADATA_FILE):
                yield f"{_folder(source, reference.path.parent)}{said}"
            elif reference.sheet.problem is None:  # a row of another folder means it
                yield f"{reference.key} : {said}"
    for folder, sheet in source.sheets(listing).items():
        orphans = [orphan_problem(row, source.groups) for row in sheet.orphans]
        for problem in [sheet.problem] if sheet.problem else orphans:
            yield f"{_folder(source, folder)}{problem}"


def _folder(source: FolderSource, folder: Path) -> str:
    below = folder.relative_to(source.folder)
    return "" if below == Path() else f"{PurePosixPath(below)}/"


def _link(source: FolderSource, reference: FileReference) -> str | None:
    try:
        return source.url(reference.key, source.describe(reference).number)
    except UnreadableFile:
        return None
