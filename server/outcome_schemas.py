"""How a case of an evaluation ends, in words that every page, report and table shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

OutcomeKey = Literal[
    "forbidden",
    "unmasked",
    "failed",
    "answered_wrongly",
    "off",
    "abstained_wrongly",
    "partial",
    "skipped",
    "answered",
    "abstained_rightly",
    "right",
]
"""What most needs a person comes first; `server.quality.outcomes` tells which one a case has."""

Tone = Literal["good", "caution", "bad", "neutral"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A way for a case to end.

    Args:
        label: in French, of one case.
        singular: after the number 0 or 1.
        plural: of several, after their number.
    """

    key: OutcomeKey
    label: str
    singular: str
    plural: str
    tone: Tone

    @property
    def rank(self) -> int:
        """Its place in a list where what most needs a person comes first."""
        return _RANKS[self.key]

    @property
    def to_review(self) -> bool:
        """Whether a person should look at the case."""
        return self.tone in ("bad", "caution")

    def counted(self, count: int) -> str:
        """Say it of so many cases, after their number."""
        return self.singular if count < 2 else self.plural


_RANKS: Final = {key: rank for rank, key in enumerate(get_args(OutcomeKey))}

_ALL: Final[Sequence[Outcome]] = [
    Outcome("forbidden", "Texte interdit", "dit un texte interdit", "disent un texte interdit", "bad"),
    Outcome(
        "unmasked", "Donnée non masquée", "laisse une donnée lisible", "laissent une donnée lisible", "bad"
    ),
    Outcome("failed", "En panne", "en panne", "en panne", "bad"),
    Outcome("answered_wrongly", "A répondu, à tort", "a répondu à tort", "ont répondu à tort", "bad"),
    Outcome("off", "Rien de l’attendu", "sans rien de l’attendu", "sans rien de l’attendu", "bad"),
    Outcome("abstained_wrongly", "S’est tu, à tort", "s’est tu à tort", "se sont tus à tort", "caution"),
    Outcome("partial", "Incomplet", "incomplet", "incomplets", "caution"),
    Outcome("skipped", "Non posé", "non posé", "non posés", "neutral"),
    Outcome(
        "answered",
        "A répondu",
        "a répondu, sans fait attendu à vérifier",
        "ont répondu, sans fait attendu à vérifier",
        "neutral",
    ),
    Outcome("abstained_rightly", "S’est tu, à raison", "s’est tu à raison", "se sont tus à raison", "good"),
    Outcome("right", "Juste", "juste", "justes", "good"),
]
OUTCOMES: Final[Mapping[OutcomeKey, Outcome]] = {one.key: one for one in _ALL}


def tally(keys: Sequence[OutcomeKey]) -> list[tuple[Outcome, int]]:
    """Count cases by outcome, the good ones first, as a bar shows them."""
    return [(one, keys.count(one.key)) for one in reversed(_ALL) if one.key in keys]
