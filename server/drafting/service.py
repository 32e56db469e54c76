"""Drafts as their endpoints give them: a request and its caller go in, events and views come out.

consent -> template -> mask -> wait for the model -> draft -> unmask -> keep

Nothing is masked, sent or kept before the person's consent is known; nothing but masked text goes to the draft path.
"""

import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

import anyio.to_thread

from server.access import Caller
from server.dependencies import Parts
from server.draft import Drafted, SectionReady, draft, source_of_notes, unmask_drafted, unmask_section
from server.draft_schemas import (
    DraftPatch,
    DraftRequest,
    DraftSection,
    DraftView,
    TemplateView,
    ValidationRequest,
)
from server.drafting.decided_masks import check_spans, count_unmasked, unmasked_warnings
from server.drafting.errors import ConsentRefused, DraftRequestWrong, NotReady
from server.drafting.types import SORTED, DraftParts
from server.drafting.view import JudgedDraft, cited_in, judged
from server.history import groups_of
from server.mask import Entity, Masked, Masker
from server.mask_schemas import MaskedEntity, MaskSpan
from server.model_queue import Place
from server.notes import number_notes
from server.placeholders import unmask_exactly
from server.problems import NotFound
from server.schemas import QueueEvent
from server.store.audit import Act
from server.store.draft_content import DraftContent
from server.store.draft_rows import KeptDraft

REFUSED = (
    "La personne n’a pas donné son accord, et une synthèse ne se rédige qu’avec lui (article L6313-4 du code du "
    "travail). Rien n’a été masqué, envoyé ni gardé."
)
UNKNOWN = "Cette synthèse n’existe pas, ou a été supprimée."
UNKNOWN_TEMPLATE = "Ce modèle de synthèse n’existe pas."
CONSENT_TO_COME = "La date du consentement n’est pas encore passée : il se recueille avant la synthèse."
UNKNOWN_SECTION = "Une des parties modifiées n’existe pas dans cette synthèse."
NOT_VALIDATED = (
    "Cette synthèse n’est pas validée : relisez-la et validez-la (« J’ai relu et je valide ») avant de "
    "l’exporter."
)
NOT_ALL_SHOWN = (
    "Une partie de cette synthèse s’appuie sur un document que vous ne pouvez plus lire : réécrivez cette partie, "
    "puis validez."
)


Making = QueueEvent | DraftSection | DraftView
"""What is told while a draft is made: places in the queue for the model, sections, then the whole draft."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that may be drafted, and that the audit tells of.

    Args:
        id: of the draft to come.
        masked: its notes.
        counts: for the audit: whether the person agreed and in writing, how many masks there are, how many of those
            that were found the author kept, added and removed, and what stays unmasked of what was found.
    """

    id: str
    request: DraftRequest
    template: TemplateView
    masked: Masked
    counts: Mapping[str, int]


def check_queue(parts: Parts) -> None:
    """Raise `ModelBusy` when a model is to write and no more may wait for it: nothing is masked in vain."""
    if parts.drafting.writer is not None:
        parts.queue.check()


def accept(parts: Parts, caller: Caller, request: DraftRequest, today: date) -> Accepted:
    """Look whether a draft may be made, mask its notes, and write in the audit that it begins.

    That line comes before a model is asked, so that what it was sent is told even when nobody waits for the end.

    Raises:
        ConsentRefused: the person did not agree; that is in the audit, and nothing else was done.
        NotFound: there is no such template.
        DraftRequestWrong: a mask is not in the notes or cuts a word, or the consent is of a day to come.
        StorageFailed: the audit cannot be written.
    """
    template = parts.templates.get(request.template)
    if not request.consent.given:
        known = template.id if template else ""
        parts.audit.record(Act("draft_refused", caller.user, template=known))
        raise ConsentRefused(REFUSED)
    if template is None:
        raise NotFound(UNKNOWN_TEMPLATE)
    if request.consent.on and request.consent.on > today:
        raise DraftRequestWrong(CONSENT_TO_COME)
    consent = request.consent.model_copy(update={"on": request.consent.on or today})
    dated = request.model_copy(update={"consent": consent})
    masked, masks = _masked(parts.masker, request.notes, request.mask)
    counts = {"consent": 1, "keep": int(consent.keep), **masks}
    accepted = Accepted(uuid.uuid4().hex, dated, template, masked, counts)
    begun = Act("draft_begun", caller.user, accepted.id, template.id, asked_model(parts.drafting), counts)
    parts.audit.record(begun)
    return accepted


def asked_model(parts: DraftParts) -> str:
    """Name the model that will be sent a masked text, for the audit."""
    return parts.writer.model if parts.writer else SORTED


def _masked(
    masker: Masker, notes: str, decided: Sequence[MaskSpan] | None
) -> tuple[Masked, Mapping[str, int]]:
    found = masker.mask(notes, about="notes")
    if decided is None:
        return found, {"masks": len(found.entities)}
    check_spans(notes, decided, found)
    masked = masker.mask_spans(notes, decided)
    own = {(span.start, span.end) for span in decided}
    proposed = {(entity.start, entity.end) for entity in found.entities}
    return masked, {
        "masks": len(masked.entities),
        "masks_kept": len(own & proposed),
        "masks_added": len(own - proposed),
        "masks_removed": len(proposed - own),
        "found_unmasked": count_unmasked(notes, found, masked),
    }


async def make(parts: Parts, caller: Caller, accepted: Accepted, today: date) -> AsyncGenerator[Making, None]:
    """Draft what was accepted: each section as soon as it is, then the whole draft, which is kept by then.

    One place at the model serves for all that the draft asks of it, and is given back before the draft is kept.

    Raises:
        ModelBusy: too many wait for the model.
        StorageFailed: it cannot be kept: a draft that cannot be edited or validated is of no use.
    """
    source = source_of_notes(
        accepted.request.notes,
        accepted.masked,
        accepted.template.sections,
        accepted.template.title,
        groups=caller.groups,
        today=today,
    )
    async with (
        parts.queue.place(caller.user) as place,
        aclosing(waited(parts, place)) as moves,
        aclosing(draft(source, parts.drafting)) as events,
    ):
        async for moved in moves:
            yield moved
        async for event in events:
            if isinstance(event, SectionReady):
                yield unmask_section(event.section, accepted.masked.restore, source.sentences)
            else:
                place.leave()
                yield await anyio.to_thread.run_sync(_keep, parts, caller, accepted, event)


async def waited(parts: Parts, place: Place) -> AsyncGenerator[QueueEvent, None]:
    """Wait for the model where it writes drafts, and tell of the place; raises `ModelBusy`."""
    if parts.drafting.writer is not None:
        async with aclosing(place.turn()) as numbers:
            async for number in numbers:
                yield QueueEvent(place=number)


def _keep(parts: Parts, caller: Caller, accepted: Accepted, drafted: Drafted) -> DraftView:
    content = _content(parts, accepted, drafted)
    counts = {
        **accepted.counts,
        "note_sentences": len(content.notes),
        "sections": len(content.sections),
        "missing": sum(section.missing for section in content.sections),
    }
    kept = parts.drafts.create(
        caller.user,
        content,
        draft_id=accepted.id,
        model=drafted.model,
        prompt_version=drafted.prompt_version,
        counts=counts,
    )
    return judged(kept, parts.index, caller.groups).view


def _content(parts: Parts, accepted: Accepted, drafted: Drafted) -> DraftContent:
    """Put the names back: what is kept is sealed, and given to its author alone."""
    masked, request = accepted.masked, accepted.request
    sentences = number_notes(request.notes, masked)
    shown = unmask_drafted(drafted, masked.restore, sentences)
    return DraftContent(
        template=accepted.template,
        label=request.label,
        consent=request.consent,
        mode=shown.mode,
        model_label=shown.model_label,
        notes=[sentence.wire() for sentence in sentences],
        entities=[_wire(entity) for entity in masked.entities],
        restore=dict(masked.restore),
        sections=shown.sections,
        contradictions=shown.contradictions,
        unanswered=shown.unanswered,
        unused=shown.unused,
        passages=shown.passages,
        groups=groups_of(parts.index, shown.passages),
        warnings=[*shown.warnings, *unmasked_warnings(accepted.counts.get("found_unmasked", 0))],
        timings=shown.timings,
        rests_on={section.id: cited_in(section) for section in shown.sections},
    )


def _wire(entity: Entity) -> MaskedEntity:
    return MaskedEntity(start=entity.start, end=entity.end, type=entity.type, placeholder=entity.placeholder)


def read(parts: Parts, caller: Caller, draft_id: str) -> DraftView:
    """Give one of the caller's drafts; raises `NotFound`."""
    kept, shown = _found(parts, caller, draft_id)
    parts.drafts.record("draft_read", caller.user, kept)
    return shown.view


def edit(parts: Parts, caller: Caller, draft_id: str, patch: DraftPatch) -> DraftView:
    """Put the caller's texts in the sections of one of their drafts; a placeholder of its notes is its value there.

    Raises:
        NotFound: the caller has no such draft.
        DraftRequestWrong: it has no such section.
        DraftChanged: it was changed since it was read.
    """
    kept, shown = _found(parts, caller, draft_id)
    texts = {section.id: section.text for section in shown.view.sections}
    edits = {edit.id: edit.text for edit in patch.sections}
    if not edits.keys() <= texts.keys():
        raise DraftRequestWrong(UNKNOWN_SECTION)
    # What is sent back as it was shown was not edited: what stands for a withheld text must not take its place.
    changes = {
        name: unmask_exactly(text, kept.content.restore)
        for name, text in edits.items()
        if text != texts[name]
    }
    changed = parts.drafts.edit(caller.user, draft_id, changes, patch.revision, shown.withheld)
    return _view(parts, caller, changed)


def validate(parts: Parts, caller: Caller, draft_id: str, given: ValidationRequest) -> DraftView:
    """Write that a person read a draft over and validates it.

    Raises:
        NotFound: the caller has no such draft.
        NotReady: they cannot read all of it.
        DraftChanged: it was changed since it was read.
    """
    _, shown = _found(parts, caller, draft_id)
    if shown.withheld:
        raise NotReady(NOT_ALL_SHOWN)
    revision = shown.view.revision if given.revision is None else given.revision
    return _view(parts, caller, parts.drafts.validate(caller.user, draft_id, given.name, revision))


def to_export(parts: Parts, caller: Caller, draft_id: str) -> tuple[KeptDraft, DraftView]:
    """Give a draft that may be exported.

    Raises:
        NotFound: the caller has no such draft.
        NotReady: it is not validated, or they cannot read all of it.
    """
    kept, shown = _found(parts, caller, draft_id)
    if kept.status != "validated":
        raise NotReady(NOT_VALIDATED)
    if shown.withheld:
        raise NotReady(NOT_ALL_SHOWN)
    return kept, shown.view


def unknown() -> NoReturn:
    """Say that the caller has no such draft: another's does not exist for them."""
    raise NotFound(UNKNOWN)


def _found(parts: Parts, caller: Caller, draft_id: str) -> tuple[KeptDraft, JudgedDraft]:
    kept = parts.drafts.get(caller.user, draft_id) or unknown()
    return kept, judged(kept, parts.index, caller.groups)


def _view(parts: Parts, caller: Caller, kept: KeptDraft | None) -> DraftView:
    return judged(kept or unknown(), parts.index, caller.groups).view
