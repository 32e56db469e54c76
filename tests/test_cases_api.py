"""`/v1/cases` as other programs see it: what is kept of what a person types, for whom, and what is refused."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from ingest.chunk import chunk_document
from server.case_schemas import Case, CaseView
from server.schemas import FeedbackRequest
from tests.office import Office, refused
from tests.stores import keep
from tests.support import make_document

pytest_plugins = ["tests.office_fixtures"]

PERSON = "Fatima Benali"
PHONE = "06 39 98 11 22"


@pytest.fixture
def bench(office: Office) -> Iterator[Office]:
    """The office, without the cases of the tests before."""
    yield office
    everything = frozenset({"direction", "rh"})
    for view in office.parts.cases.views(everything):
        office.parts.cases.delete(view.case.id, actor="essai", groups=everything)


def sent(office: Office, case: dict[str, Any], **fields: Any) -> Any:
    body = {"case": {"id": "delai", "question": "Quel délai de réponse ?", **case}, **fields}
    return office.client.post("/v1/cases", json=body)


def made(office: Office, case: dict[str, Any] | None = None, **fields: Any) -> CaseView:
    response = sent(office, case or {}, **fields)
    assert response.status_code == 201, response.text
    return CaseView.model_validate(response.json())


def listed(office: Office, **query: str) -> list[CaseView]:
    response = office.client.get("/v1/cases", params=query)
    assert response.status_code == 200, response.text
    return [CaseView.model_validate(one) for one in response.json()]


def draft_case(**fields: Any) -> dict[str, Any]:
    return {"id": "synthese", "kind": "draft", "question": "", "draft": {"template": "libre", **fields}}


# ---------------------------------------------------------------- the contract


def test_a_case_is_kept_listed_changed_and_deleted(bench: Office) -> None:
    client = bench.client
    view = made(bench, {"facts": ["Cinq jours ouvrés."], "gold": [{"document": "Délais"}]})
    assert (view.state, view.origin, view.revision, view.masked) == ("accepted", "written", 1, [])
    assert listed(bench) == [view]
    edit = {"case": {**view.case.model_dump(mode="json"), "tags": ["réclamation"]}, "revision": 1}
    changed = CaseView.model_validate(client.patch("/v1/cases/delai", json=edit).json())
    assert (changed.case.tags, changed.revision) == (["réclamation"], 2)
    assert "entre-temps" in refused(client.patch("/v1/cases/delai", json=edit), 409)
    client.patch("/v1/cases/delai", json={"state": "rejected"})
    assert listed(bench, state="accepted") == []
    assert [one.case.id for one in listed(bench, state="rejected")] == ["delai"]
    response = client.delete("/v1/cases/delai")
    assert (response.status_code, response.headers["cache-control"]) == (204, "private, no-store")
    assert "n’existe pas" in refused(client.delete("/v1/cases/delai"), 404)
    assert "n’existe pas" in refused(client.patch("/v1/cases/delai", json={"state": "accepted"}), 404)


@pytest.mark.parametrize("state", ["proposed", "accepted"])
def test_a_generated_case_waits_for_a_person(bench: Office, state: str) -> None:
    view = made(bench, origin="generated", state=state)
    assert (view.state, view.decided_at) == ("proposed", None)
    assert bench.client.get("/v1/cases/export").content == b""
    accepted = bench.client.patch("/v1/cases/delai", json={"state": "accepted"}).json()
    assert accepted["decided_at"] is not None


def test_the_same_question_is_refused_and_the_other_is_named(bench: Office) -> None:
    made(bench)
    response = sent(bench, {"id": "autre", "question": "quel délai de réponse"})
    assert "« delai »" in refused(response, 409)
    assert response.json()["title"] == "Existe déjà"
    assert sent(bench, {"id": "autre", "as_of": "2025-01-01"}).status_code == 201


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ({"question": " "}, "question"),
        ({"must_abstain": True, "facts": ["Cinq jours."]}, "facts"),
        ({"must_abstain": True, "gold": [{"document": "Délais"}]}, "gold"),
        ({"abstention": "unanswerable"}, "abstention"),
        ({"draft": {"template": "libre", "notes": "Souhaite changer."}}, "draft"),
        ({"kind": "mask", "mask": {"text": "Bonjour.", "spans": []}}, "fichier de cas"),
        ({"kind": "draft", "question": ""}, "Il manque les notes"),
        (draft_case(notes="Souhaite changer.") | {"facts": ["x"], "must_abstain": True}, "« must_abstain »"),
        (draft_case(notes="Souhaite changer.", template="inconnu"), "inconnu"),
        (draft_case(notes="Souhaite changer.", non_renseigne=["nulle-part"]), "« nulle-part »"),
        ({"id": "fatima-benali"}, "l’identifiant"),
        ({"id": "0639981122"}, "l’identifiant"),
        ({"id": ".cache"}, "l’identifiant"),
        ({"as_of": "hier"}, "la date"),
        ({"gold": [{"quote": "sans document"}]}, "la liste des passages attendus"),
        ({"question": "x" * 4_001}, "la question"),
    ],
)
def test_a_case_that_contradicts_itself_is_refused_and_the_field_is_named(
    bench: Office, case: dict[str, Any], said: str
) -> None:
    response = sent(bench, case)
    assert said.casefold() in refused(response, 422).casefold()
    assert "benali" not in response.text
    assert listed(bench) == []


def test_a_draft_case_names_sections_of_its_template(bench: Office) -> None:
    sections = {one["id"]: one["sections"] for one in bench.client.get("/v1/templates").json()}
    name = sections["libre"][0]["id"]
    case = draft_case(
        notes="Souhaite devenir boulanger.", facts=[{"text": "Souhaite devenir boulanger.", "section": name}]
    )
    assert made(bench, case).case.draft is not None
    case["draft"]["non_renseigne"] = [name]
    assert "« non renseigné »" in refused(sent(bench, case | {"id": "autre"}), 422)


def test_a_change_keeps_the_id_and_is_checked_too(bench: Office) -> None:
    kept = made(bench).case.model_dump(mode="json")
    other = bench.client.patch("/v1/cases/delai", json={"case": kept | {"id": "autre"}})
    assert "ne change pas" in refused(other, 422)
    wrong = bench.client.patch("/v1/cases/delai", json={"case": kept | {"question": ""}})
    assert "question" in refused(wrong, 422)
    assert bench.client.patch("/v1/cases/delai", json={}).json()["revision"] == 1


# ---------------------------------------------------------------- masking


def test_what_a_person_types_is_masked_and_what_was_is_said(bench: Office) -> None:
    view = made(
        bench,
        {
            "question": f"Quel délai pour {PERSON}, {PHONE} ?",
            "history": [f"Qui suit {PERSON} ?"],
            "facts": [f"{PERSON} attend cinq jours."],
            "forbidden": [PHONE],
            "tags": [PERSON],
        },
    )
    assert view.masked == ["[PERSONNE_1]", "[TELEPHONE_1]"]
    [kept] = listed(bench)
    assert kept.case.question == "Quel délai pour [PERSONNE_1], [TELEPHONE_1] ?"
    assert kept.case.history == ["Qui suit [PERSONNE_1] ?"]
    assert kept.case.facts == ["[PERSONNE_1] attend cinq jours."]
    assert (kept.case.forbidden, kept.case.tags) == (["[TELEPHONE_1]"], ["[PERSONNE_1]"])
    assert kept.masked == []


def test_gold_of_a_document_stays_and_gold_that_was_typed_is_masked(bench: Office) -> None:
    text = "Les réponses sont signées par Claire Dumont, au 06 39 98 55 66."
    index, name = bench.parts.index, bench.parts.store.embedder.name
    for key, groups in (("signature", ()), ("astreinte", ("direction",))):
        document = make_document(
            key, f"# {key}", f"{text} Note {key}.", **({"groups": groups} if groups else {})
        )
        index.upsert(chunk_document(document, 1_800), {}, name)
    gold = [
        {"document": "signature", "quote": f"{text} Note signature."},
        {"document": "signature", "quote": "réponses sont signées  par Claire Dumont"},
        {"document": "signature", "quote": f"{text} Note astreinte."},  # of a document that they may not read
        {"document": f"Dossier de {PERSON}.pdf", "quote": f"{PERSON} au {PHONE} a droit à cinq jours."},
    ]
    view = made(bench, {"gold": gold})
    assert [one.quote for one in view.case.gold] == [
        f"{text} Note signature.",
        "réponses sont signées  par Claire Dumont",
        "Les réponses sont signées par [PERSONNE_1], au [TELEPHONE_1]. Note astreinte.",
        "[PERSONNE_2] au [TELEPHONE_2] a droit à cinq jours.",
    ]
    assert PERSON not in view.model_dump_json()
    edit = {"case": view.case.model_dump(mode="json") | {"gold": [{"document": "Délais", "quote": PERSON}]}}
    changed = bench.client.patch(f"/v1/cases/{view.case.id}", json=edit)
    assert PERSON not in changed.text


def test_gold_that_no_document_has_is_told_and_kept(bench: Office) -> None:
    document = make_document("astreinte", "# Astreinte", "L’astreinte commence à 18 heures.")
    bench.parts.index.upsert(chunk_document(document, 1_800), {}, bench.parts.store.embedder.name)
    gold = [
        {"document": "astreinte", "quote": "L'astreinte commence à  18 heures"},
        {"document": "astreinte", "quote": "L’astreinte commence à 20 heures."},
        {"document": "Note inventée", "quote": "L’astreinte commence à 18 heures."},
    ]
    view = made(bench, {"gold": gold})
    assert len(view.case.gold) == 3
    assert view.unfound == [
        "la citation attendue n’est dans aucun passage de « astreinte »",
        "aucun document que vous pouvez lire ne s’appelle « Note inventée »",
    ]
    assert all(one.unfound == [] for one in listed(bench))
    edit = {"case": view.case.model_dump(mode="json") | {"gold": gold[:1]}}
    assert bench.client.patch(f"/v1/cases/{view.case.id}", json=edit).json()["unfound"] == []


@pytest.mark.parametrize("name", ["josianelemercier", "suivi-josianelemercier", "jlemercier62"])
def test_an_id_that_says_more_than_the_case_is_made_anew(bench: Office, name: str) -> None:
    view = made(bench, {"id": name})
    assert re.fullmatch(r"c-[0-9a-f]+", view.case.id)
    assert [one.case.id for one in listed(bench)] == [view.case.id]


@pytest.mark.parametrize(
    "name",
    ["cas-001", "42", "c-0123456789ab", "retour-abcdefghijkl", "gen-q0123456789abx", "delai-reponse-2"],
)
def test_an_id_that_a_program_made_or_that_says_the_question_is_kept(bench: Office, name: str) -> None:
    assert made(bench, {"id": name}).case.id == name


def test_a_placeholder_that_is_there_keeps_its_meaning(bench: Office) -> None:
    case = {"question": f"Et pour {PERSON} ?", "history": ["Quel délai pour [PERSONNE_1] ?"]}
    assert made(bench, case).case.question == "Et pour [PERSONNE_2] ?"


def test_a_question_about_nobody_stays_as_it_was_typed(bench: Office) -> None:
    question = "Quelles aides pour un travailleur handicapé de plus de 50 ans ?"
    said = "Une personne handicapée a droit à la RQTH."
    view = made(
        bench, {"question": question, "facts": [said], "gold": [{"document": "Délais", "quote": said}]}
    )
    assert view.case.gold[0].quote == said
    assert (view.case.question, view.masked) == (question, [])


def test_notes_and_what_is_expected_of_them_are_masked_alike(bench: Office) -> None:
    case = draft_case(
        notes=f"{PERSON} souhaite devenir boulangère. Tél. {PHONE}.",
        facts=[{"text": f"{PERSON} souhaite devenir boulangère."}],
        forbidden=[f"{PERSON} est infirmière."],
    )
    draft = made(bench, case).case.draft
    assert draft is not None
    assert draft.notes == "[PERSONNE_1] souhaite devenir boulangère. Tél. [TELEPHONE_1]."
    assert draft.facts[0].text == "[PERSONNE_1] souhaite devenir boulangère."
    assert draft.forbidden == ["[PERSONNE_1] est infirmière."]


def test_an_edit_is_masked_too(bench: Office) -> None:
    kept = made(bench, {"question": f"Quel délai pour {PERSON} ?"}).case.model_dump(mode="json")
    edit = {"case": kept | {"facts": [f"{PERSON} attend cinq jours.", f"Appeler le {PHONE}."]}}
    changed = CaseView.model_validate(bench.client.patch("/v1/cases/delai", json=edit).json())
    assert PERSON not in changed.model_dump_json()
    assert changed.case.question == "Quel délai pour [PERSONNE_1] ?"
    assert changed.masked[-1] == "[TELEPHONE_1]"


def test_a_case_that_is_too_long_once_masked_is_refused(bench: Office) -> None:
    people = [f"{first} {last}" for first in ("Léo", "Zoé", "Éva", "Tom") for last in ("Roy", "Sow", "Bès")]
    tag = ", ".join(people[:6])[:64]
    assert "étiquettes" in refused(sent(bench, {"tags": [tag]}), 422)


# ---------------------------------------------------------------- rights


def test_a_case_is_there_for_those_who_are_of_its_groups(bench: Office) -> None:
    bench.sits("alice", "direction")
    made(bench, {"groups": ["direction"], "facts": ["Deux recrutements."]})
    bench.sits("bob")
    client = bench.client
    assert listed(bench) == []
    assert client.get("/v1/cases/export").content == b""
    assert client.patch("/v1/cases/delai", json={"state": "rejected"}).status_code == 404
    assert client.delete("/v1/cases/delai").status_code == 404
    bench.sits("carole", "direction", "rh")
    assert [one.case.facts for one in listed(bench)] == [["Deux recrutements."]]


def test_nobody_writes_a_case_for_a_group_they_are_not_of(bench: Office) -> None:
    assert "« direction »" in refused(sent(bench, {"groups": ["direction"]}), 403)
    kept = made(bench).case.model_dump(mode="json")
    edit = bench.client.patch("/v1/cases/delai", json={"case": kept | {"groups": ["direction"]}})
    assert edit.status_code == 403


def test_what_must_not_be_said_is_read_by_the_groups_of_its_writer(bench: Office) -> None:
    bench.sits("alice", "direction")
    kept = made(bench, {"forbidden": ["deux recrutements"]}).case.model_dump(mode="json")
    bench.sits("bob")
    assert listed(bench) == []
    bench.sits("carole", "direction", "rh")
    bench.client.patch("/v1/cases/delai", json={"case": kept | {"tags": ["budget"]}})
    bench.sits("alice", "direction")
    assert len(listed(bench)) == 1  # who changes something else does not take it from the others
    bench.client.patch("/v1/cases/delai", json={"case": kept | {"forbidden": []}})
    bench.sits("bob")
    assert len(listed(bench)) == 1


# ---------------------------------------------------------------- of an answer, and out of here


def test_a_thumb_down_becomes_a_case(bench: Office) -> None:
    answer = keep(bench.parts.conversations, "Quel délai de réponse ?", passages=[bench.passage("délais")])
    bench.parts.conversations.give_feedback("alice", FeedbackRequest(answer_id=answer.id, useful=False))
    view = made(bench, origin="feedback", answer_id=answer.id)
    assert view.answer_id == answer.id
    [item] = bench.client.get("/v1/feedback").json()
    assert item["case_id"] == "delai"
    bench.client.delete("/v1/conversations/c1")
    assert bench.client.get("/v1/feedback").json() == []
    assert listed(bench) == [view]  # it outlives the answer that it was made of


def test_an_answer_without_feedback_makes_no_case(bench: Office) -> None:
    answer = keep(bench.parts.conversations, "Quel délai de réponse ?")
    assert "n’existe plus" in refused(sent(bench, {}, answer_id=answer.id), 404)
    assert sent(bench, {}, answer_id="inconnue").status_code == 404


def test_a_case_of_a_reserved_answer_is_read_by_those_who_may_read_the_answer(bench: Office) -> None:
    bench.sits("alice", "direction")
    answer = bench.kept()
    bench.parts.conversations.give_feedback("alice", FeedbackRequest(answer_id=answer.id, useful=False))
    bench.sits("bob")
    assert sent(bench, {}, answer_id=answer.id).status_code == 404
    bench.sits("carole", "direction")
    made(bench, {"question": answer.question}, answer_id=answer.id)
    assert len(listed(bench)) == 1
    bench.sits("bob")
    assert listed(bench) == []


@pytest.mark.parametrize("written_as", ["jsonl", "csv", "xlsx"])
def test_the_accepted_cases_are_exported(bench: Office, written_as: str) -> None:
    accepted = made(bench, {"facts": ["Cinq jours."], "gold": [{"document": "Délais"}], "tags": ["=1+1"]})
    made(bench, {"id": "autre", "question": "Quel budget ?"}, state="proposed")
    response = bench.client.get("/v1/cases/export", params={"format": written_as})
    assert response.status_code == 200
    assert response.headers["content-disposition"] == f'attachment; filename="cas.{written_as}"'
    assert response.headers["cache-control"] == "private, no-store"
    if written_as == "jsonl":
        [line] = response.text.splitlines()
        assert Case.model_validate(json.loads(line)).question == accepted.case.question
    elif written_as == "csv":
        table = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
        assert "Quel délai de réponse ?" in str(table)
        assert "Quel budget" not in str(table)
    else:
        assert response.content.startswith(b"PK")
    [act] = [one.act for one in bench.parts.audit.lines() if one.act.act == "cases_exported"][-1:]
    assert act.counts == {"cases": 1, written_as: 1}
