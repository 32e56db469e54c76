"""Checking cases against what is indexed: gold that is gone is an error, and what is doubtful is said."""

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from eval.__main__ import main
from eval.check import SHOWN, Fault, check, faults_of, report
from eval.library import EndpointLibrary, IndexLibrary, opened_library
from eval.suites import Suite, digest_of, load_suite
from ingest.chunk import chunk_document
from ingest.documents import Kind, Status
from ingest.errors import SourceUnavailable
from server.app import create_app
from server.case_schemas import Case, DraftExpectation, GoldPassage, SectionFact
from server.settings import ServerSettings
from tests.evaluating import organisation, use, write_cases
from tests.served import serving
from tests.support import BACKENDS, WordEmbedder, make_document

DAY = date(2026, 11, 22)
DOCUMENTS = [
    make_document(
        "accueil.docx", "# Accueil", "Le siège ouvre à 9 heures.", title="Accueil", number="PR-001"
    ),
    make_document("budget.pdf", "Le budget prévoit deux recrutements.", groups=("direction", "rh")),
    make_document("ancien.md", "Le siège ouvrait à 8 heures.", valid_to=date(2025, 12, 31)),
    make_document("remplace.md", "Le guichet ferme à midi.", status=Status.SUPERSEDED),
    make_document("L1", "La loi dit ceci.", "La loi dit cela.", number="L6323-17-1", kind=Kind.LEGAL),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexLibrary]:
    with BACKENDS["edge"](tmp_path_factory.mktemp("index"), WordEmbedder.dimension) as index:
        index.upsert([chunk for one in DOCUMENTS for chunk in chunk_document(one, 200)], {}, "words-64")
        yield IndexLibrary(index)


def case(
    document: str = "accueil.docx", quote: str | None = "Le siège ouvre à 9 heures", **fields: object
) -> Case:
    values = {
        "id": "essai",
        "question": "À quelle heure ?",
        "gold": [GoldPassage(document=document, quote=quote)],
    }
    return Case.model_validate({**values, **fields})


def found(library: IndexLibrary, one: Case, day: date = DAY) -> list[tuple[str, str]]:
    return [(fault.kind, fault.text) for fault in faults_of(one, library, day)]


@pytest.mark.parametrize(
    ("document", "quote"),
    [
        ("accueil.docx", "LE SIÈGE OUVRE  à 9 heures"),
        ("Accueil", None),
        ("PR-001", None),
        ("art. L. 6323-17-1", "La loi dit cela"),
        ("essai", "La loi dit ceci"),
    ],
)
def test_gold_that_is_there_has_nothing_wrong(
    library: IndexLibrary, document: str, quote: str | None
) -> None:
    assert found(library, case(document, quote)) == []


def test_gold_that_is_gone_is_missing(library: IndexLibrary) -> None:
    assert found(library, case("absent.docx")) == [("document", "« absent.docx »")]
    gone = "Le siège ouvre à 10 heures"
    assert found(library, case(quote=gone)) == [("quote", f"« accueil.docx » ne dit plus : « {gone} »")]


def test_gold_must_be_readable_and_in_force_for_the_person_who_asks(library: IndexLibrary) -> None:
    assert found(library, case("budget.pdf", None)) == [
        ("rights", "« budget.pdf » est réservé à : direction, rh")
    ]
    assert found(library, case("budget.pdf", None, groups=["rh"])) == []
    assert found(library, case("ancien.md", None)) == [("day", "« ancien.md » ne vaut pas le 22/11/2026")]
    assert found(library, case("ancien.md", None), date(2025, 12, 31)) == []
    assert [kind for kind, _ in found(library, case("remplace.md", None))] == ["day"]


def test_a_fact_that_no_gold_passage_says_is_told(library: IndexLibrary) -> None:
    said = case(facts=["Le siège ouvre à neuf heures.", "Accueil", "Le siège ouvre à 10 heures."])
    assert found(library, said) == [("fact", "« Le siège ouvre à 10 heures. »")]


def test_a_group_that_nobody_has_and_a_case_that_expects_nothing_are_told(library: IndexLibrary) -> None:
    unknown = case(groups=["rh", "comptabilité"])
    assert found(library, unknown) == [("group", "« comptabilité »")]
    assert [kind for kind, _ in found(library, case(gold=[]))] == ["nothing"]
    assert found(library, case(gold=[], must_abstain=True)) == []
    assert found(library, case(gold=[], forbidden=["un secret"])) == []


def test_facts_of_a_draft_are_in_its_notes_and_notes_are_not_shown(library: IndexLibrary) -> None:
    draft = DraftExpectation(
        template="cep-niveau-1",
        notes="Elle est vendeuse depuis 6 ans.",
        facts=[SectionFact(text="vendeuse depuis six ans"), SectionFact(text="vendeuse depuis 7 ans")],
    )
    one = Case(id="note", kind="draft", draft=draft)
    assert found(library, one) == [("fact", "le fait n° 2 n’est pas dans ses notes")]


def suite_of(*cases: Case, today: date | None = None) -> Suite:
    return Suite("essai", "Essai", "", list(cases), digest_of(cases), today, "own", None, 1)


def test_a_case_s_own_day_comes_before_the_suite_s_and_today(library: IndexLibrary) -> None:
    old = case("ancien.md", None)
    dated = case("ancien.md", None, as_of="2025-01-01")
    assert len(check(suite_of(old, today=date(2025, 6, 1)), library, DAY)) == 0
    assert len(check(suite_of(old), library, DAY)) == 1
    assert len(check(suite_of(dated, today=DAY), library, DAY)) == 0


def test_the_report_counts_and_cuts_long_lists_short() -> None:
    cases = [case(id=f"c{n}") for n in range(SHOWN + 5)]
    faults = [Fault(one, "quote", "« a[b] » ne dit plus : « c »") for one in cases] + [
        Fault(cases[0], "day", "« a »")
    ]
    console = Console(record=True, width=200, file=io.StringIO())
    report(suite_of(*cases), faults, console)
    text = console.export_text()
    assert f"Essai : {SHOWN + 5} cas, {SHOWN + 5} passages de référence" in text
    assert f"{SHOWN + 5} citations de référence qui ne sont plus dans leur document" in text
    assert "… et 5 autres" in text
    assert "« a[b] »" in text
    assert f"{SHOWN + 5} passages de référence manquent" in text
    report(suite_of(*cases), faults, console, whole=True)
    assert console.export_text().count("« a[b] »") == SHOWN + 5


# ---------------------------------------------------------------- the command, and a server

GOOD = case("Réclamations.md", "sous cinq jours ouvrés", question="Sous combien de jours ?")
GONE = case("Réclamations.md", "sous trois jours ouvrés", id="parti")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return organisation(tmp_path_factory.mktemp("organisation"))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["eval", "check", *arguments])
    return main()


def test_the_command_reads_the_index_and_fails_when_gold_is_gone(
    settings: ServerSettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use(monkeypatch, settings)
    assert run(monkeypatch, str(write_cases(tmp_path / "bons.jsonl", GOOD))) == 0
    assert "Tout est en place." in capsys.readouterr().out
    assert run(monkeypatch, str(write_cases(tmp_path / "partis.jsonl", GOOD, GONE))) == 1
    assert "1 citations de référence" in capsys.readouterr().out
    assert run(monkeypatch, str(tmp_path / "absent.jsonl")) == 2
    assert "ne peut pas être lu" in capsys.readouterr().err


@pytest.mark.slow
def test_a_server_is_asked_where_one_is_named_and_where_it_owns_the_index(
    settings: ServerSettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use(monkeypatch, settings)
    budget = case("Budget.md", "deux recrutements", id="budget", groups=["direction"])
    path = str(write_cases(tmp_path / "cas.jsonl", GOOD, GONE, budget, case("absent.md", None, id="absent")))
    with serving(create_app(settings)) as url:
        assert run(monkeypatch, path, "--endpoint", f"{url}/v1") == 1
        named = capsys.readouterr().out
        monkeypatch.setenv("FANAL_SERVER_URL", url)
        assert run(monkeypatch, path) == 1
        owned = capsys.readouterr().out
    for said in (named, owned):
        assert "2 documents de référence introuvables" in said  # the budget is not for this server's caller
        assert "1 citations de référence" in said
        assert "groupes que personne n’a" not in said
    assert "Le serveur Fanal tient l’index" in owned


def test_a_server_that_is_not_fanal_is_said(settings: ServerSettings) -> None:
    library = EndpointLibrary("http://127.0.0.1:9")
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1:9"):
        library.named(GOOD.gold[0])
    library.close()


@pytest.mark.slow
def test_the_sample_s_gold_is_all_there(tmp_path: Path) -> None:
    suite = load_suite("sample")
    settings = ServerSettings(_env_file=None, cache_dir=tmp_path)
    with opened_library(suite.documents, settings, None, print) as library:
        wrong = [fault for fault in check(suite, library, DAY) if fault.kind != "fact"]
    assert [(fault.case.question, fault.text) for fault in wrong] == []
