"""The draft on the page: what it rests on, checked again; what was changed; what is typed and never lost."""

from datetime import date

import pytest
from pydantic import ValidationError

from server.draft_schemas import DiffPart, DraftRequest, DraftSentence, DraftSummary, NoteQuote
from server.mask_schemas import MaskedText
from tests.browser.notes_scenes import BILAN_TEMPLATE, FREE_TEMPLATE, NOTES
from tests.browser.scenes import BILAN, citing
from tests.browser.scripted_drafts import mask
from tests.ui_drafts import NOTE, SAID, section, view
from ui.draft_client import DraftClient
from ui.mask_review import MaskReview
from ui.state import Confirming
from ui.statements import references
from ui.synthese.former import former_html
from ui.synthese.section_html import (
    as_statement,
    by_number,
    diff_html,
    is_supported,
    missing_html,
    notes_html,
    preview_html,
    sentences_html,
    unverified,
)
from ui.synthese.state import SyntheseState
from ui.synthese.template_html import duration, template_html
from ui.views.synthese import steps_html

REFS = references("section-a", [BILAN], [], date(2026, 11, 22), "http://fanal.invalid")


# What a sentence rests on


@pytest.mark.parametrize(
    "changes",
    [
        {"verified": False},
        {"unsupported": ["3"]},
        {"sources": []},
        {"sources": [NoteQuote(sentence=3, quote="aime", start=0, end=4)]},
        {"sources": [NoteQuote(sentence=9, quote="aime", start=13, end=17)]},
        {"sources": [NoteQuote(sentence=3, quote="", start=3, end=3)]},
    ],
)
def test_only_what_stands_in_the_notes_looks_verified(changes: dict[str, object]) -> None:
    notes = by_number([NOTE])
    assert is_supported(SAID, notes)
    doubtful = SAID.model_copy(update=changes)

    assert not is_supported(doubtful, notes)
    html = sentences_html(section(sentences=[doubtful]), notes, REFS)
    assert 'data-verified="false"' in html
    assert "Non vérifié" in html
    assert unverified(section(sentences=[doubtful, SAID]), notes, REFS) == 1


def test_once_the_notes_are_destroyed_the_servers_word_stands() -> None:
    assert is_supported(SAID, {})
    assert not is_supported(SAID.model_copy(update={"verified": False}), {})


def test_a_sentence_leads_to_its_notes_and_everything_is_escaped() -> None:
    notes = by_number([NOTE])
    html = sentences_html(section("p", sentences=[SAID]), notes, REFS) + notes_html("p", [3, 8], notes)

    assert 'data-fanal-sources="note-p-3"' in html
    assert 'data-fanal-do="note|note-p-3"' in html
    assert '<li id="note-p-3"' in html
    assert "&lt;b&gt;coudre" in html
    assert "<b>" not in html
    assert notes_html("p", [8], notes) == ""


def test_advice_cites_its_passages_as_an_answer_does() -> None:
    quote = "La synthèse est conservée trois ans si la personne a donné son accord par écrit."
    sentence = DraftSentence(text=quote, verified=True, citations=[citing(BILAN, quote)])
    advice = section(kind="advice", sentences=[sentence])
    refs = references("section-a", [BILAN], [as_statement(sentence)], date(2026, 11, 22), "")

    assert "passage|section-a|" in sentences_html(advice, {}, refs)
    assert unverified(advice, {}, refs) == 0
    gone = references("section-a", [], [as_statement(sentence)], date(2026, 11, 22), "")
    assert unverified(advice, {}, gone) == 1


def test_what_is_missing_is_said() -> None:
    assert "<strong>Non renseigné</strong>" in missing_html(section(missing=True))
    assert "<small>non renseigné</small>" in preview_html(section(missing=True, text="non renseigné"))


def test_the_diff_says_what_was_added_and_removed_in_words_too() -> None:
    parts = [
        DiffPart(op="same", text="Elle "),
        DiffPart(op="removed", text="<i>"),
        DiffPart(op="added", text="b\nc"),
    ]
    html = diff_html(section(diff=parts))
    assert '<del><span class="fanal-said">retiré : </span>&lt;i&gt;</del>' in html
    assert '<ins><span class="fanal-said">ajouté : </span>b<br>c</ins>' in html


# The template


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "aussitôt"), (1, "1\u00a0jour"), (10, "10\u00a0jours"), (30, "30\u00a0jours"), (90, "3\u00a0mois"),
        (180, "6\u00a0mois"), (365, "1\u00a0an"), (366, "1\u00a0an"), (1095, "3\u00a0ans"), (1096, "3\u00a0ans"),
        (400, "400\u00a0jours"), (1826, "5\u00a0ans"),
    ],
)  # fmt: skip
def test_days_are_said_as_people_say_them(days: int, said: str) -> None:
    assert duration(days) == said


def test_a_template_says_who_receives_it_how_long_it_is_kept_and_what_it_rests_on() -> None:
    html = template_html(BILAN_TEMPLATE)

    assert "la personne, et elle seule" in html
    assert "détruite dès sa remise, ou après 3\u00a0ans avec l’accord écrit" in html
    assert "Les notes sont détruites dès la validation" in html
    assert 'href="https://www.legifrance.gouv.fr/codes/id/L6313-4"' in html
    assert "avec l’accord écrit" not in template_html(FREE_TEMPLATE)


def test_a_link_that_is_not_of_the_web_is_not_one() -> None:
    reference = BILAN_TEMPLATE.legal_basis[0].model_copy(update={"url": "javascript:alert(1)"})
    assert "javascript" not in template_html(BILAN_TEMPLATE.model_copy(update={"legal_basis": [reference]}))


def test_the_steps_say_where_one_is() -> None:
    assert steps_html("masks").count("aria-current=step") == 1
    assert steps_html("writing").count('class="fanal-done"') == 3


# What is sent


def test_what_is_sent_is_what_was_decided() -> None:
    state = SyntheseState(template=BILAN_TEMPLATE, answer="agrees", keep=True, label="dossier 118")
    with pytest.raises(ValueError, match="reviewed notes"):
        state.request()
    state.review = MaskReview.begin(_Masks("http://fanal.invalid"), "notes", NOTES)

    request = state.request()
    assert isinstance(request, DraftRequest)
    assert request.consent.given
    assert request.consent.keep
    assert request.mask == state.review.spans
    assert (request.notes, request.label) == (NOTES, "dossier 118")
    with pytest.raises(ValidationError):
        DraftRequest.model_validate({**request.model_dump(), "notes": " "})


class _Masks(DraftClient):
    def mask(self, text: str, spans: object = None) -> MaskedText:
        assert spans is None
        return mask(text, None)


# Former ones


def test_each_former_synthesis_says_where_it_stands_and_when_it_goes() -> None:
    names = set(DraftSummary.model_fields)
    draft = DraftSummary(**view(label="<i>dossier</i>").model_dump(include=names))
    html = former_html([draft], None)
    assert "Brouillon" in html
    assert "Supprimée automatiquement le 22\u00a0décembre\u00a02026" in html
    assert "<i>" not in html
    assert "confirm|" not in html
    assert 'data-fanal-do="confirm|d-1|4"' in former_html([draft], Confirming("d-1", 4))
