"""What stands around an answer: the panel's document, the copied text, the history, actions; everything escaped."""

from datetime import UTC, date, datetime

import pytest

from server.schemas import (
    MAX_QUESTION_CHARS,
    AskRequest,
    ConversationSummary,
    DocumentView,
    FeedbackView,
    TurnView,
)
from tests.browser.scenes import BILAN, CONNECTED, CPF, HOSTILE, KEPT, LONG, SCENES, UNVERIFIED
from tests.reading_html import TagCollector, marked
from ui.actions import Action, action_attribute, read_action
from ui.answer_stream import AnswerDone, PassagesFound
from ui.answer_view import former_turn_html, head_html, references_of, shows_passages
from ui.client import PagePicture
from ui.copied import copied_text
from ui.document_text import AROUND, document_html
from ui.exchange import Exchange
from ui.history import ALL, history_html
from ui.source_panel import open_panel, page_html, panel_name
from ui.state import KEPT as KEPT_FETCHES
from ui.state import Confirming, PageState, Panel

API = "https://fanal.example"
DAY = date(2026, 11, 22)


def answered(scene: str, question: str = "Que dit la <b>synthèse</b> ?") -> Exchange:
    exchange = Exchange(AskRequest(question=question), DAY)
    exchange.add(AnswerDone(SCENES[scene]))
    return exchange


# Actions


@pytest.mark.parametrize("value", [None, 3, "", "rm|x", "javascript:alert(1)", {"verb": "copy"}, "Passage|x"])
def test_what_no_button_of_ours_is_called_is_no_action(value: object) -> None:
    assert read_action(value) is None


def test_an_action_is_read_as_it_was_written() -> None:
    attribute = action_attribute("passage", "k", "id", "2")
    assert attribute == 'data-fanal-do="passage|k|id|2"'
    assert read_action("passage|k|id|2") == Action("passage", ("k", "id", "2"))
    assert '"><script>' not in action_attribute("conversation", '"><script>')


# The panel


def test_a_passage_of_the_page_is_opened_and_nothing_else() -> None:
    state = PageState(exchanges=[answered("synthèse")])
    key = state.exchanges[0].key

    for unknown in ((key, "?", "1"), ("?", BILAN.id, "1")):
        open_panel(state, *unknown)
        assert state.panel is None
    open_panel(state, key, BILAN.id, "1")
    assert state.panel == Panel(key, BILAN.id, 1)
    open_panel(state, key, BILAN.id, "x")
    assert state.panel == Panel(key, BILAN.id, None)
    assert panel_name(state.panel).endswith("-0#0")


def document(*texts: str) -> DocumentView:
    passages = [BILAN.model_copy(update={"id": f"p-{n}", "text": text}) for n, text in enumerate(texts)]
    return DocumentView(
        id=BILAN.document_id,
        passages=passages,
        **BILAN.model_dump(include={"source", "kind", "title", "status"}),
    )


def test_a_document_is_shown_around_its_passage_with_the_quote_marked() -> None:
    view = document("avant <b>", "Le texte cité ici.", "après")
    html = document_html(view, view.passages[1], [(3, 8)])

    parsed = TagCollector(html)
    assert marked(html) == ["texte"]
    assert html.count("data-fanal-target") == 1
    assert "avant <b>" in parsed.words
    assert "b" not in parsed.tags
    assert parsed.words.count("Conservation et destruction") == 1


def test_a_long_document_is_shown_around_its_passage_only() -> None:
    view = document(*(f"Passage {n}." for n in range(1_000)))
    words = TagCollector(document_html(view, view.passages[500], [])).words

    assert f"Passage {500 - AROUND}." in words
    assert f"Passage {500 + AROUND}." in words
    assert f"Passage {500 + AROUND + 1}." not in words
    assert "475\u00a0autres passages avant" in words


def test_a_passage_that_left_its_document_is_shown_by_itself() -> None:
    html = document_html(document("un", "deux"), BILAN, [(0, 15)])
    assert marked(html) == [BILAN.text[:15]]
    assert "deux" not in TagCollector(html).words.split()


def test_a_page_takes_its_place_before_it_is_decoded_and_names_itself() -> None:
    header = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (1000).to_bytes(4, "big") + (1414).to_bytes(4, "big")
    html = page_html(PagePicture(header, 3, 2, 0.25, 0.5), 2, 'Titre "><script>')
    assert 'width="1000" height="1414"' in html
    assert "top: 25.00%; left: 50.00%" in html
    assert "citation surlignée" in html
    assert "<script>" not in html
    assert "data-fanal-target" not in page_html(PagePicture(header, 3, 0, None, None), 2, "Titre")


def test_what_was_fetched_is_kept_within_bounds() -> None:
    state, fetched = PageState(), []

    def fetch(key: int) -> int:
        return state.kept(key, lambda: fetched.append(key) or key)

    assert [fetch(key) for key in (1, 1, 2)] == [1, 1, 2]
    assert fetched == [1, 2]
    for key in range(10, 10 + KEPT_FETCHES):
        fetch(key)
    fetch(1)
    assert fetched.count(1) == 2


# What is said of an answer


def test_the_copied_answer_holds_its_sources_and_says_what_wrote_it() -> None:
    exchange = answered("rédigée", "Combien de temps ?")
    text = copied_text(exchange, references_of(exchange, API), DAY).replace("\u00a0", " ")

    assert "Question : Combien de temps ?" in text
    assert "À la date du 22 novembre 2026" in text
    assert f"- {KEPT.text} [1]" in text
    assert f"- {UNVERIFIED.text} (non vérifié)" in text
    assert f"« {KEPT.citations[0].quote} »" in text
    assert "[1] PR-031 Clôture d’un bilan de compétences, page 4, en vigueur depuis le 1er mars 2026" in text
    assert "https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000037374006" in text
    assert text.endswith(
        "Réponse établie par Fanal le 22 novembre 2026 avec une intelligence artificielle "
        "(modèle mistral-small-3.2) ; à vérifier avant usage.\n"
    )


def test_an_extractive_answer_is_not_said_to_be_of_a_model() -> None:
    exchange = answered("synthèse")
    assert "sans modèle de langage" in copied_text(exchange, references_of(exchange, API), DAY)


def test_a_stopped_answer_never_looks_whole() -> None:
    exchange = Exchange(AskRequest(question="Quoi ?"), DAY)
    exchange.add(PassagesFound([BILAN]))
    exchange.statements.append(KEPT)
    exchange.stopped = True

    html = head_html(exchange, references_of(exchange, API))

    assert 'data-testid="stopped"' in html
    assert 'data-testid="trust"' not in html


def test_a_greeting_shows_no_passages() -> None:
    assert not shows_passages(answered("Bonjour"))
    assert shows_passages(answered("lune"))


def test_a_former_turn_is_folded_behind_its_question() -> None:
    html = former_turn_html(2, answered("et pour"), API)

    parsed = TagCollector(html)
    assert "b" not in parsed.tags
    assert "2. Que dit la <b>synthèse</b> ?" in parsed.words
    assert "Question comprise" in parsed.words
    assert "<h2></h2>" not in html
    assert "fanal-asked" not in html
    assert KEPT.text in parsed.words


def test_a_turn_that_was_kept_is_taken_up_with_what_was_said_of_it() -> None:
    said = FeedbackView(answer_id="a-1", useful=True, reasons=[], comment="", created_at=datetime.now(UTC))
    exchange = Exchange.of_turn(TurnView(answer=SCENES["CPF"], feedback=said))

    assert exchange.ended
    assert exchange.statements == [CONNECTED]
    assert exchange.passages[0] == CPF
    assert exchange.day == SCENES["CPF"].as_of
    assert exchange.feedback == said


def test_a_question_that_its_mask_has_made_too_long_is_taken_up_all_the_same() -> None:
    long = SCENES["CPF"].model_copy(update={"question": "[EMAIL_1] " * MAX_QUESTION_CHARS})
    assert len(Exchange.of_turn(TurnView(answer=long)).request.question) <= MAX_QUESTION_CHARS


# History


def summary(identifier: str, title: str, turns: int = 1) -> ConversationSummary:
    now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    return ConversationSummary(id=identifier, title=title, created_at=now, updated_at=now, turns=turns)


def test_the_history_is_escaped_and_says_what_is_on_the_page() -> None:
    html = history_html([summary("c-1", HOSTILE.title), summary("c-2", "Deux", 2)], "c-2", None)

    parsed = TagCollector(html)
    assert "script" not in parsed.tags
    assert "2\u00a0questions" in parsed.words
    assert html.count('aria-current="true"') == 1
    assert html.index("c-1") < html.index('aria-current="true"') < html.index("Tout supprimer")


@pytest.mark.parametrize("target", ["c-1", ALL])
def test_nothing_is_deleted_before_it_is_confirmed(target: str) -> None:
    conversations = [summary("c-1", "Un"), summary("c-2", "Deux")]
    assert "confirm|" not in history_html(conversations, None, None)
    html = history_html(conversations, None, Confirming(target, 3))
    assert html.count("confirm|") == 1
    assert f"confirm|{target}|3" in html


def test_a_quote_far_down_a_long_passage_is_marked() -> None:
    start = LONG.text.index("Étape 78")
    view = DocumentView(
        id=LONG.document_id, passages=[LONG], **LONG.model_dump(include={"source", "kind", "title", "status"})
    )
    assert marked(document_html(view, LONG, [(start, start + 8)])) == ["Étape 78"]
