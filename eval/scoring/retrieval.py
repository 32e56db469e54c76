"""Retrieval by gold: the passages that answer and those that were found go in, figures in [0, 1] come out.

A gold item is found at the place of the first passage that matches it (`eval.gold`): several passages of one article
are one hit, and a passage that holds two of the items counts for both (in nDCG, which ranks passages, once). What ranks
well by these has the right passages before the generator's eyes; whether it uses them is for `eval.scoring.citations`.
"""

from collections.abc import Sequence

from eval.metrics import discounted
from eval.scoring.found import Found, share, shown
from server.case_schemas import Case, GoldPassage
from server.evaluation_schemas import Verdict
from server.quality.gold import matches
from server.schemas import Passage

METRICS = (
    "recall_at_5",
    "recall_at_10",
    "mrr_at_10",
    "ndcg_at_10",
    "context_precision_id",
    "context_recall_id",
)

Places = Sequence[int | None]
"""The place, from 1, where each gold item is found; None where it is not."""


def score_retrieval(case: Case, passages: Sequence[Passage]) -> Found:
    """Score the passages that an answer drew on, in their order; nothing to say of a case without gold."""
    if not has_gold(case):
        return Found()
    places = places_of(case.gold, passages)
    relevant = [any(matches(gold, passage) for gold in case.gold) for passage in passages]
    values = {
        "recall_at_5": recall_at(places, 5),
        "recall_at_10": recall_at(places, 10),
        "mrr_at_10": reciprocal_rank_at(places, 10),
        "ndcg_at_10": ndcg_at(places, 10),
        "context_precision_id": average_precision(relevant),
        "context_recall_id": recall_at(places, len(passages)),
    }
    return Found(values, verdicts=[_verdict(gold, at) for gold, at in zip(case.gold, places, strict=True)])


def has_gold(case: Case) -> bool:
    """Tell whether passages are expected: not of a question that the documents do not answer."""
    return bool(case.gold) and not case.must_abstain


def places_of(gold: Sequence[GoldPassage], passages: Sequence[Passage]) -> list[int | None]:
    """Find the place of the first passage that matches each gold item."""
    return [
        next((place for place, passage in enumerate(passages, start=1) if matches(item, passage)), None)
        for item in gold
    ]


def recall_at(places: Places, k: int) -> float:
    """Give the share of the gold items that are among the first `k` passages.

    Chosen because an answer cannot rest on what was not found: it bounds all that follows. Over all the passages it is
    what ragas calls `IDBasedContextRecall`.
    """
    return sum(at is not None and at <= k for at in places) / len(places)


def reciprocal_rank_at(places: Places, k: int) -> float:
    """Give the inverse of the place of the first gold item (Voorhees, TREC-8, 1999); 0 past `k`.

    Chosen because a person, and the extractive generator, read from the top.
    """
    return max((1.0 / at for at in places if at is not None and at <= k), default=0.0)


def ndcg_at(places: Places, k: int) -> float:
    """Give the normalised discounted cumulative gain with binary relevance (Järvelin and Kekäläinen, 2002).

    Chosen because it sees all the gold items where the reciprocal rank sees the first. What is ranked, and relevant or
    not, is a passage: two items in one passage are one gain at its place, and one relevant passage of the ideal order.
    An item that was not found counts as a passage of its own.
    """
    found = {at for at in places if at is not None}
    relevant = len(found) + sum(at is None for at in places)
    return discounted(at for at in sorted(found) if at <= k) / discounted(range(1, min(relevant, k) + 1))


def average_precision(relevant: Sequence[bool]) -> float:
    """Give the mean of the precision at the place of each relevant passage; 0 without any.

    `sum(precision@i * relevant_i) / sum(relevant_i)`: the formula of ragas' judged `ContextPrecision`, with the gold in
    place of the judge. Its `IDBasedContextPrecision` is the plain share of relevant passages instead, which is 0.1 at
    most where ten passages are shown and one answers, whatever the order: it would not move when ranking breaks.
    """
    precisions = [
        sum(relevant[:place]) / place for place, is_relevant in enumerate(relevant, start=1) if is_relevant
    ]
    return sum(precisions) / len(precisions) if precisions else 0.0


def citation_recall(gold: Sequence[GoldPassage], cited: Sequence[Passage]) -> float | None:
    """Give the share of the gold items that a cited passage matches: the sources that should be read were named."""
    return share(sum(at is not None for at in places_of(gold, cited)), len(gold))


def named(gold: GoldPassage) -> str:
    """Write a gold item as a verdict names it."""
    return f"« {gold.document} »" + (f", {shown(gold.quote)}" if gold.quote else "")


def _verdict(gold: GoldPassage, at: int | None) -> Verdict:
    if at is None:
        return Verdict(metric="context_recall_id", text=f"Passage attendu, mais pas trouvé : {named(gold)}.")
    return Verdict(
        metric="mrr_at_10", text=f"Passage attendu trouvé au rang {at} : {named(gold)}.", good=True
    )
