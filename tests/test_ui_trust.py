"""The trust line and the wording around it: what an advisor relies on, said right."""

from datetime import date
from zoneinfo import ZoneInfo

from server.schemas import Statement
from tests.browser.scenes import ARTICLE, BILAN, DESTROYED, FORMER, KEPT, OLD_NOTE, UNVERIFIED
from ui.trust import in_force, trust
from ui.wording import counted, french, long_date, megabytes, moment, whole

TODAY = date(2026, 11, 22)
PASSAGES = {passage.id: passage for passage in (BILAN, ARTICLE, OLD_NOTE)}


def test_a_superseded_text_was_in_force_on_a_past_day_only_if_its_end_is_known() -> None:
    undated = OLD_NOTE.model_copy(update={"valid_to": None})

    assert in_force(OLD_NOTE, date(2020, 1, 1))
    assert not in_force(OLD_NOTE, TODAY)
    assert not in_force(undated, date(2020, 1, 1))


def summed_up(*statements: Statement, day: date = TODAY) -> tuple[str, str]:
    summary = trust(statements, PASSAGES, day)
    return summary.level, summary.sentence.replace("\u00a0", " ")


def test_trust_counts_statements_and_documents_in_force() -> None:
    assert summed_up(KEPT, DESTROYED) == (
        "sure",
        "2 phrases, toutes vérifiées dans 2 documents en vigueur au 22 novembre 2026.",
    )


def test_trust_of_one_statement_is_singular() -> None:
    assert summed_up(KEPT) == ("sure", "1 phrase, vérifiée dans 1 document en vigueur au 22 novembre 2026.")


def test_an_answer_that_broke_off_is_never_sure() -> None:
    summary = trust((KEPT, DESTROYED), PASSAGES, TODAY, whole=False)
    assert summary.level == "caution"
    assert summary.sentence.endswith("mais la réponse s’est interrompue.")


def test_trust_falls_with_one_unverified_statement() -> None:
    assert summed_up(KEPT, DESTROYED, UNVERIFIED) == (
        "caution",
        "3 phrases : 1 non vérifiée, 2 vérifiées dans 2 documents en vigueur au 22 novembre 2026.",
    )


def test_trust_falls_when_a_document_is_no_longer_in_force() -> None:
    assert summed_up(KEPT, FORMER) == (
        "caution",
        "2 phrases, toutes vérifiées dans 2 documents, dont 1 n’est pas en vigueur au 22 novembre 2026.",
    )
    assert summed_up(FORMER) == (
        "caution",
        "1 phrase, vérifiée dans 1 document qui n’est pas en vigueur au 22 novembre 2026.",
    )


def test_trust_looks_at_the_day_the_question_is_about() -> None:
    assert summed_up(FORMER, day=date(2020, 5, 1)) == (
        "sure",
        "1 phrase, vérifiée dans 1 document en vigueur au 1er mai 2020.",
    )


def test_nothing_verified_is_doubt() -> None:
    assert summed_up(UNVERIFIED) == ("doubt", "1 phrase, non vérifiée.")
    assert summed_up(UNVERIFIED, UNVERIFIED) == ("doubt", "2 phrases, aucune vérifiée.")


def test_dates_moments_and_numbers_are_french() -> None:
    assert long_date(date(2026, 11, 22)) == "22\u00a0novembre\u00a02026"
    assert moment("2026-02-01T06:05:00+01:00") == "1er\u00a0février\u00a02026 à\u00a06\u00a0h\u00a005"
    assert moment("2026-02-01T23:05:00+00:00", ZoneInfo("Europe/Paris")).startswith(
        "2\u00a0février\u00a02026 à\u00a00\u00a0h"
    )
    assert moment("hier") == "hier"
    assert [megabytes(size) for size in (0, 1, 12_300, 3_900_000)] == [
        "0\u00a0ko",
        "1\u00a0ko",
        "13\u00a0ko",
        "3,9\u00a0Mo",
    ]
    assert whole(1234567) == "1\u202f234\u202f567"
    assert (counted(0, "phrase", "phrases"), counted(2, "phrase", "phrases")) == (
        "0\u00a0phrase",
        "2\u00a0phrases",
    )


def test_punctuation_never_begins_a_line() -> None:
    assert french("Quoi ? « Ceci » : oui !") == "Quoi\u00a0? «\u00a0Ceci\u00a0»\u00a0: oui\u00a0!"
