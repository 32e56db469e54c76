"""Words in another script than ours: a text goes in, their places come out, as persons' names.

No recogniser here reads Arabic, Cyrillic or Chinese. In French notes such words are a name more often than not, and
what cannot be read must not pass for read: they are masked.
"""

import re

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

_LETTERS = (
    "\u0370-\u1cff\u1f00-\u1fff\u2c00-\u2dff\u2e80-\ud7ff\uf900-\ufdff\ufe70-\ufefc"
    "\U00010000-\U0001d3ff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_LETTERS}]{{2,}}(?:[ '.\u30fb-]{{1,2}}[{_LETTERS}]+)*")


class OtherScriptRecogniser(EntityRecognizer):
    """Finds words in scripts that the others do not read."""

    def __init__(self) -> None:
        super().__init__(["PERSONNE"], name="autres écritures", supported_language="fr")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts,  # noqa: ARG002  # Presidio's interface
    ) -> list[RecognizerResult]:
        """Find the words in a legible text."""
        if "PERSONNE" not in entities:
            return []
        return [RecognizerResult("PERSONNE", *match.span(), 0.6) for match in _RUN.finditer(text)]
