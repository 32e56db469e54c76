"""Questions whose answer is known: a file of one JSON object a line goes in, `KnownQuestion`s come out.

`sample/README.md` says what each field is.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args

from ingest.errors import ConfigurationError
from server.schemas import AbstentionKind

KINDS = frozenset(get_args(AbstentionKind))


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question, and what a right answer is.

    Args:
        quote: the sentence that answers; None when nothing does.
        abstention: why nothing does; None when something does.
        as_of: the day that it is about; None for the day it is asked.
        groups: those of the person who asks.
    """

    text: str
    quote: str | None
    abstention: AbstentionKind | None
    as_of: date | None
    groups: frozenset[str]


def read_questions(path: Path) -> list[KnownQuestion]:
    """Read a file of questions.

    Raises:
        ConfigurationError: it is missing, or a line is not such a question; the message gives the line.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"Le fichier de questions « {path} » ne peut pas être lu : {error}"
        ) from error
    return list(_questions(path, lines))


def _questions(path: Path, lines: list[str]) -> Iterator[KnownQuestion]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _question(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"« {path} », ligne {number} : {error}") from error


def _question(record: Mapping[str, Any]) -> KnownQuestion:
    kind = record.get("abstention", "unanswerable") if record.get("must_abstain") else None
    if kind is not None and kind not in KINDS:
        raise ValueError(f"« abstention » doit être l’un de : {', '.join(sorted(KINDS))}")
    if kind is None and not record.get("quote"):
        raise ValueError("il manque « quote », la phrase qui répond, ou « must_abstain »")
    day, group = record.get("as_of"), record.get("group")
    return KnownQuestion(
        text=record["question"],
        quote=record["quote"] if kind is None else None,
        abstention=kind,
        as_of=date.fromisoformat(day) if day else None,
        groups=frozenset([group]) if group else frozenset(),
    )
