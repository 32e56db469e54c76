"""Answers that people labelled: in goes a JSONL file, out come answers to judge and what people think of them.

`calibration.jsonl` beside this file holds the project's own; `docs/judge.md` says how they were made, and how an
organisation makes its own.
"""

import hashlib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.judging.sample import Sample
from ingest.errors import ConfigurationError
from server.quality.catalogue import JUDGED

SHIPPED: Final = Path(__file__).with_name("calibration.jsonl")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LabelledPassage(_Strict):
    """A passage, and the document and section that it is from."""

    document: str
    text: str = Field(min_length=1)


class Label(_Strict):
    """What people think of an answer by one metric.

    Args:
        good: the label that counts.
        passes: the labels of each time that it was given, if it was given more than once.
    """

    good: bool
    passes: list[bool] = Field(default_factory=list)


class LabelledAnswer(_Strict):
    """One line of the file.

    Args:
        kind: what is special about it, for the reader ("chiffre faux").
        labels: by metric of the catalogue; one that does not apply is left out.
        reason: why it is bad, in a few words.
    """

    id: str = Field(min_length=1)
    kind: str = ""
    question: str = Field(min_length=1)
    reference: str = Field(min_length=1)
    passages: list[LabelledPassage] = Field(min_length=1)
    answer: str = Field(min_length=1)
    labels: dict[str, Label] = Field(min_length=1)
    reason: str = ""

    @property
    def sample(self) -> Sample:
        """What the judge is shown: as in a run, each passage under its heading."""
        passages = tuple(f"{passage.document}\n{passage.text}" for passage in self.passages)
        return Sample(self.question, self.answer, passages, self.reference)


def read_labels(path: Path) -> list[LabelledAnswer]:
    """Read labelled answers, in the order of their ids' digests: the first ones are then of all kinds.

    Raises:
        ConfigurationError: the file is missing or wrong; the message gives the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"Le fichier d’étiquettes {path} ne se lit pas : {error}") from error
    answers: dict[str, LabelledAnswer] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        one = _read(line, f"{path}, ligne {number}")
        if one.id in answers:
            raise ConfigurationError(f"{path}, ligne {number} : l’identifiant « {one.id} » est déjà pris.")
        answers[one.id] = one
    if not answers:
        raise ConfigurationError(f"Le fichier d’étiquettes {path} est vide.")
    return sorted(answers.values(), key=lambda one: hashlib.sha256(one.id.encode()).hexdigest())


def _read(line: str, where: str) -> LabelledAnswer:
    try:
        one = LabelledAnswer.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "la ligne"
        raise ConfigurationError(f"{where} : {field} n’est pas ce qu’il faut ({first['msg']}).") from error
    unknown = sorted(set(one.labels) - set(JUDGED))
    if unknown:
        raise ConfigurationError(
            f"{where} : « {unknown[0]} » n’est pas une mesure jugée ; il y a {', '.join(JUDGED)}."
        )
    return one
