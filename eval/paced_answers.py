"""What the model of fixed pace writes: a chat request goes in, valid JSON of the form that it asks for comes out.

Statements quote the first passage of the prompt word for word, drafted sentences are sentences of the notes as they
stand, and a follow-up is rewritten by the question before it: what is written is verified, whatever the passage.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

PIECES: Final = 200
"""Pieces of an answer to a question, whatever its length: 200 tokens or so."""

PIECE_CHARS: Final = 4
"""Characters of a piece of anything else: about a token."""

STATEMENTS: Final = 4
QUOTE_WORDS: Final = 12
DRAFTED: Final = 6
"""Sentences that one request of a draft gives."""

TEXT: Final = "Le document le dit ainsi, mot pour mot."
"""Too few words to be compared with the passage's, and no figure: verified whatever the passage."""

_DIGITS: Final = "·¤†‡•◦"
_MARK: Final = re.compile(f"‹([{_DIGITS}]+)›")

_FIRST_PASSAGE = re.compile(
    r"début du passage 1\n[^\n]*\n(.*?)\n#[0-9a-f]{16}# fin du passage 1\n", re.DOTALL
)
_NOTES = re.compile(r"# début des notes\n(.*?)\n#[0-9a-f]{16}# fin des notes", re.DOTALL)
_SENTENCE = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
_BEFORE = re.compile(r"^Question : (.*)$", re.MULTILINE)
_FOLLOWUP = re.compile(r"# début de la question à réécrire\n(.*?)\n#[0-9a-f]{16}# fin", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Written:
    """What is answered to one request.

    Args:
        kind: name of the JSON schema that was asked for: `reponse` for an answer, `parties` for a draft.
        mark: the number of the last `marked` in the prompt, None when it has none.
    """

    kind: str
    text: str
    mark: int | None

    @property
    def pieces(self) -> list[str]:
        """Cut the text into pieces of about the same length."""
        count = PIECES if self.kind == "reponse" else max(1, round(len(self.text) / PIECE_CHARS))
        cuts = [round(i * len(self.text) / count) for i in range(count + 1)]
        return [self.text[start:end] for start, end in pairwise(cuts)]


def marked(number: int) -> str:
    """Write a number that tells, in what is asked, which calls of the model were made for it.

    In signs, which nobody searches or masks: a word or a figure would be missing from all passages, and change what the
    server does with the question.
    """
    digits = ""
    while number or not digits:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"‹{digits}›"


def mark_of(prompt: str) -> int | None:
    """Read the last number that `marked` wrote in a prompt."""
    found = _MARK.findall(prompt)
    if not found:
        return None
    number = 0
    for sign in found[-1]:
        number = number * len(_DIGITS) + _DIGITS.index(sign)
    return number


def write(request: Mapping[str, Any]) -> Written:
    """Answer the body of a request for chat completions; one that asks for no schema gets an answer's."""
    prompt = str(request["messages"][-1]["content"])
    asked = (request.get("response_format") or {}).get("json_schema") or {}
    kind = str(asked.get("name", "reponse"))
    answer = _WRITERS.get(kind, _answer)(prompt, asked.get("schema") or {})
    return Written(kind, json.dumps(answer, ensure_ascii=False), mark_of(prompt))


def _answer(prompt: str, _schema: Mapping[str, Any]) -> object:
    passage = _FIRST_PASSAGE.search(prompt)
    words = re.match(rf"\s*(?:\S+\s+){{0,{QUOTE_WORDS}}}\S+", passage[1] if passage else prompt)
    quote = words.group().strip() if words else ""
    statement = {"text": TEXT, "quotes": [{"passage": 1, "quote": quote}]}
    return {"abstain": False, "statements": [statement] * STATEMENTS}


def _advice(prompt: str, schema: Mapping[str, Any]) -> object:
    return _answer(prompt, schema) if _FIRST_PASSAGE.search(prompt) else {"abstain": True, "statements": []}


def _sections(prompt: str, schema: Mapping[str, Any]) -> object:
    """Put sentences of the notes, as they stand, in the sections of the request, one after the other."""
    ids = schema["properties"]["sentences"]["items"]["properties"]["section"]["enum"]
    notes = _NOTES.search(prompt)
    found = _SENTENCE.findall(notes[1] if notes else "")[:DRAFTED]
    sentences = [
        {
            "section": ids[rank % len(ids)],
            "text": text,
            "sources": [{"sentence": int(number), "quote": text}],
        }
        for rank, (number, text) in enumerate(found)
    ]
    return {"sentences": sentences, "answered": [], "contradictions": []}


def _standalone(prompt: str, _schema: Mapping[str, Any]) -> object:
    before, followup = _BEFORE.findall(prompt), _FOLLOWUP.search(prompt)
    question = followup[1] if followup else ""
    return {"standalone": f"{before[-1]} — {question}" if before else question}


_WRITERS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], object]]] = {
    "reponse": _answer,
    "reperes": _advice,
    "parties": _sections,
    "question": _standalone,
    "phrase": lambda _prompt, _schema: {"drop": True, "text": "", "quotes": []},
    "phrases": lambda _prompt, _schema: {"sentences": []},
}
