"""The page of `eval.model_report_runs` as Markdown: two runs of each suite go in, the page comes out, in French.

Figures are those of `eval.scoring` and `server.quality.compare`, over the cases that both modes were asked; nothing is
judged by a model.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from eval.reporting import wording as words
from eval.reporting.markdown import safe, table
from eval.scoring.aggregate import metric_of
from eval.written import is_whole
from server.comparison_schemas import MetricChange
from server.evaluation_schemas import CaseResult, DraftedSentence
from server.quality.catalogue import CATALOGUE
from server.quality.compare import compare
from server.quality.run_files import LoadedRun
from server.schemas import Statement

COMMAND: Final = "python -m eval.model_report_runs"

VERDICTS: Final = {"better": "**mieux**", "worse": "**moins bien**", "same": "pas d’écart établi"}
HEAD: Final = ("Mesure", "Extraits", "", "Petit modèle", "", "Écart", "", "p ajustée", "Paires", "Verdict")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs of a suite, without a model and with it."""

    extractive: LoadedRun
    generative: LoadedRun

    def shared(self) -> "Pair":
        """Keep the cases that both were asked, in the order of the suite."""
        asked = {result.case.id for result in self.generative.results}
        asked &= {result.case.id for result in self.extractive.results}
        return Pair(_only(self.extractive, asked), _only(self.generative, asked))


def page(pairs: Sequence[Pair], reading: str) -> str:
    """Write the page.

    Args:
        pairs: of the questions, then of the drafts.
        reading: what a person wrote of the answers that they read, in Markdown.
    """
    model = next(pair.generative.view.configuration for pair in pairs)
    name = model.model if model else "?"
    lines = [
        f"# Un petit modèle sur cette machine, à côté des extraits : `{name}`",
        "",
        f"Écrit par `{COMMAND} write` d’après les fichiers de `local-model/`, qui gardent toutes les réponses (sans le "
        f"texte des passages). `make model`, `infra/local_model.py serve`, `{COMMAND} collect` puis `keep` les refont.",
        "",
        *_conditions(pairs),
    ]
    for pair in pairs:
        lines += [*_section(pair), ""]
    results = [result for pair in pairs for result in pair.shared().generative.results]
    return "\n".join([*lines, reading.strip(), "", *_answers(results)]).rstrip() + "\n"


def _only(run: LoadedRun, ids: set[str]) -> LoadedRun:
    return replace(run, results=[result for result in run.results if result.case.id in ids])


def _conditions(pairs: Sequence[Pair]) -> Iterator[str]:
    for pair in pairs:
        view, asked = pair.generative.view, len(pair.shared().generative.results)
        whole = "" if asked == view.cases else " : **la mesure n’est pas finie**"
        yield f"- {safe(view.title)} : {asked} cas sur {view.cases} posés aux deux{whole}."
    view = pairs[0].generative.view
    settings = view.configuration.settings if view.configuration else {}
    yield (
        f"- Contexte du modèle : {settings.get('model_context', '?')} jetons, prompt et réponse : il ne voit que les "
        "premiers des dix passages trouvés, que les extraits voient tous. Une réponse pouvait attendre "
        f"{settings.get('model_seconds', '?')} secondes."
    )
    yield f"- Version de Fanal : {view.git_revision or 'inconnue'}."
    yield (
        "- Aucune note ne vient d’un juge : citations relues mot pour mot, chiffres relus, passages attendus, faits "
        "attendus. Intervalles à 95 % ; p d’un test de permutation apparié, ajustée (Holm) sur les mesures du tableau."
    )
    yield ""


def _section(pair: Pair) -> Iterator[str]:
    both = pair.shared()
    yield f"## {safe(pair.generative.view.title)}"
    yield ""
    if not both.generative.results:
        yield "Aucun cas n’a encore été posé au modèle."
        return
    yield from table(HEAD, [_cells(change, both) for change in _changes(both)])
    yield from _counts(both)


def _changes(both: Pair) -> list[MetricChange]:
    """Compare what writing changes: what was found is the same in both."""
    changes = compare(both.extractive, both.generative).metrics
    return [one for one in changes if CATALOGUE[one.name].family != "retrieval"]


def _cells(change: MetricChange, both: Pair) -> tuple[str, ...]:
    own = [metric_of(change.name, run.results) for run in (both.extractive, both.generative)]
    shown = [
        cell
        for one in own
        for cell in (f"{words.share(one.value)} ({one.cases})", words.interval(one) or words.DASH)
    ]
    between = words.DASH
    if change.low is not None and change.high is not None:
        between = f"{words.signed(change.low)} à {words.signed(change.high)}"
    return (
        CATALOGUE[change.name].label,
        *shown,
        words.points(change.difference),
        between,
        words.decimal(change.adjusted_p, 3),
        words.whole(change.cases),
        VERDICTS[change.verdict],
    )


def _counts(both: Pair) -> Iterator[str]:
    """Tell what the model wrote, sentence by sentence, and what it cost."""
    results = both.generative.results
    fallen = sum(_fell_back(result) for result in results)
    statements = [said for result in results for said in _statements(result)]
    sure = sum(said.verified for said in statements)
    repaired = sum(isinstance(said, Statement) and said.repaired for said in statements)
    yield (
        f"- Le modèle a écrit {words.counted(len(statements), 'phrase', 'phrases')} : {sure} vérifiées, "
        f"dont {repaired} après correction ; {len(statements) - sure} sont affichées « non vérifiées » "
        "(FANAL_UNVERIFIED=drop les laisserait de côté)."
    )
    yield (
        f"- {words.counted(fallen, 'cas', 'cas')} où le modèle n’a pas répondu, ou pas jusqu’au bout : ce qu’il en "
        "reste compte, comme ce que les documents ont dit à sa place."
    )
    times = [both.generative.timings[result.case.id] for result in results]
    asked = [one for one in times if one.tokens]
    if asked:
        seconds = median(one.timings.get("total", 0.0) / 1_000 for one in asked)
        read = median(one.tokens.prompt for one in asked if one.tokens)
        written = median(one.tokens.completion for one in asked if one.tokens)
        yield (
            f"- Médianes des {len(asked)} cas où il a compté : {read:.0f} jetons lus, {written:.0f} écrits, "
            f"{seconds:.0f} s. Les deux cœurs servaient à autre chose en même temps : ce temps ne dit pas sa vitesse."
        )
    yield ""


def _fell_back(result: CaseResult) -> bool:
    made = result.answer or result.draft
    return made is not None and not is_whole(made, "generative")


def _statements(result: CaseResult) -> Sequence[Statement | DraftedSentence]:
    """Give what the model wrote: nothing where the documents took its place."""
    if result.answer and result.answer.mode == "generative":
        return result.answer.statements
    if result.draft and result.draft.mode == "generative":
        return [said for section in result.draft.sections for said in section.sentences]
    return []


def _answers(results: Sequence[CaseResult]) -> Iterator[str]:
    """List every case with what the model said, so that a reader can judge by themselves."""
    yield "## Tout ce que le modèle a écrit"
    yield ""
    ended = Counter(_ending(result) for result in results if result.answer)
    if ended:
        yield f"Questions : {' ; '.join(f'{kind}, {count}' for kind, count in ended.items())}."
        yield ""
    for result in results:
        yield f"- **{safe(result.case.question or result.case.id)}** (attendu : {_expected(result)})"
        if _fell_back(result):
            yield "  - le modèle n’a pas répondu, ou pas jusqu’au bout"
        elif result.answer and result.answer.abstained:
            yield "  - s’abstient"
        for said in _statements(result):
            yield f"  - {'vérifiée' if said.verified else 'NON VÉRIFIÉE'} : {safe(said.text)}"


def _ending(result: CaseResult) -> str:
    done = "s’abstient" if result.answer and result.answer.abstained else "répond"
    return f"{done}{' quand il fallait s’abstenir' if result.case.must_abstain else ' quand il fallait répondre'}"


def _expected(result: CaseResult) -> str:
    if result.case.must_abstain:
        return "une abstention"
    if result.case.draft:
        empty = ", ".join(result.case.draft.non_renseigne) or "aucune"
        told = " ; ".join(safe(fact.text) for fact in result.case.draft.facts)
        return f"{told} ; parties vides : {empty}"
    facts = [safe(fact) for fact in result.case.facts] or [
        safe(one.quote) for one in result.case.gold if one.quote
    ]
    return " ; ".join(facts) or "une réponse"
