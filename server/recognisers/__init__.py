"""Recognisers of personal data in French texts, one file a family, on Presidio's interface.

Each file of patterns gives `recognisers() -> list[EntityRecognizer]`; the results carry our own type names
(`server.mask_schemas.EntityType`) and their places in the text that they are given. That text is legible
(`server.recognisers.legible`): letters and digits of compatibility are ordinary, accents are on their letters,
invisible characters are gone, and every apostrophe is ', every space that does not break a line a space. It is a
piece of at most `engine.PIECE` characters. Nothing else is done to what they find: a score below `engine.THRESHOLD`
is dropped, and words around it never change its score.
"""

from collections.abc import Callable, Sequence
from functools import cache

from presidio_analyzer import EntityRecognizer

from server.recognisers import addresses, dates, identifiers, official_numbers, sensitive
from server.recognisers.allowed import Allowed
from server.recognisers.organisations import OrganisationRecogniser
from server.recognisers.persons import PersonRecogniser
from server.recognisers.residences import ResidenceRecogniser
from server.recognisers.scripts import OtherScriptRecogniser

_PATTERNS: Sequence[Callable[[], list[EntityRecognizer]]] = (
    identifiers.recognisers,
    official_numbers.recognisers,
    dates.recognisers,
    addresses.recognisers,
    sensitive.recognisers,
)


@cache
def _pattern_recognisers() -> tuple[EntityRecognizer, ...]:
    """Make the recognisers that know no setting once for the process: tests make hundreds of apps."""
    return tuple(one for family in _PATTERNS for one in family())


def all_recognisers(allowed: Allowed) -> list[EntityRecognizer]:
    """Make every recogniser there is.

    Args:
        allowed: words that are never part of a person's, an employer's or a school's name.
    """
    return [
        *_pattern_recognisers(),
        PersonRecogniser(allowed),
        OrganisationRecogniser(allowed),
        ResidenceRecogniser(allowed),
        OtherScriptRecogniser(),
    ]
