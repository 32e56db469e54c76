"""A draft as its owner may read it today: what was kept goes in, without what is withheld it comes out.

The passages that its advice rests on are judged as those of a conversation are (`server.history`): a section that
rests on one which its owner may no longer read is not shown, and can be neither validated nor exported.
"""

from collections.abc import Collection
from dataclasses import dataclass

from ingest.index import Index
from server.draft_schemas import DraftSection, DraftSentence, DraftView, SignedTexts
from server.history import WITHHELD, hidden_passages
from server.store.draft_rows import KeptDraft

WITHHELD_SECTION = "Cette partie s’appuyait sur un document que vous ne pouvez plus lire."
"""What stands in place of the text of such a section."""

LOST = (
    "Des documents cités dans cette synthèse ne vous sont plus accessibles : ce qui s’appuyait sur eux n’est plus "
    "montré. Réécrivez ces parties pour pouvoir la valider."
)


@dataclass(frozen=True, slots=True)
class JudgedDraft:
    """A draft as it is shown.

    Args:
        withheld: ids of the sections whose text is not shown.
    """

    view: DraftView
    withheld: frozenset[str]


def judged(kept: KeptDraft, index: Index, groups: frozenset[str]) -> JudgedDraft:
    """Write a draft as a member of `groups` may read it."""
    content = kept.content
    hidden = hidden_passages(content.passages, content.groups, index, groups)
    lost = {name for name, passages in content.rests_on.items() if hidden.intersection(passages)}
    withheld = frozenset(lost.difference(content.rewritten))
    view = DraftView(
        id=kept.id,
        revision=kept.revision,
        template=content.template.id,
        template_version=content.template.version,
        template_title=content.template.title,
        label=content.label,
        status=kept.status,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        expires_on=kept.expires_on,
        consent=content.consent,
        mode=content.mode,
        model=kept.model,
        model_label=content.model_label,
        prompt_version=kept.prompt_version,
        notes=content.notes,
        entities=content.entities,
        sections=[
            _without(section, hidden, keep_text=section.id in content.rewritten)
            if section.id in lost
            else section
            for section in content.sections
        ],
        contradictions=content.contradictions,
        unanswered=content.unanswered,
        unused=content.unused,
        passages=[passage for passage in content.passages if passage.id not in hidden],
        # A warning may tell figures of a passage (two that differ): which one is not known here.
        warnings=content.warnings if not hidden else [LOST] if withheld else [],
        timings=content.timings,
        validation=content.validation,
        signed=_signed(content.signed, lost),
    )
    return JudgedDraft(view, withheld)


def cited_in(section: DraftSection) -> tuple[str, ...]:
    """Give the ids of the passages that a section rests on."""
    cited = (citation.passage_id for sentence in section.sentences for citation in sentence.citations)
    return tuple(dict.fromkeys(cited))


def _signed(signed: SignedTexts | None, lost: Collection[str]) -> SignedTexts | None:
    """Leave out of what was validated the sections that rest on a passage which its author may no longer read."""
    if signed is None:
        return None
    texts = {name: WITHHELD_SECTION if name in lost else text for name, text in signed.texts.items()}
    return signed.model_copy(update={"texts": texts})


def _without(section: DraftSection, hidden: set[str], *, keep_text: bool) -> DraftSection:
    return section.model_copy(
        update={
            "sentences": [_withheld(sentence, hidden) for sentence in section.sentences],
            "machine_text": WITHHELD_SECTION,
            "text": section.text if keep_text else WITHHELD_SECTION,
            "diff": [],
        }
    )


def _withheld(sentence: DraftSentence, hidden: set[str]) -> DraftSentence:
    if hidden.isdisjoint(citation.passage_id for citation in sentence.citations):
        return sentence
    return DraftSentence(text=WITHHELD, verified=False)
