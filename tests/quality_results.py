"""What a case of `tests.quality_cases` gave, well or badly, and how long it took: the same for the same seed."""

from random import Random
from statistics import fmean

from server.case_schemas import Case
from server.evaluation_schemas import CaseResult, CaseTiming, TokenUsage, Verdict
from server.quality.catalogue import CATALOGUE, JUDGED
from server.quality.suite_figures import POOLED
from server.schemas import Mode
from tests.quality_cases import HOSTILE, HOSTILE_ID, make_answer, make_draft, make_mask

RIGHT = 0.78
"""How often a case goes well, before `shift`."""


def make_result(
    case: Case,
    *,
    seed: int = 1,
    judged: bool = False,
    shift: float = 0.0,
    mode: Mode = "extractive",
    passages: int = 10,
    distinct: int = 300,
) -> CaseResult:
    """Try a case: a draw that a case keeps from one run to the next, moved by `shift`, says whether it goes well."""
    kept, rng = Random(case.id), Random(f"{case.id} {seed}")
    right = case.id == HOSTILE_ID or kept.random() + rng.gauss(0, 0.02) < RIGHT + shift
    if kept.random() < 0.02 and case.id != HOSTILE_ID:
        return CaseResult(case=case, status="failed", error="Le serveur n’a pas répondu en 60 secondes.")
    if kept.random() < 0.01 and case.id != HOSTILE_ID:
        return CaseResult(case=case, status="skipped", error="Ce serveur ne rédige pas de synthèse.")
    result = CaseResult(case=case)
    if case.kind == "draft":
        result.draft = make_draft(case, right=right)
    elif case.kind == "mask":
        result.masked = make_mask(case, right=right)
    else:
        result.answer = make_answer(case, rng, right=right, mode=mode, passages=passages, distinct=distinct)
    result.scores = _scores(result, rng, right=right)
    result.counts = {
        name: (round(2 * result.scores[name]), 2) for name in sorted(POOLED & result.scores.keys())
    }
    result.verdicts = _verdicts(result, right=right)
    if judged and result.answer is not None and not result.answer.abstained:
        _judge(result, rng, right=right)
    return result


def _scores(result: CaseResult, rng: Random, *, right: bool) -> dict[str, float]:
    if result.draft is not None:
        names = [name for name, info in CATALOGUE.items() if info.family == "draft"]
        return {name: 1.0 if right else rng.choice([0.0, 0.5, 1.0]) for name in names}
    if result.masked is not None:
        return {"mask_recall_direct": 1.0, "mask_recall_special": float(right), "mask_precision": 1.0}
    answer, case = result.answer, result.case
    assert answer is not None
    scores = {"abstention_accuracy": float(answer.abstained == case.must_abstain)}
    if answer.abstained:
        scores["abstention_precision"] = float(case.must_abstain)
    if case.must_abstain:
        return scores | {"abstention_recall": float(answer.abstained)}
    rank = next((n for n, one in enumerate(answer.passages, 1) if case.facts[0] in one.text), None)
    scores |= _retrieval(rank)
    if not answer.abstained:
        supported = fmean(one.verified for one in answer.statements)
        scores |= {"quotes_verified": 1.0, "cited_statements": supported, "supported_figures": supported}
        scores |= {"citation_precision": float(right), "citation_recall": float(right)}
        scores["fact_recall"] = 1.0 if right else rng.choice([0.0, 0.0, 0.5])
    if case.forbidden:
        scores["nothing_forbidden"] = float(right or rng.random() < 0.7)
    return dict(sorted(scores.items()))


def _retrieval(rank: int | None) -> dict[str, float]:
    reciprocal = 1 / rank if rank else 0.0
    return {
        "recall_at_5": float(rank is not None and rank <= 5),
        "recall_at_10": float(rank is not None),
        "mrr_at_10": reciprocal,
        "ndcg_at_10": round(reciprocal**0.6, 6),
        "context_precision_id": reciprocal,
        "context_recall_id": float(rank is not None),
    }


def _verdicts(result: CaseResult, *, right: bool) -> list[Verdict]:
    case = result.case
    fact = case.facts[0] if case.facts else "ce que les notes disent"
    verdicts = [
        Verdict(metric="fact_recall", text=f"Dit : {fact}" if right else f"Manque : {fact}", good=right)
    ]
    if case.must_abstain and not right:
        verdicts = [Verdict(metric="abstention_accuracy", text="A répondu alors que rien ne répond.")]
    elif not right and result.answer is not None:
        verdicts.append(Verdict(metric="citation_precision", text="Cite un passage qui n’est pas attendu."))
    return verdicts


def _judge(result: CaseResult, rng: Random, *, right: bool) -> None:
    for name in JUDGED:
        if rng.random() < 0.04:
            result.unscored[name] = "Le juge n’a pas donné de nombre (NaN)."
            continue
        high = right == CATALOGUE[name].higher_is_better
        result.scores[name] = round(min(1.0, max(0.0, rng.gauss(0.85 if high else 0.3, 0.12))), 4)
    text = f"Selon le juge : {HOSTILE if result.case.id == HOSTILE_ID else 'une phrase n’est pas soutenue.'}"
    result.verdicts.append(Verdict(metric="faithfulness", text=text, good=right))


def make_timing(result: CaseResult, seed: int = 1) -> CaseTiming:
    """Say how long a case took."""
    rng = Random(f"{result.case.id} {seed} timing")
    if result.status != "done":
        return CaseTiming(case_id=result.case.id)
    stages = {"retrieve": rng.lognormvariate(3.2, 0.3), "generate": rng.lognormvariate(4.0, 0.5)}
    stages["verify"] = rng.lognormvariate(1.5, 0.4)
    stages["total"] = sum(stages.values())
    generative = result.answer is not None and result.answer.mode == "generative"
    tokens = (
        TokenUsage(prompt=rng.randint(2_000, 4_000), completion=rng.randint(60, 300)) if generative else None
    )
    return CaseTiming(
        case_id=result.case.id,
        timings={stage: round(milliseconds, 1) for stage, milliseconds in stages.items()},
        tokens=tokens,
        energy_wh=round(rng.uniform(0.05, 0.2), 4) if generative else None,
        cached=rng.random() < 0.1,
    )
