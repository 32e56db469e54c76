"""Zip archives (DOCX, ODT, PPTX, XLSX): bytes go in, a checked archive comes out, bombs are refused unexpanded."""

import re
import zipfile
from io import BytesIO
from pathlib import PurePosixPath

from ingest.errors import UnreadableFile
from ingest.parse.parsed import MEGABYTE, Limits

_XML_PROLOGUE_BYTES = 64 * 1024
_ROOT_ELEMENT = re.compile(rb"<[A-Za-z_]")
_DRIVE = re.compile(r"^[A-Za-z]:")
_SUSPICIOUS_MEMBER_BYTES = MEGABYTE


def open_archive(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """Open a zip once its directory shows that expanding it is safe.

    Raises:
        UnreadableFile: zip bomb, member name that leaves the archive, password, or XML entities.
        zipfile.BadZipFile: not a zip, or a damaged one.
    """
    archive = zipfile.ZipFile(BytesIO(data))
    members = archive.infolist()
    _check_sizes(members, limits)
    for member in members:
        _check_name(member.filename)
        if member.flag_bits & 0x1:
            raise UnreadableFile(
                "le fichier est protégé par un mot de passe : enregistrez-en une copie sans mot de passe"
            )
        if member.filename.endswith((".xml", ".rels")):
            _check_xml(archive, member)
    return archive


def _check_sizes(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    expanded = sum(member.file_size for member in members)
    if expanded > limits.max_uncompressed_bytes:
        raise UnreadableFile(
            f"le fichier dépasse {limits.max_uncompressed_bytes // MEGABYTE} Mo une fois décompressé :"
            " découpez-le en plusieurs documents"
        )
    for member in members:
        # Small members of repeated XML do exceed the ratio; they cost nothing.
        if member.file_size > max(_SUSPICIOUS_MEMBER_BYTES, limits.max_ratio * member.compress_size):
            raise UnreadableFile(
                "le fichier se décompresse de façon anormale (« bombe zip ») : il a été refusé, vérifiez son origine"
            )


def _check_name(name: str) -> None:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or _DRIVE.match(name):
        raise UnreadableFile("le fichier contient un chemin interdit : il a été refusé, vérifiez son origine")


def _check_xml(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as file:
        prologue = file.read(_XML_PROLOGUE_BYTES).replace(b"\x00", b"")
    # A document type that a long comment pushes out of sight is no better than entities.
    hides = len(prologue) > _XML_PROLOGUE_BYTES // 4 and not _ROOT_ELEMENT.search(prologue)
    if b"<!ENTITY" in prologue or hides:
        raise UnreadableFile("le fichier contient des entités XML : il a été refusé, vérifiez son origine")
