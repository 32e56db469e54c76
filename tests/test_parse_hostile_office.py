"""What a document asks LibreOffice to fetch stays where it is, and LibreOffice ends with whoever runs it."""

import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import psutil
import pytest

from ingest.parse import libreoffice, parse_bytes
from ingest.parse.libreoffice import missing_office
from tests.test_parse_isolated import gone

OLD_WORD = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument\0".encode("utf-16-le") + bytes(2000)
)
SECRET = "motdepasse"
needs_office = pytest.mark.skipif(missing_office() is not None, reason=missing_office() or "")


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server of this machine, and what it was asked for."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            requests.append(self.rfile.readline().decode())

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()


@needs_office
@pytest.mark.slow
@pytest.mark.parametrize("has_namespaces", [True, False])
@pytest.mark.parametrize("kind", ["spreadsheet", "presentation"])
def test_what_a_document_names_on_the_network_is_not_fetched(
    asked: tuple[str, list[str]], kind: str, has_namespaces: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_namespaces:
        monkeypatch.setattr(libreoffice, "_without_network", tuple)
    address, requests = asked
    frames = "".join(
        f'<draw:frame svg:width="5cm" svg:height="5cm"><draw:{tag} xlink:type="simple" xlink:show="embed"'
        f' xlink:actuate="onLoad" xlink:href="{address}/{tag}"/></draw:frame>'
        for tag in ("image", "object", "floating-frame", "plugin")
    )
    blocks = parse_bytes(BODIES[kind](frames), "document").blocks
    assert "Texte visible" in [block.text for block in blocks]
    assert requests == []


@needs_office
@pytest.mark.slow
def test_the_files_of_this_machine_that_a_workbook_names_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.ods"
    secret.write_bytes(workbook(SECRET))
    local = f'xlink:type="simple" xlink:href="{secret.as_uri()}" table:filter-name="calc8"'
    rows = (
        f'<table:table-source {local} table:table-name="A"/>',
        f'<table:cell-range-source table:name="A.A1" {local} table:last-column-spanned="1"/>',
    )
    cells = "".join(
        f'<table:table-cell office:value-type="string" table:formula="of:={formula}"><text:p>-</text:p>'
        "</table:table-cell>"
        for formula in (
            f"[&apos;{secret.as_uri()}&apos;#$A.A1]",
            f"WEBSERVICE(&quot;{secret.as_uri()}&quot;)",
        )
    )
    blocks = parse_bytes(workbook(f"Texte visible{rows[1]}", before=rows[0], cells=cells), "a.ods").blocks
    assert any("Texte visible" in block.text for block in blocks)
    assert not any(SECRET in block.text for block in blocks)


def workbook(text: str, before: str = "", cells: str = "") -> bytes:
    first = f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    row = f"<table:table-row>{first}{cells}</table:table-row>"
    return open_document("spreadsheet", f'<table:table table:name="A">{before}{row}</table:table>')


def slides(frames: str) -> bytes:
    box = "<draw:text-box><text:p>Texte visible</text:p></draw:text-box>"
    shown = f'<draw:frame svg:width="5cm" svg:height="5cm">{box}</draw:frame>'
    return open_document("presentation", f'<draw:page draw:name="un">{shown}{frames}</draw:page>')


BODIES = {
    "spreadsheet": lambda frames: workbook(f"Texte visible</text:p>{frames}<text:p>"),
    "presentation": slides,
}


def open_document(kind: str, body: str) -> bytes:
    standard = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = {name: f"{standard}:{name}:1.0" for name in ("office", "text", "table", "manifest")}
    spaces |= {"draw": f"{standard}:drawing:1.0", "svg": f"{standard}:svg-compatible:1.0"}
    spaces |= {"of": f"{standard}:of:1.2", "xlink": "http://www.w3.org/1999/xlink"}
    names = " ".join(f'xmlns:{name}="{space}"' for name, space in spaces.items())
    type_ = f"application/vnd.oasis.opendocument.{kind}"
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{of}"/>'
        for path, of in (("/", type_), ("content.xml", "text/xml"))
    )
    with zipfile.ZipFile(buffer := BytesIO(), "w") as archive:
        archive.writestr("mimetype", type_)
        archive.writestr("META-INF/manifest.xml", f"<manifest:manifest {names}>{entries}</manifest:manifest>")
        archive.writestr(
            "content.xml",
            f'<office:document-content {names} office:version="1.2"><office:body><office:{kind}>{body}'
            f"</office:{kind}></office:body></office:document-content>",
        )
    return buffer.getvalue()


ENDLESS_OFFICE = """#!/bin/sh
trap "" TERM
sleep 600 &
echo $$ $! > {numbers}.part
mv {numbers}.part {numbers}
wait
"""
READS_ONE_FILE = """
import sys
from pathlib import Path
from ingest.parse import Limits
from ingest.parse.isolated import FileReader
if __name__ == '__main__':
    FileReader().read(Path(sys.argv[1]), Limits(ocr=False, max_seconds=100))
"""


@pytest.mark.parametrize("killed", ["the run", "the reading process"])
@pytest.mark.slow
def test_libreoffice_and_its_child_end_with_whoever_runs_them(killed: str, tmp_path: Path) -> None:
    (tmp_path / "ancien.doc").write_bytes(OLD_WORD)
    (tmp_path / "lit.py").write_text(READS_ONE_FILE)
    office, numbers = tmp_path / "soffice", tmp_path / "pids"
    office.write_text(ENDLESS_OFFICE.format(numbers=numbers))
    office.chmod(0o755)
    (tmp_path / "tmp").mkdir()
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "TMPDIR": str(tmp_path / "tmp"),
    }
    command = [sys.executable, str(tmp_path / "lit.py"), str(tmp_path / "ancien.doc")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as run:
        programs = [int(number) for number in waited(numbers).split()]
        reader = psutil.Process(run.pid).children()[-1].pid
        os.kill(run.pid, signal.SIGKILL) if killed == "the run" else os.killpg(reader, signal.SIGKILL)
        assert all(gone(program) for program in [reader, *programs])
    assert not list((tmp_path / "tmp").glob("fanal-*"))


def waited(path: Path) -> str:
    for _ in range(400):
        if path.exists():
            return path.read_text()
        time.sleep(0.05)
    raise AssertionError(f"{path} was not written")


def test_the_network_is_left_alone_where_the_system_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    libreoffice._without_network.cache_clear()
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess("unshare", 1))
    try:
        assert libreoffice._without_network() == ()
    finally:
        libreoffice._without_network.cache_clear()
