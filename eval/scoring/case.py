"""A case's scores: what a case gave goes in, the same with its scores and the reasons for them comes out.

retrieval, citations, facts, abstention for a question; sections and facts for a draft; spans for masking. A metric that
says nothing of a case is absent. What a judge added (`eval.judge`) is left as it is.

**A case that failed is not left out.** Whoever asked got nothing: it has the worst score of every metric that the case
alone calls for (abstention, retrieval where there is gold, facts where there are some, drafts, masks). A server that
starts to fail on the hard questions must not look better for it. What depends on what was said (citations, forbidden
words) is absent, as of an answer that abstains: `run.failed` in the thresholds stops that. A skipped case has no score.
"""

from eval.scoring.abstention import score_abstention
from eval.scoring.citations import score_citations
from eval.scoring.drafts import score_draft
from eval.scoring.facts import score_facts
from eval.scoring.found import Found, joined
from eval.scoring.masks import nothing_masked, score_mask
from eval.scoring.retrieval import METRICS, has_gold, score_retrieval
from server.case_schemas import Case
from server.evaluation_schemas import AnswerRecord, CaseResult, Verdict
from server.quality.catalogue import JUDGED


def score(result: CaseResult) -> CaseResult:
    """Score a case; pure, and the same when it is done again."""
    found = _found(result)
    judged = [verdict for verdict in result.verdicts if verdict.metric in JUDGED]
    return result.model_copy(
        update={
            "scores": {**found.scores, **{n: value for n, value in result.scores.items() if n in JUDGED}},
            "counts": dict(found.counts),
            "verdicts": [*found.verdicts, *judged],
        }
    )


def _found(result: CaseResult) -> Found:
    case = result.case
    if result.status == "skipped":
        return Found()
    if result.status == "failed":
        return _failed(result)
    if case.kind == "draft" and case.draft and result.draft:
        return score_draft(case.draft, result.draft)
    if case.kind == "mask" and case.mask and result.masked:
        return score_mask(case.id, case.mask, result.masked)
    if case.kind == "ask" and result.answer:
        return _asked(case, result.answer)
    return _failed(result)


def _asked(case: Case, answer: AnswerRecord) -> Found:
    return joined(
        [
            score_retrieval(case, answer.passages),
            score_citations(case, answer),
            score_facts(case, answer),
            score_abstention(case, answer),
        ]
    )


def _failed(result: CaseResult) -> Found:
    case = result.case
    if case.draft:
        worst = _failed_draft(case)
    elif case.mask:
        worst = nothing_masked(case.id, case.mask)
    else:
        worst = _failed_question(case)
    metric = next(iter(worst.scores), "abstention_accuracy")
    reason = (result.error or "rien n’a été rendu").rstrip(". ")
    text = f"Le cas a échoué et compte comme une mauvaise réponse : {reason}."
    return Found(worst.scores, worst.counts, [Verdict(metric=metric, text=text)])


def _failed_question(case: Case) -> Found:
    scores = {"abstention_accuracy": 0.0}
    if has_gold(case):
        scores |= dict.fromkeys(METRICS, 0.0)
    if case.facts and not case.must_abstain:
        scores["fact_recall"] = 0.0
    return Found(scores, {"abstention_recall": (0, 1)} if case.must_abstain else {})


def _failed_draft(case: Case) -> Found:
    assert case.draft is not None
    wanted = len(case.draft.non_renseigne)
    return Found(
        {"draft_fact_recall": 0.0} if case.draft.facts else {},
        {"draft_non_renseigne_recall": (0, wanted)} if wanted else {},
    )
