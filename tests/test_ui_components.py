"""What the page shows of an answer: everything escaped, quotes marked where they are, sources as they are."""

import re
from datetime import date
from html import unescape

import pytest

from ingest.documents import Kind, Status
from server.schemas import Citation, IngestionView, Passage, SourceReport, SourceSummary, Statement
from tests.browser.scripted_api import (
    ARTICLE,
    BILAN,
    DESTROYED,
    HOSTILE,
    KEPT,
    OLD_NOTE,
    SCENES,
    TRAPPED,
    UNVERIFIED,
    citing,
)
from tests.reading_html import TagCollector, marked
from ui import run_view
from ui.cards import badge_html, card_html, number_label, snippet, validity_sentence
from ui.components import (
    NOTHING_CITED,
    PARTLY_CITED,
    References,
    abstention_html,
    consulted_html,
    mode_sentence,
    notice_html,
    references,
    statement_html,
    trust_html,
)
from ui.run_view import is_reading, report_html
from ui.source_table import (
    CURRENT,
    MOSTLY_CURRENT,
    NEVER_READ,
    NOT_CURRENT,
    source_table_html,
    standing,
    summary_html,
)
from ui.trust import is_verified, trust

TODAY = date(2026, 11, 22)
API = "https://fanal.example"
PASSAGES = {passage.id: passage for passage in (BILAN, ARTICLE, OLD_NOTE, HOSTILE)}


def refs(*statements: Statement) -> References:
    return references(PASSAGES.values(), statements, TODAY, API)


# Cards


def test_a_hostile_passage_shows_its_markup_as_text() -> None:
    html = statement_html(1, TRAPPED, refs(TRAPPED)) + consulted_html([TRAPPED], refs(TRAPPED))
    parsed = TagCollector(html)

    assert not parsed.tags & {"script", "img", "b", "strong"}
    assert not {name for name in parsed.attributes if name.startswith("on")}
    assert "<script>document.title = 'piège'</script>" in parsed.words
    assert {link.split(":")[0] for link in parsed.links} == {"https"}


def test_a_card_tells_where_the_passage_comes_from() -> None:
    html = card_html(BILAN, [], TODAY, API)

    words = TagCollector(html).words
    for expected in ("Après le bilan", "Procédure", "Référence\u00a0PR-031", "page\u00a04", "procedures"):
        assert expected in words
    assert f"{API}/v1/documents/procedures%3Abilan%2FPR-031.docx/file" in html


def test_a_passage_with_a_page_on_the_web_links_to_it_by_name() -> None:
    parsed = TagCollector(card_html(ARTICLE, [], TODAY, API))

    assert parsed.links == [ARTICLE.url]
    assert "Lire sur Légifrance" in parsed.words


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//example.org", "http://[", "file:///etc/passwd"]
)
def test_only_web_addresses_become_links(url: str) -> None:
    passage = ARTICLE.model_copy(update={"url": url})

    assert TagCollector(card_html(passage, [], TODAY, API)).links == [
        f"{API}/v1/documents/code-travail%3ALEGIARTI000037374006/file"
    ]


def dated(start: date | None, end: date | None, status: Status = Status.IN_FORCE) -> Passage:
    return BILAN.model_copy(update={"valid_from": start, "valid_to": end, "status": status})


PAST, FUTURE = date(2019, 1, 1), date(2027, 8, 15)


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        (PAST, None, "En vigueur depuis le 1er\u00a0janvier\u00a02019"),
        (FUTURE, None, "En vigueur à partir du 15\u00a0août\u00a02027"),
        (PAST, FUTURE, "En vigueur du 1er\u00a0janvier\u00a02019 au 15\u00a0août\u00a02027"),
        (None, FUTURE, "En vigueur jusqu’au 15\u00a0août\u00a02027"),
        (None, None, "Dates de validité non renseignées"),
    ],
)
def test_validity_is_said_in_french(start: date | None, end: date | None, sentence: str) -> None:
    assert validity_sentence(dated(start, end), TODAY) == sentence


@pytest.mark.parametrize(
    ("passage", "label"),
    [
        (dated(PAST, None), "en vigueur"),
        (dated(PAST, TODAY), "en vigueur"),
        (dated(PAST, date(2026, 11, 21)), "plus en vigueur"),
        (dated(FUTURE, None), "pas encore en vigueur"),
        (dated(PAST, None, Status.SUPERSEDED), "remplacé"),
        (dated(PAST, FUTURE, Status.REPEALED), "abrogé"),
    ],
)
def test_the_badge_says_where_the_text_stands(passage: Passage, label: str) -> None:
    assert TagCollector(badge_html(passage, TODAY)).words == label


def test_only_a_text_in_force_wears_the_badge_of_one() -> None:
    assert "fanal-badge-current" in badge_html(dated(PAST, None), TODAY)
    assert "fanal-badge-current" not in badge_html(dated(PAST, None, Status.SUPERSEDED), TODAY)


@pytest.mark.parametrize(
    ("number", "label"),
    [
        ("L6323-17-1", "Article"),
        ("R. 6313-7", "Article"),
        ("PR-031", "Référence"),
        ("RNCP37948", "Référence"),
    ],
)
def test_an_article_is_told_from_a_reference(number: str, label: str) -> None:
    assert number_label(number) == f"{label}\u00a0{number}"


def test_a_snippet_is_cut_between_words_without_bullets_or_table_rules() -> None:
    assert snippet("- un\n| a | b |\n|---|---|\nL. 6323-17") == "un a b L. 6323-17"
    assert snippet("mot " * 100).endswith("mot…")


# Statements


def test_a_verified_statement_opens_a_panel_for_each_passage_with_its_quote_marked() -> None:
    html = statement_html(2, DESTROYED, refs(KEPT, DESTROYED))

    assert 'data-verified="true"' in html
    assert re.findall(r'popovertarget="([^"]+)" aria-label', html) == ["citation-2-2", "citation-2-1"]
    assert re.findall(r'popover id="([^"]+)"', html) == ["citation-2-2", "citation-2-1"]
    assert marked(html) == [citation.quote for citation in DESTROYED.citations]


def test_a_passage_keeps_its_number_when_statements_are_added() -> None:
    assert refs(KEPT).numbers == {BILAN.id: 1}
    assert refs(KEPT, DESTROYED).numbers == {BILAN.id: 1, ARTICLE.id: 2}


def test_two_quotes_of_one_passage_share_one_number_and_are_both_marked() -> None:
    quotes = ["Les notes d’entretien", "sont détruits"]
    statement = Statement(text="Tout.", verified=True, citations=[citing(BILAN, quote) for quote in quotes])

    html = statement_html(1, statement, refs(statement))

    assert html.count('data-testid="citation"') == 1
    assert marked(html) == quotes


def test_an_unverified_statement_says_so_and_why() -> None:
    html = statement_html(1, UNVERIFIED, refs(UNVERIFIED))

    assert 'data-verified="false"' in html
    assert f"Non vérifié\u00a0:</strong> {NOTHING_CITED}" in html


def test_an_unverified_statement_still_opens_what_was_found_of_it() -> None:
    partly = KEPT.model_copy(update={"verified": False})

    html = statement_html(1, partly, refs(partly))

    assert PARTLY_CITED in html
    assert marked(html) == [KEPT.citations[0].quote]


def wrong_offsets() -> Statement:
    citation = KEPT.citations[0]
    return KEPT.model_copy(update={"citations": [citation.model_copy(update={"start": 0, "end": 5})]})


def unknown_passage() -> Statement:
    return KEPT.model_copy(update={"citations": [Citation(passage_id="?", quote="x", start=0, end=1)]})


def nothing_cited() -> Statement:
    return KEPT.model_copy(update={"citations": []})


def empty_quote() -> Statement:
    empty = Citation(passage_id=BILAN.id, quote="", start=3, end=3)
    return KEPT.model_copy(update={"citations": [empty]})


@pytest.mark.parametrize("statement", [wrong_offsets(), unknown_passage(), nothing_cited(), empty_quote()])
def test_a_statement_called_verified_whose_quotes_are_not_there_is_not_shown_as_verified(
    statement: Statement,
) -> None:
    assert statement.verified
    assert not is_verified(statement, PASSAGES)
    html = statement_html(1, statement, refs(statement))
    assert 'data-verified="false"' in html
    assert marked(html) == []


# Lists, notices and sources


def test_the_mode_and_the_model_are_named() -> None:
    assert mode_sentence("extractive", "x") == (
        "Réponse composée de phrases des documents, mot pour mot, sans modèle de langage."
    )
    generated = SCENES["rédigée"]
    shown = trust_html(trust(generated.statements, PASSAGES, TODAY), generated)
    assert "Rédigé par une intelligence artificielle (modèle mistral-small-3.2)\u00a0; chaque" in shown


def test_cited_passages_come_first_by_number_and_the_others_are_folded() -> None:
    html = consulted_html([DESTROYED], references([BILAN, ARTICLE, OLD_NOTE], [DESTROYED], TODAY, API))

    order = [html.index(mark) for mark in ("[1]", "[2]", "1\u00a0autre passage consulté", "NS-2019-04 Arch")]
    assert order == sorted(order)
    assert f"«\u00a0{DESTROYED.citations[0].quote}" in unescape(html)


def test_without_citations_the_nearest_passages_are_all_in_sight() -> None:
    html = consulted_html([], references([OLD_NOTE, ARTICLE], [], TODAY, API))

    assert "Passages les plus proches" in html
    assert "fanal-others" not in html


def test_abstention_tells_whether_something_near_was_found() -> None:
    assert "les plus proches" in abstention_html(has_passages=True)
    assert "Aucun passage proche" in abstention_html(has_passages=False)


def test_a_message_of_the_server_is_escaped() -> None:
    assert "&lt;b&gt;" in notice_html("warning", "<b>")


def source(**changes: object) -> SourceSummary:
    base = {
        "name": "a",
        "kind": Kind.LEGAL,
        "documents": 2,
        "passages": 4000,
        "embedded": 4000,
        "failures": 0,
        "last_run": "2026-11-21T05:30:00+00:00",
    }
    return SourceSummary.model_validate({**base, **changes})


def test_a_source_in_preparation_is_up_to_date_and_shows_how_far_it_is() -> None:
    html = source_table_html([source(embedded=1500)])

    assert "<strong>À jour</strong>" in html
    assert '<progress max="4000" value="1500"' in html
    assert "1\u202f500 passages sur 4\u202f000" in html


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, CURRENT),
        ({"stale": 4}, CURRENT),
        ({"failures": 2}, MOSTLY_CURRENT),
        ({"problem": "Le dossier est introuvable."}, NOT_CURRENT),
        ({"failures": 2, "problem": "Le dossier est introuvable."}, NOT_CURRENT),
        ({"last_run": None}, NEVER_READ),
        ({"last_run": None, "problem": "Le dossier est introuvable."}, NOT_CURRENT),
    ],
)
def test_a_word_says_how_a_source_stands(changes: dict[str, object], word: str) -> None:
    assert standing(source(**changes)).word == word


def test_the_reason_and_the_last_whole_reading_stand_below_the_word() -> None:
    details = standing(source(problem="Le dossier est <i>introuvable</i>.", failures=2, set_aside=1)).details

    assert details[0] == "Le dossier est <i>introuvable</i>."
    assert "21\u00a0novembre\u00a02026" in details[1]
    assert details[2] == "2\u00a0fichiers illisibles, dont 1 mis de côté après plusieurs essais."


def test_names_and_problems_are_escaped() -> None:
    html = source_table_html([source(name="<i>", problem="<b>")]) + summary_html(
        [source(name="<i>", problem="x")]
    )

    assert "<i>" not in html
    assert "<b>" not in html


def test_the_source_that_needs_care_comes_first() -> None:
    html = source_table_html(
        [source(name="bonne"), source(name="lue", failures=1), source(name="perdue", problem="x")]
    )

    assert html.index("perdue") < html.index("lue<") < html.index("bonne")


def test_the_summary_names_the_sources_that_are_not_up_to_date() -> None:
    assert "Toutes les sources sont à jour" in summary_html([source()])
    assert "1\u00a0fichier ne peut pas être lu" in summary_html([source(failures=1)])
    assert "1\u00a0source n’est pas à jour sur 2\u00a0: b." in summary_html(
        [source(), source(name="b", problem="x")]
    )


def run(**changes: object) -> IngestionView:
    base = {
        "id": "1",
        "state": "running",
        "stage": "lecture",
        "done": 3,
        "total": 9,
        "reports": [],
        "embedded": 0,
        "to_embed": 0,
    }
    return IngestionView.model_validate({**base, **changes})


def test_a_run_is_followed_until_its_documents_are_read() -> None:
    assert is_reading(run())
    assert not is_reading(run(stage="vecteurs"))
    assert not is_reading(run(state="done"))
    assert "Lecture des documents\u00a0: 3 sur 9" in run_view.progress_html(run())
    assert "max=" not in run_view.progress_html(run(stage="préparation", total=0))


def test_the_report_of_a_run_says_what_changed_or_that_nothing_did() -> None:
    reports = [
        SourceReport(source="a", added=2, renamed=1, removed=1, failures=["<b>.pdf : le fichier est vide"]),
        SourceReport(source="b", unchanged=12),
    ]
    html = report_html(run(stage="vecteurs", reports=reports))

    assert "2\u00a0ajoutés (dont 1\u00a0renommé), 1\u00a0retiré." in html
    assert "rien n’a changé, 12\u00a0documents" in html
    assert "&lt;b&gt;.pdf" in html


def test_a_run_that_failed_says_why() -> None:
    assert "Disque plein" in report_html(run(state="failed", error="Disque plein"))
