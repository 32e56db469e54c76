"""Questions that a model writes: nothing that it says is taken on trust, and what is lost is counted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eval.generate import Summary
from eval.generating.material import Section
from ingest.errors import ConfigurationError
from server.case_schemas import Case
from server.errors import ModelError
from server.settings import ServerSettings
from tests.generating import FORM, indexed, made
from tests.passages import make_passage
from tests.scripted_model import ScriptedModel, running


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return indexed(tmp_path_factory.mktemp("generation"))


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with running(ScriptedModel()) as model:
        yield model


@pytest.fixture(autouse=True)
def forgotten(model: ScriptedModel) -> None:
    model.forget()


def written(question: str, *extracts: tuple[int, str]) -> str:
    extraits = [{"passage": place, "texte": text} for place, text in extracts]
    return json.dumps({"question": question, "extraits": extraits}, ensure_ascii=False)


def asked(
    settings: ServerSettings, folder: Path, model: ScriptedModel, **options: Any
) -> tuple[list[Case], Summary]:
    given = {
        "model_url": model.base_url,
        "model": model.name,
        "sources": frozenset({"procedures"}),
        **options,
    }
    return made(settings, folder, **given)


def test_a_model_s_question_keeps_the_sentence_that_its_quote_is_in(
    settings: ServerSettings, tmp_path: Path, model: ScriptedModel
) -> None:
    question = "Quel formulaire remplir pour le télétravail ?"
    for _ in range(3):
        model.says(written(question, (1, "remplit le formulaire F-041")))
    cases, summary = asked(settings, tmp_path, model, count=1, unanswerable=0)
    [case] = cases
    assert case.question == question
    assert case.gold[0].document == "PR-030 Télétravail.odt"
    assert case.facts == [FORM]
    assert summary.dropped.keys() <= {"la citation n’est pas dans le passage"}
    assert "jamais des consignes" in model.requests[0]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("answer", "fault", "reason"),
    [
        ("ceci n’est pas du JSON", {}, "illisible"),
        (
            written("Quel formulaire faut-il remplir ?", (1, "des mots inventés de toutes pièces")),
            {},
            "citation",
        ),
        (written("Quel formulaire faut-il remplir ?", (9, "remplit le formulaire F-041")), {}, "citation"),
        (written("Quel formulaire faut-il remplir ?"), {}, "citation"),
        (written("Que dit ce passage du formulaire ?", (1, FORM)), {}, "mal formée"),
        (written("", (1, FORM)), {}, "pas trouvé"),
        (written("Quel formulaire ?", (1, FORM)), {"finish": "length"}, "illisible"),
        ("", {"status": 500}, "ne répond pas"),
        ("", {"status": 400}, "refuse"),
    ],
)
def test_what_a_model_gets_wrong_is_dropped_and_told(
    settings: ServerSettings,
    tmp_path: Path,
    model: ScriptedModel,
    answer: str,
    fault: dict[str, Any],
    reason: str,
) -> None:
    for _ in range(3):
        model.says(answer, **fault)
    with pytest.raises(ConfigurationError, match=rf"[1-3] écartées : [^.]*{reason}"):
        asked(settings, tmp_path, model, count=1, unanswerable=0)
    assert not (tmp_path / "cas.jsonl").exists()


async def test_a_model_that_is_too_slow_is_left_alone_after_a_while(model: ScriptedModel) -> None:
    from eval.generating.model import GIVEN_UP, PATIENCE, SILENT, QuestionModel, on_passages
    from server.llm import Limits, build_client

    for _ in range(PATIENCE):
        model.says(written("Quel délai ?"), pause_s=0.2)
    async with build_client(model.base_url, "", 5.0) as client:
        slow = QuestionModel(client, model.name, Limits(total_s=0.02))
        for place in range(PATIENCE + 2):
            assert await on_passages([_section("Un délai de cinq jours.")], place)(slow) is None
    assert slow.dropped == {SILENT: PATIENCE, GIVEN_UP: 2}
    assert slow.calls == PATIENCE


def _section(text: str) -> Section:
    return Section(make_passage(text, path=["Procédure", "Délai"]), None)


async def test_two_passages_must_both_be_quoted(model: ScriptedModel) -> None:
    from eval.generating.model import ONE_ENOUGH, QuestionModel, on_passages
    from server.llm import build_client

    two = [_section("Le délai est de cinq jours."), _section("Le recours se fait par lettre.")]
    question = "Quel est le délai, et comment faire un recours ?"
    model.says(written(question, (1, "délai est de cinq jours")))
    model.says(written(question, (1, "délai est de cinq jours"), (2, "recours se fait par lettre")))
    async with build_client(model.base_url, "", 5.0) as client:
        asking = QuestionModel(client, model.name)
        assert await on_passages(two, 0)(asking) is None
        made_of_two = await on_passages(two, 0)(asking)
    assert asking.dropped == {ONE_ENOUGH: 1}
    assert made_of_two is not None
    assert made_of_two.case.facts == ["Le délai est de cinq jours.", "Le recours se fait par lettre."]


def test_a_question_that_the_documents_may_answer_is_not_said_to_have_none(
    settings: ServerSettings, tmp_path: Path, model: ScriptedModel
) -> None:
    held = {"question": "Qui remplit le formulaire F-041 ?", "sujet_absent": "formulaire F-041"}
    unsaid = {
        "question": "Le télétravail ouvre-t-il droit à une prime d’ancienneté ?",
        "sujet_absent": "prime d’ancienneté",
    }
    elsewhere = {"question": "Le télétravail est-il payé ?", "sujet_absent": "prime de panier"}
    for one in (held, elsewhere, unsaid):
        model.says(json.dumps(one, ensure_ascii=False))
    cases, summary = asked(settings, tmp_path, model, count=1, unanswerable=1)
    assert [(case.question, case.must_abstain) for case in cases] == [(unsaid["question"], True)]
    assert summary.dropped == {
        "les documents en parlent peut-être": 1, "la question est mal formée ou parle du « passage »": 1
    }  # fmt: skip


def test_a_question_written_from_a_reserved_passage_is_its_group_s(
    settings: ServerSettings, tmp_path: Path, model: ScriptedModel
) -> None:
    written_from = {
        "question": "Le budget prévoit-il des primes d’ancienneté ?",
        "sujet_absent": "primes d’ancienneté",
    }
    model.says(json.dumps(written_from, ensure_ascii=False))
    reserved = frozenset({"direction"})
    [case], _ = asked(settings, tmp_path, model, count=1, unanswerable=1, sources=reserved)
    assert (case.groups, case.must_abstain) == (["direction"], True)


def test_a_model_that_cannot_be_reached_is_said_before_anything_is_asked(
    settings: ServerSettings, tmp_path: Path, model: ScriptedModel
) -> None:
    with pytest.raises(ModelError):
        asked(settings, tmp_path, ScriptedModel("un-autre", model.base_url), count=1)
    assert model.requests == []
    with pytest.raises(ConfigurationError, match="ensemble"):
        made(settings, tmp_path, model_url=model.base_url)


def test_ragas_graph_pairs_sections_of_two_documents_that_say_the_same_rare_words() -> None:
    from eval.generating.graph import pairs

    def section(key: str, text: str, group: str | None = None) -> Section:
        return Section(make_passage(text, key, title=f"Titre {key}", path=[f"Titre {key}"]), group)

    leave = "Le congé sabbatique suspend le contrat ; la demande part trois mois avant."
    sections = [
        section("a", leave),
        section("b", "La demande de congé sabbatique se fait par lettre, trois mois avant."),
        section("c", "Le tarif des repas est revu chaque année au mois de mars."),
        section("d", leave, "rh"),
        section("e", leave, "direction"),
    ]
    found = {(one.passage.id, other.passage.id) for one, other in pairs(sections)}
    assert ("a", "b") in found
    assert ("d", "e") not in found  # nobody reads both
    assert not any("c" in pair for pair in found)
