"""What the reader of a run must know before its figures: what it gave goes in, sentences in French come out."""

from collections.abc import Iterable, Iterator, Sequence

from eval.exchanges import Asked
from eval.written import is_whole
from server.configuration_schemas import Configuration
from server.evaluation_schemas import CaseResult, JudgeInfo

SELF_JUDGED = (
    "Le juge est le modèle qui a rédigé les réponses : il se note lui-même, et ses notes sont trop bonnes. Ne vous en "
    "servez pas pour décider."
)

CHANGED = (
    "La configuration a changé pendant la mesure (documents, réglages ou modèle) : des réponses viennent de l’une, "
    "d’autres de l’autre. Recommencez-la (--fresh --no-cache)."
)


def fallbacks(results: Iterable[CaseResult], configuration: Configuration | None) -> int:
    """Count the answers and drafts that the configured model did not write, or did not finish."""
    if configuration is None:
        return 0
    written = (one.answer or one.draft for one in results if one.status == "done")
    return sum(not is_whole(one, configuration.mode) for one in written if one)


def warnings_of(
    results: Sequence[CaseResult],
    asked: Iterable[Asked],
    configuration: Configuration | None,
    judge: JudgeInfo | None,
    before: Sequence[str] = (),
) -> list[str]:
    """Say what there is to know, the worst first.

    Args:
        before: what was said while it ran.
    """
    fallback = fallbacks(results, configuration)
    return [
        *(_not_the_models(fallback, results, configuration) if fallback and configuration else ()),
        *before,
        *([SELF_JUDGED] if judge and judge.is_generator else ()),
        *_lost(results),
        *_cached(asked),
    ]


def _not_the_models(
    fallback: int, results: Sequence[CaseResult], configuration: Configuration
) -> Iterator[str]:
    written = sum(one.status == "done" and bool(one.answer or one.draft) for one in results)
    yield (
        f"{fallback} réponses sur {written} ne sont pas de « {configuration.model} », ou sont restées incomplètes : il "
        "n’a pas répondu ou s’est interrompu, et elles sont faites sans lui. Les chiffres ne sont pas les siens : "
        "remettez-le en marche et recommencez la mesure (--fresh)."
    )


def _lost(results: Sequence[CaseResult]) -> Iterator[str]:
    for status, said in (("failed", "ont échoué"), ("skipped", "n’ont pas été posés")):
        lost = [one for one in results if one.status == status]
        if lost:
            reasons = dict.fromkeys(one.error or "" for one in lost)
            yield f"{len(lost)} cas {said} : {next(iter(reasons))}"


def _cached(asked: Iterable[Asked]) -> Iterator[str]:
    cached = sum(one.timing.cached for one in asked)
    if cached:
        yield (
            f"{cached} réponse{'s' if cached > 1 else ''} reprise{'s' if cached > 1 else ''} d’une mesure d’avant, de "
            "la même configuration : --no-cache les repose toutes."
        )
