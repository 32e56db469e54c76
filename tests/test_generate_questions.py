"""Questions made of documents without a model: real answers, right words, nothing asked twice."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from eval.generate import GenerateOptions, Summary, generate, report
from eval.generating.absent import SUBJECTS
from eval.generating.candidates import answer_quotes, candidates, case_id
from eval.generating.material import EndpointMaterial, IndexMaterial, lacks
from eval.generating.proposing import KNOWN, REFUSED, EndpointInbox
from eval.generating.wording import question_of, subject_of
from ingest.errors import ConfigurationError
from ingest.opening import open_store
from server.access import Caller
from server.app import create_app
from server.case_schemas import Case
from server.dependencies import caller_of
from server.quality.gold import holds, matches
from server.settings import ServerSettings
from server.store.opening import open_stores
from tests.evaluating import organisation
from tests.generating import BUDGET, CALL, FORM, LEAVE, QUIET, TODAY, indexed, made
from tests.served import serving


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return indexed(tmp_path_factory.mktemp("generation"))


@pytest.fixture
def material(settings: ServerSettings) -> Iterator[IndexMaterial]:
    store = open_store(settings)
    yield IndexMaterial(store.index)
    store.close()


# ---------------------------------------------------------------- headings


@pytest.mark.parametrize(
    ("heading", "title", "number", "question"),
    [
        ("Puis-je annuler ?", "Les questions des salariés sur le CPF", "FAQ-01", "CPF : puis-je annuler ?"),
        ("Faut-il un an pour une VAE ?", "VAE : questions fréquentes", None, "Faut-il un an pour une VAE ?"),
        ("J'ai perdu ma clé", "Salles", None, "Salles : j’ai perdu ma clé, que faire ?"),
        ("2. Qui peut en bénéficier", "Aides", "PR-018", "Aides : qui peut en bénéficier ?"),
        ("3. Délais", "Réclamations", "PR-020", "Réclamations : quels sont les délais à respecter ?"),
        ("Ce que fait le conseiller", "Arrêt", None, "Arrêt : que fait le conseiller ?"),
        ("Ce qu’est une réclamation", "Avis", None, "Avis : qu’est-ce qu’une réclamation ?"),
        ("Une personne décède", "Dossiers", None, "Dossiers : que faire lorsqu’une personne décède ?"),
        ("4. Poser ses congés", "Absences", None, "Absences : comment poser ses congés ?"),
        ("En cas d'incendie", "Locaux", None, "Locaux : que faut-il faire en cas d’incendie ?"),
        ("3. Nombre de jours", "Congés", "PR-030", "Congés : quelles sont les règles sur le nombre de jours ?"),
        ("2. AIF et POEI pour tous", "Partenariat", "PR-028", None),
    ],
)  # fmt: skip
def test_a_heading_is_asked_as_people_ask(
    heading: str, title: str, number: str | None, question: str | None
) -> None:
    asked = question_of(heading, title, number)
    assert (asked and asked.replace("\N{NARROW NO-BREAK SPACE}", " ")) == question


def test_a_procedure_is_also_asked_by_its_number() -> None:
    asked = question_of("3. Nombre de jours", "Télétravail", "PR-030", salt=1)
    assert asked is not None
    assert asked.startswith("Que prévoit la procédure PR-030 sur le nombre de jours")


@pytest.mark.parametrize(
    "heading",
    ["1.", "12", "Questions", "Annexe 2", "Objet", "Suivi", "Répondre", "Points divers", "Santé et reprise",
     "2. La recevoir", "Pourquoi cette procédure", "Pendant et après", "Vos outils", "Calendrier interne : dates"],
)  # fmt: skip
def test_a_heading_that_makes_a_bad_question_makes_none(heading: str) -> None:
    assert question_of(heading, "Accueil", "PR-001") is None


def test_the_subject_of_a_document_is_what_it_is_about() -> None:
    assert subject_of("Le bilan de compétences : questions fréquentes du public") == "Bilan de compétences"
    assert subject_of("PR-004 Délais de réponse (2022)") == "Délais de réponse"


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        (
            "Non. On écrit à l’agence avant la séance.\nPuis on attend.",
            ["Non. On écrit à l’agence avant la séance."],
        ),
        (
            "Référence PR-1 – version du 2 mai\nLe délai de réponse est de cinq jours ouvrés. Puis",
            ["Le délai de réponse est de cinq jours ouvrés."],
        ),
        (
            "Il faut :\n- une copie du titre ;\n- un relevé de compte.",
            ["une copie du titre", "un relevé de compte"],
        ),
        ("| Poste | Montant |\n| Repas | 20 € |", []),
        ("Une ligne qui ne finit pas", []),
        ("- un premier point ici\n" * 5, []),
        ("Pour l’avance :\n- Elle est rendue sous huit jours.\n- Elle est notée dans Escale.", []),
    ],
)
def test_what_answers_is_a_whole_sentence_or_a_whole_list(text: str, quotes: list[str]) -> None:
    assert answer_quotes(text) == quotes


# ---------------------------------------------------------------- without a model


def test_every_answer_is_a_real_sentence_of_a_document_in_force(material: IndexMaterial) -> None:
    sections = material.sections(TODAY, seed=1)
    held = {one.passage.id: one.passage for one in sections}
    found = list(candidates(sections))
    assert {fact for one in found for fact in one.case.facts} >= {LEAVE, FORM, CALL, BUDGET}
    for one in found:
        assert one.case.facts == [gold.quote for gold in one.case.gold]
        assert all(any(matches(gold, passage) for passage in held.values()) for gold in one.case.gold)
        assert not any("2023" in fact or "2022" in fact for fact in one.case.facts)  # ended, repealed


def test_a_reserved_document_s_question_is_asked_by_its_group(material: IndexMaterial) -> None:
    found = list(candidates(material.sections(TODAY, seed=1)))
    assert {tuple(one.case.groups) for one in found if one.source == "direction"} == {("direction",)}
    assert {tuple(one.case.groups) for one in found if one.source != "direction"} == {()}


def test_words_are_lacking_when_no_passage_holds_them_all(material: IndexMaterial) -> None:
    assert lacks(material, ["le compte épargne-temps"])
    assert not lacks(material, ["les salariés en télétravail"])
    assert not lacks(material, ["de la"])  # no word that tells


def test_a_question_without_answer_names_what_no_document_holds(
    settings: ServerSettings, tmp_path: Path
) -> None:
    cases, summary = made(settings, tmp_path, count=10, unanswerable=0.5)
    nothing = [case for case in cases if case.must_abstain]
    assert len(nothing) == summary.made["absent"] == 5
    for case in nothing:
        assert not case.gold
        assert not case.facts
        assert sum(subject.split("’")[-1].split(" ", 1)[-1] in case.question for subject in SUBJECTS) >= 1


def test_the_same_seed_gives_the_same_batch_and_another_another(
    settings: ServerSettings, tmp_path: Path
) -> None:
    first, _ = made(settings, tmp_path, count=6, seed=3)
    again, _ = made(settings, tmp_path, count=6, seed=3)
    other, _ = made(settings, tmp_path, count=6, seed=4)
    assert first == again
    assert first != other
    assert {case.id for case in first} == {case_id(case.question) for case in first}


def test_only_the_sources_that_are_named_are_used(settings: ServerSettings, tmp_path: Path) -> None:
    cases, _ = made(settings, tmp_path, sources=frozenset({"faq"}), unanswerable=0)
    assert {tag for case in cases for tag in case.tags} == {"généré", "faq"}
    with pytest.raises(ConfigurationError, match="« paie »"):
        made(settings, tmp_path, sources=frozenset({"paie", "faq"}))


def test_cases_are_proposed_once_and_never_accepted(settings: ServerSettings) -> None:
    options = GenerateOptions(count=3, unanswerable=0, sources=frozenset({"faq", "direction"}))
    summary = generate(options, settings, TODAY, QUIET)
    assert summary.proposed == 3
    with closing(open_stores(settings.database, None, settings.data_dir)) as stores:
        views = stores.cases.views(frozenset({"direction"}))
        assert {(view.origin, view.state) for view in views} == {("generated", "proposed")}
        assert len(stores.cases.views(frozenset())) == 2  # those of the group are its own
        assert stores.cases.accepted() == []
    with pytest.raises(ConfigurationError, match="3 écartées : la question est déjà un cas"):
        generate(options, settings, TODAY, QUIET)


def test_the_summary_says_how_many_of_each_and_where_to_review_them() -> None:
    summary = Summary(proposed=2, where="page « Qualité »", calls=7)
    summary.made.update(["faq", "model"])
    summary.dropped["la citation n’est pas dans le passage"] = 3
    lines: list[str] = []
    report(summary, lines.append)
    told = "\n".join(lines)
    for said in (
        "2 questions proposées, à relire",
        "page « Qualité »",
        "7 requêtes",
        "3 : la citation",
        "1 questions du modèle",
    ):
        assert said in told
    assert holds(told, "Écartées : 3")


# ---------------------------------------------------------------- by a running server


@dataclass
class Server:
    """One that runs, and whoever sits before it."""

    url: str
    app: FastAPI

    def sits(self, *groups: str) -> None:
        self.app.dependency_overrides[caller_of] = lambda: Caller(frozenset(groups), "alice")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    app = create_app(organisation(tmp_path_factory.mktemp("organisation")))
    with serving(app) as url:
        yield Server(url, app)


def test_a_server_gives_the_sections_that_its_caller_reads(server: Server) -> None:
    for groups, expected in (((), set()), (("direction", "rh"), {"direction"})):
        server.sits(*groups)
        with closing(EndpointMaterial(server.url)) as material:
            read = material.sections(TODAY, seed=1)
            assert {one.group for one in read if one.passage.source == "direction"} == expected
            assert {one.group for one in read if one.passage.source == "procedures"} == {None}
            assert lacks(material, ["deux recrutements au budget"]) == (not expected)


def test_a_server_keeps_what_is_proposed_for_a_person_to_review(server: Server) -> None:
    dropped: Counter[str] = Counter()
    case = Case(id="gen-q1x", question="Combien de recrutements ?", groups=["direction"], tags=["généré"])
    again, strange = (
        case.model_copy(update={"id": "gen-q2x"}),
        Case(id="gen-q3x", question="Paie ?", groups=["rh"]),
    )
    server.sits("direction")
    with closing(EndpointInbox(server.url)) as inbox:
        assert inbox.propose([case, again, strange], dropped) == 1
        assert dropped == {KNOWN: 1, REFUSED: 1}
        assert inbox.known(frozenset()) == [case]
        [view] = httpx.get(f"{server.url}/v1/cases").json()
        assert (view["origin"], view["state"]) == ("generated", "proposed")
        server.sits()
        assert inbox.known(frozenset()) == []


def test_a_server_that_holds_the_index_is_asked_itself(
    settings: ServerSettings, server: Server, tmp_path: Path
) -> None:
    server.sits()
    held = open_store(settings)
    try:
        by_server = settings.model_copy(update={"server_url": server.url})
        options = GenerateOptions(count=2, unanswerable=1)
        assert generate(options, by_server, TODAY, QUIET).proposed == 2
    finally:
        held.close()
    waiting = httpx.get(f"{server.url}/v1/cases", params={"state": "proposed"}).json()
    assert sum(view["case"]["must_abstain"] for view in waiting) == 2
