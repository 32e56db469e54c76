"""What is typed into a draft, validated and exported: saved at once, never lost, never what was not read."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from server.draft_schemas import Contradiction, DraftView, NoteSentence, SectionEdit
from server.mask_schemas import MaskedEntity
from server.schemas import Problem
from tests.ui_drafts import NOTE, SAID, Server, section, view
from ui.assistants.answer import EXTRACTIVE, NOTHING_FOUND, written_html
from ui.calls import ApiError, ServerUnreachable
from ui.synthese.editing import differing, keep_mine, save, take_other, text_of, type_text
from ui.synthese.review_step import contradictions_html, said_of
from ui.synthese.section_html import UNSORTED, missing_html
from ui.synthese.sensitive import sensitive_sections, sensitive_words
from ui.synthese.state import SyntheseState
from ui.synthese.validation import export, sensitive_html, validate


@pytest.fixture
def server() -> Server:
    return Server(view())


@pytest.fixture
def state(server: Server) -> SyntheseState:
    shown = SyntheseState()
    shown.show(server.kept)
    return shown


def test_what_is_typed_is_saved_when_it_changes(server: Server, state: SyntheseState) -> None:
    type_text(server, state, "a", "Texte")
    assert server.edits == []

    type_text(server, state, "a", "Autre")
    assert server.edits == [{"a": "Autre"}]
    assert (state.unsaved, state.saved, text_of(state, "a")) == ({}, True, "Autre")
    assert not state.may_lose


def test_what_cannot_be_saved_is_kept_and_saved_with_the_next_change(
    server: Server, state: SyntheseState
) -> None:
    server.failure = ServerUnreachable("Le serveur ne répond pas.")
    type_text(server, state, "a", "Autre")
    assert (text_of(state, "a"), state.trouble) == ("Autre", "Le serveur ne répond pas.")
    assert state.may_lose

    server.failure = None
    type_text(server, state, "b", "Second")
    assert server.edits == [{"a": "Autre", "b": "Second"}]
    assert state.trouble == ""


def test_a_change_made_elsewhere_is_shown_and_nothing_typed_is_lost(
    server: Server, state: SyntheseState
) -> None:
    server.edit_draft("d-1", [SectionEdit(id="a", text="Ailleurs"), SectionEdit(id="b", text="De même")], 1)

    type_text(server, state, "a", "Ici")
    assert differing(state) == [("Titre a", "Ici", "Ailleurs")]
    type_text(server, state, "a", "Ici encore")
    assert text_of(state, "a") == "Ici encore"
    assert server.kept.revision == 2, "nothing is saved before a choice"

    keep_mine(server, state)
    assert [one.text for one in server.kept.sections] == ["Ici encore", "De même"]
    assert (state.other, state.unsaved) == (None, {})


def test_the_other_text_can_be_taken_instead(server: Server, state: SyntheseState) -> None:
    server.edit_draft("d-1", [SectionEdit(id="a", text="Ailleurs")], 1)
    type_text(server, state, "a", "Ici")
    version = state.version

    take_other(state)
    assert (text_of(state, "a"), state.unsaved, state.other) == ("Ailleurs", {}, None)
    assert state.version > version, "the editors are drawn anew"


def test_a_click_waits_for_the_change_before_it_and_is_not_taken_for_another_window(
    server: Server, state: SyntheseState
) -> None:
    """Streamlit runs the second callback in another thread while the first one waits for its reply."""
    patching, reply = Event(), Event()
    edit = server.edit_draft

    def slow(draft_id: str, edits: object, revision: int | None) -> DraftView:
        made = edit(draft_id, edits, revision)
        patching.set()
        assert reply.wait(5.0)
        return made

    server.edit_draft = slow  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as pool:
        typed = pool.submit(type_text, server, state, "a", "Ici")
        assert patching.wait(5.0)
        clicked = pool.submit(save, server, state)
        reply.set()
        typed.result(5.0)
        assert clicked.result(5.0)
    assert (server.edits, state.other, state.trouble) == ([{"a": "Ici"}], None, "")


def test_the_same_text_saved_already_is_adopted_without_a_word(server: Server, state: SyntheseState) -> None:
    server.edit_draft("d-1", [SectionEdit(id="a", text="Ici")], 1)
    type_text(server, state, "a", "Ici")

    assert (state.other, state.unsaved, state.trouble, state.notice) == (None, {}, "", "")
    assert state.draft == server.kept


def test_what_else_was_changed_elsewhere_is_shown_before_it_can_be_validated(
    server: Server, state: SyntheseState
) -> None:
    server.edit_draft("d-1", [SectionEdit(id="a", text="Ici"), SectionEdit(id="b", text="Ailleurs")], 1)
    state.unsaved["a"] = "Ici"
    version = state.version

    assert not save(server, state), "nothing that was not read is validated"
    assert "modifiées ailleurs" in state.notice
    assert (text_of(state, "b"), state.unsaved) == ("Ailleurs", {})
    assert state.version > version


def test_a_draft_deleted_elsewhere_leaves_its_text_on_the_page(server: Server, state: SyntheseState) -> None:
    server.failure = ApiError(Problem(title="x", status=404, detail="Cette synthèse n’existe plus."))
    type_text(server, state, "a", "Ici")
    assert state.gone
    type_text(server, state, "a", "Ici encore")
    assert text_of(state, "a") == "Ici encore"

    state.start_over()
    assert not state.gone
    assert not state.may_lose


def test_saving_again_does_nothing_when_all_is_saved(server: Server, state: SyntheseState) -> None:
    assert save(server, state)
    assert server.edits == []


# What is validated


def test_the_last_change_is_saved_then_validated(server: Server, state: SyntheseState) -> None:
    state.unsaved["a"] = "Ici"
    validate(server, state, "Claire Morin")

    assert server.kept.status == "validated"
    assert server.kept.sections[0].text == "Ici"
    assert state.draft == server.kept
    type_text(server, state, "a", "Encore")
    assert state.validator == "Claire Morin", "the name need not be typed again"


def test_what_is_in_the_way_of_a_validation_is_said_beside_its_button(
    server: Server, state: SyntheseState
) -> None:
    validate(server, state, " ")
    assert "Écrivez votre prénom" in state.warned

    server.failure = ServerUnreachable("Le serveur ne répond pas.")
    state.unsaved["a"] = "Ici"
    validate(server, state, "Claire Morin")
    assert "pas encore enregistrés" in state.warned
    assert server.kept.status == "draft"


def test_what_was_changed_elsewhere_is_shown_in_the_place_of_being_validated(
    server: Server, state: SyntheseState
) -> None:
    server.edit_draft("d-1", [SectionEdit(id="b", text="Ailleurs")], 1)
    validate(server, state, "Claire Morin")

    assert server.kept.status == "draft"
    assert text_of(state, "b") == "Ailleurs"
    assert "modifiée entre-temps" in state.warned


def test_an_export_whose_validation_was_withdrawn_elsewhere_is_explained(
    server: Server, state: SyntheseState
) -> None:
    validate(server, state, "Claire Morin")
    assert export(server, state, "d-1", "odt")
    assert state.warned == ""

    server.edit_draft("d-1", [SectionEdit(id="b", text="Ailleurs")], server.kept.revision)
    assert export(server, state, "d-1", "odt") is None
    assert "La validation a été retirée" in state.warned
    assert text_of(state, "b") == "Ailleurs"


# What is said of it


def test_sentences_that_a_person_rewrote_are_not_said_to_be_verified() -> None:
    assert said_of(view(section(sentences=[SAID])), 0) == (
        True,
        "1\u00a0phrase de la machine vérifiée ; chacune renvoie à sa source.",
    )
    sure, said = said_of(view(section(sentences=[SAID]), section("b", "Faux.", sentences=[SAID])), 0)
    assert not sure
    assert said.startswith("1\u00a0phrase de la machine vérifiée ;")
    assert said.endswith("1\u00a0rubrique modifiée par vous, non vérifiée.")


SICK = NoteSentence(
    number=1, text="Martine (asthme) vit seule.", masked="[PERSONNE_1] ([SENSIBLE_1]) vit seule."
)
MASKS = [
    MaskedEntity(start=0, end=7, type="PERSONNE", placeholder="[PERSONNE_1]"),
    MaskedEntity(start=9, end=15, type="SANTE", placeholder="[SENSIBLE_1]"),
]


def test_sections_that_hold_sensitive_data_are_named_before_they_are_validated() -> None:
    draft = view(section(text="Son Asthme la gêne."), section("b", "Martine."), notes=[SICK], entities=MASKS)
    assert sensitive_words(draft) == ["asthme"]
    assert sensitive_sections(draft, {}) == [("Titre a", ["asthme"])]
    assert sensitive_sections(draft, {"a": "Les asthmes.", "b": "L’asthme"}) == [("Titre b", ["asthme"])]

    state = SyntheseState()
    state.show(draft)
    assert "« asthme »" in sensitive_html(state, draft)
    state.unsaved["a"] = "Rien."
    assert sensitive_html(state, draft) == ""


def test_a_contradiction_is_told_once_with_the_numbers_of_its_sentences() -> None:
    found = Contradiction(sentences=[3, 8], explanation="Un <CAP>, puis aucun.")
    html = contradictions_html([found])
    assert "Un &lt;CAP&gt;, puis aucun." in html
    assert ">3</span> et <span" in html
    assert NOTE.text not in html


def test_without_a_model_what_is_missing_is_not_said_to_be_missing_from_the_notes() -> None:
    assert "Le tri n’a rien rangé ici" in missing_html(section(missing=True), UNSORTED)
    assert "Rien n’a été trouvé" in missing_html(section(missing=True), NOTHING_FOUND)
    assert "mot pour mot" not in EXTRACTIVE


def test_a_letter_keeps_its_lines() -> None:
    assert "Madame,&#10;&#10;&lt;b&gt;" in written_html("Madame,\n\n<b>")
