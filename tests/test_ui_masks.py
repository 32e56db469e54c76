"""What a person decides to mask: spans and their words, the text as HTML, and the review of a text."""

import re
from html import unescape
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.mask_schemas import EntityType, MaskedEntity, MaskedText, MaskSpan
from tests.browser.notes_scenes import NOTES
from tests.browser.scripted_drafts import mask
from ui.actions import Action
from ui.calls import ApiError, ServerUnreachable
from ui.draft_client import DraftClient
from ui.mask_html import legend_html, marked_html, model_html, selection_bar_html
from ui.mask_review import MaskReview
from ui.mask_types import INDIRECT, LABELS, SENSITIVE, look_of
from ui.mask_view import act_on_review, chosen_name
from ui.masks import clean_notes, moved, retyped, same_places, whole_words, with_span, with_words, without

TEXT = "Zoé Martin 🙂 et zoé  MARTIN parlent à Léa."


def span(words: str, kind: EntityType = "PERSONNE", text: str = TEXT) -> MaskSpan:
    start = text.index(words)
    return MaskSpan(start=start, end=start + len(words), type=kind)


def words(spans: list[MaskSpan], text: str = TEXT) -> list[str]:
    return [text[one.start : one.end] for one in spans]


class Server(DraftClient):
    """Masks as the scripted server does, without a network; `refusal` makes it fail."""

    def __init__(self) -> None:
        self.asked: list[list[MaskSpan] | None] = []
        self.refusal: Exception | None = None

    def mask(self, text: str, spans: object = None) -> MaskedText:
        if self.refusal:
            raise self.refusal
        chosen = None if spans is None else list(spans)  # type: ignore[call-overload]
        self.asked.append(chosen)
        return mask(text, chosen)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def review(server: Server) -> MaskReview:
    return MaskReview.begin(server, "notes", NOTES)


# Spans


@pytest.mark.parametrize(
    ("selected", "widened"),
    [
        (" Zoé Martin ", "Zoé Martin"),
        ("oé Mar", "Zoé Martin"),
        ("🙂 et", "et"),
        ("éa.", "Léa"),
        ("Zoé Martin 🙂 et zoé  MARTIN parlent à Léa.", "Zoé Martin 🙂 et zoé  MARTIN parlent à Léa"),
    ],
)
def test_a_selection_is_widened_to_whole_words(selected: str, widened: str) -> None:
    text = f" {TEXT}"
    start = text.index(selected)
    bounds = whole_words(text, start, start + len(selected))
    assert bounds is not None
    assert text[slice(*bounds)] == widened


@pytest.mark.parametrize(("start", "end"), [(10, 13), (5, 5), (900, 950), (-4, 0)])
def test_a_selection_without_a_word_masks_nothing(start: int, end: int) -> None:
    assert whole_words(TEXT, start, end) is None


def test_a_span_takes_the_place_of_those_it_overlaps() -> None:
    spans = with_span([span("Zoé"), span("Martin"), span("Léa")], span("Zoé Martin"))
    assert words(spans) == ["Zoé Martin", "Léa"]


def test_words_are_masked_wherever_they_stand_whatever_their_case_and_spaces() -> None:
    spans, found = with_words(TEXT, [span("Zoé")], "zoé martin", "PERSONNE")
    assert (words(spans), found) == (["Zoé Martin", "zoé  MARTIN"], 2)
    assert with_words(TEXT, [], "Mart", "PERSONNE") == ([], 0), "half a word is not a word"
    assert with_words(TEXT, [], "  ", "PERSONNE") == ([], 0)
    assert with_words("a.b a+b", [], "a+b", "NUMERO")[1] == 1, "no pattern of the advisor's"


def test_what_is_done_to_a_mask_is_done_to_all_places_of_its_words() -> None:
    spans = [span("Zoé Martin"), span("zoé  MARTIN"), span("Léa")]
    assert words(same_places(TEXT, spans, spans[0])) == ["Zoé Martin", "zoé  MARTIN"]
    assert words(without(TEXT, spans, spans[1])) == ["Léa"]
    assert [one.type for one in retyped(TEXT, spans, spans[0], "ECOLE")] == ["ECOLE", "ECOLE", "PERSONNE"]


@pytest.mark.parametrize(
    ("start", "side", "step", "then"),
    [
        ("Martin", "left", -1, "Zoé Martin"),
        ("Zoé Martin", "left", 1, "Martin"),
        ("Zoé Martin", "right", -1, "Zoé"),
        ("Zoé Martin", "right", 1, "Zoé Martin 🙂 et"),
        ("Zoé", "left", -1, "Zoé"),
        ("Zoé", "right", -1, "Zoé"),
        ("Léa", "right", 1, "Léa"),
        ("Léa", "left", 1, "Léa"),
    ],
)
def test_an_edge_moves_by_a_word_and_never_past_the_other(
    start: str, side: str, step: int, then: str
) -> None:
    assert words([moved(TEXT, span(start), side, step)]) == [then]


def test_line_ends_are_those_of_a_browser() -> None:
    assert clean_notes("a\r\nb\rc\x00") == "a\nb\nc"


# Types


def test_every_type_has_a_french_name_and_a_look() -> None:
    assert set(LABELS) == set(get_args(EntityType))
    assert {look_of(kind) for kind in SENSITIVE} == {"sensitive"}
    assert not SENSITIVE & INDIRECT
    assert len(set(LABELS.values())) == len(LABELS)


# HTML


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1), st.data())
def test_the_text_on_the_page_is_the_text_character_for_character(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    entity = MaskedEntity(start=start, end=end, type="PERSONNE", placeholder="[PERSONNE_1]")
    html = marked_html("notes", text, [entity], None)

    assert text_of(html) == text
    assert "\n" not in html, "Streamlit would take blanks out around it"


def test_a_mask_says_its_type_and_what_it_becomes_and_only_one_is_reached_with_tab(
    review: MaskReview,
) -> None:
    html = marked_html("notes", review.text, review.masked.entities, None)

    assert 'aria-label="Personne\u00a0: Martine Lefèvre, masqué en [PERSONNE_1]. Modifier"' in html
    assert 'data-label="Santé"' in html
    assert html.count('tabindex="0"') == 1
    chosen = marked_html("notes", review.text, review.masked.entities, review.masked.entities[2].start)
    assert chosen.count('aria-pressed="true"') == 1
    assert chosen.count('tabindex="0"') == 1


def test_notes_and_masks_are_escaped() -> None:
    text = "<script>alert(1)</script> **gras** & <b>"
    entity = MaskedEntity(start=0, end=8, type="PERSONNE", placeholder="[PERSONNE_1]")
    html = marked_html("notes", text, [entity], None) + model_html(MaskedText(text=text, entities=[entity]))

    assert "<script" not in html
    assert "<b>" not in html


def test_what_the_model_reads_has_its_placeholders_marked(review: MaskReview) -> None:
    html = model_html(review.masked)

    assert text_of(html) == review.masked.text
    assert "Martine" not in html
    assert '<mark class="fanal-mask fanal-mask-sensitive">[SENSIBLE_1]</mark>' in html
    assert "<mark" not in model_html(MaskedText(text="rien", entities=[]))


def test_the_legend_counts_each_type(review: MaskReview) -> None:
    html = legend_html(review.masked.entities)
    assert "5\u00a0endroits masqués" in html
    assert html.index("Personne") < html.index("Téléphone") < html.index("Santé")
    assert "relisez le texte en entier" in legend_html([])
    assert all(f'value="{kind}"' in selection_bar_html("notes") for kind in get_args(EntityType))


# The review


def act(server: Server, review: MaskReview, verb: str, *target: str) -> None:
    act_on_review(server, review, Action(verb, target))  # type: ignore[arg-type]


def masked_words(review: MaskReview) -> list[str]:
    return words(review.spans, review.text)


def test_a_selection_is_masked_with_the_same_words_elsewhere_and_undone(
    server: Server, review: MaskReview
) -> None:
    start = NOTES.index("Josiane")
    act(server, review, "mask", "notes", str(start), str(start + len("Josiane Pradel")), "PERSONNE")

    assert masked_words(review).count("Josiane Pradel") == 2
    assert "Josiane" not in review.masked.text
    review.undo(server)
    assert "Josiane Pradel" not in masked_words(review)
    assert review.former == []


@pytest.mark.parametrize(
    ("verb", "target"),
    [
        ("mask", ("notes", "1", "5", "PAS_UN_TYPE")),
        ("mask", ("autre", "1", "5", "PERSONNE")),
        ("mask", ("notes", "-1", "5", "PERSONNE")),
        ("mask", ("notes", "1")),
        ("choose", ("notes", "x")),
        ("choose", ("notes", "3")),
        ("choose", ("autre", "0")),
    ],
)
def test_what_a_browser_makes_up_changes_nothing(
    server: Server, review: MaskReview, verb: str, target: tuple[str, ...]
) -> None:
    act(server, review, verb, *target)
    assert (len(server.asked), review.chosen, review.former) == (1, None, [])


def test_a_mask_that_names_a_person_is_taken_off_only_once_confirmed(
    server: Server, review: MaskReview
) -> None:
    act(server, review, "choose", "notes", "0")
    assert chosen_name(review) == "notes-0"

    review.remove(server)
    assert review.removing
    assert "Martine Lefèvre" in masked_words(review)
    review.remove(server, confirmed=True)
    assert "Martine Lefèvre" not in masked_words(review)
    assert (review.chosen, chosen_name(review)) == (None, "")


def test_an_employer_is_taken_off_at_once(server: Server, review: MaskReview) -> None:
    review.choose(NOTES.index("Boulangerie"))
    review.remove(server)
    assert "Boulangerie Clairval" not in masked_words(review)


def test_a_mask_is_given_another_type_and_moved(server: Server, review: MaskReview) -> None:
    review.choose(NOTES.index("diabète"))
    review.retype(server, "HANDICAP")
    assert review.chosen_mask is not None
    assert review.chosen_mask.type == "HANDICAP"

    review.move(server, "left", -1)
    assert masked_words(review)[-1] == "Son diabète"
    assert chosen_name(review) == f"notes-{NOTES.index('Son diabète')}"


def test_words_that_are_not_there_are_said(server: Server, review: MaskReview) -> None:
    assert not review.mask_words(server, "Bernard", "PERSONNE")
    assert "« Bernard » ne se trouve pas" in review.notice
    assert review.mask_words(server, "tullins", "ADRESSE")
    assert "Tullins" in masked_words(review)


def test_a_server_that_fails_leaves_the_masks_as_they_were(server: Server, review: MaskReview) -> None:
    server.refusal = ServerUnreachable("Le serveur ne répond pas.")
    before = review.masked
    review.choose(0)
    review.remove(server, confirmed=True)

    assert review.masked is before
    assert "n’a pas été changé. Le serveur ne répond pas." in review.notice
    assert review.former == []
    with pytest.raises((ApiError, ServerUnreachable)):
        MaskReview.begin(server, "notes", NOTES)


def test_a_text_that_grows_keeps_what_a_person_decided(server: Server, review: MaskReview) -> None:
    review.choose(NOTES.index("Boulangerie"))
    review.remove(server)
    grown = f"{NOTES}\nOn la joint aussi au 06 12 34 56 78. Boulangerie Clairval."

    after = review.continued(server, grown)

    assert "Boulangerie Clairval" not in words(after.spans, grown)
    assert words(after.spans, grown).count("06 12 34 56 78") == 2
