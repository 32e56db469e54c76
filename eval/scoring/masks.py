"""Masking: a text, what is to be masked in it and what was go in; shares of the case and its counts come out.

Measured as the masking corpus is (`eval.masking`): a span is hidden when none of its letters shows, and a mask is right
when half of it at least is personal data. A text has one name or thirty: the figures of a suite are ratios of the sums
over its spans, not means of the texts' shares (`server.quality.suite_figures`).
"""

from eval.masking import DIRECT_IDENTIFIERS, SPECIAL_CATEGORIES, TYPES, Score, Share, score_masks
from eval.masking_corpus import Sentence
from eval.scoring.found import Found, shown
from server.case_schemas import MaskExpectation
from server.evaluation_schemas import MaskRecord, Verdict


def score_mask(case_id: str, expected: MaskExpectation, masked: MaskRecord) -> Found:
    """Score a masked text; a share of nothing (no special category in it) is left out."""
    found = Score()
    sentence = Sentence(case_id, case_id, expected.text, tuple(expected.spans))
    score_masks(found, sentence, masked.spans)
    shares = {
        "mask_recall_direct": found.recall(DIRECT_IDENTIFIERS),
        "mask_recall_special": found.recall(SPECIAL_CATEGORIES),
        "mask_precision": found.precision(TYPES),
    }
    verdicts = [
        *(
            Verdict(
                metric="mask_recall_special" if miss.type in SPECIAL_CATEGORIES else "mask_recall_direct",
                text=f"Reste lisible ({miss.type}) : {shown(expected.text[miss.start : miss.end])}.",
            )
            for miss in found.missed
        ),
        *(
            Verdict(
                metric="mask_precision",
                text=f"Masqué sans raison ({miss.type}) : {shown(expected.text[miss.start : miss.end])}.",
            )
            for miss in found.false_alarms
        ),
    ]
    return Found(_scores(shares), _counts(shares), verdicts)


def nothing_masked(case_id: str, expected: MaskExpectation) -> Found:
    """Score a text that could not be masked: all of it shows."""
    found = score_mask(case_id, expected, MaskRecord(text=expected.text, spans=[]))
    return Found(found.scores, found.counts)


def _scores(shares: dict[str, Share]) -> dict[str, float]:
    return {name: one.value for name, one in shares.items() if one.total}


def _counts(shares: dict[str, Share]) -> dict[str, tuple[int, int]]:
    return {name: (one.hits, one.total) for name, one in shares.items() if one.total}
