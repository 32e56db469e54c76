"""What people typed in a file of cases is masked before it is asked and kept; what ships stays as it is."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from eval.opening import suite_of
from eval.run import RunOptions, run
from eval.suite_masking import without_personal_data
from server.case_schemas import Case, DraftExpectation, GoldPassage, SectionFact
from server.settings import ServerSettings
from tests.evaluating import case, organisation, use, write_cases

NAME = "Claire Vauquelin"
GOLD = GoldPassage(document="Entretiens.md", quote="Un premier entretien dure une heure.")
TYPED = (
    Case(
        id="entretien",
        question=f"Combien de temps dure le premier entretien de Mme {NAME} ?",
        facts=[f"Mme {NAME} a une heure."],
        gold=[GOLD],
    ),
    Case(
        id="notes",
        kind="draft",
        draft=DraftExpectation(
            template="cep-niveau-1",
            notes=f"Mme {NAME} est vendeuse.",
            facts=[SectionFact(text=f"{NAME} est vendeuse.")],
        ),
    ),
    case("masque"),
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return organisation(tmp_path_factory.mktemp("organisation"))


def test_nothing_personal_of_a_file_is_kept_and_it_is_said(
    settings: ServerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, settings)
    suite = write_cases(tmp_path / "dossier.jsonl", *TYPED[:2])
    view = run(RunOptions(str(suite)), Console(file=StringIO()))
    folder = settings.data_dir / "evaluations"
    kept = [path for path in folder.rglob("*") if path.is_file() and b"Vauquelin" in path.read_bytes()]
    assert kept == []
    assert "[PERSONNE_1]" in (folder / view.id / "cases.jsonl").read_text("utf-8")
    assert any("2 données personnelles ont été masquées" in one for one in view.warnings)


def test_gold_and_cases_of_masking_stay_as_they_are(settings: ServerSettings, tmp_path: Path) -> None:
    path = write_cases(tmp_path / "dossier.jsonl", *TYPED)
    suite, count = without_personal_data(suite_of(str(path), settings, None), str(path), settings)
    assert count == 2
    assert suite.cases[0].gold == [GOLD]
    assert suite.cases[2] == case("masque")
    assert NAME not in suite.cases[0].model_dump_json() + suite.cases[1].model_dump_json()


def test_a_file_without_personal_data_is_the_same_suite(settings: ServerSettings, tmp_path: Path) -> None:
    path = write_cases(tmp_path / "dossier.jsonl", case("reclamation"), case("inconnu"))
    suite = suite_of(str(path), settings, None)
    assert without_personal_data(suite, str(path), settings) == (suite, 0)


def test_what_ships_is_not_masked(settings: ServerSettings) -> None:
    suite = suite_of("drafts", settings, None)
    assert without_personal_data(suite, "drafts", settings) == (suite, 0)
