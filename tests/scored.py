"""Results of cases for the tests of figures: an answer of a few sentences, its quotes found in their passages."""

from collections.abc import Sequence
from typing import Any

from server.case_schemas import Case, GoldPassage
from server.evaluation_schemas import AnswerRecord, CaseResult
from server.schemas import Citation, Passage, Statement
from tests.passages import bilan_and_frais

BILAN_QUOTE = "dure au plus vingt-quatre heures, réparties sur 6 à 10 semaines"
FRAIS_QUOTE = "remboursés dans la limite de 1 500 € par an"
GOLD = GoldPassage(document="PR-012", quote=BILAN_QUOTE)
FACT = "Le bilan dure 24 heures au plus."


def cite(passage: Passage, quote: str) -> Citation:
    start = passage.text.index(quote)
    return Citation(passage_id=passage.id, quote=quote, start=start, end=start + len(quote))


def sound() -> Statement:
    """Give a statement whose quote and figures are right."""
    citation = cite(bilan_and_frais()[0], BILAN_QUOTE)
    return Statement(text="Le bilan dure 24 heures au plus.", verified=True, citations=[citation])


def beside() -> Statement:
    """Give a statement as sound, of a passage that nobody expects."""
    citation = cite(bilan_and_frais()[1], FRAIS_QUOTE)
    return Statement(text="Les frais sont remboursés jusqu’à 1 500 €.", verified=True, citations=[citation])


def asked(**fields: Any) -> Case:
    return Case.model_validate(
        {
            "id": "cas-1",
            "question": "Combien de temps dure un bilan ?",
            "gold": [GOLD],
            "facts": [FACT],
            **fields,
        }
    )


def answered(
    *statements: Statement, passages: Sequence[Passage] | None = None, message: str | None = None
) -> AnswerRecord:
    """Answer with these statements; abstain without any."""
    return AnswerRecord(
        mode="extractive",
        model="extractif",
        abstained=not statements,
        abstention=None if statements else "unanswerable",
        message=message,
        statements=list(statements),
        passages=list(passages if passages is not None else bilan_and_frais()),
    )


def result_of(case: Case | None = None, *statements: Statement, **fields: Any) -> CaseResult:
    return CaseResult(case=case or asked(), answer=answered(*statements, **fields))
