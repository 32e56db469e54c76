"""Suggestions without a model: a demand goes in, passages of the index come out, each with why it was found."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ingest.documents import Kind
from ingest.sources.readings import MONTHS
from ingest.text import terms
from server.ask import Retriever
from server.draft_schemas import DraftSentence
from server.drafting.readable import session_remark
from server.extractive import Extract, content_weights, ranked_extracts
from server.schemas import Citation, Passage, Scope
from server.units import share
from server.verify import is_quotable

LEAST_SHARE = 0.2
"""Share of a demand's words, by weight, that a document must hold. On twelve demands to the sample: those that its
documents speak of reach 0.23 and more, the others (a tax, a recipe, an allowance) 0.12 at most."""

NEAREST = 3
"""Training records shown when none has the demand's words: near in meaning only, which is said."""

WORDS_SHOWN = 6
"""Common words that a reason names."""

SPARE = 4
"""Passages asked for, for each document wanted: one may have many passages, a course many sessions."""

_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")
_DEMAND = frozenset(
    terms(
        "devenir travailler projet métier formation emploi trouver suivre apprendre près mon ma financement "
        "CPF stage diplôme certification cours session"
    )
)
"""Words of any demand, which say nothing of its subject."""

_ASIDE = re.compile(r"^(?:Organisme|Lieu|Dates|Contact|Site|Public|Prérequis) : .*$", re.MULTILINE)
"""Lines of a record that do not say what it teaches."""

_SESSION = re.compile(r"^(?:Lieu|Dates) : (?P<value>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Args:
        sentences: one a document or a course, best first: its title, where and when it is held, and the words that it
            shares with the demand; what it says itself is cited.
        passages: those that are cited.
    """

    sentences: list[DraftSentence]
    passages: list[Passage]
    warnings: list[str]


def search(query: str, retriever: Retriever, scope: Scope, groups: frozenset[str], count: int) -> Found:
    """Find the documents nearest to a demand, and say what each shares with it.

    Args:
        query: masked, without placeholders.
        count: documents at most.
    """
    asked = subject_of(query)
    found = retriever.retrieve(asked, scope, groups, count * SPARE)
    weights = content_weights(found.weights)
    best: dict[int, Extract] = {}
    for extract in ranked_extracts(asked, found.passages, weights):
        if is_quotable(extract.text):
            best.setdefault(extract.passage, extract)
    chosen = _chosen(found.passages, best, weights, scope.as_of)
    weak = [rank for rank in chosen if rests_on_little(asked, found.passages[rank])]
    strong = [rank for rank in chosen if rank not in weak]
    if strong:  # a town in common, and nothing else, is then no reason to suggest a course
        weak = [rank for rank in weak if _shared(asked, found.passages[rank])]
    chosen = [*strong, *weak[:NEAREST]][:count]
    sentences = [
        _suggestion(found.passages[rank], best[rank], _reason(asked, found.passages[rank]), scope.as_of)
        for rank in chosen
    ]
    return Found(sentences, [found.passages[rank] for rank in chosen], found.warnings)


def rests_on_little(asked: str, passage: Passage) -> bool:
    """Tell whether a course shares no word with a demand, or one of several: "conducteur" of "conducteur de bus".

    Where it is held is left out, of the course and of the demand: a town says nothing of what is taught.
    """
    if passage.kind is not Kind.TRAINING:
        return False
    aside = " ".join(_ASIDE.findall(passage.text))
    subject = set(common_words(asked, asked)) - set(common_words(asked, aside))
    return bool(subject) and len(_shared(asked, passage)) < min(2, len(subject))


def _shared(asked: str, passage: Passage) -> Sequence[str]:
    return common_words(asked, _ASIDE.sub("", _whole(passage)))


def _reason(asked: str, passage: Passage) -> str:
    words = common_words(asked, _whole(passage))
    if not words:
        return "proche par le sens, à vérifier"
    if rests_on_little(asked, passage):
        return "peu de mots de la demande, à vérifier : " + ", ".join(words)
    return f"mots de la demande : {', '.join(words)}"


def subject_of(query: str) -> str:
    """Leave out the words that any demand has; a demand of these alone stays as it is."""
    kept = [word for word in query.split() if not (own := set(terms(word))) or not own <= _DEMAND]
    return " ".join(kept) if terms(" ".join(kept)) else query


def common_words(query: str, text: str) -> Sequence[str]:
    """Give the words of a demand that a text has in some form, in the order of the demand."""
    held = set(terms(text)) - _DEMAND
    words = dict.fromkeys(
        word for word in _WORD.findall(query) if (own := terms(word)) and held.issuperset(own)
    )
    return [word for word in words if not word.isdigit() and word.lower() not in MONTHS][:WORDS_SHOWN]


def _chosen(
    passages: Sequence[Passage],
    best: Mapping[int, Extract],
    weights: Mapping[str, float],
    today: date | None,
) -> list[int]:
    """Give the ranks of the passages to show: of each document the first, of each course one session, yet to begin."""
    holds = {rank: share(frozenset(terms(_whole(passages[rank]))), weights) for rank in sorted(best)}
    wanted = [rank for rank in holds if holds[rank] >= LEAST_SHARE]
    if not wanted:
        wanted = [rank for rank in holds if passages[rank].kind is Kind.TRAINING][:NEAREST]
    chosen: dict[str, int] = {}
    for rank in wanted:
        passage = passages[rank]
        is_course = passage.kind is Kind.TRAINING
        name = passage.title.casefold() if is_course else passage.document_id
        before = chosen.setdefault(name, rank)
        if is_course and _begun(passages[before], today) and not _begun(passage, today):
            chosen[name] = rank
    return list(chosen.values())


def _begun(passage: Passage, today: date | None) -> bool:
    return today is not None and bool(session_remark(passage.text, today))


def _whole(passage: Passage) -> str:
    return " ".join([passage.title, *passage.path, passage.text])


def _suggestion(passage: Passage, extract: Extract, why: str, today: date | None) -> DraftSentence:
    held = [match.group("value") for match in _SESSION.finditer(passage.text)]
    is_course = passage.kind is Kind.TRAINING
    remark = session_remark(passage.text, today) if today else ""
    named = ", ".join([passage.title, *held, *filter(None, [remark])]) if is_course else passage.title
    slices = [*extract.slices, *(match.span() for match in _SESSION.finditer(passage.text) if is_course)]
    citations = [
        Citation(passage_id=passage.id, quote=passage.text[start:end], start=start, end=end)
        for start, end in dict.fromkeys(slices)
        if is_quotable(passage.text[start:end])
    ]
    return DraftSentence(text=f"{named} ({why}).", verified=True, citations=citations)
