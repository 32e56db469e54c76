"""What went on in a case, in a sentence, and which of its passages were expected.

In: a `CaseResult`. Out: French text, not escaped, and ids of passages.
"""

from unicodedata import normalize

from server.case_schemas import GoldPassage
from server.evaluation_schemas import CaseResult
from server.schemas import Passage

RANK = "mrr_at_10"
EXPECTED = "Attendu"
WRONG_SILENCE = "Fanal s’est tu, alors qu’une réponse est attendue."


def diagnosis(result: CaseResult) -> str:
    """Say in a sentence where a question went well or wrong; "" for a draft, a mask, or what was not answered."""
    answer, case = result.answer, result.case
    if result.status != "done" or answer is None:
        return ""
    if result.scores.get("nothing_forbidden", 1.0) < 1:
        return "La réponse dit un texte interdit."
    if case.must_abstain:
        return (
            "Les documents ne répondent pas, et Fanal l’a dit."
            if answer.abstained
            else "Les documents ne répondent pas, mais Fanal a répondu."
        )
    reciprocal = result.scores.get(RANK)
    if reciprocal is None:  # the case names no passage
        return WRONG_SILENCE if answer.abstained else _told(result, "La réponse")
    if reciprocal <= 0:
        end = "et Fanal s’est tu" if answer.abstained else "et la réponse s’appuie sur d’autres"
        none = "Le passage attendu n’est pas" if len(case.gold) < 2 else "Aucun passage attendu n’est"
        return f"{none} parmi les dix premiers trouvés, {end}."
    found = (
        f"{'Le' if len(case.gold) < 2 else 'Un'} passage attendu est trouvé au rang {round(1 / reciprocal)}"
    )
    if answer.abstained:
        return f"{found}, mais Fanal s’est tu."
    cited = result.scores.get("citation_recall")
    if cited is not None and cited <= 0:
        return f"{found}, mais la réponse ne le cite pas."
    return _told(result, f"{found} ; la réponse{' le cite et' if cited else ''}")


def _told(result: CaseResult, subject: str) -> str:
    facts = result.scores.get("fact_recall")
    if facts is None:
        return ""
    if facts >= 1:
        return f"{subject} dit tout ce qui est attendu."
    if facts > 0:
        return f"{subject} ne dit qu’une partie de ce qui est attendu."
    return f"{subject} ne dit rien de ce qui est attendu, ou le dit avec d’autres mots."


def expected_passages(result: CaseResult) -> dict[str, int]:
    """Give the rank, from 1, of each passage of the answer that the case expects, by id."""
    passages = result.answer.passages if result.answer else []
    reciprocal = result.scores.get(RANK, 0.0)
    first = (
        round(1 / reciprocal) if reciprocal > 0 else 0
    )  # as the run found it: it knows names that are not here
    return {
        passage.id: rank
        for rank, passage in enumerate(passages, start=1)
        if rank == first or any(_is_expected(passage, gold) for gold in result.case.gold)
    }


def _is_expected(passage: Passage, gold: GoldPassage) -> bool:
    file = passage.document_id.rpartition(":")[2]
    names = {passage.document_id, file, file.rpartition("/")[2], passage.title, passage.number or ""}
    if _plain(gold.document) not in {_plain(name) for name in names if name}:
        return False
    return gold.quote is None or _plain(gold.quote) in _plain(passage.text)


def _plain(text: str) -> str:
    """Keep the letters and figures of a text alone: a quote may cross the cells of a table."""
    return "".join(sign for sign in normalize("NFKD", text).casefold() if sign.isalnum())
