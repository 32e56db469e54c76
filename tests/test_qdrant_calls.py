"""Calls to a Qdrant server: which are made again, how often, and what is said of those that fail."""

from collections.abc import Callable

import httpx
import pytest
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from ingest.errors import ConfigurationError, FanalError, IndexMismatch, SourceUnavailable
from ingest.index_server import ServerIndex
from ingest.qdrant_calls import QdrantCalls
from tests.flaky_proxy import proxying
from tests.support import WordEmbedder

SIZE = WordEmbedder.dimension


def failing(error: Exception) -> tuple[Callable[[], None], list[int]]:
    tries: list[int] = []

    def call() -> None:
        tries.append(1)
        raise error

    return call, tries


def refusal(status: int, content: bytes = b"{}") -> UnexpectedResponse:
    return UnexpectedResponse(status, "", content, httpx.Headers())


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_overloaded_or_restarting_server_is_asked_six_times(calls: QdrantCalls, status: int) -> None:
    call, tries = failing(refusal(status))
    with pytest.raises(SourceUnavailable, match="ne répond pas"):
        calls.patiently(call)
    assert len(tries) == 6


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (400, b"Format error in JSON body", SourceUnavailable),
        (400, b"Wrong input: Vector dimension error: expected dim: 64, got 32", IndexMismatch),
        (401, b"", ConfigurationError),
        (403, b"", ConfigurationError),
        (404, b"Not found: Collection `fanal-1` doesn't exist!", SourceUnavailable),
        (413, b"", SourceUnavailable),
        (422, b"", SourceUnavailable),
    ],
)
def test_a_refusal_is_not_repeated_and_is_explained(
    calls: QdrantCalls, status: int, content: bytes, expected: type[FanalError]
) -> None:
    call, tries = failing(refusal(status, content))
    with pytest.raises(expected):
        calls.patiently(call)
    assert len(tries) == 1


def test_an_answer_that_is_not_qdrant_s_is_not_asked_for_again(calls: QdrantCalls) -> None:
    call, tries = failing(ResponseHandlingException(ValueError("a sign-in page")))
    with pytest.raises(SourceUnavailable):
        calls.patiently(call)
    assert len(tries) == 1


def test_a_fault_of_the_program_is_neither_repeated_nor_dressed_up(calls: QdrantCalls) -> None:
    call, tries = failing(KeyError("bug"))
    with pytest.raises(KeyError):
        calls.patiently(call)
    assert len(tries) == 1


def test_waits_grow_differ_from_run_to_run_and_stay_under_a_quarter_of_a_minute() -> None:
    runs = []
    for _ in range(20):
        slept: list[float] = []
        with pytest.raises(SourceUnavailable):
            QdrantCalls(sleep=slept.append).patiently(failing(refusal(503))[0])
        runs.append(slept)
        assert sorted(slept) == slept
        assert 12 <= sum(slept) <= 15
    assert len({tuple(run) for run in runs}) == 20


def test_a_server_that_says_when_to_come_back_is_given_that_time(
    url: str, calls: QdrantCalls, slept: list[float]
) -> None:
    with proxying(url, every=3, faults=("overloaded",)) as proxy:
        ServerIndex.connect(proxy.url, "fanal", SIZE, calls=calls).close()
        assert proxy.lost["overloaded"] > 2
    assert all(wait >= 1 for wait in slept)
