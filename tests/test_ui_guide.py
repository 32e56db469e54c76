"""The guide of syntheses: its pictures are there, small, and say in words what they show."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = DOCS / "guide-synthese.md"
MAX_BYTES = 150_000
PICTURES = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", GUIDE.read_text("utf-8"))


@pytest.mark.parametrize(("said", "path"), PICTURES)
def test_each_picture_of_the_guide_is_there_small_and_described(said: str, path: str) -> None:
    picture = (DOCS / path).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < MAX_BYTES
    assert len(said) > 10


def test_no_picture_is_left_without_a_use() -> None:
    used = {path.removeprefix("images/") for _, path in PICTURES}
    assert {picture.name for picture in (DOCS / "images").glob("synthese-*.png")} == used
