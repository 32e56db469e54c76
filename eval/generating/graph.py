"""Which passages belong together: sections go in, ragas' knowledge graph of them and its pairs come out.

The graph and its relations are ragas' (`ragas.testset`); what passages have in common is counted in Fanal's own terms,
so that nothing is asked of a model and nothing is downloaded to draw it.
"""

import asyncio
import math
import os
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import eval.judging  # noqa: F401  # ragas must not report home: told before it is imported
from eval.generating.material import Section
from ingest.text import terms


def _keep_offline() -> None:
    """Show tiktoken, which ragas loads, the encodings that llama-index brings: it would fetch them otherwise."""
    package = find_spec("llama_index.core")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "_static" / "tiktoken_cache"
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(bundled))


_keep_offline()

from ragas.testset.graph import KnowledgeGraph, Node, NodeType  # noqa: E402
from ragas.testset.transforms.relationship_builders.traditional import (  # noqa: E402
    JaccardSimilarityBuilder,
)

TELLING = 14
"""Terms that stand for a passage: the rarest of those that it says."""
ALIKE = 0.12
"""Share of telling terms from which two passages are about the same thing."""
SHARED = 3
"""Telling terms that they share at least: two short passages are alike by one word."""
MAX_NODES = 400
"""Pairs are compared one by one."""


def knowledge_graph(sections: Sequence[Section]) -> KnowledgeGraph:
    """Draw the graph: a node a section, a relation between those that say the same rare words."""
    held = [Counter(terms(f"{' '.join(one.passage.path)} {one.passage.text}")) for one in sections]
    spread = Counter(word for words in held for word in words)
    nodes = [
        Node(
            type=NodeType.CHUNK,
            properties={
                "page_content": section.passage.text,
                "document_metadata": {"place": place, "document": section.passage.document_id},
                "entities": _telling(words, spread, len(sections)),
            },
        )
        for place, (section, words) in enumerate(zip(sections, held, strict=True))
    ]
    graph = KnowledgeGraph(nodes=nodes)
    graph.relationships = asyncio.run(JaccardSimilarityBuilder(threshold=ALIKE).transform(graph))
    return graph


def pairs(sections: Sequence[Section]) -> list[tuple[Section, Section]]:
    """Give pairs of sections of two documents that one person may read together, the closest first."""
    chosen = list(sections[:MAX_NODES])
    found: list[tuple[float, int, int]] = []
    for relation in knowledge_graph(chosen).relationships:
        first, second = (
            node.properties["document_metadata"]["place"] for node in (relation.source, relation.target)
        )
        one, other = chosen[first].passage, chosen[second].passage
        shared = set(relation.source.properties["entities"]) & set(relation.target.properties["entities"])
        if one.document_id != other.document_id and one.title != other.title and len(shared) >= SHARED:
            found.append((-relation.properties[relation.type], first, second))
    return [
        (chosen[first], chosen[second])
        for _, first, second in sorted(found)
        if len({chosen[first].group, chosen[second].group} - {None}) <= 1
    ]


def _telling(words: Counter[str], spread: Counter[str], count: int) -> list[str]:
    def weight(word: str) -> tuple[float, str]:
        return -words[word] * math.log(count / spread[word]), word

    return sorted((word for word in words if spread[word] > 1), key=weight)[:TELLING]
