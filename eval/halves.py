"""Two halves of the questions: one to tune on, one to report on.

A sheet's questions all fall into one half, and so do those of sheets that share a title (one for employers, one for
employees: questions that both ask are one question). The half is a digest of the title, so that it stays the same when
sheets come and go.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

from ingest.sources.legal import SheetQuestion

Half = Literal["tune", "report"]


def half_of(title: str) -> Half:
    """Give the half that the questions of a sheet of this title belong to."""
    return "report" if digest(title)[0] % 2 else "tune"


def fold_of(title: str, folds: int) -> int:
    """Give the fold, from 0, that the questions of a sheet of this title belong to in cross-validation."""
    return digest(title)[1] % folds


def digest(title: str) -> bytes:
    """Digest a title, the same on every machine."""
    return hashlib.sha256(title.encode()).digest()


def titles(questions: Sequence[SheetQuestion]) -> list[str]:
    """Give the title of each question's sheet: what all the questions of a sheet begin with."""
    found: dict[str, str] = {}
    for asked in questions:
        title = asked.question.removesuffix(f" {asked.section}")
        known = found.setdefault(asked.sheet_id, title)
        if len(title) < len(known):
            found[asked.sheet_id] = title
    return [found[asked.sheet_id] for asked in questions]


def of_half(questions: Sequence[SheetQuestion], half: Half) -> list[SheetQuestion]:
    """Keep the questions of one half, in their order."""
    return [
        asked for asked, title in zip(questions, titles(questions), strict=True) if half_of(title) == half
    ]
