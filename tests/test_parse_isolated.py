"""A file that hangs, eats the memory or crashes costs itself alone: it is named, and the next one is read."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from ingest.errors import LoadLater, UnreadableFile
from ingest.parse import Limits, parse_file
from ingest.parse.isolated import FileReader
from ingest.parse.scratch import Scratch
from tests.faulty_parsers import by_name
from tests.hostile_pdfs import compressed_page, nested_forms

DOCUMENTS = Path(__file__).parents[1] / "sample" / "documents"
LIMITS = Limits(ocr=False, max_seconds=1.0, max_memory_bytes=512 * 1024 * 1024)


@pytest.fixture(scope="module")
def reader() -> Iterator[FileReader]:
    with FileReader(by_name) as opened:
        yield opened


def process_of(reader: FileReader) -> int:
    return int(reader.read(Path("bon.txt"), LIMITS).title or 0)


def test_a_file_is_read_there_as_it_is_here() -> None:
    path = next(DOCUMENTS.rglob("PR-006 *.pdf"))
    with FileReader() as reader:
        assert reader.read(path, Limits(ocr=False)) == parse_file(path, Limits(ocr=False))


def test_one_process_reads_all_the_files(reader: FileReader) -> None:
    assert process_of(reader) == process_of(reader) != os.getpid()


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("hang", "a dépassé 1 secondes"),
        ("memory", "plus de 512 Mo de mémoire"),
        ("crash", "s'est interrompue brutalement"),
        ("bug", "s'est interrompue brutalement"),
    ],
)
def test_trouble_is_named_and_the_next_file_is_read(
    reader: FileReader, trouble: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        reader.read(Path(f"{trouble}.txt"), LIMITS)
    assert reader.read(Path("bon.txt"), LIMITS).blocks[0].text == "lu"


def test_the_programs_that_a_stopped_file_started_are_ended_with_it(
    reader: FileReader, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFile, match="a dépassé"):
        reader.read(tmp_path / "program.txt", LIMITS)
    assert gone(int((tmp_path / "program.pid").read_text()))


@pytest.mark.parametrize("bomb", [lambda: compressed_page(60), lambda: nested_forms(8, 12)])
@pytest.mark.slow
def test_a_pdf_that_fills_the_memory_is_refused_and_the_next_one_read(
    bomb: Callable[[], bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bombe.pdf"
    path.write_bytes(bomb())
    assert path.stat().st_size < 200_000
    good = next(DOCUMENTS.rglob("PR-004 *.pdf"))
    with FileReader() as reader:
        with pytest.raises(UnreadableFile, match="mémoire"):
            reader.read(path, Limits(ocr=False, max_seconds=20, max_memory_bytes=300 * 1024 * 1024))
        assert reader.read(good, Limits(ocr=False)).title == "Délais de réponse"


def test_a_long_scan_is_put_off_by_an_impatient_reading() -> None:
    scan = next(DOCUMENTS.rglob("PR-024 *.pdf"))
    later = Limits(patient=False)
    with FileReader(put_off) as reader, pytest.raises(LoadLater, match="plus tard"):
        reader.read(scan, later)


def put_off(path: Path, limits: Limits) -> NoReturn:
    raise LoadLater("il sera lu plus tard")


def test_the_first_file_costs_less_than_two_seconds(tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("# Note\n\nDu texte.\n", "utf-8")
    began = time.perf_counter()
    with FileReader() as reader:
        reader.read(note, Limits())
        first = time.perf_counter() - began
        reader.read(note, Limits())
    assert first < 2


def test_starting_it_imports_neither_models_nor_pages() -> None:
    code = "import sys, ingest.parse.isolated as i; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"llama_index", "streamlit", "unstructured", "pypdfium2", "numpy"} & set(done.stdout.split())


def test_closing_it_ends_its_process() -> None:
    with FileReader(by_name) as reader:
        number = process_of(reader)
    assert gone(number)


def test_its_process_ends_when_the_one_that_asked_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "lecteur.py"
    script.write_text(
        "import time\nfrom pathlib import Path\nfrom ingest.parse import Limits\n"
        "from ingest.parse.isolated import FileReader\nfrom tests.faulty_parsers import by_name\n"
        "if __name__ == '__main__':\n"
        "    reader = FileReader(by_name)\n"
        "    print(reader.read(Path('bon.txt'), Limits()).title, flush=True)\n    time.sleep(600)\n"
    )
    root = str(Path(__file__).parents[1])
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": root, "TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    number = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert gone(number)
    # It deletes its folder before it ends; one that was just being swept by then goes with the next start (below).
    left = [path for folder in tmp_path.glob("fanal-*") for path in folder.rglob("*")]
    assert not left


def test_a_folder_that_a_kill_left_behind_goes_with_the_next_start(tmp_path: Path) -> None:
    left, held, other = (
        tmp_path / name for name in ("fanal-lecture-a", "fanal-lecture-b", "fanal-lecture-c")
    )
    for folder in (left, held, other):
        (folder / "profil").mkdir(parents=True)
        os.utime(folder, (0, 0))
    other.touch()
    lock = os.open(held, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    Scratch(tmp_path).close()
    os.close(lock)
    assert sorted(tmp_path.iterdir()) == [held, other]


def test_a_folder_in_use_stays_while_others_start(tmp_path: Path) -> None:
    first = Scratch(tmp_path)
    os.utime(first.path, (0, 0))
    Scratch(tmp_path).close()
    assert list(tmp_path.iterdir()) == [first.path]
    first.close()
    assert not list(tmp_path.iterdir())


def gone(number: int) -> bool:
    """Wait for a process to end; one that only its parent has yet to bury has ended."""
    for _ in range(100):
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.05)
                continue
        return True
    return False
