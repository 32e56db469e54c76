"""Which of a template's questions the notes do not answer: drafted sections go in, questions come out.

A question is never said to be answered without a sentence of the notes that shares its words, or that a model names and
its section rests on; one that is left in the list although the notes answer it costs a glance.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from ingest.text import fold
from server.draft_schemas import DraftSection, TemplateSection
from server.drafting.sort import with_themes, words_of
from server.notes import NumberedSentence

_OPEN = re.compile(
    r"\?|\ba (?:voir|revoir|preciser|demander|verifier|completer|creuser|aborder)\b"
    r"|\bpas (?:encore )?(?:aborde|evoque|parle|vu)\w*|\bnon (?:aborde|evoque|renseigne)\w*"
    r"|\breste a\b|\bn'a pas (?:dit|repondu)\b|\bne sait pas\b"
)
"""What makes of a sentence a question of its own: it answers none."""

_FRAME = words_of(
    "personne notes dit date ans combien quand pourquoi comment avoir être parler possible question situation faire "
    "occuper exercer comptent lieu prévu donner temps chacune faisait"
)
"""Words that say how a question is put rather than what it is about."""

HALF = 0.5
"""Share of its own words that more than must be in the sentences of its section, or in their themes."""

_WHEN, _HOW_MANY = re.compile(r"\bquand\b|\bquelles? dates?\b|\becheances?\b"), re.compile(r"\bcombien\b")
_DIGIT = re.compile(r"\d")


def numbered_questions(sections: Sequence[TemplateSection]) -> dict[int, tuple[str, str]]:
    """Number the questions of all sections in a row, from 1: `(id of the section, question)` by number."""
    asked = [(section.id, question) for section in sections for question in section.questions]
    return dict(enumerate(asked, start=1))


def unanswered(
    questions: Mapping[int, tuple[str, str]],
    sections: Mapping[str, DraftSection],
    sentences: Sequence[NumberedSentence],
    proposed: Mapping[int, Collection[int]],
) -> list[str]:
    """List the questions that the notes do not answer, in the order of the template.

    Args:
        questions: as `numbered_questions` gives them.
        sections: as they were drafted, by id.
        sentences: of the notes.
        proposed: by number of a question, the sentences that answer it as a model says; empty without one.
    """
    said = {one.number: _Said(one) for one in sentences}
    missing = []
    for number, (section_id, question) in questions.items():
        section = sections.get(section_id)
        carried = _carrying(section) if section else frozenset()
        held = [said[one] for one in sorted(carried) if one in said and not said[one].is_open]
        named = proposed.get(number, ())
        if not (any(one.number in named for one in held) or _shares_words(question, held)):
            missing.append(question)
    return missing


class _Said:
    """What a sentence of the notes says, as questions are compared with it."""

    def __init__(self, sentence: NumberedSentence) -> None:
        self.number = sentence.number
        self.words = words_of(sentence.masked)
        self.counts = _DIGIT.search(sentence.masked) is not None
        self.is_open = _OPEN.search(fold(sentence.masked)) is not None


def _carrying(section: DraftSection) -> frozenset[int]:
    """Give the sentences of the notes that a section's verified sentences rest on."""
    return frozenset(
        source.sentence for sentence in section.sentences if sentence.verified for source in sentence.sources
    )


def _shares_words(question: str, sentences: Sequence[_Said]) -> bool:
    asked = fold(question)
    held = frozenset(word for one in sentences for word in one.words)
    if _WHEN.search(asked) and "@date" not in held:
        return False
    if _HOW_MANY.search(asked) and not any(one.counts for one in sentences):
        return False
    words = words_of(question) - _FRAME
    near = with_themes(held) & words
    return len(near) > HALF * len(words)
