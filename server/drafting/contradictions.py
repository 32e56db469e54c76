"""Contradictions of notes: sentences go in, out come the pairs that say two things of the same person at the same time.

"Titulaire du permis B" and "pas de permis", "3 ans d’expérience en vente" and "10 ans d’expérience dans la vente",
"souhaite déménager" and "ne souhaite pas déménager". What is looked for is narrow on purpose: a false alarm on each
draft would teach people to pass over the true ones. What was, what may be and what is another person's is left out.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, islice

from ingest.text import fold, terms
from server.draft_schemas import Contradiction
from server.drafting.facts import NEGATED, NOT_SO, OTHER_PERSON, WISH, facts, placeholders
from server.notes import NumberedSentence
from server.placeholders import without_placeholders

MOST = 20
"""Contradictions that are listed: who finds more has pasted two persons' notes."""

VALUES = 5
"""Values of one thing that are compared: notes that give more are a list of something else."""

NEAR = 40
"""Claims that a denial is compared with, those that share its rarest words first: long notes stay linear."""

ALIKE = 0.75
"""Share of the words of two claims that they have in common (Jaccard), when one has a few more than the other."""

SHOWN_CHARS = 160
"""What an explanation repeats of a long sentence."""

_REFUSES = re.compile(r"\brefus\w+")
_LIMITED = re.compile(
    r"\bn(?:e |')\w+(?: \w+)? que?\b|\bpas (?:seulement|que|uniquement|tout|toujours|encore)\b|\bplus\b"
)
_CLAUSE = re.compile(r"[^,;.:()]+")
_BUT = re.compile(r"\b(?:mais|meme si|parce que?|car|pour)\b|->|=>|→")


@dataclass(frozen=True, slots=True)
class _Fact:
    """What a sentence says of one thing.

    Args:
        about: the thing; facts about other things are not compared.
        value: two values of one thing contradict each other.
    """

    about: str
    value: str
    sentence: NumberedSentence


@dataclass(frozen=True, slots=True)
class _Claim:
    """A clause, with its polarity.

    Args:
        words: its informative words, those of negation and wish left out.
        exact: what must be the same on both sides: numbers and placeholders.
    """

    negated: bool
    wish: bool
    words: frozenset[str]
    exact: frozenset[str]
    sentence: NumberedSentence


def contradictions(
    sentences: Sequence[NumberedSentence], proposed: Iterable[Sequence[int]] = ()
) -> list[Contradiction]:
    """Find the sentences that contradict each other, in the order of the notes.

    Args:
        proposed: numbers of sentences that a model says contradict each other; those that share no word are left out.
    """
    found: dict[tuple[int, ...], Contradiction] = {}
    for about, one, other in chain(_differing_facts(sentences), _opposed_claims(sentences)):
        if len(found) == MOST:
            break
        if (one.number, other.number) not in found:
            found[one.number, other.number] = contradiction(about, one, other)
    by_number = {sentence.number: sentence for sentence in sentences}
    for numbers in proposed:
        one, other = (by_number[number] for number in numbers[:2])
        if len(found) == MOST:
            break
        if not any(set(numbers) >= set(pair) for pair in found) and _share_words(one, other):
            found[one.number, other.number] = contradiction("", one, other)
    return [found[pair] for pair in sorted(found)]


def _share_words(one: NumberedSentence, other: NumberedSentence) -> bool:
    words, others = (set(terms(without_placeholders(sentence.masked))) for sentence in (one, other))
    return bool(words & others)


def contradiction(about: str, one: NumberedSentence, other: NumberedSentence) -> Contradiction:
    """Write one down.

    Args:
        about: what it is about, in French; empty when only the sentences tell.
    """
    said = f"{_said(one.masked, one.number)} et {_said(other.masked, other.number)}"
    subject = f"{about} : les" if about else "Les"
    return Contradiction(
        sentences=[one.number, other.number],
        explanation=f"{subject} notes disent {said}. Vérifiez avec la personne ce qui est juste.",
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    if len(text) <= SHOWN_CHARS:
        return text
    return f"{text[:SHOWN_CHARS].rpartition(' ')[0]} […]"


def as_typed(found: Contradiction, typed: Mapping[int, NumberedSentence]) -> Contradiction:
    """Show in a contradiction the sentences as they were typed.

    Args:
        typed: the sentences of the notes, by number.
    """
    explanation = found.explanation
    for number in found.sentences:
        sentence = typed[number]
        explanation = explanation.replace(_said(sentence.masked, number), _said(sentence.text, number), 1)
    return found.model_copy(update={"explanation": explanation})


def _said(text: str, number: int) -> str:
    return f"« {_short(text)} » (phrase {number})"


def _differing_facts(
    sentences: Sequence[NumberedSentence],
) -> Iterator[tuple[str, NumberedSentence, NumberedSentence]]:
    by_thing: dict[str, dict[str, _Fact]] = defaultdict(dict)
    for sentence in sentences:
        for about, value in facts(sentence.masked):
            if len(by_thing[about]) < VALUES:
                by_thing[about].setdefault(value, _Fact(about, value, sentence))
    for stated in by_thing.values():
        for one, other in combinations(stated.values(), 2):
            if one.sentence.number != other.sentence.number:
                yield one.about.partition("|")[0], one.sentence, other.sentence


def _opposed_claims(
    sentences: Sequence[NumberedSentence],
) -> Iterator[tuple[str, NumberedSentence, NumberedSentence]]:
    claims = [claim for sentence in sentences for claim in _claims(sentence)]
    by_word: dict[str, list[_Claim]] = defaultdict(list)
    for claim in claims:
        if not claim.negated:
            for word in claim.words:
                by_word[word].append(claim)
    for negated in (claim for claim in claims if claim.negated):
        rarest_first = sorted(negated.words & by_word.keys(), key=lambda word: (len(by_word[word]), word))
        sharing = chain.from_iterable(by_word[word] for word in rarest_first)
        near = {id(other): other for other in islice(sharing, NEAR)}
        for other in near.values():
            if _opposed(negated, other):
                one, two = sorted((negated.sentence, other.sentence), key=lambda sentence: sentence.number)
                yield "", one, two


def _opposed(one: _Claim, other: _Claim) -> bool:
    if one.sentence.number == other.sentence.number or one.wish != other.wish or one.exact != other.exact:
        return False
    common = one.words & other.words
    if one.words == other.words:
        return len(common) >= (1 if one.wish else 2)
    return common in (one.words, other.words) and len(common) >= max(2, ALIKE * len(one.words | other.words))


def _claims(sentence: NumberedSentence) -> Iterator[_Claim]:
    if NOT_SO.search(fold(sentence.masked)):
        return
    for part in _CLAUSE.findall(sentence.masked):
        for clause in _BUT.split(part):
            folded = fold(clause)
            if OTHER_PERSON.search(folded) or _LIMITED.search(folded):
                continue
            negated = bool(NEGATED.search(folded)) != bool(_REFUSES.search(folded))
            bare = WISH.sub(" ", fold(without_placeholders(clause)))
            words = frozenset(term for term in terms(bare) if not term[0].isdigit())
            exact = frozenset(re.findall(r"\d+", bare)) | frozenset(placeholders(clause))
            if words:
                yield _Claim(negated, bool(WISH.search(folded)), words, exact, sentence)
