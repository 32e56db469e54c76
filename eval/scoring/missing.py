"""What a run does not tell: the results of its cases go in, sentences in French come out for who reads its figures."""

from collections.abc import Sequence

from server.case_schemas import Case
from server.evaluation_schemas import CaseResult, CaseTiming
from server.quality.catalogue import CATALOGUE, JUDGED


def missing(results: Sequence[CaseResult], timings: Sequence[CaseTiming]) -> list[str]:
    """Say what was not measured, in whole or in part, and why."""
    asked = [one for one in results if one.case.kind == "ask" and one.status != "skipped"]
    return [
        *_skipped(results),
        *(_judged(asked) if asked else []),
        *(_expected([one.case for one in asked]) if asked else []),
        *(_costs(timings) if timings else []),
    ]


def _skipped(results: Sequence[CaseResult]) -> list[str]:
    skipped = sum(one.status == "skipped" for one in results)
    return [f"{_cases(skipped)} sur {len(results)} : non essayés, sans note."] if skipped else []


def _judged(asked: Sequence[CaseResult]) -> list[str]:
    judged = {name for one in asked for name in (*one.scores, *one.unscored) if name in JUDGED}
    if not judged:
        labels = ", ".join(CATALOGUE[name].label for name in JUDGED)
        return [f"Sans juge, n’ont pas été mesurés : {labels}."]
    failures = {name: sum(name in one.unscored for one in asked) for name in JUDGED}
    return [
        f"{CATALOGUE[name].label} : le juge n’a pas noté {_cases(count)} ; leurs notes manquent, la moyenne est celle "
        "des autres."
        for name, count in failures.items()
        if count
    ]


def _expected(cases: Sequence[Case]) -> list[str]:
    """Say what the cases do not expect, and hence cannot be measured."""
    answerable = [case for case in cases if not case.must_abstain]
    gold = sum(not case.gold for case in answerable)
    facts = sum(not case.facts for case in answerable)
    said = []
    if gold:
        said.append(
            f"Passages attendus : {_of(gold, len(answerable))}, où retrouver et citer ne sont pas mesurés."
        )
    if facts:
        said.append(f"Faits attendus : {_of(facts, len(answerable))}, où ce qui est dit n’est pas mesuré.")
    if len(answerable) == len(cases):
        said.append("Aucune question sans réponse dans les documents : le silence à raison n’est pas mesuré.")
    if not answerable:
        said.append("Aucune question qui ait une réponse dans les documents : seul le silence est mesuré.")
    return said


def _costs(timings: Sequence[CaseTiming]) -> list[str]:
    said = []
    if all(timing.cached for timing in timings):
        said.append("Toutes les réponses viennent d’une mesure précédente : les temps ne sont pas mesurés.")
    if all(timing.tokens is None for timing in timings):
        said.append("Jetons : le serveur n’en a compté aucun (sans modèle de rédaction, il n’y en a pas).")
    if all(timing.energy_wh is None for timing in timings):
        said.append("Énergie : le serveur ne la dit pas.")
    return said


def _of(lacking: int, total: int) -> str:
    return f"aucun pour {_cases(lacking)} sur {total}"


def _cases(count: int) -> str:
    return f"{count} cas"
