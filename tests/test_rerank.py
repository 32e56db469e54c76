"""A reranker gives a better order, and never costs an answer: each way it fails leaves the retriever's order."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ingest.errors import ConfigurationError, SourceUnavailable
from ingest.index import Hit
from server.rerank import RERANK_DOWN, RerankFailed, VLLMReranker, open_reranker, reranked

Answer = tuple[int, bytes]
TEXTS = ("les congés", "la VAE", "le bilan")


def ordered(*scores: float) -> Answer:
    results = [{"index": i, "relevance_score": s, "document": {"text": ""}} for i, s in enumerate(scores)]
    return 200, json.dumps({"id": "1", "model": "m", "results": results[::-1]}).encode()


@contextmanager
def endpoint(answer: Callable[[dict[str, Any]], Answer]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve `answer` on a port of this machine; gives its base URL and what was asked, path and key included."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({**body, "path": self.path, "key": self.headers.get("Authorization")})
            status, content = answer(body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hits(texts: Sequence[str] = TEXTS) -> list[Hit]:
    return [Hit(f"h{i}", 3.0 - i, {"path": ["Titre"], "text": text}) for i, text in enumerate(texts)]


def test_orders_by_relevance_and_deals_the_scores_of_the_search_anew() -> None:
    warnings: list[str] = []
    with endpoint(lambda _: ordered(0.1, 0.9, 0.5)) as (url, asked):
        reranker = VLLMReranker(f"{url}/v1", "bge", "cle-secrete")
        found = reranked(hits(), "qu’est-ce que la VAE ?", reranker, warnings)
        reranker.close()
    assert [(hit.chunk_id, hit.score) for hit in found] == [("h1", 3.0), ("h2", 2.0), ("h0", 1.0)]
    assert warnings == []
    [request] = asked
    assert request["path"] == "/v1/rerank"
    assert request["key"] == "Bearer cle-secrete"
    assert (request["model"], request["query"], request["top_n"]) == ("bge", "qu’est-ce que la VAE ?", 3)
    assert request["documents"] == [f"Titre\n{text}" for text in TEXTS]


@pytest.mark.parametrize("base", ["", "/rerank", "/v1", "/v1/", "/v1/rerank"])
def test_takes_a_base_url_or_the_whole_address(base: str) -> None:
    with endpoint(lambda _: ordered(0.1, 0.9, 0.5)) as (url, asked):
        reranker = VLLMReranker(url + base, "bge")
        assert reranker.scores("q", TEXTS) == [0.1, 0.9, 0.5]
        reranker.close()
    assert asked[0]["path"] == ("/v1/rerank" if base.startswith("/v1") else "/rerank")
    assert asked[0]["key"] is None


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"boom"),
        (404, b"not here"),
        (200, b"<html>Bienvenue</html>"),
        (200, b""),
        (200, b'{"results": []}'),
        (200, b'{"results": [{"index": 0, "relevance_score": 1}]}'),
        (200, ordered(1, 2, 3)[1].replace(b'"index": 2', b'"index": 99')),
        (200, ordered(1, 2, 3)[1].replace(b'"index": 2', b'"index": 1')),
        (200, ordered(1, 2, 3)[1].replace(b'"index": 2', b'"index": -1')),
        (200, ordered(1, float("nan"), 3)[1]),
        (200, ordered(1, float("inf"), 3)[1]),
        (200, ordered(1, 2, 3, 4)[1]),
        (200, b"[" * 2_000_000),
    ],
)
def test_nonsense_leaves_the_order_of_the_search_with_a_warning(answer: Answer) -> None:
    warnings: list[str] = []
    with endpoint(lambda _: answer) as (url, _):
        reranker = VLLMReranker(url, "bge")
        found = reranked(hits(), "question", reranker, warnings)
        reranker.close()
    assert found == hits()
    assert warnings == [RERANK_DOWN]


def test_a_slow_or_absent_endpoint_leaves_the_order_of_the_search() -> None:
    warnings: list[str] = []

    def slow(_: object) -> Answer:
        time.sleep(0.3)
        return ordered(1, 2, 3)

    with endpoint(slow) as (url, _):
        reranker = VLLMReranker(url, "bge", timeout_s=0.05)
        assert reranked(hits(), "question", reranker, warnings) == hits()
        reranker.close()
    absent = VLLMReranker(url, "bge")
    assert reranked(hits(), "question", absent, warnings) == hits()
    absent.close()
    assert warnings == [RERANK_DOWN] * 2


def test_one_passage_or_no_reranker_asks_nothing() -> None:
    warnings: list[str] = []
    with endpoint(lambda _: (500, b"")) as (url, asked):
        reranker = VLLMReranker(url, "bge")
        assert reranked(hits(["seul"]), "question", reranker, warnings) == hits(["seul"])
        reranker.close()
    assert reranked(hits(), "question", None, warnings) == hits()
    assert (asked, warnings) == ([], [])


def test_the_start_says_what_is_wrong_with_the_settings() -> None:
    assert open_reranker(None, None) is None
    with pytest.raises(ConfigurationError, match="vont ensemble"):
        open_reranker("http://127.0.0.1:1/v1", None)
    with pytest.raises(SourceUnavailable, match="ne répond pas"):
        open_reranker("http://127.0.0.1:1/v1", "bge")
    with (
        endpoint(lambda _: (404, b"{}")) as (url, _),
        pytest.raises(ConfigurationError, match="modèle « bge » y est servi"),
    ):
        open_reranker(url, "bge")
    with (
        endpoint(lambda _: (200, b"<html>")) as (url, _),
        pytest.raises(ConfigurationError, match="FANAL_RERANK_URL est sans doute fausse"),
    ):
        open_reranker(url, "bge")
    with (
        endpoint(lambda _: (503, b"")) as (url, _),
        pytest.raises(SourceUnavailable, match="démarrez-le"),
    ):
        open_reranker(url, "bge")


def test_a_good_endpoint_passes_the_start() -> None:
    with endpoint(lambda body: ordered(*range(len(body["documents"])))) as (url, _):
        reranker = open_reranker(f"{url}/v1", "bge")
        assert reranker is not None
        assert reranker.scores("q", ["a", "b", "c"]) == [0, 1, 2]
        reranker.close()


def test_a_failure_names_the_endpoint_for_the_log() -> None:
    reranker = VLLMReranker("http://127.0.0.1:1/v1", "bge")
    with pytest.raises(RerankFailed, match=r"127\.0\.0\.1:1/v1/rerank"):
        reranker.scores("q", TEXTS)
    reranker.close()
