"""What a person changed, word by word: the pieces give both texts back, and no text takes long."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.drafting.word_diff import diff_words

TEXTS = st.text(alphabet="ab c\n\té’.", max_size=60)


def before_and_after(before: str, after: str) -> tuple[str, str]:
    parts = diff_words(before, after)
    return (
        "".join(part.text for part in parts if part.op != "added"),
        "".join(part.text for part in parts if part.op != "removed"),
    )


@given(TEXTS, TEXTS)
def test_the_pieces_give_both_texts_to_the_letter(before: str, after: str) -> None:
    assert before_and_after(before, after) == ((before, after) if before != after else ("", ""))


@given(TEXTS, TEXTS)
def test_no_piece_is_empty_and_no_two_of_a_kind_follow(before: str, after: str) -> None:
    parts = diff_words(before, after)
    assert all(part.text for part in parts)
    assert all(one.op != other.op for one, other in pairwise(parts))


def test_words_are_told_apart_and_not_letters() -> None:
    found = diff_words("Elle souhaite souder, puis partir.", "Elle veut souder, puis rester.")
    assert [(part.op, part.text) for part in found] == [
        ("same", "Elle"),
        ("removed", " souhaite"),
        ("added", " veut"),
        ("same", " souder, puis"),
        ("removed", " partir."),
        ("added", " rester."),
    ]


def test_one_word_of_many_pages_is_one_word() -> None:
    words = [f"mot{number % 700}" for number in range(3_000)]
    changed = [*words[:1_500], "AUTRE", *words[1_501:]]
    parts = diff_words(" ".join(words), " ".join(changed))
    assert [part.text for part in parts if part.op != "same"] == [f" {words[1_500]}", " AUTRE"]


@pytest.mark.parametrize("vocabulary", [1, 2, 100, 150, 320, 10_000])
def test_a_text_made_to_take_long_is_one_piece_or_few(vocabulary: int) -> None:
    words = [chr(0x4E00 + number) for number in range(vocabulary)] * (10_000 // vocabulary + 1)
    before, after = " ".join(words[:10_000]), " ".join(words[:10_000][::-1])
    assert before_and_after(before, after) == ((before, after) if before != after else ("", ""))


def test_pages_of_prose_are_far_from_the_limit() -> None:
    """Word frequencies of a text fall as 1/rank (Zipf): 20,000 characters of it are compared word by word."""
    chance = random.Random(1)
    weights = [1 / rank for rank in range(1, 1_500)]
    words = [f"m{number}" for number in range(1, 1_500)]
    pages = [" ".join(chance.choices(words, weights, k=3_300)) for _ in range(2)]
    parts = diff_words(*pages)
    assert len(parts) > 50
