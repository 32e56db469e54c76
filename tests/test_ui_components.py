"""What the page shows of an answer: everything escaped, quotes marked where they are, sources as they are."""

import re
from datetime import date
from html import unescape

import pytest

from ingest.documents import Status
from server.schemas import (
    AbstentionKind,
    Citation,
    Passage,
    Statement,
)
from tests.browser.scenes import (
    ARTICLE,
    BASIS,
    BILAN,
    DESTROYED,
    FIGURE,
    HOSTILE,
    KEPT,
    OLD_NOTE,
    REPAIRED,
    SCENES,
    TRAPPED,
    UNVERIFIED,
    citing,
)
from tests.reading_html import TagCollector, marked
from ui.cards import badge_html, card_html, number_label, snippet, validity_sentence
from ui.components import abstention_html, asked_html, mode_sentence, notice_html, trust_html
from ui.consulted import conflicts_html, consulted_html
from ui.statements import NOTHING_CITED, PARTLY_CITED, References, references, statement_html
from ui.trust import is_verified, trust

TODAY = date(2026, 11, 22)
KEY = "abc"
API = "https://fanal.example"
PASSAGES = {passage.id: passage for passage in (BILAN, ARTICLE, OLD_NOTE, HOSTILE)}


def refs(*statements: Statement) -> References:
    return references(KEY, PASSAGES.values(), statements, TODAY, API)


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


@pytest.mark.parametrize("status", [Status.REPEALED, Status.SUPERSEDED])
def test_a_text_that_has_ended_is_never_said_to_hold_still(status: Status) -> None:
    assert validity_sentence(dated(PAST, None, status), TODAY) == (
        "Entré en vigueur le 1er\u00a0janvier\u00a02019, date de fin non renseignée"
    )
    assert validity_sentence(dated(FUTURE, None, status), TODAY).startswith("Devait entrer en vigueur le 15")


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


def test_a_statement_has_a_button_for_each_passage_that_it_cites() -> None:
    html = statement_html(2, DESTROYED, refs(KEPT, DESTROYED))

    assert 'data-verified="true"' in html
    assert re.findall(r'data-fanal-do="([^"]+)"', html) == [
        f"passage|{KEY}|{ARTICLE.id}|2",
        f"passage|{KEY}|{BILAN.id}|2",
    ]
    assert re.findall(r' id="([^"]+)"', html) == [f"cite-{KEY}-2-2", f"cite-{KEY}-2-1"]
    assert TagCollector(html).words.endswith("[2][1]")


def test_a_passage_keeps_its_number_when_statements_are_added() -> None:
    assert refs(KEPT).numbers == {BILAN.id: 1}
    assert refs(KEPT, DESTROYED).numbers == {BILAN.id: 1, ARTICLE.id: 2}


def test_two_quotes_of_one_passage_share_one_number_and_are_both_marked() -> None:
    quotes = ["Les notes d’entretien", "sont détruits"]
    statement = Statement(text="Tout.", verified=True, citations=[citing(BILAN, quote) for quote in quotes])

    html = statement_html(1, statement, refs(statement)) + consulted_html([statement], refs(statement))

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
    assert html.count('data-testid="citation"') == 1
    assert marked(consulted_html([partly], refs(partly))) == [KEPT.citations[0].quote]


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
    assert marked(consulted_html([statement], refs(statement))) == []


# Lists and notices


def test_the_mode_and_the_model_are_named() -> None:
    assert mode_sentence("extractive", "x") == (
        "Réponse composée de phrases des documents, mot pour mot, sans modèle de langage."
    )
    generated = SCENES["rédigée"]
    shown = trust_html(trust(generated.statements, PASSAGES, TODAY), generated)
    assert "Rédigé par une intelligence artificielle (modèle mistral-small-3.2)\u00a0; chaque" in shown


def test_cited_passages_come_first_by_number_and_the_others_are_folded() -> None:
    html = consulted_html([DESTROYED], references(KEY, [BILAN, ARTICLE, OLD_NOTE], [DESTROYED], TODAY, API))

    order = [html.index(mark) for mark in ("[1]", "[2]", "1\u00a0autre passage consulté", "NS-2019-04 Arch")]
    assert order == sorted(order)
    assert f"«\u00a0{DESTROYED.citations[0].quote}" in unescape(html)


def test_without_citations_the_nearest_passages_are_all_in_sight() -> None:
    html = consulted_html([], references(KEY, [OLD_NOTE, ARTICLE], [], TODAY, API))

    assert "Passages les plus proches" in html
    assert "fanal-others" not in html
    outside = consulted_html([], references(KEY, [OLD_NOTE, ARTICLE], [], TODAY, API), near=False)
    assert "Passages les plus proches" not in outside
    assert "fanal-others" in outside


def test_abstention_tells_whether_something_near_was_found() -> None:
    assert "les plus proches" in abstention_html("unanswerable", None, has_passages=True)
    assert "Aucun passage proche" in abstention_html(None, None, has_passages=False)


@pytest.mark.parametrize(
    ("kind", "label"),
    [("unanswerable", "Sans réponse"), ("out_of_scope", "Hors sujet"), ("smalltalk", "Dites")],
)
def test_the_kinds_of_abstention_are_told_apart_in_the_servers_words(
    kind: AbstentionKind, label: str
) -> None:
    html = abstention_html(kind, "Dites <b>autrement</b>.", has_passages=False)
    assert TagCollector(html).words.startswith(label)
    assert "Dites &lt;b&gt;autrement" in html
    assert ("Aucun passage proche" in html) == (kind == "unanswerable")
    assert ("avec d’autres mots" in html) == (kind == "out_of_scope")


def test_a_figure_that_is_not_in_the_quotes_is_marked_in_the_sentence() -> None:
    html = statement_html(1, FIGURE, refs(FIGURE))

    assert 'data-verified="false"' in html
    assert 'data-testid="unsupported">12 jours</span>' in html
    assert "« 12 jours » n’est pas dans les passages cités" in TagCollector(html).words.replace("\u00a0", " ")
    both = FIGURE.model_copy(update={"unsupported": ["12 jours", "trente-six mois", "<b>"]})
    assert statement_html(1, both, refs(both)).count('data-testid="unsupported"') == 2
    assert "<b>" not in statement_html(1, both, refs(both))


def test_a_figure_that_is_missing_is_never_verified_whatever_the_server_says() -> None:
    claimed = FIGURE.model_copy(update={"verified": True})
    assert not is_verified(claimed, PASSAGES)


def test_a_repaired_statement_says_so_quietly() -> None:
    html = statement_html(1, REPAIRED, refs(REPAIRED))
    assert 'data-verified="true"' in html
    assert "Phrase corrigée après vérification" in html
    assert "corrigée" not in statement_html(1, KEPT, refs(KEPT))


def test_the_legal_basis_of_a_cited_passage_stands_apart_from_the_others() -> None:
    html = consulted_html([KEPT], references(KEY, [BILAN, BASIS, OLD_NOTE], [KEPT], TODAY, API))

    words = ["Passages cités", "Base légale</h2>", "base légale de [1]", "1\u00a0autre passage", "NS-2019-04"]
    places = [html.index(word) for word in words]
    assert places == sorted(places)


def test_the_newer_of_two_texts_that_disagree_comes_first_with_both_dates() -> None:
    scene = SCENES["réclamation"]
    shown = references(KEY, scene.passages, scene.statements, TODAY, API)
    words = TagCollector(conflicts_html(scene.conflicts, shown.passages, shown)).words

    places = [
        words.index(word) for word in ("Le plus récent", "PR-029", "2026", "Le plus ancien", "GU-02", "2023")
    ]
    assert places == sorted(places)
    judged = trust(scene.statements, shown.passages, TODAY, disputed=True)
    assert judged.level == "caution"
    assert "ne disent pas la même chose" in judged.sentence


def test_a_passage_that_can_be_opened_from_several_places_has_an_id_in_each() -> None:
    scene = SCENES["réclamation"]
    shown = references(KEY, scene.passages, scene.statements, TODAY, API)
    again = [scene.conflicts[0], scene.conflicts[0]]
    html = conflicts_html(again, shown.passages, shown) + consulted_html(scene.statements, shown)

    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == 6


def test_a_follow_up_shows_how_it_was_understood() -> None:
    html = asked_html("et pour un <b>CDD</b> ?", "Combien de temps pour un CDD ?", "1er mars 2026")
    words = TagCollector(html).words
    assert "Question comprise\u00a0: Combien de temps pour un CDD ?" in words
    assert "À la date du 1er mars 2026" in words
    assert "<b>" not in html
    assert "understood" not in asked_html("Quoi ?", None)


def test_a_message_of_the_server_is_escaped() -> None:
    assert "&lt;b&gt;" in notice_html("warning", "<b>")
