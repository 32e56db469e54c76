"""The copied answer: whatever the page warns of goes along with it, and it never looks surer than the page."""

from datetime import date

import pytest

from ingest.documents import Status
from server.schemas import INCOMPLETE, Answer, AskRequest
from tests.browser.scenes import BILAN, KEPT, NEWER, OLDER, SCENES
from ui.answer_stream import AnswerDone, PassagesFound, StatementWritten
from ui.answer_view import references_of
from ui.copied import copied_text
from ui.exchange import Exchange

DAY = date(2026, 11, 22)


def asked() -> Exchange:
    return Exchange(AskRequest(question="Quel délai ?"), DAY)


def answered(answer: Answer) -> Exchange:
    exchange = asked()
    exchange.add(AnswerDone(answer))
    return exchange


def copied(exchange: Exchange) -> str:
    text = copied_text(exchange, references_of(exchange, "https://fanal.example"), DAY)
    return text.replace("\u00a0", " ")


def broken_off() -> Exchange:
    exchange = asked()
    exchange.add(PassagesFound([BILAN]))
    exchange.add(StatementWritten(KEPT))
    return exchange


@pytest.mark.parametrize(
    ("status", "start", "end", "said"),
    [
        (
            Status.REPEALED,
            date(2019, 1, 1),
            None,
            "abrogé, entré en vigueur le 1er janvier 2019, date de fin non",
        ),
        (Status.SUPERSEDED, None, None, "remplacé, dates de validité non renseignées"),
        (Status.IN_FORCE, None, date(2020, 1, 31), "plus en vigueur, en vigueur jusqu’au 31 janvier 2020"),
        (
            Status.IN_FORCE,
            date(2027, 1, 1),
            None,
            "pas encore en vigueur, en vigueur à partir du 1er janvier 2027",
        ),
    ],
)
def test_a_text_that_is_not_in_force_says_so_where_it_is_pasted(
    status: Status, start: date | None, end: date | None, said: str
) -> None:
    text = BILAN.model_copy(update={"status": status, "valid_from": start, "valid_to": end})
    shown = copied(answered(SCENES["légale"].model_copy(update={"passages": [text]})))

    assert f"page 4, {said}" in shown
    assert "en vigueur depuis" not in shown


def test_a_text_in_force_is_said_to_be_so_once() -> None:
    assert "page 4, en vigueur depuis le 1er mars 2026\n" in copied(answered(SCENES["légale"]))


@pytest.mark.parametrize("how", ["stopped", "failed"])
def test_an_answer_that_broke_off_is_copied_as_such(how: str) -> None:
    exchange = broken_off()
    exchange.stopped, exchange.failure = how == "stopped", "La connexion a cédé." if how == "failed" else None
    shown = copied(exchange)

    assert "Réponse incomplète\nElle s’est arrêtée avant la fin : il peut manquer l’essentiel.\n- La" in shown
    assert shown.endswith(
        "Réponse établie par Fanal le 22 novembre 2026 et interrompue, peut-être rédigée avec une intelligence "
        "artificielle ; à vérifier avant usage.\n"
    )


def test_the_warnings_go_along() -> None:
    answer = SCENES["synthèse"].model_copy(update={"warnings": [INCOMPLETE, "Autre réserve."]})
    assert f"À savoir\n- {INCOMPLETE}\n- Autre réserve.\n" in copied(answered(answer))
    assert "À savoir" not in copied(answered(SCENES["synthèse"]))


def test_texts_that_disagree_are_both_named_with_their_dates() -> None:
    shown = copied(answered(SCENES["réclamation"]))

    assert "- Deux textes ne disent pas la même chose : Le délai de réponse" in shown
    assert f"    Le plus récent : [1] {NEWER.title}, en vigueur depuis le 1er février 2026" in shown
    assert f"    Le plus ancien : {OLDER.title}, en vigueur depuis le 1er février 2023" in shown
