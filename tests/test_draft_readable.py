"""Extracts of records and tables as lines that a person reads, checked like any other."""

from dataclasses import replace
from datetime import date

import pytest

from ingest.documents import Kind
from server.drafting.readable import readable, session_remark, without_tables
from server.verify import ProposedStatement, Quote, verify
from tests.drafting import DAY
from tests.passages import FRAIS, make_passage

RECORD = (
    "Intitulé : CAP cuisine\nOrganisme : Les Fourneaux de Loire\nLieu : 37000 Tours (Centre-Val de Loire)\n"
    "Dates : du 1er mars 2027 au 4 juin 2027\nDurée : 420 heures"
)


def test_a_course_is_one_line_that_its_own_words_carry() -> None:
    passages = [make_passage(RECORD, title="CAP cuisine", kind=Kind.TRAINING)]
    extracts = [
        ProposedStatement("Intitulé : CAP cuisine", (Quote(1, "Intitulé : CAP cuisine"),)),
        ProposedStatement("Durée : 420 heures", (Quote(1, "Durée : 420 heures"),)),
    ]
    [course] = readable(extracts, passages, DAY)
    assert course.text == (
        "CAP cuisine — Les Fourneaux de Loire, 37000 Tours (Centre-Val de Loire), "
        "du 1er mars 2027 au 4 juin 2027"
    )
    checked = verify(course, passages)
    assert checked.verified
    assert {"Durée : 420 heures", "Dates : du 1er mars 2027 au 4 juin 2027"} <= {
        citation.quote for citation in checked.citations
    }


def test_a_line_whose_figures_are_not_quoted_is_not_verified() -> None:
    passages = [make_passage(RECORD, title="CAP cuisine", kind=Kind.TRAINING)]
    [course] = readable([ProposedStatement("x", (Quote(1, "Durée : 420 heures"),))], passages, DAY)
    assert not verify(replace(course, quotes=course.quotes[:1]), passages).verified


def test_a_table_is_written_as_lines_and_stays_verified() -> None:
    table = FRAIS[FRAIS.index("|") :]
    passages = [make_passage(FRAIS)]
    [rows] = readable([ProposedStatement(table, (Quote(1, table),))], passages, DAY)
    assert rows.text == (
        "Véhicule : Voiture de 4 CV ; Indemnité par kilomètre : 0,45 €\n"
        "Véhicule : Vélo ; Indemnité par kilomètre : 0,25 €"
    )
    checked = verify(rows, passages)
    assert checked.verified
    assert checked.citations[0].quote == table


def test_rows_without_their_header_keep_their_cells() -> None:
    assert without_tables("Ainsi :\n| 9 mois | 60 % | oui |\n| 12 mois |  |") == (
        "Ainsi :\n9 mois : 60 % ; oui\n12 mois"
    )
    assert without_tables("Rien à changer.") == "Rien à changer."


@pytest.mark.parametrize(
    ("dates", "today", "remark"),
    [
        ("du 1er mars 2027 au 4 juin 2027", date(2027, 3, 1), ""),
        ("du 1er mars 2027 au 4 juin 2027", date(2027, 3, 2), "déjà commencée"),
        ("du 1er mars 2027 au 4 juin 2027", date(2027, 6, 5), "déjà terminée"),
        ("le 3 février 2026", DAY, "déjà terminée"),
        ("à partir du 3 février 2026", DAY, "déjà commencée"),
        ("jusqu'au 3 février 2027", DAY, ""),
        ("à définir", DAY, ""),
        ("du 31 février 2026", DAY, ""),
    ],
)
def test_a_session_that_has_begun_says_so(dates: str, today: date, remark: str) -> None:
    assert session_remark(f"Lieu : Tours\nDates : {dates}\nDurée : 2 jours", today) == remark


def test_a_course_in_a_draft_says_that_it_has_begun_and_stays_verified() -> None:
    passages = [make_passage(RECORD, title="CAP cuisine", kind=Kind.TRAINING)]
    extract = ProposedStatement("Durée : 420 heures", (Quote(1, "Durée : 420 heures"),))
    [course] = readable([extract], passages, date(2027, 4, 1))
    assert course.text.endswith("au 4 juin 2027, déjà commencée")
    assert verify(course, passages).verified
