"""Drafts: what a draft of notes must hold and the draft go in, figures in [0, 1] and what is wrong come out.

A section without a sentence says `non renseigné`; one of advice, which comes from the index, is not held to it unless
the case does. How many such sections there are differs from one template to the next: their precision and recall are
pooled over the sections of a suite (`server.quality.suite_figures`).
"""

from collections.abc import Sequence

from eval.scoring.facts import says
from eval.scoring.found import Found, scored, share, shown
from server.case_schemas import DraftExpectation, SectionFact
from server.evaluation_schemas import DraftedSection, DraftRecord, Verdict
from server.quality.gold import holds


def score_draft(expected: DraftExpectation, draft: DraftRecord) -> Found:
    """Score a draft."""
    lacking = [fact for fact in expected.facts if not tells(draft.sections, fact)]
    text = "\n".join(sentence.text for section in draft.sections for sentence in section.sentences)
    invented = [words for words in expected.forbidden if holds(text, words)]
    values = scored(
        draft_fact_recall=share(len(expected.facts) - len(lacking), len(expected.facts)),
        draft_sourced=sourced(draft.sections),
        draft_nothing_invented=float(not invented) if expected.forbidden else None,
    )
    empty = _empty_sections(expected, draft)
    return Found(
        {**values, **empty.scores},
        empty.counts,
        [*_fact_verdicts(lacking), *_invented_verdicts(invented), *empty.verdicts],
    )


def tells(sections: Sequence[DraftedSection], fact: SectionFact) -> bool:
    """Tell whether a fact is said in its section, or in any where it has none; see `eval.scoring.facts.says`.

    The section counts: a health constraint that is filed under the professional project is not where it is looked for.
    """
    chosen = [section for section in sections if fact.section in (None, section.id)]
    said = "\n".join(sentence.text for section in chosen for sentence in section.sentences)
    return says(said, fact.text)


def sourced(sections: Sequence[DraftedSection]) -> float | None:
    """Give the share of the sentences that point to sentences of the notes and were verified; None without a sentence.

    Chosen because a person who signs a synthesis must be able to go back to what was said.
    """
    sentences = [sentence for section in sections for sentence in section.sentences]
    return share(sum(bool(one.sources) and one.verified for one in sentences), len(sentences))


def _empty_sections(expected: DraftExpectation, draft: DraftRecord) -> Found:
    wanted = set(expected.non_renseigne)
    held = [one for one in draft.sections if one.kind == "notes" or one.id in wanted]
    empty = {section.id for section in held if not section.sentences}
    titles = {section.id: section.title for section in draft.sections}
    counts: dict[str, tuple[int, int]] = {}
    if empty:
        counts["draft_non_renseigne_precision"] = (len(empty & wanted), len(empty))
    if wanted:
        counts["draft_non_renseigne_recall"] = (len(empty & wanted), len(wanted))
    verdicts = [
        Verdict(
            metric="draft_non_renseigne_precision",
            text=f"Rubrique dite « non renseigné », alors que les notes en parlent : {shown(titles[id_])}.",
        )
        for id_ in sorted(empty - wanted)
    ] + [
        Verdict(
            metric="draft_non_renseigne_recall",
            text=f"Rubrique remplie, alors que les notes n’en disent rien : {shown(titles.get(id_, id_))}.",
        )
        for id_ in sorted(wanted - empty)
    ]
    return Found({name: hits / total for name, (hits, total) in counts.items()}, counts, verdicts)


def _fact_verdicts(lacking: Sequence[SectionFact]) -> list[Verdict]:
    return [
        Verdict(
            metric="draft_fact_recall",
            text=f"Fait des notes absent{f' de « {fact.section} »' if fact.section else ''} : {shown(fact.text)}.",
        )
        for fact in lacking
    ]


def _invented_verdicts(invented: Sequence[str]) -> list[Verdict]:
    return [
        Verdict(metric="draft_nothing_invented", text=f"Les notes ne le disent pas : {shown(words)}.")
        for words in invented
    ]
