"""Errors of what quality teams read.

FanalError           (ingest.errors)
├── RunUnknown       no run goes by this name, or it has no such case or report: 404
├── RunUnderWay      it is being written: wait for its end, or stop it: 409
├── RunReserved      its report has texts that the caller may not read: 403
├── CaseWrong        a case contradicts itself, the message names the field: 422
├── CaseRefused      a case is of a group that its writer is not of: 403
└── RunDamaged       its files cannot be read: delete it, or run it again: 422
"""

from ingest.errors import FanalError


class RunUnknown(FanalError):
    """No run goes by this name, or it has no such case or report."""


class RunUnderWay(FanalError):
    """The run is not finished."""

    retry = True


class RunReserved(FanalError):
    """A report holds texts of groups that the caller is not of."""


class CaseWrong(FanalError):
    """The fields of a case contradict each other, or name what is not there."""


class CaseRefused(FanalError):
    """A case would be asked as a member of a group that its writer is not of."""


class RunDamaged(FanalError):
    """A file of the run lacks or cannot be read; the message says which, in French."""
