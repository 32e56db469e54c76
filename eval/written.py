"""Whether the model that is measured wrote what came, to its end: an answer or a draft goes in."""

from server.drafting.warnings import has_failed
from server.evaluation_schemas import AnswerRecord, DraftRecord
from server.schemas import INCOMPLETE, Mode


def is_whole(written: AnswerRecord | DraftRecord, mode: Mode) -> bool:
    """Tell whether it is as the configured writer makes it: not when the model was away, failed or broke off."""
    return (
        written.mode == mode
        and INCOMPLETE not in written.warnings
        and not (isinstance(written, DraftRecord) and has_failed(written.warnings))
    )
