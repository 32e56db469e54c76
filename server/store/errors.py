"""What can fail in the store beside the disk itself.

StorageFailed                (ingest.errors) the disk is full, read-only or damaged
├── DatabaseUnavailable      the database does not answer, or others keep it busy: retry later
└── DraftDamaged             one draft cannot be read, the others can: the operator restores the backup
ConfigurationError           (ingest.errors)
└── DraftsKeyWrong           drafts are sealed by another master key: the operator gives it back, nothing is lost
FanalError                   (ingest.errors)
├── DraftChanged             a draft was changed since it was read: read it again
├── CaseChanged              a case was changed since it was read: read it again
├── CaseExists               the same case is kept already, or another of its name: the message names it
└── ClockDoubtful            the clock is far past all that is known: the operator checks it before anything is deleted
"""

from ingest.errors import ConfigurationError, FanalError, StorageFailed


class DatabaseUnavailable(StorageFailed):
    """The database of the conversations does not answer, refuses the connection or is kept busy."""


class DraftDamaged(StorageFailed):
    """One draft is damaged, out of its place, or of a version that this one cannot read."""


class DraftsKeyWrong(ConfigurationError):
    """Drafts are sealed by a master key that this server does not have."""


class DraftChanged(FanalError):
    """A draft was changed since the caller read it."""


class CaseChanged(FanalError):
    """A case was changed since the caller read it."""


class CaseExists(FanalError):
    """Another case has the same id, or asks the same."""


class ClockDoubtful(FanalError):
    """The clock is so far past the last known act that what it says has had its time must not be deleted."""
