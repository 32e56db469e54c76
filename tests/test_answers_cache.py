"""The cache of answers: what it gives back, what it does not keep, and what it does with a bad disk."""

import os
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from eval.answers_cache import AnswersCache, key_of, may_be_kept
from eval.exchanges import Asked
from server.evaluation_schemas import CaseResult, CaseTiming
from server.schemas import INCOMPLETE
from tests.evaluating import case
from tests.quality_cases import make_answer, make_case
from tests.quality_runs import make_configuration


def an_answer(**fields: object) -> Asked:
    asked = make_case(1)
    answer = make_answer(asked, Random(1), right=True).model_copy(update=fields)
    return Asked(CaseResult(case=asked, answer=answer), CaseTiming(case_id=asked.id, timings={"total": 12.0}))


def test_the_cache_gives_back_what_was_answered_to_the_case_as_it_is_now(tmp_path: Path) -> None:
    cache, asked = AnswersCache(tmp_path), an_answer()
    cache.put("ab" * 32, asked)
    now = asked.result.case.model_copy(update={"facts": ["Un fait de plus."]})
    found = cache.get("ab" * 32, now)
    assert found is not None
    assert found.result == CaseResult(case=now, answer=asked.result.answer)
    assert found.timing == asked.timing.model_copy(update={"cached": True})
    assert cache.get("cd" * 32, now) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"answer": 3, "timings": {}}', b"\xff\xfe"])
def test_an_entry_that_is_damaged_is_none_and_is_written_again(tmp_path: Path, content: bytes) -> None:
    cache, asked = AnswersCache(tmp_path), an_answer()
    cache.put("ab" * 32, asked)
    [path] = tmp_path.glob("ab/*.json")
    path.write_bytes(content)
    assert cache.get("ab" * 32, asked.result.case) is None
    cache.put("ab" * 32, asked)
    assert cache.get("ab" * 32, asked.result.case) is not None
    assert [one.name for one in tmp_path.glob("ab/*")] == [path.name], "no temporary file stays"


def test_the_entries_that_served_longest_ago_go_first(tmp_path: Path) -> None:
    cache, asked = AnswersCache(tmp_path), an_answer()
    keys = [f"{number:02d}" * 32 for number in range(4)]
    for number, key in enumerate(keys):
        cache.put(key, asked)
        [path] = tmp_path.glob(f"{key[:2]}/*.json")
        os.utime(path, (number, number))
    size = path.stat().st_size
    assert cache.get(keys[0], asked.result.case) is not None  # it serves again
    AnswersCache(tmp_path, max_bytes=2 * size).prune()
    kept = [key for key in keys if cache.get(key, asked.result.case)]
    assert kept == [keys[0], keys[3]]


def test_a_disk_that_refuses_costs_the_cache_and_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("un fichier", "utf-8")
    cache = AnswersCache(tmp_path / "answers")
    cache.put("ab" * 32, an_answer())
    assert cache.get("ab" * 32, case("reclamation")) is None
    cache.prune()


def test_what_would_be_answered_otherwise_tomorrow_is_not_kept() -> None:
    configuration = make_configuration(mode="generative")
    assert may_be_kept(an_answer(mode="generative", warnings=[]), configuration)
    assert not may_be_kept(an_answer(mode="extractive"), configuration)
    assert not may_be_kept(an_answer(mode="generative", warnings=[INCOMPLETE]), configuration)
    failed = an_answer(mode="generative")
    assert not may_be_kept(
        replace(failed, result=failed.result.model_copy(update={"status": "failed"})), configuration
    )


def test_a_key_changes_with_the_configuration_and_with_what_is_sent() -> None:
    one, other = make_configuration(), make_configuration(fingerprint="autre")
    assert key_of(one, {"question": "a"}) == key_of(one, {"question": "a"})
    assert (
        len(
            {key_of(one, {"question": "a"}), key_of(other, {"question": "a"}), key_of(one, {"question": "b"})}
        )
        == 3
    )
