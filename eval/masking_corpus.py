"""The corpus that masking is measured on: a file of marked sentences goes in, texts with their gold spans come out.

A line is `{"id": "t001", "case": "…", "marked": "Mme {PERSONNE|Ayşe Karataş} a appelé"}`; `docs/masking.md` says what
is marked and what is not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from ingest.errors import ConfigurationError
from ingest.settings import ROOT
from server.mask_schemas import MaskSpan

TUNE = ROOT / "sample" / "masking_tune.jsonl"
"""What the recognisers are written and corrected on."""

REPORT = ROOT / "sample" / "masking_report.jsonl"
"""What the figures are given on: nobody who writes a recogniser reads it."""

_MARK = re.compile(r"\{(?P<type>[A-Z_]+)\|(?P<value>[^{}|]+)\}")


class MarkedLine(BaseModel):
    """A line of the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, StringConstraints(pattern=r"^[tr]\d{3,4}$")]
    case: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    marked: Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or a short paragraph of invented notes.

    Args:
        case: what it is there for.
        gold: what is to be masked, in the order of the text; none overlap.
    """

    id: str
    case: str
    text: str
    gold: tuple[MaskSpan, ...]


def read_corpus(path: Path) -> list[Sentence]:
    """Read a part of the corpus.

    Raises:
        ConfigurationError: it is missing, or a line is wrong; the message gives the line.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"Le corpus « {path} » ne peut pas être lu : {error}") from error
    return list(_sentences(path, lines))


def _sentences(path: Path, lines: list[str]) -> Iterator[Sentence]:
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        try:
            sentence = sentence_of(MarkedLine.model_validate_json(line))
            if sentence.id in seen:
                raise ValueError(f"l’identifiant « {sentence.id} » est déjà pris")
        except (ValidationError, ValueError) as error:
            raise ConfigurationError(f"« {path} », ligne {number} : {error}") from error
        seen.add(sentence.id)
        yield sentence


def sentence_of(line: MarkedLine) -> Sentence:
    """Take the marks out of a line.

    Raises:
        ValueError: a brace that belongs to no mark, or a type that does not exist.
    """
    pieces: list[str] = []
    gold: list[MaskSpan] = []
    begin = length = 0
    for mark in _MARK.finditer(line.marked):
        value = mark["value"]
        pieces += [line.marked[begin : mark.start()], value]
        length += len(pieces[-2])
        gold.append(
            MaskSpan.model_validate({"start": length, "end": length + len(value), "type": mark["type"]})
        )
        length += len(value)
        begin = mark.end()
    text = "".join([*pieces, line.marked[begin:]])
    if re.search(r"[{}|]", text):
        raise ValueError("une accolade ou une barre n’appartient à aucune marque")
    return Sentence(line.id, line.case, text, tuple(gold))
