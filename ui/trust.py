"""Whether an answer can be relied on, said in one line: statements and passages in, a sentence out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ingest.documents import Status, Validity
from server.schemas import Citation, Passage, Statement
from ui.wording import counted, french, long_date

Level = Literal["sure", "caution", "doubt"]


@dataclass(frozen=True, slots=True)
class Trust:
    """What the advisor reads first.

    Args:
        level: "sure" when every statement is verified in texts in force; "doubt" when none is verified.
        sentence: the reason, in French.
    """

    level: Level
    sentence: str


def in_force(passage: Passage, day: date) -> bool:
    """Tell whether a passage's text is in force on `day`.

    A text that its source calls superseded or repealed was in force on a past day only if its end is known.
    """
    holds = Validity(passage.valid_from, passage.valid_to).holds_on(day)
    return holds and (passage.status is Status.IN_FORCE or passage.valid_to is not None)


def is_found(citation: Citation, passages: Mapping[str, Passage]) -> bool:
    """Tell whether a citation's quote stands in its passage at the offsets it gives."""
    passage = passages.get(citation.passage_id)
    return (
        bool(citation.quote)
        and passage is not None
        and passage.text[citation.start : citation.end] == citation.quote
    )


def is_verified(statement: Statement, passages: Mapping[str, Passage]) -> bool:
    """Tell whether a statement may look verified: the server says so, every quote is where it should be, and
    none of its figures is missing from them.

    The page checks again what the server has checked, so that no fault on the way dresses a statement up.
    """
    cited = statement.citations
    vouched = statement.verified and not statement.unsupported
    return vouched and bool(cited) and all(is_found(citation, passages) for citation in cited)


def trust(
    statements: Sequence[Statement],
    passages: Mapping[str, Passage],
    day: date,
    *,
    whole: bool = True,
    disputed: bool = False,
) -> Trust:
    """Sum up what the statements rest on, on the day the question is about.

    Half an answer (not `whole`) is never sure, nor is one whose passages contradict each other (`disputed`).
    """
    verified = [statement for statement in statements if is_verified(statement, passages)]
    cited = [passages[citation.passage_id] for statement in verified for citation in statement.citations]
    documents = {passage.document_id for passage in cited}
    out_of_force = {passage.document_id for passage in cited if not in_force(passage, day)}
    sentence = _statements(len(statements), len(verified))
    if documents:
        sentence += " " + _documents(len(documents), len(out_of_force), long_date(day))
    if not whole:
        sentence += ", mais la réponse s’est interrompue"
    if disputed:
        sentence += " ; deux textes ne disent pas la même chose"
    if not verified:
        return Trust("doubt", french(f"{sentence}."))
    sure = whole and not disputed and not out_of_force and len(verified) == len(statements)
    return Trust("sure" if sure else "caution", french(f"{sentence}."))


def _statements(total: int, verified: int) -> str:
    said = counted(total, "phrase", "phrases")
    unverified = total - verified
    if not verified:
        return f"{said}, non vérifiée" if total == 1 else f"{said}, aucune vérifiée"
    if not unverified:
        return f"{said}, vérifiée" if total == 1 else f"{said}, toutes vérifiées"
    doubtful = counted(unverified, "non vérifiée", "non vérifiées")
    sure = counted(verified, "vérifiée", "vérifiées")
    return f"{said} : {doubtful}, {sure}"


def _documents(total: int, out_of_force: int, day: str) -> str:
    said = f"dans {counted(total, 'document', 'documents')}"
    if not out_of_force:
        return f"{said} en vigueur au {day}"
    if out_of_force == total:
        are = "qui n’est pas en vigueur" if total == 1 else "dont aucun n’est en vigueur"
        return f"{said} {are} au {day}"
    are = "n’est pas" if out_of_force == 1 else "ne sont pas"
    return f"{said}, dont {out_of_force} {are} en vigueur au {day}"
