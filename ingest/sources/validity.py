"""From when to when a record holds: what it says itself and what its source says go in, one validity comes out."""

from ingest.documents import Status, Validity


def merged(own: Validity, source: Validity) -> Validity:
    """Complete what a record says by what its source says of all its records, field by field.

    A source that is no longer in force takes its records with it, and the earlier end counts: that of a text which
    ended nobody knows when comes before any other.
    """
    status = own.status if source.status is Status.IN_FORCE else source.status
    ends_first = min(own, source, key=lambda validity: validity.last_day)
    return Validity(own.valid_from or source.valid_from, ends_first.valid_to, status)
