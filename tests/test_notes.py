"""Notes: cut into numbered sentences, in both texts, and read from files."""

import io
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from server.mask_schemas import EntityType
from server.notes import (
    MAX_SENTENCE_CHARS,
    NOTES_LIMITS,
    number_notes,
    number_sentences,
    number_texts,
    read_notes,
)
from tests.drafting import as_masked, masked_with, notes_of

PROTECTED = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
)
"""What a Word file with a password begins like."""


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in number_sentences(text)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Elle cherche. Il trouve !", ["Elle cherche.", "Il trouve !"]),
        ("- vendeuse en CDI\n- pas de permis", ["vendeuse en CDI", "pas de permis"]),
        ("-> dispo lundi ; pas le soir", ["dispo lundi ;", "pas le soir"]),
        ("=> rappeler M. Durand\n• à voir\n* ok", ["rappeler M. Durand", "à voir", "ok"]),
        ("pas de permis -> vient en bus", ["pas de permis -> vient en bus"]),
        ("1. Parcours\n2) Projet", ["Parcours", "Projet"]),
        ("3 ans d’expérience\n2005-2012 : caissière", ["3 ans d’expérience", "2005-2012 : caissière"]),
        ("Suivie par Mme. Roy env. 3 mois, cf. fiche.", ["Suivie par Mme. Roy env. 3 mois, cf. fiche."]),
        ("formation terminée. veut reprendre", ["formation terminée.", "veut reprendre"]),
        ("permis ok. jamais eu de voiture", ["permis ok.", "jamais eu de voiture"]),
        ("a arrêté en 3e. veut reprendre", ["a arrêté en 3e. veut reprendre"]),
        ("- A le permis. N’a pas de voiture.", ["A le permis.", "N’a pas de voiture."]),
        ("Projet :\n\n-----\n\nsecrétaire", ["Projet :", "secrétaire"]),
        ("| CPF | 1 200 € |", ["| CPF | 1 200 € |"]),
        ("veut devenir\naide-soignante", ["veut devenir", "aide-soignante"]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_notes_are_cut_as_people_write_them(text: str, sentences: list[str]) -> None:
    assert pieces(text) == sentences


def test_a_text_broken_at_a_margin_keeps_its_sentences_whole() -> None:
    text = (
        "Elle travaille depuis neuf ans dans un magasin de vêtements du centre et\n"
        "souhaite maintenant changer de métier, parce que les horaires coupés ne lui\n"
        "laissent pas le temps de voir ses enfants. Elle a rencontré deux secrétaires\n"
        "médicales."
    )
    assert [" ".join(piece.split())[:24] for piece in pieces(text)] == [
        "Elle travaille depuis ne",
        "Elle a rencontré deux se",
    ]


@given(st.text(alphabet="aZé1 .;-\n\t•>«»!?’|[]_:", max_size=400))
@settings(max_examples=300, deadline=None)
def test_no_word_is_lost_and_none_is_twice(text: str) -> None:
    spans = number_sentences(text)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    left = "".join(
        text[a:b]
        for a, b in zip(
            [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)], strict=True
        )
    )
    # What is left out is white space, punctuation, and what announces an item: "-", "1.", "a)".
    assert not [
        mark for mark in left.split() if any(c.isalnum() for c in mark) and len(mark.strip(".)>|•-")) > 2
    ]


def test_a_sentence_without_end_is_cut_between_words_and_never_inside_a_placeholder() -> None:
    text = "mot [PERSONNE_1] " * 400
    cut = pieces(text)
    assert max(map(len, cut)) <= MAX_SENTENCE_CHARS
    assert "".join(cut).count("[PERSONNE_1]") == 400
    unbroken = "x" * 590 + "[PERSONNE_12]" + "y" * 2_000
    assert any("[PERSONNE_12]" in piece for piece in pieces(unbroken))


def test_each_sentence_stands_in_both_texts() -> None:
    text = "Mme Anne Roy est là. Elle vit au 3 rue du Lac\n40000 Mont.\nTél 06 11 22 33 44, à rappeler."
    masked = masked_with(
        text,
        ("Anne Roy", "PERSONNE"),
        ("3 rue du Lac\n40000 Mont", "ADRESSE"),
        ("06 11 22 33 44", "TELEPHONE"),
    )
    sentences = number_notes(text, masked)
    assert [sentence.number for sentence in sentences] == [1, 2, 3]
    assert [sentence.masked for sentence in sentences] == [
        "Mme [PERSONNE_1] est là.",
        "Elle vit au [ADRESSE_1].",
        "Tél [TELEPHONE_1], à rappeler.",
    ]
    assert sentences[1].text == "Elle vit au 3 rue du Lac\n40000 Mont."
    for sentence in sentences:
        assert text[sentence.start : sentence.end] == sentence.text
        assert masked.text[sentence.masked_start : sentence.masked_end] == sentence.masked


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_offsets_hold_whatever_is_masked(data: st.DataObject) -> None:
    words = data.draw(
        st.lists(st.sampled_from(["Anne", "Roy", "vit.", "à", "\n", "Lyon;", "06"]), max_size=30)
    )
    text = " ".join(f"{word}{i}" if word.isalpha() else word for i, word in enumerate(words))
    names = [word for word in text.split() if word.startswith(("Anne", "Roy"))]
    masked = masked_with(text, *((name, data.draw(st.sampled_from(get_args(EntityType)))) for name in names))
    sentences = number_notes(text, masked)
    for sentence in sentences:
        assert text[sentence.start : sentence.end] == sentence.text
        assert not any(name in sentence.masked.split() for name in names)
    assert "".join(sentence.text for sentence in sentences).count("Anne") == text.count("Anne")


def test_texts_of_an_assistant_are_numbered_in_a_row() -> None:
    texts = [
        ("CV", "Serveur.\nCuisinier.", as_masked("Serveur.\nCuisinier.")),
        ("Métier", "Pâtissier", as_masked("Pâtissier")),
    ]
    assert [(one.number, one.source, one.text) for one in number_texts(texts)] == [
        (1, "CV", "Serveur."),
        (2, "CV", "Cuisinier."),
        (3, "Métier", "Pâtissier"),
    ]


def test_a_paragraph_is_known_by_the_blank_line_before_it() -> None:
    sentences = number_notes("Un.\nDeux.\n\nTrois. Quatre.", as_masked("Un.\nDeux.\n\nTrois. Quatre."))
    assert [sentence.opens for sentence in sentences] == [True, False, True, False]


@pytest.mark.parametrize("name", ["cep-niveau-2", "bilan", "vae"])
def test_the_sample_notes_lose_nothing(name: str) -> None:
    text = notes_of(name)
    kept = "".join(piece for piece in pieces(text))
    assert len("".join(kept.split())) > 0.97 * len("".join(text.split()))


def docx_of(*lines: str) -> bytes:
    from docx import Document

    document = Document()
    for line in lines:
        document.add_paragraph(line)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


@pytest.mark.slow
def test_a_word_file_is_read_in_a_process_of_its_own() -> None:
    read = read_notes("notes.docx", docx_of("Elle est vendeuse.", "Pas de permis."))
    assert read.text == "Elle est vendeuse.\nPas de permis."


def test_a_text_file_is_read_whatever_its_encoding() -> None:
    assert read_notes("notes.txt", "Élève à l’école".encode("cp1252")).text == "Élève à l’école"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("notes.xlsx", b"PK\x03\x04", "Ces notes ne peuvent pas être lues"),
        ("notes.eml", b"From: a@b.fr\nSubject: x\n\nBonjour", "DOCX, ODT, PDF ou texte"),
        ("notes.docx", b"PK\x03\x04 abime", "Ces notes ne peuvent pas être lues"),
        ("notes.docx", PROTECTED, "mot de passe"),
        ("notes.pdf", b"%PDF-1.7 rien", "Ces notes ne peuvent pas être lues"),
        ("notes.txt", b"", "Ces notes ne peuvent pas être lues"),
        ("notes.txt", b"x" * (NOTES_LIMITS.max_bytes + 1), "Mo permis"),
    ],
)
def test_a_file_that_is_no_notes_is_refused_in_french(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason) as refused:
        read_notes(name, data)
    assert "'" not in str(refused.value)


def test_notes_too_long_for_a_draft_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="caractères, plus que les 200000 permis"):
        read_notes("notes.txt", b"une phrase. " * 20_000)


def test_masks_that_touch_keep_their_places() -> None:
    text = "AB vu."
    masked = masked_with(text, ("A", "PERSONNE"), ("B", "EMPLOYEUR"))
    (sentence,) = number_notes(text, masked)
    assert (sentence.text, sentence.masked) == ("AB vu.", "[PERSONNE_1][EMPLOYEUR_1] vu.")
