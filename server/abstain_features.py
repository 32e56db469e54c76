"""What abstention looks at: a question and what was found for it go in, named numbers come out.

None depends on the scale of the fused score, so that the ranking may change without them.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from ingest.documents import Kind
from ingest.text import STOP_WORDS, fold, terms
from server.extractive import content_weights, ranked_extracts
from server.retrieval import Retrieval, Signals
from server.schemas import Passage
from server.units import share

READ = 5
"""Best passages that are read: an answer that is not in them is hardly ever quoted."""

FIRST = 3

STORY_WEIGHT = 0.3
STORY_WORDS = (
    "monsieur madame dame femme homme fils fille mari personne bénéficiaire collègue gens besoin demande savoir "
    "vouloir donner prendre mettre arriver venir aller passer voir dire parler répondre trouver temps jour heure "
    "semaine mois an année fois chose question problème moment maintenant toujours chez même seul maximum minimum "
    "maxi mini seulement"
)
"""Words of who asks and of how it is told: a procedure that answers seldom repeats them."""

SHORTHAND = "cb nb nbre tps qqn qqch rdv pb pr ds ts bcp mdp tel num max mini min jr jrs h truc"
"""How one writes in haste; said in full in the documents, if at all."""

PAIR_TERMS = 3
"""Distance, in terms, at which two words that follow each other in the question still go together in a passage."""

NOTHING_KEPT = 0.8
"""Cosine of two unrelated questions, about, for multilingual-e5."""

_WORD = re.compile(r"[\w'’-]+")
_UNITS = r"€|jours?|mois|ans?|euros?|%|km|h|heures?|minutes?|min|semaines?|personnes?|x"
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LABEL = re.compile(rf"\b(?P<noun>[a-z]{{3,}}) \d{{1,3}}\b(?! ?(?:{_UNITS}|\d))")
_CODE = re.compile(r"[a-z]{1,4}\d[\d-]*")

_WHEN = (
    r"jours?|semaines?|mois|ans?|annees?|heures?|minutes?|h \d|\d ?h|lundi|mardi|mercredi|jeudi|vendredi|samedi|janvier"
    r"|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|veille|avant|apres"
)
_ANSWERS = [
    (re.compile(rf"\b(?:{asked})\b"), re.compile(answer))
    for asked, answer in (
        (
            r"montants?|prix|couts?|coute\w*|tarifs?|plafonds?|indemnites?|primes?|salaires?|euros?|budget"
            r"|combien .{0,30}(?:rembours|pa[iy]|touche|gagne|coute|verse)\w*",
            r"€|%|\beuros?\b",
        ),
        (
            r"combien de (?:temps|jours?|semaines?|mois|heures?|minutes?)|delais?|durees?|dure|sous quel"
            r"|(?:jusqu'?a|depuis|c'est|et) quand|quand(?=\W*$)|^quand|quand (?:est-ce|aura|sera|doi|faut|peu)\w*"
            r"|tous les combien|dates?|quel jour|a quelle heure|horaires?|creneaux?",
            rf"\b(?:{_WHEN})\b",
        ),
        (r"poste|telephone|numero|appeler|joindre", r"\bposte\b|\bnumero\b|\d{4}|\b(?:1[1-8]\d?|3\d{3})\b"),
        (
            r"combien|nombre|nb|nbre|cb|part|taux|quota|age",
            r"\d|\b(?:une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|quinze|vingt|trente|cent)\b",
        ),
    )
]
"""What a question asks for, and what an extract that answers it holds; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A question and the best passages, analysed once for all features."""

    question: str
    weights: Mapping[str, float]
    order: Sequence[str]
    passages: Sequence[Passage]
    texts: Sequence[Sequence[str]]
    words: Sequence[AbstractSet[str]]

    @property
    def first(self) -> AbstractSet[str]:
        """The words of the first passage."""
        return self.words[0] if self.words else frozenset()


def features(question: str, retrieval: Retrieval) -> dict[str, float]:
    """Measure how well what was found fits the question; `FEATURES` says what each number is.

    Those of `DENSE_FEATURES` are missing when the dense side was not used.

    Raises:
        SourceUnavailable, EmbeddingFailed: the embedder fails on what is left of the question.
    """
    read = _read(question, retrieval)
    return {
        "found": retrieval.coverage,
        "covered_first": share(read.first, read.weights),
        **_extracts(read),
        "pairs": _pairs(read),
        "names_missing": float(_names_missing(read)),
        "length": math.log1p(len(read.weights)),
        "training": sum(passage.kind == Kind.TRAINING for passage in read.passages) / READ,
        **(_dense_side(read, retrieval.signals) if retrieval.signals else {}),
    }


FEATURES: Mapping[str, str] = {
    "found": "share of the question's weight that the best of five passages holds, acronyms spelt out",
    "covered_first": "share of the weight of its informative terms that the first passage holds",
    "reach": "share that the best extract and its headings hold",
    "expected": "1 when the best extract holds the kind of thing asked for (an amount, a time), -1 when not, 0 unasked",
    "pairs": "share of the question's neighbouring terms that a passage holds side by side",
    "names_missing": "whether a code, a number or a year that the question names is in no passage",
    "length": "logarithm of the number of informative terms",
    "training": "share of the catalogue among the first five passages",
    "cosine": "cosine of the nearest passage",
    "cosine_margin": "how far the nearest heading is ahead of the tenth",
    "kept": "cosine of the question with itself, less the words that the first passage lacks: what these words carry",
}
"""The features, by name; docs/abstention.md lists those that were tried and left out."""

DENSE_FEATURES = frozenset({"cosine", "cosine_margin", "kept"})
"""Those that ask for the dense side."""


def _read(question: str, retrieval: Retrieval) -> _Read:
    story, shorthand = _terms_of(STORY_WORDS), _terms_of(SHORTHAND)
    weights = {
        term: weight * (STORY_WEIGHT if term in story else 1.0)
        for term, weight in content_weights(retrieval.weights).items()
        if term not in shorthand
    }
    passages = retrieval.passages[:READ]
    texts = [terms("\n".join((*p.path, p.title, p.number or "", p.text))) for p in passages]
    order = [term for term in terms(question) if term in weights]
    return _Read(question, weights, order, passages, texts, [frozenset(text) for text in texts])


@lru_cache(maxsize=8)
def _terms_of(words: str) -> frozenset[str]:
    return frozenset(terms(words))


def _extracts(read: _Read) -> dict[str, float]:
    extracts = ranked_extracts(read.question, read.passages, read.weights)
    best = extracts[0] if extracts else None
    answer = _answer_pattern(read.question)
    fits = best is not None and answer is not None and answer(fold(best.text))
    return {
        "reach": max((extract.reach for extract in extracts), default=0.0),
        "expected": 0.0 if answer is None else (1.0 if fits else -1.0),
    }


def _answer_pattern(question: str) -> Callable[[str], bool] | None:
    asked = fold(question)
    for kind, answer in _ANSWERS:
        if kind.search(asked):
            return lambda text: answer.search(text) is not None
    return None


def _dense_side(read: _Read, signals: Signals) -> dict[str, float]:
    cosines = signals.cosines or (0.0,)
    return {
        "cosine": cosines[0],
        "cosine_margin": cosines[0] - cosines[:10][-1],
        "kept": _kept(read, signals),
    }


def _kept(read: _Read, signals: Signals) -> float:
    """Embed the question again without what the first passage lacks: small words move it little, its subject far."""
    words = _WORD.findall(read.question)
    lacking = {term for term in read.weights if term not in read.first}
    kept = [word for word in words if lacking.isdisjoint(terms(word))]
    if len(kept) == len(words):
        return 1.0
    if not kept:
        return NOTHING_KEPT
    return float(signals.vector @ signals.embed(" ".join(kept)))


def _names_missing(read: _Read) -> bool:
    """Tell whether the question names a code ("F-099"), a number ("erreur 55") or a year that no passage has."""
    words = frozenset[str]().union(*read.words)
    if any(_CODE.fullmatch(term) and term not in words for term in read.weights):
        return True
    text = fold("\n".join("\n".join((*p.path, p.text)) for p in read.passages[:FIRST]))
    asked = fold(read.question)
    labels = (label.group() for label in _LABEL.finditer(asked) if label["noun"] not in STOP_WORDS)
    if any(label not in text for label in labels):
        return True
    years = map(int, _YEAR.findall(asked))
    return any(str(year) not in text and not _holds_in(read.passages[:FIRST], year) for year in years)


def _holds_in(passages: Sequence[Passage], year: int) -> bool:
    """Tell whether one of the passages was in force in that year, which is not to come."""
    if year > date.today().year:
        return False
    return any(
        passage.valid_from is not None
        and passage.valid_from.year <= year
        and (passage.valid_to is None or year <= passage.valid_to.year)
        for passage in passages
    )


def _pairs(read: _Read) -> float:
    pairs = {(one, other) for one, other in zip(read.order, read.order[1:], strict=False) if one != other}
    total = sum(read.weights[one] + read.weights[other] for one, other in pairs)
    if not total:
        return 0.5  # a single term: nothing is known of what goes with it
    kept = (pair for pair in pairs if any(_side_by_side(*pair, text) for text in read.texts))
    return sum(read.weights[one] + read.weights[other] for one, other in kept) / total


def _side_by_side(one: str, other: str, text: Sequence[str]) -> bool:
    places = [at for at, term in enumerate(text) if term == one]
    return any(other in text[max(0, at - PAIR_TERMS) : at + PAIR_TERMS + 1] for at in places)
