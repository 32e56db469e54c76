"""Drafts as other programs see them: consent, whose they are, what is refused and why."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from server.draft_schemas import DraftSummary, DraftView, TemplateView
from server.drafting.service import NOT_VALIDATED, REFUSED
from server.mask import Masker
from server.store.audit import Act
from server.store.models import StoredDraft
from tests.desk import ASKED, PLAIN, STREAM, acts, kept, made, patch, validate, view
from tests.drafts import LABEL, NOTES, PERSON, PHONE
from tests.office import Office, refused
from tests.stores import refusing

pytest_plugins = ["tests.office_fixtures", "tests.desk_fixtures"]


# ---------------------------------------------------------------- making a draft


def test_templates_are_listed(desk: Office) -> None:
    found = [TemplateView.model_validate(template) for template in desk.client.get("/v1/templates").json()]
    assert {"libre"} <= {template.id for template in found}


def test_a_draft_comes_with_its_notes_and_is_kept(desk: Office) -> None:
    response = desk.client.post("/v1/drafts", json={**ASKED, "label": LABEL})
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "private, no-store"
    draft = DraftView.model_validate(response.json())
    assert (draft.template, draft.label, draft.status, draft.revision) == ("libre", LABEL, "draft", 1)
    assert draft.consent.given
    assert draft.consent.on == date.today()
    assert " ".join(sentence.text for sentence in draft.notes) == PLAIN
    assert PHONE not in "".join(sentence.masked for sentence in draft.notes)
    assert PHONE in "".join(section.text for section in draft.sections)
    for section in draft.sections:
        assert section.text == section.machine_text
        for source in (source for sentence in section.sentences for source in sentence.sources):
            said = draft.notes[source.sentence - 1]
            assert said.masked[source.start : source.end] == source.quote
    assert view(desk, draft.id) == draft
    [line] = [DraftSummary.model_validate(line) for line in desk.client.get("/v1/drafts").json()]
    assert (line.id, line.label, line.expires_on) == (draft.id, LABEL, draft.expires_on)


def test_a_draft_comes_section_by_section(desk: Office) -> None:
    with desk.client.stream("POST", "/v1/drafts", json=ASKED, headers=STREAM) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "private, no-store"
        events = [block for block in response.read().decode().split("\n\n") if block]
    names = [block.partition("\n")[0].removeprefix("event: ") for block in events]
    assert names == ["section"] * (len(names) - 1) + ["done"]
    draft = DraftView.model_validate_json(events[-1].partition("data: ")[2])
    assert len(names) - 1 == len(draft.sections)
    assert any(PHONE in block for block in events[:-1])
    assert view(desk, draft.id) == draft


@pytest.mark.parametrize("headers", [{}, STREAM])
@pytest.mark.parametrize("consent", [False, {"given": False}, {"given": False, "keep": True}])
def test_a_refusal_stops_everything_but_its_line(
    desk: Office, monkeypatch: pytest.MonkeyPatch, consent: Any, headers: dict[str, str]
) -> None:
    masked: list[str] = []
    monkeypatch.setattr(Masker, "mask", lambda *args, **_: masked.append(args[1]))
    response = desk.client.post("/v1/drafts", json={**ASKED, "consent": consent}, headers=headers)
    assert refused(response, 403) == REFUSED
    assert "L6313-4" in REFUSED
    assert response.json()["title"] == "Consentement refusé"
    assert masked == []
    assert desk.client.get("/v1/drafts").json() == []
    assert acts(desk, 1) == [Act("draft_refused", "alice", template="libre")]


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"template": "inconnu"}, 404, "Ce modèle de synthèse n’existe pas."),
        ({"template": ""}, 422, "Le modèle est vide."),
        ({"notes": " \n "}, 422, "Le texte des notes est vide."),
        ({"notes": "x" * 200_001}, 422, "Le texte des notes est trop long : 200000 caractères au plus."),
        ({"consent": None}, 422, "Le consentement"),
        ({"consent": "oui"}, 422, "Le consentement"),
        ({"consent": {"given": True, "on": "2999-01-01"}}, 422, "La date du consentement"),
        ({"consent": {"given": True, "on": "hier"}}, 422, "n’est pas une date valide"),
        ({"mask": [{"start": 0, "end": len(PLAIN) + 1, "type": "PERSONNE"}]}, 422, "Un masque sort du texte"),
        ({"mask": [{"start": 5, "end": 5, "type": "PERSONNE"}]}, 422, "La liste des masques"),
        ({"mask": [{"start": 0, "end": 4, "type": "INCONNU"}]}, 422, "La liste des masques"),
        ({"mask": [{"start": 0, "end": 2, "type": "PERSONNE"}]}, 422, "Un masque coupe un mot"),
        ({"autre": 1}, 422, "« autre »"),
    ],
)
def test_what_is_wrong_is_said_in_french(desk: Office, wrong: dict[str, Any], status: int, said: str) -> None:
    assert said in refused(desk.client.post("/v1/drafts", json={**ASKED, **wrong}), status)
    assert desk.client.get("/v1/drafts").json() == []


def test_a_consent_that_is_missing_is_no_consent(desk: Office) -> None:
    response = desk.client.post("/v1/drafts", json={"template": "libre", "notes": PLAIN})
    assert refused(response, 422) == "Il manque le consentement."


def test_what_a_person_masked_is_masked_and_counted(desk: Office) -> None:
    place = PLAIN.index("près de la gare")
    span = {"start": place, "end": place + len("près de la gare"), "type": "ADRESSE"}
    draft = made(desk, mask=[span])
    masked = "".join(sentence.masked for sentence in draft.notes)
    assert "gare" not in masked
    assert PHONE in masked  # they decided: this place and no other
    counts = acts(desk, 1)[0].counts
    names = ("masks", "masks_kept", "masks_added", "masks_removed", "found_unmasked")
    assert [counts[name] for name in names] == [1, 0, 1, 1, 1]
    assert "Une donnée reconnue n’a pas été masquée, à votre demande" in " ".join(draft.warnings)


def test_masks_that_are_taken_away_are_said(desk: Office) -> None:
    draft = made(desk, mask=[], notes=f"{PLAIN} Écrire à soudeuse@exemple.fr.")
    assert any(one.startswith("2 données reconnues n’ont pas été masquées") for one in draft.warnings)
    assert "2 données" not in " ".join(made(desk).warnings)


def test_a_draft_that_cannot_be_kept_is_not_given(desk: Office) -> None:
    with refusing(desk.parts.conversations._database.engine, "drafts"):
        response = desk.client.post("/v1/drafts", json=ASKED)
        assert "prévenez l’administrateur" in refused(response, 507)
        with desk.client.stream("POST", "/v1/drafts", json=ASKED, headers=STREAM) as streamed:
            *_, last = [block for block in streamed.read().decode().split("\n\n") if block]
        assert last.startswith("event: error\n")
        assert json.loads(last.partition("data: ")[2])["status"] == 507


# ---------------------------------------------------------------- whose it is


def test_a_draft_of_someone_else_does_not_exist(desk: Office) -> None:
    draft = kept(desk)
    desk.sits("bob", "direction")
    assert desk.client.get("/v1/drafts").json() == []
    address = f"/v1/drafts/{draft.id}"
    answers = [
        desk.client.get(address),
        patch(desk, draft.id, projet="Autre."),
        validate(desk, draft.id),
        desk.client.get(f"{address}/export"),
        desk.client.delete(address),
    ]
    unknown = refused(desk.client.get("/v1/drafts/inconnue"), 404)
    assert {refused(answer, 404) for answer in answers} == {unknown}
    desk.sits("alice", "direction")
    assert view(desk, draft.id).revision == 1


def test_a_deleted_draft_is_gone(desk: Office) -> None:
    draft = kept(desk)
    assert desk.client.delete(f"/v1/drafts/{draft.id}").status_code == 204
    refused(desk.client.get(f"/v1/drafts/{draft.id}"), 404)
    refused(desk.client.delete(f"/v1/drafts/{draft.id}"), 404)


@pytest.mark.parametrize("end", ["/", "/.", "/%00", "/a%2Fb"])
def test_an_address_without_an_id_deletes_nothing(desk: Office, end: str) -> None:
    kept(desk)
    assert desk.client.delete(f"/v1/drafts{end}").status_code in (404, 405)
    assert len(desk.client.get("/v1/drafts").json()) == 1


# ---------------------------------------------------------------- editing, validating, exporting


def test_an_edit_shows_what_was_changed(desk: Office) -> None:
    draft = kept(desk)
    response = patch(desk, draft.id, 1, projet=f"{PERSON} veut devenir soudeuse.")
    assert response.status_code == 200, response.text
    changed = DraftView.model_validate(response.json())
    section = changed.sections[0]
    assert section.machine_text == f"{PERSON} souhaite devenir soudeuse."
    assert "".join(part.text for part in section.diff if part.op != "added") == section.machine_text
    assert "".join(part.text for part in section.diff if part.op != "removed") == section.text
    assert view(desk, draft.id) == changed


def test_an_edit_of_another_revision_is_refused(desk: Office) -> None:
    desk.sits("alice", "direction")
    draft = kept(desk)
    patch(desk, draft.id, 1, projet="Un.")
    response = patch(desk, draft.id, 1, projet="Deux.")
    assert "modifiée entre-temps" in refused(response, 409)
    assert response.json()["title"] == "Modifiée entre-temps"
    assert "modifiée entre-temps" in refused(validate(desk, draft.id, revision=1), 409)
    assert view(desk, draft.id).sections[0].text == "Un."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"sections": [{"id": "inconnue", "text": "x"}]}, "n’existe pas dans cette synthèse"),
        ({"sections": []}, "La liste des parties"),
        ({"sections": [{"id": "projet", "text": "x" * 200_001}]}, "200000 caractères au plus"),
        ({"sections": [{"id": "projet"}]}, "La liste des parties"),
        ({"sections": [{"id": "projet", "text": "x"}], "revision": "un"}, "La révision"),
    ],
)
def test_an_edit_that_is_wrong_is_said(desk: Office, body: dict[str, Any], said: str) -> None:
    draft = kept(desk)
    response = desk.client.patch(f"/v1/drafts/{draft.id}", json=body)
    detail = refused(response, 422)
    assert said in detail or "Il manque" in detail
    assert view(desk, draft.id).revision == 1


def test_a_placeholder_that_is_typed_is_its_value_and_no_other_is(desk: Office) -> None:
    draft = kept(desk)
    patch(desk, draft.id, projet="[PERSONNE_1] et [PERSONNE_2], [SENSIBLE_9].")
    assert view(desk, draft.id).sections[0].text == f"{PERSON} et [PERSONNE_2], [SENSIBLE_9]."


def test_a_blank_to_fill_in_a_person_s_text_stays_blank(desk: Office) -> None:
    draft = kept(desk)
    blanks = "Signature de la [personne] : ____ ; PERSONNE 1 ; personne_1 ; [Personne 1] ; [téléphone]"
    patch(desk, draft.id, projet=blanks)
    assert view(desk, draft.id).sections[0].text == blanks


@pytest.mark.parametrize("name", ["\u200b\u200b", "\u202eabc", "12", "--", "Iris\u0007", "\x00\x01"])
def test_a_name_that_nobody_can_read_signs_nothing(desk: Office, name: str) -> None:
    draft = kept(desk)
    assert refused(validate(desk, draft.id, name=name), 422).startswith("Le nom")
    assert view(desk, draft.id).validation is None


def test_what_was_signed_is_shown_until_another_is(desk: Office) -> None:
    desk.sits("alice", "direction")
    draft = kept(desk)
    signed = validate(desk, draft.id).json()
    assert signed["signed"] is None
    edited = DraftView.model_validate(patch(desk, draft.id, 1, projet="Autre.").json())
    assert edited.signed is not None
    assert edited.signed.validation.name == "Iris Conseil"
    assert edited.signed.texts["projet"] == f"{PERSON} souhaite devenir soudeuse."
    assert edited.expires_on.isoformat() == signed["expires_on"]
    desk.sits("alice")  # no longer of those who may read what the advice rests on
    withheld = view(desk, draft.id).signed
    assert withheld is not None
    assert "recrutements" not in "".join(withheld.texts.values())


def test_a_damaged_draft_hides_no_other_and_can_be_deleted(desk: Office) -> None:
    broken, fine = kept(desk), kept(desk)
    database = desk.parts.conversations._database
    damaged = update(StoredDraft).where(StoredDraft.id == broken.id).values(sealed=b"gAAAAA")
    database.write(lambda session: session.execute(damaged))
    lines = [DraftSummary.model_validate(one) for one in desk.client.get("/v1/drafts").json()]
    assert {line.id: line.readable for line in lines} == {broken.id: False, fine.id: True}
    response = desk.client.get(f"/v1/drafts/{broken.id}")
    assert "abîmée" in refused(response, 500)
    assert response.json()["title"] == "Synthèse illisible"
    assert desk.client.delete(f"/v1/drafts/{broken.id}").status_code == 204


def test_a_validation_says_who_and_when_and_is_given_once(desk: Office) -> None:
    desk.sits("alice", "direction")
    draft = kept(desk)
    refused(validate(desk, draft.id, name=" "), 422)
    first = validate(desk, draft.id, revision=1)
    assert first.status_code == 200, first.text
    validation = first.json()["validation"]
    assert validation["name"] == "Iris Conseil"
    assert validation["at"].endswith("Z")
    assert validate(desk, draft.id, revision=1).json() == first.json()
    assert validate(desk, draft.id, name="Quelqu’un d’autre").json() == first.json()
    edited = patch(desk, draft.id, 1, projet="Autre.").json()
    assert (edited["status"], edited["validation"], edited["revision"]) == ("draft", None, 2)


@pytest.mark.parametrize("written_as", ["docx", "odt", "pdf"])
def test_a_synthesis_is_exported_once_it_is_validated(desk: Office, written_as: str) -> None:
    desk.sits("alice", "direction")
    draft = kept(desk)
    address = f"/v1/drafts/{draft.id}/export"
    assert refused(desk.client.get(address, params={"format": written_as}), 409) == NOT_VALIDATED
    validate(desk, draft.id)
    response = desk.client.get(address, params={"format": written_as})
    assert response.status_code == 200, response.text
    assert response.content[:4] in (b"PK\x03\x04", b"%PDF")
    assert response.headers["cache-control"] == "private, no-store"
    disposition = response.headers["content-disposition"]
    assert disposition.startswith("attachment")
    assert f".{written_as}" in disposition
    assert "Kerbrat" not in disposition
    line = acts(desk, 1)[0]
    assert (line.act, line.object_id, line.counts) == ("draft_exported", draft.id, {written_as: 1})
    patch(desk, draft.id, projet="Autre.")
    assert refused(desk.client.get(address), 409) == NOT_VALIDATED


def test_another_format_is_refused(desk: Office) -> None:
    response = desk.client.get(f"/v1/drafts/{kept(desk).id}/export", params={"format": "exe"})
    assert refused(response, 422).startswith("Le format")


# ---------------------------------------------------------------- notes in a file


def test_the_text_of_a_file_is_given_and_nothing_of_it_is_kept(desk: Office) -> None:
    response = desk.client.post("/v1/notes", params={"name": f"{PERSON}.txt"}, content=NOTES.encode())
    assert response.status_code == 200, response.text
    assert response.json()["text"] == NOTES
    assert response.headers["cache-control"] == "private, no-store"
    assert acts(desk, 1) == [Act("notes_read", "alice", counts={"characters": len(NOTES)})]


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("notes.exe", b"MZ\x00\x01\x02", 422, "."),
        ("notes.docx", b"PK\x03\x04 et rien", 422, "ne peuvent pas être lues"),
        ("notes.txt", b"", 422, "."),
        ("notes.txt", b"x" * (20 * 1024 * 1024 + 1), 413, "20 Mo"),
        ("", b"x", 422, "Le nom est vide"),
    ],
)
def test_a_file_that_cannot_be_read_is_said(
    desk: Office, name: str, content: bytes, status: int, said: str
) -> None:
    response = desk.client.post("/v1/notes", params={"name": name}, content=content)
    assert said in refused(response, status)
