"""The draft path: masked notes and the sections to fill go in, events come out, the last of which holds the draft.

notes -> sentences -> retrieve -> draft -> verify -> compare -> draft

Masking comes before and unmasking after: nothing here has a name in it. `server.drafting.types` holds what goes in and
out, and `unmask_drafted`.
"""

from collections.abc import AsyncGenerator

from server.drafting.types import (
    Drafted,
    DraftEvent,
    DraftParts,
    DraftSource,
    SectionReady,
    draft_parts,
    source_of_notes,
    unmask_drafted,
    unmask_section,
)
from server.drafting.work import DraftWork

__all__ = [
    "DraftEvent",
    "DraftParts",
    "DraftSource",
    "Drafted",
    "SectionReady",
    "draft",
    "draft_parts",
    "source_of_notes",
    "unmask_drafted",
    "unmask_section",
]


async def draft(source: DraftSource, parts: DraftParts) -> AsyncGenerator[DraftEvent, None]:
    """Draft every section: a `SectionReady` for each as soon as it is, then `Drafted`.

    A model that fails leaves what it has not written to the notes' own sentences, and a warning says so. Closing the
    generator stops a model that is writing.
    """
    work = DraftWork(source, parts)
    for group in work.groups:
        for section in await work.fill(group):
            yield SectionReady(section)
    for template in work.advice:
        yield SectionReady(await work.advise(template))
    if rest := work.rest():
        yield SectionReady(rest)
    await work.compare()
    yield work.drafted()
