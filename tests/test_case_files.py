"""Cases are read from JSONL, CSV and XLSX, written back the same, and a mistake is said with its line."""

import io
import json
import re
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ingest.errors import ConfigurationError
from server.case_schemas import Case, CaseFormat, DraftExpectation, GoldPassage, MaskExpectation, SectionFact
from server.mask_schemas import MaskSpan
from server.quality.case_files import MAX_CASES, parse_cases, read_cases, write_cases
from server.quality.case_records import derived_id, with_facts

TABLES: tuple[CaseFormat, ...] = ("csv", "xlsx")
FORMATS: tuple[CaseFormat, ...] = ("jsonl", *TABLES)

ITEM = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=40).map(
    str.strip
)
ITEMS = ITEM.filter(lambda text: text not in ("", "—"))
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), min_size=1, max_size=80
)
QUESTIONS = TEXT.map(str.strip).filter(bool)
GOLD = st.builds(GoldPassage, document=ITEMS, quote=st.none() | ITEMS)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any case that asks: with what answers, or that nothing does."""
    must_abstain = draw(st.booleans())
    kinds = st.sampled_from([None, "unanswerable", "out_of_scope", "smalltalk"])
    return with_facts(
        Case(
            id=draw(st.from_regex(r"[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,20}", fullmatch=True)),
            question=draw(QUESTIONS),
            history=draw(st.lists(ITEMS, max_size=3)),
            as_of=draw(st.none() | st.dates(date(1950, 1, 1), date(2100, 1, 1))),
            groups=draw(st.lists(ITEMS, max_size=2)),
            tags=draw(st.lists(ITEMS, max_size=3)),
            forbidden=draw(st.lists(ITEMS, max_size=2)),
            facts=[] if must_abstain else draw(st.lists(ITEMS, max_size=3)),
            gold=[] if must_abstain else draw(st.lists(GOLD, max_size=3)),
            must_abstain=must_abstain,
            abstention=draw(kinds) if must_abstain else None,
        )
    )


@pytest.mark.parametrize("written_as", FORMATS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(several=st.lists(cases(), max_size=4, unique_by=lambda case: case.id))
def test_what_is_written_is_read_back(written_as: CaseFormat, several: list[Case]) -> None:
    assert parse_cases(write_cases(several, written_as), written_as, "essai") == several


DRAFT = Case(
    id="note-1",
    kind="draft",
    draft=DraftExpectation(
        template="bilan-de-competences",
        notes="Elle cherche.\n\nUn poste; à « mi-temps ».",
        facts=[SectionFact(text="Elle cherche", section="projet"), SectionFact(text="mi-temps")],
        non_renseigne=["sante"],
        forbidden=["temps plein"],
    ),
)
MASK = Case(
    id="masque",
    kind="mask",
    mask=MaskExpectation(text="Zoé appelle.", spans=[MaskSpan(start=0, end=3, type="PERSONNE")]),
)


@pytest.mark.parametrize("written_as", FORMATS)
def test_drafts_and_masks_are_written_too(written_as: CaseFormat) -> None:
    several = [DRAFT, MASK, Case(id="q", question="Et après ?")]
    assert parse_cases(write_cases(several, written_as), written_as, "essai") == several


def test_a_line_separator_of_unicode_ends_no_line() -> None:
    case = Case(id="u", question="Avant\u2028après\x85fin ?")
    assert parse_cases(write_cases([case], "jsonl"), "jsonl", "essai") == [case]


HOSTILE = ("=1+1", "'=1+1", "+33 1", "-5 degrés ?", "@SOMME(A1)", "''=2")


@pytest.mark.parametrize("written_as", TABLES)
def test_no_cell_that_is_written_is_a_formula(written_as: CaseFormat) -> None:
    several = [Case(id=f"c{place}", question=text, tags=[text]) for place, text in enumerate(HOSTILE)]
    data = write_cases(several, written_as)
    assert parse_cases(data, written_as, "essai") == several
    if written_as == "csv":
        assert not re.search(r"(^|;)[=+@]", data.decode("utf-8-sig"), re.MULTILINE)


def test_a_line_break_inside_an_item_becomes_a_space_in_a_table() -> None:
    case = Case(
        id="q",
        question="Quoi ?",
        facts=["un\nfait"],
        gold=[GoldPassage(document="A", quote="une\r\n citation")],
    )
    for written_as in TABLES:
        (read,) = parse_cases(write_cases([case], written_as), written_as, "essai")
        assert (read.facts, read.gold[0].quote) == (["un fait"], "une citation")


def test_what_a_workbook_cannot_hold_is_left_out_or_refused() -> None:
    shown = parse_cases(write_cases([Case(id="q", question="a\x00\x1fb\ufffe ?")], "xlsx"), "xlsx", "essai")
    assert shown[0].question == "ab ?"
    long = DRAFT.model_copy(update={"draft": DraftExpectation(template="t", notes="long " * 8_000)})
    with pytest.raises(ConfigurationError, match="ne tient pas dans une cellule"):
        write_cases([long], "xlsx")


# ---------------------------------------------------------------- the sample's own short fields


def jsonl(*records: object) -> bytes:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()


def one(record: dict[str, object]) -> Case:
    (case,) = parse_cases(jsonl(record), "jsonl", "essai.jsonl")
    return case


def test_the_short_fields_of_the_sample_are_read() -> None:
    case = one(
        {"question": "Combien ?", "document": "PR-001.docx", "quote": "Une heure.", "group": "direction"}
    )
    assert case.gold == [GoldPassage(document="PR-001.docx", quote="Une heure.")]
    assert (case.facts, case.groups) == (["Une heure."], ["direction"])
    follow_up = one(
        {"question": "Combien ?", "followup": "et là ?", "document": "A", "quote": "b", "as_of": "2025-03-15"}
    )
    assert (follow_up.history, follow_up.question) == (["Combien ?"], "et là ?")
    assert follow_up.as_of == date(2025, 3, 15)
    left = one({"question": "Pourquoi ?", "must_abstain": True, "abstention": "out_of_scope"})
    assert (left.must_abstain, left.abstention, left.facts) == (True, "out_of_scope", [])


def test_facts_that_are_given_stand_in_place_of_the_quotes() -> None:
    case = one({"question": "Combien ?", "document": "A", "quote": "Une heure.", "facts": ["60 minutes"]})
    assert case.facts == ["60 minutes"]


def test_an_id_says_what_is_asked_and_nothing_else() -> None:
    asked: dict[str, object] = {
        "question": "Combien ?",
        "history": ["Avant ?"],
        "as_of": "2026-01-01",
        "groups": ["b", "a"],
    }
    case = one(asked)
    assert re.fullmatch(r"c-[0-9a-f]{12}", case.id)
    assert (
        case.id == derived_id(case) == one({**asked, "groups": ["a", "b"], "facts": ["x"], "tags": ["y"]}).id
    )
    others = [
        {**asked, **changed}
        for changed in ({"question": "Q ?"}, {"history": []}, {"as_of": "2026-01-02"}, {"groups": []})
    ]
    assert len({case.id, *(one(other).id for other in others)}) == 5


def csv_cases(text: str, encoding: str = "utf-8") -> list[Case]:
    return parse_cases(text.encode(encoding), "csv", "essai.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_csv_is_read_whatever_wrote_it(encoding: str, separator: str) -> None:
    rows = ["Question|Date|Étiquettes|Groupe", '"Où, quand ; combien ?"|22/11/2026|été|direction']
    (case,) = csv_cases("\r\n".join(rows).replace("|", separator), encoding)
    assert (case.question, case.as_of, case.tags) == ("Où, quand ; combien ?", date(2026, 11, 22), ["été"])
    assert case.groups == ["direction"]


@pytest.mark.parametrize(
    "header",
    [
        "question;faits;document(s);citation(s);tags;abstention",
        "QUESTION;Expected facts;Documents;Quotes;étiquette(s);must_abstain",
        "Question;Fait(s);document;quote;Tags;doit s’abstenir",
    ],
)
def test_headings_are_french_or_english(header: str) -> None:
    (case,) = csv_cases(f'{header}\nQuoi ?;"un\ndeux";"A.docx\nB.pdf";"a\n—";x;non')
    assert case.facts == ["un", "deux"]
    assert case.gold == [GoldPassage(document="A.docx", quote="a"), GoldPassage(document="B.pdf")]


def test_gold_passages_are_numbered_columns_too() -> None:
    header = "question;document 1;citation 1;document 2;citation n° 2"
    (case,) = csv_cases(f"{header}\nQuoi ?;A;a;B;")
    assert case.gold == [GoldPassage(document="A", quote="a"), GoldPassage(document="B")]


def test_one_document_stands_for_all_the_quotes_beside_it() -> None:
    (case,) = csv_cases('question;document;citations\nQuoi ?;A;"a\nb"')
    assert case.gold == [GoldPassage(document="A", quote="a"), GoldPassage(document="A", quote="b")]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("oui", (True, None)),
        ("X", (True, None)),
        ("Hors sujet", (True, "out_of_scope")),
        ("unanswerable", (True, "unanswerable")),
        ("non", (False, None)),
        ("", (False, None)),
    ],
)
def test_abstention_is_one_column(said: str, expected: tuple[bool, str | None]) -> None:
    (case,) = csv_cases(f"question;abstention\nQuoi ?;{said}")
    assert (case.must_abstain, case.abstention) == expected


def workbook(*rows: tuple[object, ...]) -> bytes:
    book, data = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(data)
    return data.getvalue()


def test_a_workbook_s_own_dates_numbers_and_booleans_are_read() -> None:
    data = workbook(
        ("Question", "Date", "Abstention"), (2026, datetime(2026, 11, 22), True), (), ("Où ?", None, False)
    )
    first, second = parse_cases(data, "xlsx", "essai.xlsx")
    assert (first.question, first.as_of, first.must_abstain) == ("2026", date(2026, 11, 22), True)
    assert (second.question, second.must_abstain) == ("Où ?", False)


def wrong(data: bytes, written_as: CaseFormat) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_cases(data, written_as, f"essai.{written_as}")
    return str(caught.value)


Q = {"question": "Quoi ?"}


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"question": " "}, "la question est vide"),
        ({}, "la question est vide"),
        ({**Q, "responce": "x"}, "champ inconnu : « responce »"),
        ({**Q, "must_abstain": True, "document": "A"}, "il faut choisir"),
        ({**Q, "must_abstain": True, "facts": ["x"]}, "il faut choisir"),
        ({**Q, "abstention": "smalltalk", "must_abstain": False}, "« abstention » dit pourquoi"),
        ({**Q, "abstention": "bof"}, "abstention"),
        ({**Q, "quote": "x"}, "il manque « document »"),
        ({**Q, "document": "A", "gold": []}, "disent la même chose"),
        ({**Q, "group": "a", "groups": ["b"]}, "disent la même chose"),
        ({**Q, "as_of": "22 nov"}, "date"),
        ({**Q, "as_of": 20261122}, "date"),
        ({**Q, "must_abstain": "oui"}, "forme attendue"),
        ({**Q, "id": "deux mots"}, "forme attendue"),
        ({**Q, "kind": "draft"}, "un cas « draft » porte « draft »"),
        ({"question": "x" * 4_001}, "4000 caractères"),
        ([1], "un cas est un objet JSON"),
    ],
)
def test_a_wrong_record_is_said_with_its_line(record: object, said: str) -> None:
    message = wrong(jsonl(Q, record), "jsonl")
    assert message.startswith("« essai.jsonl », ligne 2 : ")
    assert said in message


@pytest.mark.parametrize("broken", ["{", "nul", '{"a": NaN', "[" * 5_000])
def test_a_line_that_is_no_json_is_said(broken: str) -> None:
    assert "ligne 3 : ce n’est pas un objet JSON" in wrong(jsonl(Q) + f"\n\n{broken}".encode(), "jsonl")


def test_the_same_id_and_the_same_question_are_told_apart() -> None:
    assert "l’identifiant « a » est déjà celui de la ligne 1" in wrong(
        jsonl({"id": "a", **Q}, {"id": "a", "question": "Où ?"}), "jsonl"
    )
    assert "la même question est déjà posée à la ligne 1" in wrong(jsonl(Q, Q), "jsonl")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("question;réponse\nQuoi ?;oui", 1, "colonne inconnue : « réponse »"),
        ("question;Question\nQuoi ?;Où ?", 1, "deux colonnes disent la même chose : « Question »"),
        ("question;date\nQuoi ?;hier", 2, "date illisible « hier »"),
        ("question;abstention\nQuoi ?;peut-être", 2, "« abstention » dit oui, non"),
        ('question;document;citation\nQuoi ?;"A\nB\nC";"a\nb"', 2, "3 documents et 2 citations"),
        ("question;citation\nQuoi ?;a", 2, "il manque le document d’une citation"),
        ("question;date\nOù ?;\nQuoi ; où ?;2026-01-01;x", 3, "sous aucun titre de colonne"),
        ('question\n"Quoi\nou\nqui ?"\n""\n"Quoi\nou\nqui ?"', 6, "déjà posée à la ligne 2"),
        ("question;type;synthèse\n;draft;{", 2, "un objet JSON, comme Fanal l’écrit"),
    ],
)
def test_a_wrong_table_is_said_with_its_line(text: str, line: int, said: str) -> None:
    message = wrong(text.encode(), "csv")
    assert message.startswith(f"« essai.csv », ligne {line} : ")
    assert said in message


def test_a_formula_or_an_error_of_a_workbook_is_said_with_its_cell() -> None:
    assert "ligne 2 : la cellule A2 contient une formule" in wrong(workbook(("question",), ("=A1",)), "xlsx")
    assert "ligne 2 : la cellule A2 contient une erreur" in wrong(workbook(("question",), ("#REF!",)), "xlsx")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04bof", b"question\nQuoi ?"])
def test_what_is_no_workbook_is_said(data: bytes) -> None:
    assert "pas un classeur Excel lisible" in wrong(data, "xlsx")


def test_an_unknown_encoding_is_said() -> None:
    assert "encodage inconnu" in wrong(b"question\n\x81\x8d ?", "csv")


@pytest.mark.parametrize("written_as", FORMATS)
def test_no_case_is_no_mistake(written_as: CaseFormat) -> None:
    assert parse_cases(write_cases([], written_as), written_as, "essai") == []


def test_a_hundred_thousand_lines_are_refused_in_words() -> None:
    lines = b"".join(b'{"question": "Question %d ?"}\n' % n for n in range(100_000))
    assert f"ligne {MAX_CASES + 1} : un fichier tient au plus {MAX_CASES} cas" in wrong(lines, "jsonl")


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "cas.csv").mkdir()
    for name, said in (
        ("absent.jsonl", "ne peut pas être lu"),
        ("cas.txt", "finit par .jsonl, .csv, .xlsx"),
        ("cas.csv", "ne peut pas être lu"),
    ):
        with pytest.raises(ConfigurationError, match=re.escape(said)):
            read_cases(tmp_path / name)
