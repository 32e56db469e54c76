"""Read a model's answer while it is being written: pieces of JSON go in, `ProposedStatement`s come out.

Each statement comes as soon as its object closes. What some models put around the JSON (`<think>…</think>`,
a code fence, a word of introduction or of goodbye) is passed over. The text is looked at once, whatever its length.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

import jiter
from pydantic import AfterValidator, BaseModel, Field

from server.errors import ModelMisbehaved
from server.verify import ProposedStatement, Quote

_THINKS, _THOUGHT = "<think>", "</think>"
_STRUCTURE = re.compile(r'["{}\[\]]')
_STRING_END = re.compile(r'["\\]')

_Form = TypeVar("_Form", bound=BaseModel)


class _Quote(BaseModel):
    passage: int
    quote: str


class StatementForm(BaseModel):
    """A statement as a model writes it."""

    text: Annotated[str, AfterValidator(str.strip), Field(min_length=1)]
    quotes: list[_Quote]

    def proposed(self) -> ProposedStatement:
        """Give it as the rest of the path knows it."""
        return ProposedStatement(self.text, tuple(Quote(quote.passage, quote.quote) for quote in self.quotes))


class _Answer(BaseModel):
    abstain: bool = False
    statements: list[Any] = []


class StatementParser:
    """Reads one answer."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._before = ""
        """What came before the answer's first brace."""
        self._text = ""
        """The answer, from its first brace on."""
        self._read_to = 0
        self._depth = 0
        self._in_string = False
        self._item_at = -1
        """Where the object of the statement that is being written begins; -1 between two."""
        self._in_statements = False
        self._end = -1
        """Where the answer's last brace is, once it has come."""
        self._given = 0
        self._unreadable = 0

    def feed(self, piece: str) -> Iterator[ProposedStatement]:
        """Add a piece of the answer; give the statements that it completes."""
        if self._end >= 0:
            return
        self._text += piece if self._text else self._opening(piece)
        yield from self._scan()

    def finish(self) -> None:
        """Check the end of the answer.

        Raises:
            ModelMisbehaved: it is empty, is no whole answer, holds statements that cannot be read, or takes
                back by `abstain` those it has given.
        """
        if not self._text:
            raise ModelMisbehaved(self._model, "elle est vide ou sans JSON")
        read = _read(_Answer, self._text[: self._end + 1])
        # An endpoint that ignores the schema writes its own keys: that is no abstention.
        if read is None or not (read.abstain or "statements" in read.model_fields_set):
            raise ModelMisbehaved(self._model, "son JSON est incomplet ou n’a pas la forme demandée")
        if read.abstain and self._given:
            raise ModelMisbehaved(self._model, "elle répond et dit ne pas pouvoir répondre")
        if self._unreadable:
            raise ModelMisbehaved(self._model, "certaines de ses phrases sont illisibles")

    def _opening(self, piece: str) -> str:
        """Pass over what comes before the answer; give what has come of the answer itself."""
        self._before += piece
        if _THINKS in self._before and _THOUGHT not in self._before:
            return ""
        said = self._before.rpartition(_THOUGHT)[2]
        return said[said.find("{") :] if "{" in said else ""

    def _scan(self) -> Iterator[ProposedStatement]:
        while mark := (_STRING_END if self._in_string else _STRUCTURE).search(self._text, self._read_to):
            at, char = mark.start(), mark.group()
            if char == "\\":
                if at + 1 == len(self._text):  # what it escapes has not come yet
                    self._read_to = at
                    return
                self._read_to = at + 2
                continue
            self._read_to = at + 1
            if char == '"':
                self._in_string = not self._in_string
            elif char in "{[":
                self._opened(at, char)
            else:
                yield from self._closed(at)
                if self._end >= 0:
                    return
        self._read_to = len(self._text)

    def _opened(self, at: int, char: str) -> None:
        self._depth += 1
        if self._depth == 2:
            self._in_statements = char == "[" and self._statements_wanted(at)
        elif self._depth == 3 and char == "{" and self._in_statements:
            self._item_at = at

    def _statements_wanted(self, at: int) -> bool:
        """Tell whether the array that opens at `at` is `statements`, in an answer that does not abstain."""
        try:
            head = jiter.from_json(_utf8(self._text[:at] + "[]}"))
        except ValueError:
            return False
        return next(reversed(head), "") == "statements" and not head.get("abstain")

    def _closed(self, at: int) -> Iterator[ProposedStatement]:
        self._depth -= 1
        if self._depth == 0:
            self._end = at
        elif self._depth == 2 and self._item_at >= 0:
            form = _read(StatementForm, self._text[self._item_at : at + 1])
            self._item_at = -1
            if form is None:
                self._unreadable += 1
                return
            self._given += 1
            yield form.proposed()


def read_object(text: str) -> str:
    """Give the JSON object that a model's short answer holds, without what it put around; empty when there is none."""
    said = text.rpartition(_THOUGHT)[2]
    return said[said.find("{") : said.rfind("}") + 1] if "{" in said else ""


def _read(form: type[_Form], text: str) -> _Form | None:
    try:
        return form.model_validate(jiter.from_json(_utf8(text)))
    except ValueError:  # no JSON; pydantic's ValidationError is one too
        return None


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
