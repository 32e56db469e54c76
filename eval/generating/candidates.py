"""Questions without a model: sections go in, cases with the document and the sentence that answer them come out."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from eval.generating.material import Section
from eval.generating.wording import question_of
from ingest.documents import Kind
from ingest.text import terms
from server.case_schemas import Case, GoldPassage
from server.quality.gold import matches
from server.sentences import Sentence, split_sentences

Maker = Literal["faq", "heading", "training", "absent", "model", "model_two", "model_absent"]

MAKERS: Mapping[Maker, str] = {
    "faq": "questions des foires aux questions",
    "heading": "questions tirées d’un titre",
    "training": "questions sur une formation",
    "absent": "questions sans réponse (sujet absent des documents)",
    "model": "questions du modèle sur un passage",
    "model_two": "questions du modèle sur deux passages",
    "model_absent": "questions sans réponse, du modèle",
}
"""How a person reads what a question was made of."""

GENERATED = "généré"
UNANSWERED = "sans réponse"

SHORT = 30
"""A first sentence of so few characters ("Non.") says nothing without the next one."""
LIST = 4
"""An answer that leaves out an item of a longer list may be right: such a list is asked by a person."""
LONGEST = 600
"""No sentence of a procedure is longer: what is was read from a table or a badly cut page."""

_PREAMBLE = re.compile(
    r"^(?:référence|de|à|cc|objet|date|bonjour|version|présents)\b[^.!?]{0,40}[:,–-]|^référence ", re.I
)
_GOES_ON = re.compile(r"(?:elles?|ils?|celui|celle|cela|ce|cette|ces)\b", re.I)
"""Says of what only what was passed over."""
_BULLET = re.compile(r"^\s*(?:[-–—•*·▪◦‣]|\d{1,2}\s?[°.)]|[a-z]\s?\))\s*")
_WHOLE = re.compile(r"[.!?…][»”\")\]\s]*$")

_TRAINING: Mapping[str, str] = {
    "Prérequis": "Quels sont les prérequis de la formation « {} »",
    "Public": "À qui s’adresse la formation « {} »",
    "Objectifs": "Quels sont les objectifs de la formation « {} »",
    "Certification": "Quelle certification prépare la formation « {} »",
}
"""What all sessions of a training share; dates, places and prices differ from one to the next."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that may be proposed, and what it was made of."""

    case: Case
    maker: Maker
    source: str


def candidates(sections: Sequence[Section]) -> Iterator[Candidate]:
    """Give all the questions that headings, questions of FAQs and training records make."""
    for place, section in enumerate(sections):
        if section.passage.kind is not Kind.TRAINING and section.heading is not None:
            yield from _of_heading(section, place)
    yield from _of_trainings(one for one in sections if one.passage.kind is Kind.TRAINING)


def answered(question: str, maker: Maker, quoted: Sequence[tuple[Section, str]]) -> Candidate | None:
    """Make a case of a question and the quotes that answer it; None when a quote is not in its passage."""
    golds = [
        GoldPassage(document=section.document, quote=" ".join(quote.split())) for section, quote in quoted
    ]
    if not all(matches(gold, section.passage) for gold, (section, _) in zip(golds, quoted, strict=True)):
        return None
    first = quoted[0][0]
    groups = sorted({section.group for section, _ in quoted if section.group})
    case = Case(
        id=case_id(question),
        question=question,
        groups=groups,
        facts=[gold.quote for gold in golds if gold.quote],
        gold=golds,
        tags=[GENERATED, first.passage.source[:64]],
    )
    return Candidate(case, maker, first.passage.source)


def case_id(question: str) -> str:
    """Name a generated case: the same question has the same name."""
    return f"gen-q{hashlib.sha256(question.encode()).hexdigest()[:12]}x"


def same(case: Case) -> tuple[object, ...]:
    """Give what two cases that ask the same have in common, whatever their little words."""
    return (frozenset(terms(case.question)), tuple(case.history), case.as_of, tuple(sorted(case.groups)))


def answer_quotes(text: str) -> list[str]:
    """Give the sentence that a section begins with, verbatim, or all the items of a short list that it begins with.

    Nothing when it begins with neither; a very short sentence takes the next one along.
    """
    whole = split_sentences(text)
    left = [one for one in whole if not _PREAMBLE.match(text[one.start : one.end])]
    if left and text[left[0].start : left[0].end].rstrip().endswith(":"):
        left = left[1:]  # it only announces a list
    if not left or left[0].kind == "row":
        return []
    if left[0].kind == "item":
        items = list(takewhile(lambda one: one.kind == "item", left))
        quotes = [_BULLET.sub("", text[one.start : one.end]).strip(" ;.") for one in items]
        quotes = quotes if len(quotes) <= LIST else []
    else:
        quotes = [_prose(text, left)]
    dangles = any(_GOES_ON.match(quote) for quote in quotes) and (left[0] != whole[0] or len(quotes) > 1)
    fits = all(len(quote.split()) >= 4 and len(quote) <= LONGEST for quote in quotes)
    return quotes if fits and not dangles else []


def _prose(text: str, sentences: Sequence[Sentence]) -> str:
    first = sentences[0]
    quote = text[first.start : first.end]
    if not _WHOLE.search(quote):
        return ""  # a label or a line cut short
    following = sentences[1] if len(sentences) > 1 else None
    if len(quote) < SHORT and following is not None and following.kind == "sentence":
        return text[first.start : following.end]
    return quote


def _of_heading(section: Section, place: int) -> Iterator[Candidate]:
    heading = section.heading or ""
    question = question_of(heading, section.passage.title, section.passage.number, place)
    quotes = answer_quotes(section.passage.text)
    if question is None or not quotes:
        return
    maker: Maker = "faq" if heading.rstrip().endswith("?") else "heading"
    candidate = answered(question, maker, [(section, quote) for quote in quotes])
    if candidate is not None:
        yield candidate


def _of_trainings(sections: Iterable[Section]) -> Iterator[Candidate]:
    """Ask what all the sessions of one title say alike: of one title, two trainings would answer differently."""
    by_title: dict[str, list[Section]] = defaultdict(list)
    for section in sections:
        by_title[section.passage.title].append(section)
    for title, sessions in sorted(by_title.items()):
        for label, form in _TRAINING.items():
            lines = [_line(session.passage.text, label) for session in sessions]
            if lines[0] is None or len(set(lines)) > 1:
                continue
            question = f"{form.format(title)}\N{NARROW NO-BREAK SPACE}?".replace("'", "’")
            named = GoldPassage(document=title, quote=" ".join(lines[0].split()))
            made = answered(question, "training", [(sessions[0], lines[0])])
            if made is not None and all(matches(named, session.passage) for session in sessions):
                yield Candidate(made.case.model_copy(update={"gold": [named]}), made.maker, made.source)


def _line(text: str, label: str) -> str | None:
    found = re.search(rf"^{label} : (?P<said>.{{12,}})$", text, re.MULTILINE)
    return found["said"].strip() if found else None
