"""Passages that repeat each other are shown once, the one in force; a document leaves room for the others."""

from datetime import date
from typing import Any

import pytest

from ingest.index import Hit
from server.diversify import capped, collapsed, diversified

TODAY = date(2026, 11, 22)
TEXT = (
    "Une séance peut être reportée deux fois si la personne prévient 48 heures à l’avance. Au-delà, le conseiller "
    "écrit à la personne et prévient la responsable du pôle, qui clôt le dossier."
)


def hit(key: str, text: str = TEXT, score: float = 1.0, **fields: Any) -> Hit:
    payload = {
        "document_id": key.split("#")[0],
        "kind": "procedure",
        "number": None,
        "path": ["Reports"],
        "text": text,
        "valid_from": None,
        "valid_to": None,
        "dated": None,
        "from_day": 0,
        "to_day": date.max.toordinal(),
        **fields,
    }
    return Hit(key, score, payload)


def keys(hits: list[Hit]) -> list[str]:
    return [one.chunk_id for one in hits]


def test_a_copy_is_shown_once_at_the_place_and_score_of_the_best() -> None:
    copies = [
        hit("a", score=3.0),
        hit("other", "Autre chose.", 2.0),
        hit("b", TEXT.upper().replace("’", "'"), 1.0),
    ]
    found = collapsed(copies, TODAY)
    assert [(one.chunk_id, one.score) for one in found] == [("a", 3.0), ("other", 2.0)]


def test_the_newer_of_two_is_kept_and_one_in_force_before_a_newer_one_that_is_not() -> None:
    old = hit("old", score=2.0, valid_from="2024-01-01")
    new = hit("new", valid_from="2026-01-01")
    [kept] = collapsed([old, new], TODAY)
    assert (kept.chunk_id, kept.score) == ("new", 2.0)
    ended = hit("ended", valid_from="2026-02-01", to_day=TODAY.toordinal() - 1)
    assert keys(collapsed([ended, old], TODAY)) == ["old"]
    undated, dated = hit("undated"), hit("dated", dated="2025-05-05")
    assert keys(collapsed([undated, dated], TODAY)) == ["dated"]


@pytest.mark.parametrize(
    "change",
    [
        {"text": TEXT.replace("48", "72")},
        {"text": TEXT.replace("deux fois", "trois fois")},
        {"text": TEXT.split(".")[0] + "."},
        {"kind": "legal", "number": "L6323-2"},
    ],
)
def test_what_differs_by_a_figure_a_sentence_or_an_article_is_kept(change: dict[str, Any]) -> None:
    first = hit("a", kind="legal", number="L6323-1") if "number" in change else hit("a")
    assert keys(collapsed([first, hit("b", **change)], TODAY)) == ["a", "b"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Le report est possible.", "Le report n’est pas possible."),
        ("Le conseiller peut refuser.", "Le conseiller doit refuser."),
        ("La signature est obligatoire.", "La signature est facultative."),
        ("Le dossier est remis à Paris.", "Le dossier est remis à Lyon."),
        ("Le coût est de 10 € par jour.", "Le coût est de 10 € par mois."),
        ("Le dossier part au premier mois.", "Le dossier part au deuxième mois."),
        ("Le conseiller prévient la personne.", "La personne prévient le conseiller."),
        ("Le dossier part avant le bilan.", "Le dossier part après le bilan."),
        ("La prime est due si l’âge est > 25.", "La prime est due si l’âge est < 25."),
        ("| pièce | jours |\n| devis | 10 |", "| pièce | mois |\n| devis | 10 |"),
    ],
)
def test_rules_that_differ_by_a_word_of_a_long_text_are_both_kept(one: str, other: str) -> None:
    pair = [hit("a", f"{TEXT}\n{one}"), hit("b", f"{TEXT}\n{other}", valid_from="2026-06-01")]
    assert keys(collapsed(pair, TODAY)) == ["a", "b"]


def test_articles_courtesies_and_typography_make_no_difference() -> None:
    other = f"{TEXT} Merci.".replace("48 ", "48\n")
    assert keys(collapsed([hit("a"), hit("b", other)], TODAY)) == ["a"]


def test_sessions_of_two_trainings_are_two_places_to_go_to() -> None:
    sessions = [hit("c1#0", kind="training"), hit("c2#0", kind="training")]
    assert keys(collapsed(sessions, TODAY)) == ["c1#0", "c2#0"]


def test_short_texts_are_compared_too() -> None:
    assert keys(collapsed([hit("a", "Oui."), hit("b", "Oui."), hit("c", "Non.")], TODAY)) == ["a", "c"]


def test_a_document_beyond_its_share_waits_and_then_fills_the_room() -> None:
    hits = [hit(name, str(n)) for n, name in enumerate(["a#0", "a#1", "a#2", "b#0", "a#3", "c#0"])]
    assert keys(capped(hits, 2)) == ["a#0", "a#1", "b#0", "c#0", "a#2", "a#3"]
    assert keys(capped(hits[:3], 2)) == ["a#0", "a#1", "a#2"]
    assert capped(hits, 0) == hits


def test_copies_do_not_use_up_the_share_of_their_document() -> None:
    hits = [hit("a#0"), hit("b#0"), hit("b#1", "Autre."), hit("a#1", "Encore.")]
    assert keys(diversified(hits, TODAY, per_document=1)) == ["a#0", "b#1", "a#1"]


def test_the_fifth_passage_of_a_procedure_does_not_wait() -> None:
    hits = [hit(f"a#{n}", str(n)) for n in range(6)] + [hit("b#0", "b")]
    assert keys(diversified(hits, TODAY))[4:] == ["a#4", "b#0", "a#5"]
