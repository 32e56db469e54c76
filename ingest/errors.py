"""Errors of ingestion and of what it owns (settings, index, embedder).

FanalError                   a message that a person can act on
├── ConfigurationError       a setting or the sources file is wrong: correct it, a retry changes nothing
│   └── SourcesFileWrong     the sources file is missing or wrong: the message gives the lines, for its administrator
├── SourceUnavailable        a source or an endpoint cannot be reached: retry later, nothing was deleted
├── UnreadableFile           one file cannot be read: it is reported and the others go on
│   └── UnreadableMetadata   what is said of it cannot: who may read it is unknown, so nobody finds it
├── RemovalsWithheld         a run would remove more than is allowed unasked: check, then accept it
├── StorageFailed            the disk is full or refuses: make room, run it again, nothing done is lost
├── LoadLater                reading this file takes minutes: the run takes it up after all the others
├── IngestionRunning         a run is not finished: wait for it
├── IngestionStopped         the run was told to stop: run it again, it goes on where it was
├── IndexBusy                another process owns the embedded index: go through it, or stop it
├── IndexMismatch            the index was built with another embedder: rebuild, or set the former one
└── EmbeddingFailed          the embedder refused or returned something else: see its own log
"""


class FanalError(Exception):
    """A failure with a French message for the person in front of the screen.

    Attributes:
        retry: whether the same call may work later without any change.
    """

    retry = False


class ConfigurationError(FanalError):
    """A setting or the sources file is wrong."""


class SourcesFileWrong(ConfigurationError):
    """The sources file is missing or wrong: only its administrator can do something about it."""


class SourceUnavailable(FanalError):
    """A source, a registry or an endpoint cannot be reached."""

    retry = True


class UnreadableFile(FanalError):
    """One file cannot be read; the message says why, in French."""


class UnreadableMetadata(UnreadableFile):
    """What is said of a file (who may read it, from when to when it holds) cannot be read."""


class RemovalsWithheld(FanalError):
    """Too much of a source is gone for it to be removed unasked."""


class StorageFailed(FanalError):
    """The disk is full, read-only or damaged."""

    retry = True


class LoadLater(FanalError):
    """Reading this file takes minutes (a long scan); ask again, patiently, once the others are read."""

    retry = True


class IngestionRunning(FanalError):
    """Another ingestion is under way."""

    retry = True


class IngestionStopped(FanalError):
    """The run was told to stop before its end."""

    retry = True


class IndexBusy(FanalError):
    """Another process holds the embedded index's folder."""

    retry = True


class IndexMismatch(FanalError):
    """The collection was built with another embedder or another dimension."""


class EmbeddingFailed(FanalError):
    """The embedder failed on a text that is fit to be embedded."""

    retry = True
