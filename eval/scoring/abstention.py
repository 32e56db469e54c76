"""Abstention: whether a question has an answer and whether one was given go in; scores of the case come out.

A case has a score of its own, `abstention_accuracy`. Precision, recall and balanced accuracy are of a whole suite: the
counts of its cases are summed (`server.quality.suite_figures`).
"""

from eval.scoring.found import Found
from server.case_schemas import Case
from server.evaluation_schemas import AnswerRecord, Verdict


def score_abstention(case: Case, answer: AnswerRecord) -> Found:
    """Score the choice to answer or not.

    The accuracy alone flatters who always answers, where few questions have no answer: hence the precision (of the
    silences, those that were right) and the recall (of the questions without an answer, those that got silence), after
    van Rijsbergen (1979), and the balanced accuracy (Brodersen and others, 2010), which is 0.5 for who always answers.
    Why it abstained is not judged: the three reasons are told to the reader alike.
    """
    counts: dict[str, tuple[int, int]] = {}
    if answer.abstained:
        counts["abstention_precision"] = (int(case.must_abstain), 1)
    if case.must_abstain:
        counts["abstention_recall"] = (int(answer.abstained), 1)
    right = answer.abstained == case.must_abstain
    verdicts = [] if right else [Verdict(metric="abstention_accuracy", text=_mistake(answer))]
    return Found({"abstention_accuracy": float(right)}, counts, verdicts)


def _mistake(answer: AnswerRecord) -> str:
    if answer.abstained:
        return "L’assistant s’est abstenu, alors que les documents répondent."
    return "L’assistant a répondu, alors que les documents ne répondent pas."
