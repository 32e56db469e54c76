"""Whatever the bytes, parsing gives blocks or an `UnreadableFile` whose French message says what to do."""

import time
import zipfile
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.parse import Limits, ParsedFile, parse_bytes, parse_file
from tests.hostile_pdfs import empty_pages

DOCUMENTS = Path(__file__).parents[1] / "sample" / "documents"
LIMITS = Limits(ocr=False)


def sample(pattern: str) -> bytes:
    return next(DOCUMENTS.rglob(pattern)).read_bytes()


def refusal(data: bytes, name: str, limits: Limits = LIMITS) -> str:
    with pytest.raises(UnreadableFile) as caught:
        parse_bytes(data, name, limits)
    return str(caught.value)


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def rezipped(data: bytes, changes: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return zipped({name: archive.read(name) for name in archive.namelist()} | changes)


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.txt", "a.csv", "a.eml", "a.inconnu"])
def test_an_empty_file_is_called_empty(name: str) -> None:
    assert refusal(b"", name) == "le fichier est vide"


@pytest.mark.parametrize(
    ("name", "data"), [("a.txt", b" \n"), ("a.html", b"<p></p>"), ("a.xml", b"<a/>"), ("a.csv", b";")]
)
def test_a_file_without_text_is_refused(name: str, data: bytes) -> None:
    assert refusal(data, name) == "le fichier ne contient aucun texte"


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="vérifiez qu'il existe"):
        parse_file(tmp_path / "absent.pdf")


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gros.txt"
    path.write_text("mot " * 1000)
    with pytest.raises(UnreadableFile, match="découpez-le"):
        parse_file(path, Limits(max_bytes=3999))


@pytest.mark.parametrize("extension", ["docx", "pptx", "xlsx", "odt", "pdf"])
def test_a_zip_is_not_a_document_whatever_its_name(extension: str) -> None:
    assert "archive zip" in refusal(zipped({"notes.txt": b"bonjour"}), f"a.{extension}")


def test_content_wins_over_the_extension() -> None:
    assert parse_bytes(sample("PR-004 *.pdf"), "faux.docx").title == "Délais de réponse"
    assert parse_bytes(sample("PR-002 *.odt"), "faux.docx").title == "Prise de rendez-vous et absences"


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.pdf", b"<html>Erreur 404</html>", "n'est pas celui d'un fichier PDF"),
        ("a.docx", b"Bonjour", "n'est pas celui d'un fichier Word"),
        ("a.txt", b"\x00\x01\x02" * 50, "n'est pas du texte"),
        ("a.png", b"\x89PNG\r\n", "n'est pas pris en charge"),
        ("a.rtf", b"Bonjour", "n'est pas celui d'un fichier RTF"),
        ("a.rtf", b"{\\rtf1 " + b"{" * 20_000, "mal formé"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "ni un classeur Excel"),
        ("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "au format EML"),
        ("a.docx", b"PK\x03\x04" + b"\x00" * 40, "endommagé"),
        ("a.pdf", b"%PDF-1.7\n" + b"x" * 200, "endommagé"),
        ("a.xml", b"<a><b></a>", "mal formé"),
        ("a.csv", b'a;b\n"' + b"x" * 200_000, "mal formé"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, data: bytes, expected: str) -> None:
    assert expected in refusal(data, name)


def test_an_encrypted_pdf_asks_for_a_copy_without_password() -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(sample("PR-004 *.pdf")))
    writer.encrypt("secret", algorithm="AES-256")
    buffer = BytesIO()
    writer.write(buffer)
    assert "mot de passe" in refusal(buffer.getvalue(), "a.pdf")


def test_a_pdf_that_only_forbids_changes_is_read() -> None:
    writer = pypdf.PdfWriter(clone_from=BytesIO(sample("PR-004 *.pdf")))
    writer.encrypt("", owner_password="secret", algorithm="AES-256")
    buffer = BytesIO()
    writer.write(buffer)
    assert parse_bytes(buffer.getvalue(), "a.pdf").title == "Délais de réponse"


def test_an_encrypted_office_file_asks_for_a_copy_without_password() -> None:
    ole2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le")
    assert "mot de passe" in refusal(ole2, "a.docx")


def test_an_encrypted_odt_asks_for_a_copy_without_password() -> None:
    manifest = b"<manifest><file-entry><encryption-data/></file-entry></manifest>"
    assert "mot de passe" in refusal(
        rezipped(sample("PR-002 *.odt"), {"META-INF/manifest.xml": manifest}), "a.odt"
    )


def test_fifty_thousand_pages_are_refused_at_once() -> None:
    data = empty_pages(50_000)
    start = time.perf_counter()
    message = refusal(data, "a.pdf")
    assert "50000 pages" in message
    assert time.perf_counter() - start < 5


def test_a_zip_bomb_is_refused_unexpanded() -> None:
    bomb = rezipped(sample("PR-001 *.docx"), {"word/media/image1.png": b"\x00" * 20_000_000})
    assert "bombe zip" in refusal(bomb, "a.docx")


def test_a_zip_bomb_whose_members_share_their_bytes_is_refused() -> None:
    bomb = overlapping(members=200, zeros=1_000_000)
    assert len(bomb) < 100_000
    assert "une fois décompressé" in refusal(bomb, "a.docx", Limits(max_uncompressed_bytes=100_000_000))


def overlapping(members: int, zeros: int) -> bytes:
    """A DOCX whose directory names the same compressed bytes many times."""
    with zipfile.ZipFile(buffer := BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<a/>" + b"\x00" * zeros)
        whole = archive.filelist[0]
        for number in range(members):
            copy = zipfile.ZipInfo(f"word/media/{number}.bin")
            for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(copy, name, getattr(whole, name))
            archive.filelist.append(copy)
    return buffer.getvalue()


def test_an_archive_within_a_document_is_never_opened() -> None:
    inner = zipped({"zeros.bin": b"\x00" * 5_000_000})
    inside = rezipped(sample("PR-001 *.docx"), {"word/embeddings/inner.zip": zipped({"b.zip": inner})})
    assert parse_bytes(inside, "a.docx", LIMITS).title == "Accueil physique et téléphonique"


def test_a_member_larger_than_its_directory_says_is_refused() -> None:
    data = bytearray(
        rezipped(sample("PR-001 *.docx"), {"word/document.xml": b"<a>" + b"x" * 9_000_000 + b"</a>"})
    )
    with zipfile.ZipFile(BytesIO(data)) as archive:
        size = archive.getinfo("word/document.xml").file_size
    lie = bytes(data).replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert refusal(lie, "a.docx")


def test_an_archive_too_large_once_expanded_is_refused() -> None:
    assert "une fois décompressé" in refusal(
        sample("PR-001 *.docx"), "a.docx", Limits(max_uncompressed_bytes=10_000)
    )


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml", "word\\..\\..\\evil.xml", "C:\\evil.xml"])
def test_member_names_that_leave_the_archive_are_refused(name: str) -> None:
    assert "chemin interdit" in refusal(rezipped(sample("PR-001 *.docx"), {name: b"<a/>"}), "a.docx")


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b"<a>&c;&c;&c;&c;&c;&c;</a>"
)


def test_an_xml_bomb_is_refused() -> None:
    assert "entités XML" in refusal(BOMB, "a.xml")


def test_an_xml_that_reads_another_file_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("confidentiel")
    xml = f'<!DOCTYPE a [<!ENTITY s SYSTEM "{secret.as_uri()}">]><a>&s;</a>'
    assert "entités XML" in refusal(xml.encode(), "a.xml")


@pytest.mark.parametrize(
    ("pattern", "part", "name"),
    [("PR-001 *.docx", "word/document.xml", "a.docx"), ("PR-002 *.odt", "content.xml", "a.odt")],
)
def test_an_xml_bomb_inside_an_office_file_is_refused(pattern: str, part: str, name: str) -> None:
    assert "entités XML" in refusal(rezipped(sample(pattern), {part: BOMB}), name)


def test_an_xml_bomb_that_hides_behind_a_long_comment_is_refused() -> None:
    hidden = BOMB.replace(b"<!DOCTYPE", b"<!--" + b" x" * 40_000 + b"--><!DOCTYPE")
    assert "entités XML" in refusal(
        rezipped(sample("PR-001 *.docx"), {"word/document.xml": hidden}), "a.docx"
    )


def test_an_xml_bomb_in_another_encoding_is_refused() -> None:
    wide = BOMB.decode().replace('version="1.0"', 'version="1.0" encoding="UTF-16"').encode("utf-16")
    assert "entités XML" in refusal(rezipped(sample("PR-001 *.docx"), {"word/styles.xml": wide}), "a.docx")
    assert "entités XML" in refusal(wide, "a.xml")


def test_a_document_type_that_is_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "a.dtd").write_text('<!ENTITY s "confidentiel">')
    xml = f'<!DOCTYPE a SYSTEM "{(tmp_path / "a.dtd").as_uri()}"><a>Du texte.</a>'
    assert [block.text for block in parse_bytes(xml.encode(), "a.xml").blocks] == ["Du texte."]


def test_spans_that_would_fill_the_memory_are_refused() -> None:
    row = "<tr>" + "<td colspan=100 rowspan=100>x</td>" * 200 + "</tr>"
    assert "démesuré" in refusal(f"<table>{row * 100}</table>".encode(), "a.html")


@pytest.mark.parametrize("depth", [300, 20_000])
def test_deep_nesting_is_read_or_refused(depth: int) -> None:
    for name, data in (
        ("a.html", b"<div>" * depth + b"fond"),
        ("a.md", b"> " * depth + b"fond"),
        ("a.xml", b"<a>" * depth + b"fond" + b"</a>" * depth),
    ):
        outcome(data, name)


def outcome(data: bytes, name: str) -> ParsedFile | UnreadableFile:
    try:
        return parse_bytes(data, name, LIMITS)
    except UnreadableFile as error:
        return error


PATTERNS = {
    "pdf": "PR-004 *.pdf",
    "docx": "PR-001 *.docx",
    "odt": "PR-002 *.odt",
    "pptx": "GU-01 *.pptx",
    "html": "PR-015 *.html",
    "md": "PR-021 *.md",
    "eml": "NS-2026-07 *.eml",
}
RTF = (
    rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\stylesheet{\s1 heading 1;}}\pard\s1 Titre\par\pard Un \'e9t\u233 ?"
    + (
        rb"\par\trowd\intbl a\cell b\cell\row\trowd\intbl c\cell d\cell\row\pard{\field{\*\fldinst{HYPERLINK "
        rb'"https://exemple.fr"}}{\fldrslt lien}}\bin3 abc\par}'
    )
)
FUZZ = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@st.composite
def damages(draw: st.DrawFn) -> tuple[float, list[tuple[float, int]]]:
    """Where to cut a file, and which bytes to replace, as fractions of its length."""
    place = st.floats(0, 1, exclude_max=True)
    cut = draw(st.one_of(st.just(1.0), place))
    return cut, draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=30))


def damaged(data: bytes, damage: tuple[float, list[tuple[float, int]]]) -> bytes:
    cut, flips = damage
    spoilt = bytearray(data[: int(cut * len(data))] or data[:1])
    for place, value in flips:
        spoilt[int(place * len(spoilt))] = value
    return bytes(spoilt)


@pytest.mark.parametrize("extension", PATTERNS)
@FUZZ
@given(damage=damages())
def test_damaged_files_are_read_or_refused(
    extension: str, damage: tuple[float, list[tuple[float, int]]]
) -> None:
    result = outcome(damaged(sample(PATTERNS[extension]), damage), f"a.{extension}")
    assert isinstance(result, UnreadableFile) or result.blocks


@FUZZ
@given(damage=damages())
def test_a_damaged_rtf_is_read_or_refused(damage: tuple[float, list[tuple[float, int]]]) -> None:
    outcome(damaged(RTF, damage), "a.rtf")


@pytest.mark.parametrize(
    ("extension", "part"),
    [
        ("docx", "word/document.xml"),
        ("docx", "word/styles.xml"),
        ("odt", "content.xml"),
        ("pptx", "ppt/slides/slide2.xml"),
    ],
)
@FUZZ
@given(damage=damages())
def test_office_files_with_a_damaged_part_are_read_or_refused(
    extension: str, part: str, damage: tuple[float, list[tuple[float, int]]]
) -> None:
    data = sample(PATTERNS[extension])
    with zipfile.ZipFile(BytesIO(data)) as archive:
        spoilt = damaged(archive.read(part), damage)
    result = outcome(rezipped(data, {part: spoilt}), f"a.{extension}")
    assert isinstance(result, UnreadableFile) or result.blocks


@FUZZ
@given(
    data=st.binary(min_size=1, max_size=400),
    extension=st.sampled_from(["txt", "csv", "md", "html", "xml", "eml", "pdf"]),
)
def test_random_bytes_are_read_or_refused(data: bytes, extension: str) -> None:
    outcome(data, f"a.{extension}")
