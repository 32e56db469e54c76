"""vLLM's settings for each class of card: the arithmetic holds, and what is asked for is what the issue wants."""

from pathlib import Path

import pytest

from infra.vllm_settings import ENVIRONMENT, Card, arithmetic, load_card, main

FOLDER = Path(__file__).parent.parent / "infra" / "vllm"
FILES = sorted(FOLDER.glob("*.toml"))
DOCUMENTED = (FOLDER.parent.parent / "docs" / "models.md").read_text("utf-8")
OPEN = {"Apache-2.0", "MIT"}


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def card(file: Path) -> Card:
    return load_card(file)


def test_there_is_a_file_for_each_class() -> None:
    assert [path.stem for path in FILES] == ["24gb", "48gb", "80gb"]
    assert [load_card(path).memory_gb for path in FILES] == [24, 48, 80]


def test_all_that_runs_fits_the_card_at_its_fullest(card: Card) -> None:
    for one in card.instances:
        assert one.needed_gb <= one.share * card.memory_gb, one.role
        assert one.needed_gb > 0.85 * one.share * card.memory_gb or one.role != "answers"  # none lies idle
    assert sum(one.share for one in card.instances) <= 0.96  # the driver and the screen keep the rest


def test_the_parameters_counted_are_those_published(card: Card) -> None:
    for one in card.instances:
        assert one.architecture.parameters / 1e9 == pytest.approx(one.parameters, rel=0.015), one.weights


def test_what_one_token_keeps_is_a_key_and_a_value_of_each_head_of_each_layer() -> None:
    answers = load_card(FOLDER / "48gb.toml").instances[0]
    assert answers.architecture.kv_bytes_per_token(2) == 2 * 40 * 8 * 128 * 2
    assert answers.kv_gb == pytest.approx(163_840 * 8_192 * 16 / 1e9)


def test_there_are_answers_embeddings_and_a_reranker_on_ports_of_their_own(card: Card) -> None:
    assert [one.role for one in card.instances] == ["answers", "embeddings", "reranker"]
    assert len({one.port for one in card.instances}) == 3
    assert {one.licence for one in card.instances} <= OPEN


def test_answers_keep_prefixes_and_schemas_and_nobody_is_told(card: Card) -> None:
    written, *encoders = (" ".join(one.arguments(Path("/srv/models"))) for one in card.instances)
    assert "--enable-prefix-caching" in written
    assert "--structured-outputs-config.backend xgrammar" in written
    assert all("--runner pooling" in one for one in encoders)
    for one in [written, *encoders]:
        assert "--model /srv/models/" in one  # a folder, never a name of a hub
        assert "--host 127.0.0.1" in one
        assert "--max-num-seqs" in one
        assert "--trust-remote-code" not in one
    assert ENVIRONMENT.keys() >= {"VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "HF_HUB_OFFLINE"}


def test_the_command_line_prints_the_arithmetic_and_the_commands(
    file: Path, card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(file)]) == 0
    printed = capsys.readouterr().out
    assert arithmetic(card) in printed
    assert printed.count("VLLM_NO_USAGE_STATS=1") == 3


def test_the_page_on_models_has_the_arithmetic_of_each_file(card: Card) -> None:
    assert arithmetic(card) in DOCUMENTED, f"docs/models.md should hold:\n{arithmetic(card)}"
