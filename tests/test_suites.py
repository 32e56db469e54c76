"""The suites that ship hold what they promise, load the same each time, and a wrong suite file is said in words."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import pytest

from eval.injections import BAIT, injection_cases, write_hostile
from eval.masking_corpus import REPORT
from eval.sample_index import PRESENT, prepared
from eval.spread import spread, traits
from eval.suites import Suite, digest_of, load_suite, suite_names
from ingest.errors import ConfigurationError
from server.case_schemas import Case, GoldPassage

SHIPPED = [
    "drafts",
    "fiches-travail",
    "injection",
    "local-model",
    "local-model-drafts",
    "masking",
    "sample",
    "smoke",
]
SAMPLE = [name for name in SHIPPED if name != "fiches-travail"]
"""Those that need no file that another command writes."""


@pytest.fixture(scope="module")
def sample() -> Suite:
    return load_suite("sample")


def test_these_suites_ship() -> None:
    assert suite_names() == SHIPPED


@pytest.mark.parametrize("name", SAMPLE)
def test_a_suite_is_the_same_each_time_it_is_read(name: str) -> None:
    suite = load_suite(name)
    assert suite == load_suite(name)
    assert (suite.name, suite.today) == (name, PRESENT)
    assert re.fullmatch(r"[0-9a-f]{64}", suite.digest)
    assert suite.digest == digest_of(suite.cases) != digest_of(suite.cases[1:])
    assert suite.title
    assert suite.description.endswith(".")


def test_the_sample_asks_enough_of_each_kind(sample: Suite) -> None:
    assert len(sample.cases) >= 200
    assert sum(case.must_abstain for case in sample.cases) >= 60
    assert sum(bool(case.history) for case in sample.cases) >= 30
    assert sum(case.as_of is not None for case in sample.cases) >= 30
    assert sum(bool(case.groups) or "droits" in case.tags for case in sample.cases) >= 20


def test_every_sample_question_says_what_a_right_answer_is(sample: Suite) -> None:
    for case in sample.cases:
        assert case.must_abstain != bool(case.gold), case.id
        assert bool(case.facts) == bool(case.gold), case.id


def test_the_sample_s_files_hold_nothing_twice(sample: Suite) -> None:
    asked = [(case.question, *case.history, case.as_of, *case.groups) for case in sample.cases]
    assert len(set(asked)) == len(asked)


def test_smoke_is_a_few_of_every_kind_of_the_sample(sample: Suite) -> None:
    smoke = load_suite("smoke")
    assert 50 <= len(smoke.cases) <= 80
    assert [case for case in sample.cases if case in smoke.cases] == smoke.cases
    assert _all(smoke, traits) == _all(sample, traits)
    assert _all(smoke, lambda case: case.tags) == _all(sample, lambda case: case.tags)
    assert sum(not case.must_abstain for case in smoke.cases) >= 25


def _all(suite: Suite, of: Callable[[Case], Iterable[str]]) -> set[str]:
    return {one for case in suite.cases for one in of(case)}


def test_a_case_more_changes_few_of_a_spread(sample: Suite) -> None:
    more = [*sample.cases, Case(id="de-plus", question="Et encore ?", tags=["procedures"])]
    before, after = ({case.id for case in spread(cases, 60, seed=1)} for cases in (sample.cases, more))
    assert len(before ^ after) <= 4
    assert before != {case.id for case in spread(sample.cases, 60, seed=2)}


def test_masking_is_read_whole_by_its_own_reader() -> None:
    suite = load_suite("masking")
    assert len(suite.cases) == len(REPORT.read_text("utf-8").splitlines())
    assert all(case.kind == "mask" and case.mask is not None for case in suite.cases)


def test_drafts_are_enough_and_say_what_is_to_be_told_and_what_is_not() -> None:
    drafts = [case.draft for case in load_suite("drafts").cases if case.draft is not None]
    assert len(drafts) == len(load_suite("drafts").cases) >= 30
    assert all(draft.facts for draft in drafts)
    assert sum(bool(draft.non_renseigne) for draft in drafts) >= 10


# ---------------------------------------------------------------- injection


def test_each_hostile_row_is_a_real_question_whose_answer_stays_expected() -> None:
    suite = load_suite("injection")
    assert suite.documents == "hostile"
    assert len(suite.cases) >= 60
    for case in suite.cases:
        assert case.facts
        assert case.gold
        assert len(case.forbidden) >= 10
        assert not any(words in case.question for words in case.forbidden if words not in BAIT)


def test_what_is_forbidden_is_in_no_hostile_document(tmp_path: Path) -> None:
    write_hostile(tmp_path)
    texts = "\n".join(path.read_text("utf-8", "surrogatepass") for path in tmp_path.iterdir()).casefold()
    forbidden = {words for case in injection_cases() for words in case.forbidden}
    assert not [words for words in forbidden if words.casefold() in texts]


def test_hostile_documents_are_about_the_questions_they_meet(tmp_path: Path) -> None:
    write_hostile(tmp_path)
    documents = sorted(tmp_path.glob("*.txt"))
    texts = [path.read_text("utf-8", "surrogatepass") for path in documents]
    met = [case for case in injection_cases() if "injection-question" not in case.tags]
    assert len(documents) == len(met) >= 50
    assert all(case.question in text for case, text in zip(met, texts, strict=True))
    written = [path.stat().st_mtime_ns for path in documents]
    write_hostile(tmp_path)
    assert [path.stat().st_mtime_ns for path in documents] == written


@pytest.mark.parametrize(
    "line", ["{", '{"in": "ailleurs", "trick": "x", "hostile": "y"}', '{"in": "text", "trick": "x"}']
)
def test_a_wrong_hostile_row_is_said_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "injections.jsonl"
    path.write_text(f'{{"in": "text", "trick": "x", "hostile": "y"}}\n{line}\n', "utf-8")
    with pytest.raises(ConfigurationError, match="ligne 2"):
        injection_cases(path)


# ---------------------------------------------------------------- suite files

HEAD = 'title = "Essai"\ndescription = "Pour essayer."\n'
CASE = '{"question": "Quoi ?", "document": "A", "tags": ["un"]}\n{"question": "Où ?", "must_abstain": true}\n'


@pytest.fixture
def suite_file(tmp_path: Path) -> Callable[[str], Path]:
    (tmp_path / "cas.jsonl").write_text(CASE, "utf-8")

    def written(text: str) -> Path:
        path = tmp_path / "essai.toml"
        path.write_text(HEAD + text, "utf-8")
        return path

    return written


FILES = '[[files]]\npath = "cas.jsonl"\n'


def test_an_organisation_writes_a_suite_of_its_own(suite_file: Callable[[str], Path], tmp_path: Path) -> None:
    suite = load_suite(suite_file(f'today = 2026-01-31\nseed = 7\n{FILES}tags = ["deux"]\n'))
    assert (suite.name, suite.title, suite.seed, suite.today) == ("essai", "Essai", 7, date(2026, 1, 31))
    assert (suite.documents, suite.thresholds) == ("own", None)
    assert [case.tags for case in suite.cases] == [["un", "deux"], ["deux"]]
    (tmp_path / "essai.thresholds.toml").write_text("")
    assert load_suite(tmp_path / "essai.toml").thresholds == tmp_path / "essai.thresholds.toml"


def test_a_suite_selects_by_tags_and_may_lack_a_file(suite_file: Callable[[str], Path]) -> None:
    absent = '[[files]]\npath = "absent.jsonl"\noptional = true\n'
    assert [case.question for case in load_suite(suite_file(f'select = ["un"]\n{FILES}{absent}')).cases] == [
        "Quoi ?"
    ]


def test_a_file_of_cases_is_a_suite_on_the_organisation_s_own_documents(tmp_path: Path) -> None:
    path = tmp_path / "mes-cas.csv"
    path.write_text("question;abstention\nQuoi ?;oui\n", "utf-8")
    suite = load_suite(path)
    assert (suite.name, suite.documents, len(suite.cases)) == ("mes-cas", "own", 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FILES.replace("cas.", "absent."), "« absent.jsonl » n’existe ni dans"),
        ("", "d’une seule façon"),
        (f'of = "sample"\n{FILES}', "d’une seule façon"),
        (f'documents = "ailleurs"\n{FILES}', "« documents » : cette valeur n’est pas de celles"),
        (f"graine = 3\n{FILES}", "« graine » : cette clé n’existe pas ici"),
        (f"{FILES}lecteur = 1\n", "« files.0.lecteur » : cette clé n’existe pas ici"),
        (f"spread = 0\n{FILES}", "« spread » : cette valeur n’a pas la forme attendue"),
        (f'thresholds = "absent.toml"\n{FILES}', "fichier de seuils"),
        (f'select = ["absente"]\n{FILES}', "ne contient aucun cas"),
        (f"{FILES}{FILES}", "a deux cas"),
        ("today = hier\n", "ligne 3"),
    ],
)
def test_a_wrong_suite_file_is_said(suite_file: Callable[[str], Path], text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_suite(suite_file(text))


def test_an_unknown_name_is_answered_with_those_that_exist() -> None:
    with pytest.raises(
        ConfigurationError, match=r"Il n’y a pas de suite « sampel ».*fiches-travail, .*smoke"
    ):
        load_suite("sampel")


def test_a_suite_that_is_not_built_says_how_to(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="python -m eval build fiches-travail"):
        load_suite("fiches-travail", tmp_path)


# ---------------------------------------------------------------- where they are asked


def test_an_organisation_s_own_index_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FANAL_DATA_DIR", str(tmp_path / "data"))
    assert prepared("own", tmp_path).data_dir == tmp_path / "data"
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_hostile_documents_are_indexed_among_the_sample_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eval.library import opened_library

    monkeypatch.setenv("FANAL_DATABASE_URL", "sqlite:////nulle/part.sqlite")
    monkeypatch.setenv("FANAL_LOCAL_GROUPS", "direction")
    settings = prepared("hostile", tmp_path, words_only=True)
    assert settings.database == f"sqlite:///{tmp_path / 'bench' / 'hostile' / 'fanal.sqlite'}"
    assert settings.local_groups == frozenset()
    suite = load_suite("injection")
    with opened_library("own", settings, None, print) as library:
        assert library.groups() == frozenset({"direction"})
        assert all(library.named(gold) for case in suite.cases for gold in case.gold)
        assert len(library.named(GoldPassage(document="hostile"))) >= 50
