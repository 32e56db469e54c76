"""A case of a run as HTML: what was expected, what the scores say and why, and what was drafted or masked."""

from collections.abc import Mapping, Sequence
from html import escape

from server.case_schemas import Case, MaskExpectation
from server.evaluation_schemas import CaseDetail, CaseResult, DraftRecord, MaskRecord, MetricInfo
from ui.components import notice_html
from ui.mask_types import LABELS
from ui.passage_text import passage_html
from ui.quality.case_diagnosis import RANK, diagnosis
from ui.quality.html import list_html, section_html, tags_html
from ui.quality.run_html import facts_html
from ui.quality.words import STAGES, STATUSES, figure
from ui.wording import french, long_date

MUST_ABSTAIN = "Fanal doit dire que les documents ne répondent pas."
NOTHING_EXPECTED = "Rien n’est attendu de ce cas en particulier."


def question_html(case: Case) -> str:
    """Give what is asked, with what was asked before it, its day, its group and its tags."""
    before = "".join(f"<li>{escape(question)}</li>" for question in case.history)
    before = (
        f'<p class="fanal-hint">Questions posées avant :</p><ol class="fanal-before">{before}</ol>'
        if before
        else ""
    )
    facts = [escape(case.id)]
    facts += [f"à la date du {long_date(case.as_of)}"] if case.as_of else []
    facts += [f"groupe {escape(group)}" for group in case.groups]
    return (
        f'<div class="fanal-asked" data-testid="case-question" lang="fr">{before}'
        f"<h2>{escape(case.question or case.id)}</h2>"
        f'<p class="fanal-facts">{" · ".join(facts)} {tags_html(case.tags)}</p></div>'
    )


def expected_html(case: Case) -> str:
    """Give what a right outcome is."""
    parts = []
    if case.must_abstain:
        parts.append(f"<p><strong>{MUST_ABSTAIN}</strong></p>")
    if case.facts:
        parts.append(f"<h4>Faits attendus</h4>{list_html(map(escape, case.facts))}")
    if case.gold:
        golds = (
            f"<strong>{escape(gold.document)}</strong>"
            + (f"<q>{escape(gold.quote)}</q>" if gold.quote else "")
            for gold in case.gold
        )
        parts.append(f"<h4>Passages qui répondent</h4>{list_html(golds, 'fanal-golds')}")
    if case.forbidden:
        parts.append(f"<h4>Ce qui ne doit pas paraître</h4>{list_html(map(escape, case.forbidden))}")
    if case.draft:
        parts.append(_draft_expected(case))
    if case.mask:
        parts.append(f"<h4>Ce qui doit être masqué</h4>{_marked(case.mask)}")
    body = "".join(parts) or f"<p>{NOTHING_EXPECTED}</p>"
    return section_html("Ce qui est attendu", f'<div class="fanal-expected">{body}</div>', "expected")


def _draft_expected(case: Case) -> str:
    draft = case.draft
    if draft is None:
        return ""
    facts = [
        escape(fact.text) + (f" <small>({escape(fact.section)})</small>" if fact.section else "")
        for fact in draft.facts
    ]
    parts = [f"<h4>Faits à reprendre</h4>{list_html(facts)}"] if facts else []
    if draft.non_renseigne:
        names = ", ".join(map(escape, draft.non_renseigne))
        parts.append(f"<p>Rubriques à laisser « non renseigné »\u00a0: {names}</p>")
    if draft.forbidden:
        parts.append(f"<h4>Ce que les notes ne disent pas</h4>{list_html(map(escape, draft.forbidden))}")
    notes = f'<details class="fanal-fold"><summary>Les notes</summary>{passage_html(draft.notes)}</details>'
    return "".join(parts) + notes


def scores_html(result: CaseResult, catalogue: Sequence[MetricInfo]) -> str:
    """Give the scores of a case, why each is what it is, and those that lack, with the reason."""
    labels = {info.name: info for info in catalogue}
    names = [name for name in labels if name in result.scores]
    rows = "".join(_score_row(labels[name], result) for name in names)
    lacking = "".join(
        f"<li><strong>{escape(_label(labels, name))}</strong> : {escape(french(reason))}</li>"
        for name, reason in result.unscored.items()
    )
    if lacking:
        lacking = (
            '<div class="fanal-notice fanal-notice-warning" data-testid="unscored" lang="fr">'
            f"<p><strong>Notes qui manquent</strong></p><ul>{lacking}</ul></div>"
        )
    elsewhere = [_verdict(one.text, one.good) for one in result.verdicts if one.metric not in names]
    others = list_html(elsewhere, "fanal-verdicts") if elsewhere else ""
    if not rows and not lacking and not others:
        return ""
    return section_html(
        "Les notes de ce cas", f'<div class="fanal-scores">{rows}</div>{others}{lacking}', "scores"
    )


def _score_row(info: MetricInfo, result: CaseResult) -> str:
    value = result.scores[info.name]
    good = value >= 1.0 if info.higher_is_better else value <= 0.0
    ranked_low = info.name == RANK and not good
    reasons = [
        _verdict(one.text, one.good, is_calm=ranked_low and one.good)
        for one in result.verdicts
        if one.metric == info.name
    ]
    shown = list_html(reasons, "fanal-verdicts") if reasons else ""
    look = "" if good or info.unit != "share" else ' class="fanal-bad"'
    return (
        f'<div data-metric="{escape(info.name)}"><p><span title="{escape(info.help)}">{escape(info.label)}</span> '
        f"<strong{look}>{figure(value, info.unit)}</strong></p>{shown}</div>"
    )


def _verdict(text: str, good: bool, *, is_calm: bool = False) -> str:
    """Give the reason of a note.

    Args:
        is_calm: it is neither good nor bad: the passage was found, but lower than it should.
    """
    look, sign, said = ("good", "✓", "Bien") if good else ("bad", "✗", "Manque")
    if is_calm:
        look, sign, said = "calm", "•", "À savoir"
    return (
        f'<span class="fanal-{look}" data-testid="verdict"><span aria-hidden="true">{sign}</span>'
        f'<span class="fanal-unseen">{said} :</span> {escape(french(text))}</span>'
    )


def _label(labels: Mapping[str, MetricInfo], name: str) -> str:
    return labels[name].label if name in labels else name


def status_html(result: CaseResult) -> str:
    """Say why a case gave nothing; "" for one that did."""
    if result.status == "done":
        return ""
    return (
        '<div class="fanal-notice fanal-notice-error" role="status" data-testid="case-failed" lang="fr">'
        f"<p><strong>{STATUSES[result.status]}</strong></p><p>{escape(french(result.error or ''))}</p></div>"
    )


def diagnosis_html(result: CaseResult) -> str:
    """Say in a sentence where the case went well or wrong; "" where nothing can be said."""
    said = diagnosis(result)
    if not said:
        return ""
    return f'<p class="fanal-in-short" data-testid="diagnosis" lang="fr">{escape(french(said))}</p>'


def withheld_html(detail: CaseDetail) -> str:
    """Say that a part of the case is not for this reader; "" when all of it is."""
    return notice_html("warning", detail.withheld, testid="withheld") if detail.withheld else ""


def timing_html(detail: CaseDetail) -> str:
    """Give how long the case took."""
    timing = detail.timing
    if timing is None or not timing.timings:
        return ""
    facts = [(STAGES.get(stage, stage), figure(spent, "ms")) for stage, spent in timing.timings.items()]
    if timing.tokens:
        facts.append(
            ("Lu et écrit par le modèle", figure(timing.tokens.prompt + timing.tokens.completion, "tokens"))
        )
    if timing.energy_wh is not None:
        facts.append(("Énergie", figure(timing.energy_wh, "Wh")))
    if timing.cached:
        facts.append(("Réponse", "reprise d’une évaluation précédente"))
    return f'<details class="fanal-fold" lang="fr"><summary>Le temps de ce cas</summary>{facts_html(facts)}</details>'


def draft_html(draft: DraftRecord) -> str:
    """Give what was drafted, section by section."""
    sections = ""
    for section in draft.sections:
        said = [
            f'<span class="{"" if one.verified else "fanal-bad"}">{escape(one.text)}'
            f"{'' if one.verified else ' (non vérifiée)'}</span>"
            for one in section.sentences
        ]
        body = list_html(said) if said else "<p><em>non renseigné</em></p>"
        sections += f"<h4>{escape(section.title)}</h4>{body}"
    return section_html("La synthèse rédigée", f'<div class="fanal-expected">{sections}</div>', "drafted")


def masked_html(masked: MaskRecord, expected: MaskExpectation | None) -> str:
    """Give the masked text, and what should have been masked and was not."""
    text = f'<div class="fanal-text">{passage_html(masked.text)}</div>'
    if expected is not None:
        found = {(span.start, span.end) for span in masked.spans}
        missed = [
            f"« {escape(expected.text[span.start : span.end])} » ({LABELS[span.type]})"
            for span in expected.spans
            if not any(start <= span.start and span.end <= end for start, end in found)
        ]
        if missed:
            text += f'<h4 class="fanal-bad">Resté lisible</h4>{list_html(missed)}'
    return section_html("Le texte masqué", text, "masked")


def _marked(expected: MaskExpectation) -> str:
    spans = [(span.start, span.end) for span in expected.spans]
    return f'<div class="fanal-text">{passage_html(expected.text, spans)}</div>'
