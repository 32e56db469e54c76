"""What can fail in the store beside the disk itself.

StorageFailed                (ingest.errors) the disk is full, read-only or damaged
└── DatabaseUnavailable      the database does not answer, or others keep it busy: retry later
"""

from ingest.errors import StorageFailed


class DatabaseUnavailable(StorageFailed):
    """The database of the conversations does not answer, refuses the connection or is kept busy."""
