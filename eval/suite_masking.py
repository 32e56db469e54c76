"""A suite that people wrote in a file is masked before it is asked and kept, as what they type on the page is.

A suite and the settings go in; the suite without personal data, and how many values were masked, come out. The suites
that ship have invented people in them and stay as they are, and so does what tells whether masking works.
"""

from dataclasses import replace

from eval.opening import ORGANISATION
from eval.suites import Suite, digest_of, suite_names
from ingest.errors import ConfigurationError
from server.case_schemas import Case
from server.mask import Masker, load_masker
from server.quality.case_intake import mask_case
from server.quality.errors import CaseWrong
from server.settings import ServerSettings


def without_personal_data(suite: Suite, named: str, settings: ServerSettings) -> tuple[Suite, int]:
    """Mask the cases of a suite.

    Args:
        named: what it was asked for by: its name, or its file.

    Raises:
        ConfigurationError: a case is too long once masked, or the masker lacks something.
        MaskingFailed: a text cannot be read for personal data.
    """
    if named == ORGANISATION or named in suite_names():  # masked when they were taken, or invented
        return suite, 0
    masker = load_masker(settings)
    taken = [_masked(case, masker) for case in suite.cases]
    count = sum(masked for _, masked in taken)
    if not count:
        return suite, 0
    cases = [case for case, _ in taken]
    return replace(suite, cases=cases, digest=digest_of(cases)), count


def masked_warning(count: int) -> str:
    """Say how many values were masked."""
    some = (
        f"{count} données personnelles ont été masquées"
        if count > 1
        else "1 donnée personnelle a été masquée"
    )
    return f"{some} dans les cas avant de les poser et de les garder : retirez-les aussi du fichier."


def _masked(case: Case, masker: Masker) -> tuple[Case, int]:
    if case.kind == "mask":
        return case, 0
    try:
        masked, placeholders = mask_case(case, masker)
    except CaseWrong as error:
        raise ConfigurationError(f"Le cas « {case.id} » : {error}") from error
    return (masked, len(placeholders)) if placeholders else (case, 0)
