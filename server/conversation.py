"""What came before a question: the turns of its conversation, oldest first, masked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was answered.

    Args:
        question: as it was understood: a follow-up stands here rewritten.
        answer: the texts of its statements, joined; empty when there was none.
    """

    question: str
    answer: str = ""
