"""What a shared folder holds besides documents: damaged and closed files to refuse, droppings to pass over."""

from collections.abc import Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from PIL import Image
from pypdf import PdfReader, PdfWriter

from sample.rendering.office import render_docx
from sample.rendering.pdf import render_pdf
from sample.tree_content.wording import Draft, procedure

PLACE = "À trier/Vieux disque d'Élodie"
LINK = f"{PLACE}/Raccourci vers la paie.txt"
"""A symbolic link that leaves the tree."""


def refused(seed: int) -> Iterator[tuple[str, bytes, str]]:
    """Give the path, the bytes and a word of the reason of each file that cannot be read."""
    source = procedure(Draft(seed, "TRI-001", 1))
    document = render_docx(source)
    yield f"{PLACE}/Procédure récupérée (tronquée).docx", document[: len(document) // 2], "endommagé"
    yield f"{PLACE}/Convention protégée.pdf", _locked(render_pdf(source)), "mot de passe"
    yield f"{PLACE}/Nouveau document.txt", b"", "vide"
    yield f"{PLACE}/Photo de l'affiche.pdf", _picture(), "PDF"
    yield f"{PLACE}/Sauvegarde de l'été.docx", _archive(), "archive"
    yield f"{PLACE}/Vidéo d'accueil.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(500), "pris en charge"
    yield f"{PLACE}/Page perdue.pdf", render_pdf(source)[:900], "endommagé"


def ignored() -> Iterator[tuple[str, bytes]]:
    """Give the path and the bytes of what systems and office programs leave behind."""
    yield f"{PLACE}/Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000)
    yield f"{PLACE}/desktop.ini", b"[.ShellClassInfo]\r\n"
    yield f"{PLACE}/~$Procédure récupérée.docx", b"\x05Elodie" + bytes(150)
    yield f"{PLACE}/.DS_Store", b"\x00\x00\x00\x01Bud1" + bytes(100)
    yield f"{PLACE}/.~lock.Suivi.ods#", b",elodie,poste-12,22.11.2026 09:12;\n"


def _locked(pdf: bytes) -> bytes:
    writer, stream = PdfWriter(clone_from=PdfReader(BytesIO(pdf))), BytesIO()
    writer.encrypt("brisecombe", algorithm="AES-256")
    writer.write(stream)
    return stream.getvalue()


def _picture() -> bytes:
    stream = BytesIO()
    Image.new("RGB", (320, 200), "#1d3a5f").save(stream, "JPEG")
    return stream.getvalue()


def _archive() -> bytes:
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        archive.writestr("lisez-moi.txt", "Sauvegarde du poste d'Élodie.")
    return stream.getvalue()
