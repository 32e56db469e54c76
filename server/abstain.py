"""Whether the documents answer a question: a question and what was found for it go in, a `Decision` comes out.

The decision is a logistic regression over `server.abstain_features`, fitted by `python -m eval calibrate` on
questions whose answer is known (docs/abstention.md). Its weights and thresholds are a file: an organisation fits
its own.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ingest.errors import ConfigurationError, EmbeddingFailed, SourceUnavailable
from server.abstain_features import DENSE_FEATURES, FEATURES, features
from server.abstain_smalltalk import is_smalltalk
from server.retrieval import Retrieval
from server.schemas import AbstentionKind, Mode

logger = logging.getLogger(__name__)

_MESSAGES: Mapping[AbstentionKind, str] = {
    "smalltalk": (
        "Bonjour. Je suis Fanal : je réponds aux questions sur les procédures de l’organisation, le droit et l’offre "
        "de formation, d’après leurs textes, en citant le passage. Posez-moi votre question."
    ),
    "out_of_scope": (
        "Cette question ne relève pas des documents de l’organisation : Fanal répond sur ses procédures, le droit "
        "et l’offre de formation."
    ),
    "unanswerable": (
        "Les documents ne répondent pas à cette question. Voici les passages les plus proches ; si la réponse "
        "devrait s’y trouver, signalez-le."
    ),
}


def message_for(kind: AbstentionKind) -> str:
    """Say to the advisor why there is no answer."""
    return _MESSAGES[kind]


def smalltalk(question: str) -> bool:
    """Tell whether a text is a greeting, thanks or the like rather than a question."""
    return is_smalltalk(question)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to answer.

    Args:
        answerable: probability, in [0, 1], that the passages answer, were one question in two answered.
        answers: whether that is enough.
        kind: why not, when it is not.
    """

    answerable: float
    answers: bool
    kind: AbstentionKind | None = None


class Abstainer(Protocol):
    """What decides; synchronous, and bound by the processor."""

    def decide(self, question: str, retrieval: Retrieval, mode: Mode) -> Decision:
        """Decide before anything is written; a model may still abstain by itself afterwards."""


Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Term(_Part):
    """One feature of a regression: it is standardised (minus `mean`, by `scale`), then weighted."""

    mean: Finite
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    weight: Finite


class Regression(_Part):
    """A logistic regression over named features."""

    intercept: Finite
    terms: dict[str, Term]

    @model_validator(mode="after")
    def _known(self) -> Self:
        if unknown := self.terms.keys() - FEATURES.keys():
            raise ValueError(f"mesures inconnues : {', '.join(sorted(unknown))}")
        return self

    def probability(self, measured: Mapping[str, float]) -> float:
        """Give the probability, in [0, 1], of features as `server.abstain_features.features` writes them."""
        score = self.intercept + sum(
            term.weight * (measured[name] - term.mean) / term.scale for name, term in self.terms.items()
        )
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, score))))


class Calibration(_Part):
    """What decides while one set of signals is at hand.

    Args:
        answers: gives the probability that the passages answer.
        threshold: least probability at which extracts are shown.
        lenient: least probability at which a model is asked: it reads better than this regression, and abstains by
            itself, so that only what is almost surely unanswered is kept from it.
        foreign: gives the probability that the question is none for the organisation's documents.
        foreign_threshold: least such probability at which an abstention says so.
    """

    answers: Regression
    threshold: Share
    lenient: Share
    foreign: Regression
    foreign_threshold: Share


class AbstentionFile(_Part):
    """The file that `python -m eval calibrate` writes.

    Args:
        provenance: when, from which questions and how it was fitted; for its readers only.
        embedder: the model whose cosines `hybrid` was fitted on.
        hybrid: decides when that model's cosines are at hand.
        words: decides without them (vectors still missing, another model).
    """

    provenance: dict[str, Any]
    embedder: str
    hybrid: Calibration
    words: Calibration

    @model_validator(mode="after")
    def _words_alone(self) -> Self:
        asked = self.words.answers.terms.keys() | self.words.foreign.terms.keys()
        if dense := asked & DENSE_FEATURES:
            raise ValueError(f"« words » ne peut pas utiliser : {', '.join(sorted(dense))}")
        return self


class CalibratedAbstainer:
    """Decides by a fitted regression; see `Abstainer`.

    Args:
        fitted: its weights and thresholds.
    """

    def __init__(self, fitted: AbstentionFile) -> None:
        self._fitted = fitted

    @classmethod
    def load(cls, path: Path) -> "CalibratedAbstainer":
        """Read what `python -m eval calibrate` wrote.

        Raises:
            ConfigurationError: the file is missing or is not one of those.
        """
        try:
            return cls(AbstentionFile.model_validate_json(path.read_bytes()))
        except OSError as error:
            raise ConfigurationError(
                f"Le fichier d’abstention « {path} » (FANAL_ABSTENTION_FILE) ne peut pas être lu : {error.strerror}. "
                "Refaites-le avec « python -m eval calibrate », ou retirez le réglage."
            ) from error
        except ValidationError as error:
            faults = "\n".join(
                f"  - {'.'.join(map(str, fault['loc'])) or 'fichier'} : {fault['msg']}"
                for fault in error.errors()
            )
            raise ConfigurationError(
                f"Le fichier d’abstention « {path} » (FANAL_ABSTENTION_FILE) est abîmé :\n{faults}\n"
                "Refaites-le avec « python -m eval calibrate », ou retirez le réglage."
            ) from error

    @property
    def threshold(self) -> float:
        """Give the least probability at which extracts are shown, vectors at hand."""
        return self._fitted.hybrid.threshold

    def decide(self, question: str, retrieval: Retrieval, mode: Mode) -> Decision:
        """Decide from what was found; `mode` says who would write the answer."""
        fitted, measured = self._measured(question, retrieval)
        answerable = fitted.answers.probability(measured)
        if answerable >= (fitted.lenient if mode == "generative" else fitted.threshold):
            return Decision(answerable, answers=True)
        foreign = fitted.foreign.probability(measured) >= fitted.foreign_threshold
        return Decision(answerable, answers=False, kind="out_of_scope" if foreign else "unanswerable")

    def _measured(self, question: str, retrieval: Retrieval) -> tuple[Calibration, Mapping[str, float]]:
        """Measure, with the cosines where they are those of the fitted model, and say which fit goes with it."""
        signals = retrieval.signals
        if signals is not None and signals.embedder == self._fitted.embedder:
            try:
                return self._fitted.hybrid, features(question, retrieval)
            except (SourceUnavailable, EmbeddingFailed) as error:
                logger.error("abstention decided by words: %s", error)
        return self._fitted.words, features(question, replace(retrieval, signals=None))
