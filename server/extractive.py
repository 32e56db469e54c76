"""Answer without a model: the documents' own sentences, those that a reader would underline.

Passages and the weights of the question's terms go in; at most four verbatim extracts come out, in reading
order. An extract is a sentence, a list with the line that introduces it, or the rows of a table under its header.
"""

import math
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from ingest.text import fold, terms
from server.conversation import Turn
from server.figures import has_figure
from server.retrieval import Retrieval
from server.schemas import Mode, Passage
from server.units import share, units
from server.verify import ProposedStatement, Quote, is_quotable

MAX_STATEMENTS = 4
MAX_CHARS = 700
"""What an advisor reads while the person waits: four sentences, or one list."""

MIN_SHARE_OF_BEST = 0.55
"""An extract that scores less than this share of the best one adds noise, not an answer."""

SAME_WORDS = 0.6
"""Two extracts that share this much of their terms (Jaccard) say the same thing."""

HEADING_LOAN = 0.7
"""What a heading lends of its own terms to the first sentence under it: a title that answers the question says
that the sentences below do, even in other words."""

LOAN_DECAY = 0.75
"""What is left of the loan from one sentence to the next: a section begins with what matters."""

COMFORTABLE_CHARS = 300
"""A longer extract holds more of the question by its length alone: its score falls as the square root."""

POINTING_ELSEWHERE = 0.5
"""What is left of the score of a sentence that only sends the reader to another page."""

RANK_DECAY = 0.06
"""How fast the retriever's order counts: the second passage weighs 1 / (1 + 0.06), and so on."""

EXPECTED_BONUS = 1.35
"""A question that asks how much, how long or when is answered by a figure; "qu'est-ce que", by a definition;
"quelles conditions" or "peut-on", by a rule. On the sample, 1.35 and rules find 67 expected sentences, 1.2 and
figures or definitions alone 65."""

FRAME_WEIGHT = 0.3
FRAME_WORDS = (
    "condition règle modalité démarche procédure délai durée montant possible combien temps personne question "
    "savoir droit obligation obligatoire cas"
)
"""Words that say what kind of answer is wanted rather than what it is about: an extract need not repeat them."""

_POINTS_ELSEWHERE = re.compile(
    r"\W*(telecharge[rz]|consulte[rz]|retrouve[rz]|voir|a lire|lire|pour en savoir plus|cf|decouvr(ir|ez)"
    r"|rendez-vous sur|sources?|references?|textes? de reference|documents?$|liens? utiles?|articles? [lrd][. ]?\d)\b"
)
_ASKS_FIGURE = re.compile(
    r"\b(combien|delais?|durees?|dates?|montants?|couts?|prix|tarifs?|plafonds?|taux|ages?|quand|seuils?|quotas?)\b"
)
_ASKS_DEFINITION = re.compile(r"\W*(qu'est-ce|c'est quoi|definition|que signifie|qu'entend-on)\b")
_ASKS_RULE = re.compile(
    r"\b(conditions?|regles?|modalites?|obligat\w+|peut-(on|il|elle)|puis-je|faut-il|doit-(on|il|elle)|dois-je"
    r"|le droit|autorise\w*|interdit\w*)\b"
)
_RULES = re.compile(
    r"\b(doi(t|vent)|aucune?|sans|sauf|jamais|seulement|accord|oblig\w+|conditions?|reserve|interdi\w+|exige\w*"
    r"|necessaire|refus\w*|possible|peu(t|vent)|ne \w+ que)\b"
)
_DEFINES = re.compile(r"\b(est|sont|designent?|consistent?|permet(tent)?|a pour (objet|but)|correspond)\b")

Expectation = Callable[[str], bool]
"""Tells whether an extract is the kind of thing that the question asks for."""


@dataclass(frozen=True, slots=True)
class Extract:
    """A unit of a passage, judged against the question.

    Args:
        passage: rank of the passage, from 0.
        reach: share of the question's weight that the extract and its headings hold, in [0, 1].
        score: orders the extracts of one question.
    """

    passage: int
    slices: tuple[tuple[int, int], ...]
    text: str
    terms: frozenset[str]
    reach: float
    score: float

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in reading order."""
        return self.passage, self.slices[-1][0]


class ExtractiveGenerator:
    """Answers with sentences of the passages; see `server.generate.Generator`."""

    mode: Mode = "extractive"
    model = "extraits-des-documents"
    prompt_version = None

    async def generate(
        self,
        question: str,
        passages: Sequence[Passage],
        retrieval: Retrieval,
        _as_of: date,
        /,
        history: Sequence[Turn] = (),  # noqa: ARG002 (the question has been rewritten to stand alone)
    ) -> AsyncGenerator[ProposedStatement, None]:
        """Give the best extracts as statements; none when the passages hold too little of the question."""
        for extract in choose_extracts(question, passages, retrieval):
            text = passages[extract.passage].text
            slices = [text[start:end] for start, end in extract.slices]
            # A table's header may be too short to be a quote ("| Âge | Taux |"): its row is one.
            quotes = tuple(Quote(extract.passage + 1, part) for part in slices if is_quotable(part))
            yield ProposedStatement(extract.text, quotes)

    async def repair(
        self, _question: str, _proposed: ProposedStatement, _passages: Sequence[Passage], _as_of: date, /
    ) -> None:
        """Repair nothing: an extract is a slice of its passage."""


def choose_extracts(question: str, passages: Sequence[Passage], retrieval: Retrieval) -> list[Extract]:
    """Choose the extracts that answer, in reading order: best passage first, the text's order inside it.

    Whether they answer at all is decided before, by `server.abstain`.
    """
    ranked = ranked_extracts(question, passages, content_weights(retrieval.weights))
    return sorted(_best(ranked), key=lambda extract: extract.place)


def content_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Weigh the terms of a question by what they say of its subject.

    A number in the question is the person's own (an age, a headcount): documents hold rules, not cases.
    """
    return {
        term: weight * (FRAME_WEIGHT if term in _frame() else 1.0)
        for term, weight in weights.items()
        if not term.isdigit()
    }


def ranked_extracts(
    question: str, passages: Sequence[Passage], weights: Mapping[str, float]
) -> list[Extract]:
    """Judge every unit of the passages against the question, best first."""
    expected = _expectation(question)
    extracts = [
        extract
        for rank, passage in enumerate(passages)
        for extract in _extracts(rank, passage, weights, expected)
    ]
    return sorted(extracts, key=lambda extract: -extract.score)


@lru_cache(maxsize=1)
def _frame() -> frozenset[str]:
    return frozenset(terms(FRAME_WORDS))


def _expectation(question: str) -> Expectation:
    asked = fold(question)
    if _ASKS_FIGURE.search(asked):
        return has_figure
    if _ASKS_DEFINITION.match(asked):
        return lambda text: _DEFINES.search(fold(text)) is not None
    if _ASKS_RULE.search(asked):
        return lambda text: _RULES.search(fold(text)) is not None
    return lambda _text: False


def _extracts(
    rank: int, passage: Passage, weights: Mapping[str, float], expected: Expectation
) -> Iterator[Extract]:
    # What an article says is about its number, which its text does not repeat.
    number = frozenset(terms(passage.number or ""))
    headings = frozenset(terms("\n".join([*passage.path, passage.title])))
    nearest = passage.path[-1] if passage.path else passage.title
    standing = (POINTING_ELSEWHERE if _points_elsewhere(nearest) else 1.0) / (1 + RANK_DECAY * rank)
    for unit in units(passage.text, weights):
        own = frozenset(terms(unit.text))
        held = share(own | number, weights)
        reach = share(own | number | headings | frozenset(terms(unit.under)), weights)
        score = held + HEADING_LOAN * LOAN_DECAY**unit.position * (reach - held)
        yield Extract(rank, unit.slices, unit.text, own, reach, score * standing * _form(unit.text, expected))


def _form(text: str, expected: Expectation) -> float:
    """Judge an extract apart from its subject: its length, and whether it is the kind of thing asked for."""
    length = min(1.0, math.sqrt(COMFORTABLE_CHARS / len(text)))
    kind = EXPECTED_BONUS if expected(text) else 1.0
    return length * kind * (POINTING_ELSEWHERE if _points_elsewhere(text) else 1.0)


def _points_elsewhere(text: str) -> bool:
    return _POINTS_ELSEWHERE.match(fold(text[:40])) is not None


def _best(ranked: Sequence[Extract]) -> list[Extract]:
    chosen: list[Extract] = []
    for extract in ranked:
        if len(chosen) == MAX_STATEMENTS or extract.score < max(1e-9, MIN_SHARE_OF_BEST * ranked[0].score):
            break
        fits = not chosen or sum(len(other.text) for other in chosen) + len(extract.text) <= MAX_CHARS
        if fits and is_quotable(extract.text) and not any(_same(extract, other) for other in chosen):
            chosen.append(extract)
    return chosen


def _same(one: Extract, other: Extract) -> bool:
    shared = len(one.terms & other.terms)
    return shared >= SAME_WORDS * len(one.terms | other.terms)
