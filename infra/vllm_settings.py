"""vLLM's settings for a class of graphics card: a file of `infra/vllm/` goes in, its arithmetic and commands come out.

    python infra/vllm_settings.py infra/vllm/48gb.toml --models /srv/models

Memory is counted from the numbers of each model's own `config.json`: weights, keys and values of every token of every
answer written at once, and what computing takes beside them. Decimal gigabytes throughout, as cards are sold.

Standard library only: an administrator runs it on a server that has nothing else yet.
"""

import argparse
import shlex
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

GB = 1_000_000_000

ENVIRONMENT: Mapping[str, str] = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
}
"""Of every instance: weights from a folder and from nowhere else, and nothing told to anybody."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A transformer, as its `config.json` tells it.

    Args:
        kv_heads, head_dim: None keeps no keys and values: an encoder reads its text at once.
        gated: whether the feed-forward part has three matrices (SwiGLU) rather than two.
        tied: whether the output shares the embeddings.
        positions: learned positions, in tokens; 0 where they are computed.
        beside: parameters of parts that are loaded and not used here (an image encoder).
    """

    layers: int
    hidden: int
    heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    kv_heads: int | None = None
    gated: bool = True
    tied: bool = False
    positions: int = 0
    beside: int = 0

    @property
    def linear_parameters(self) -> int:
        """Parameters of the layers: what a quantisation makes smaller."""
        keys = self.kv_heads or self.heads
        attention = 2 * self.hidden * self.head_dim * (self.heads + keys)
        feed_forward = (3 if self.gated else 2) * self.hidden * self.intermediate
        return self.layers * (attention + feed_forward)

    @property
    def embedding_parameters(self) -> int:
        """Parameters of the vocabulary, in and out: kept in 16 bits."""
        return self.hidden * ((1 if self.tied else 2) * self.vocabulary + self.positions)

    @property
    def parameters(self) -> int:
        """All of them, but norms and biases (less than one in a thousand)."""
        return self.linear_parameters + self.embedding_parameters + self.beside

    def kv_bytes_per_token(self, bytes_each: float) -> float:
        """Give what one token of one answer keeps: a key and a value for each head of each layer."""
        return 2 * self.layers * (self.kv_heads or 0) * self.head_dim * bytes_each


@dataclass(frozen=True, slots=True)
class Instance:
    """One vLLM server.

    Args:
        role: `answers`, `embeddings` or `reranker`.
        weights: folder of the weights, under the folder of all models.
        source: where they are published; `licence`, `parameters` (billions) and `quantisation` as told there.
        context: tokens of one request; `seqs`: requests at once.
        weight_bytes: of one parameter of the layers; `kv_bytes`: of one number that is kept.
        working_gb: activations, CUDA graphs and the driver's own.
        share: part of the card's memory that it may take (`--gpu-memory-utilization`).
        flags: its further flags.
    """

    role: str
    weights: str
    served_name: str
    source: str
    licence: str
    parameters: float
    quantisation: str
    port: int
    context: int
    seqs: int
    weight_bytes: float
    working_gb: float
    share: float
    architecture: Architecture
    flags: Sequence[str]
    kv_bytes: float = 2.0

    @property
    def weights_gb(self) -> float:
        """Weights in memory; what is no layer is in 16 bits."""
        one = self.architecture
        others = 2 * (one.embedding_parameters + one.beside)
        return (one.linear_parameters * self.weight_bytes + others) / GB

    @property
    def kv_gb(self) -> float:
        """Keys and values when every request fills its context."""
        return self.architecture.kv_bytes_per_token(self.kv_bytes) * self.context * self.seqs / GB

    @property
    def needed_gb(self) -> float:
        """All that it needs at its fullest."""
        return self.weights_gb + self.kv_gb + self.working_gb

    def arguments(self, models: Path) -> list[str]:
        """Give the arguments of vLLM's OpenAI server."""
        return [
            "--model", str(models / self.weights), "--served-model-name", self.served_name,
            "--host", "127.0.0.1", "--port", str(self.port),
            "--max-model-len", str(self.context), "--max-num-seqs", str(self.seqs),
            "--gpu-memory-utilization", str(self.share), *self.flags,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A class of graphics cards, and what runs on one of them."""

    memory_gb: float
    examples: str
    instances: Sequence[Instance]


def load_card(path: Path) -> Card:
    """Read a file of `infra/vllm/`.

    Raises:
        TypeError: a key is missing or unknown.
    """
    read = tomllib.loads(path.read_text("utf-8"))
    instances = [
        Instance(**one | {"architecture": Architecture(**one["architecture"])}) for one in read["instance"]
    ]
    return Card(read["memory_gb"], read["examples"], instances)


def arithmetic(card: Card) -> str:
    """Write the memory of each instance as a Markdown table, gigabytes."""
    rows = [
        "| | model | weights | keys and values | computing | needed | may take |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in card.instances:
        held = one.architecture.kv_bytes_per_token(one.kv_bytes)
        kept = f"{held:,.0f} B × {one.context:,} × {one.seqs} = {one.kv_gb:.1f}" if one.kv_gb else "none"
        rows.append(
            f"| {one.role} | {one.weights} | {one.weights_gb:.1f} | {kept} | {one.working_gb:.1f} "
            f"| **{one.needed_gb:.1f}** | {one.share * card.memory_gb:.1f} |"
        )
    needed = sum(one.needed_gb for one in card.instances)
    taken = sum(one.share for one in card.instances) * card.memory_gb
    return (
        "\n".join([*rows, f"| all | | | | | **{needed:.1f}** | {taken:.1f} of {card.memory_gb:.0f} |"]) + "\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the arithmetic of a file, and the command of each instance."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="a file of infra/vllm/")
    parser.add_argument("--models", type=Path, default=Path("/srv/models"), help="folder of all weights")
    options = parser.parse_args(arguments)
    card = load_card(options.file)
    print(arithmetic(card))
    given = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
    for one in card.instances:
        print(
            f"# {one.role}\n{given} python -m vllm.entrypoints.openai.api_server "
            + shlex.join(one.arguments(options.models))
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
