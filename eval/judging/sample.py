"""What is judged: a question, what was answered, the passages it was answered from, and what was expected."""

from dataclasses import dataclass

from server.evaluation_schemas import CaseResult
from server.schemas import Passage


@dataclass(frozen=True)
class Sample:
    """One answer to judge.

    Args:
        contexts: the passages, in the order in which they were found.
        reference: the expected answer; empty when nobody said what it is.
    """

    question: str
    response: str
    contexts: tuple[str, ...]
    reference: str = ""


def sample_of(result: CaseResult) -> Sample | None:
    """Give what there is to judge of a case; None for one that no judged metric says anything of.

    That is: a draft or a masked text, a case that failed, a silence, or an answer to a question that the documents do
    not answer: whether to be silent is measured without a judge.
    """
    case, answer = result.case, result.answer
    if case.kind != "ask" or result.status != "done" or answer is None:
        return None
    if answer.abstained or case.must_abstain or not answer.statements or not answer.passages:
        return None
    question = answer.standalone_question or case.question
    if case.as_of:
        question = f"{question} (à la date du {case.as_of:%d/%m/%Y})"
    return Sample(
        question,
        " ".join(statement.text.strip() for statement in answer.statements),
        tuple(_told(passage) for passage in answer.passages),
        " ".join(_sentence(fact) for fact in case.facts),
    )


def _told(passage: Passage) -> str:
    """Give a passage under the heading that says what it is about."""
    return f"{' > '.join([passage.title, *passage.path])}\n{passage.text}"


def _sentence(fact: str) -> str:
    fact = fact.strip()
    return fact if fact.endswith((".", "!", "?", "…")) else f"{fact}."
