"""The files of the law that tests read: small ones made for a test, and the real ones where they were fetched."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ingest.documents import Block, Document
from ingest.sources.packages import DATASETS

CACHE = Path(os.environ.get("FANAL_CACHE") or Path(__file__).resolve().parent.parent / ".cache")


def write_json(folder: Path, content: Any) -> Path:
    path = folder / "data.json"
    path.write_text(json.dumps(content), "utf-8")
    return path


def real(name: str) -> Path:
    if not DATASETS[name].is_whole(CACHE):
        pytest.skip(f"{name} is not in {CACHE}: python -m ingest fetch {name}")
    return DATASETS[name].place(CACHE)


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


def blocks(documents: Iterable[Document]) -> list[Block]:
    return [block for document in documents for block in document.blocks]
