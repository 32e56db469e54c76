"""What a draft is refused for, in French that an advisor understands.

FanalError               (ingest.errors)
├── ConsentRefused       the person did not agree: nothing was masked, sent or kept
├── NotesTooHeavy        the file of the notes is larger than allowed: cut it
├── TooManyFiles         too many files of notes wait to be read: retry in a minute
├── DraftRequestWrong    a mask or a section is none of this text's: correct the request
└── NotReady             the draft cannot be validated or exported as it stands: the message says what to do first
DraftChanged             (server.store.errors) it was changed since it was read: read it again
"""

from ingest.errors import FanalError


class ConsentRefused(FanalError):
    """The person did not agree to a synthesis (article L6313-4 du code du travail)."""


class NotesTooHeavy(FanalError):
    """A file of notes is larger than allowed."""


class TooManyFiles(FanalError):
    """As many files of notes as may wait are being read already."""

    retry = True


class DraftRequestWrong(FanalError):
    """A request names what is not there."""


class NotReady(FanalError):
    """A draft cannot be validated or exported as it stands."""
