"""ragas' prompts, in French: in goes what a metric asks about, out comes the text that the judge reads."""

import json
from typing import Any

from pydantic import BaseModel
from ragas.prompt.metrics.base_prompt import BasePrompt

from eval.judging.wordings import Fields, Wording


class Request(str):
    """The text that the judge reads.

    Attributes:
        statements: those that it is to judge one by one; none for a request of another kind.
    """

    statements: tuple[str, ...] = ()


class FrenchPrompt(BasePrompt[BaseModel, BaseModel]):
    """A prompt of ragas that says all it says in French: ragas' own frame around the instruction is English.

    What never changes comes first: a server that keeps the beginning of a prompt reads it once.
    """

    language = "french"

    def __init__(self, wording: Wording) -> None:
        self.instruction = wording.instruction
        self.examples = []
        self._wording = wording

    def to_string(self, data: BaseModel) -> Request:
        """Give the whole request."""
        wording = self._wording
        given = data.model_dump()
        examples = "\n\n".join(
            f"Exemple {number}\nDonnées : {self._told(asked)}\nRéponse : {_json(answered)}"
            for number, (asked, answered) in enumerate(wording.examples, start=1)
        )
        request = Request(
            f"{wording.instruction}\n\nRépondez en français, par un objet JSON de cette forme et rien d’autre :\n"
            f"{wording.shape}\n\n{examples}\n\nÀ vous.\nDonnées : {self._told(given)}\nRéponse :"
        )
        request.statements = tuple(given.get("statements", ()))
        return request

    def _told(self, given: Fields) -> str:
        names = self._wording.given
        return _json({names[name]: value for name, value in given.items() if name in names})


def _json(value: dict[str, Any] | Fields) -> str:
    return json.dumps(value, ensure_ascii=False)
