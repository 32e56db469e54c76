"""Which sentences of the notes a draft leaves out: its sections go in, numbers of sentences and a warning come out."""

from collections.abc import Iterable, Sequence

from ingest.text import fold, terms
from server.draft_schemas import DraftSection
from server.drafting.sort import is_heading, only_identifies
from server.notes import NumberedSentence

NAMED = 12
"""Sentences that the warning names; the others are counted."""


def unused_sentences(sentences: Sequence[NumberedSentence], sections: Iterable[DraftSection]) -> list[int]:
    """List the sentences of the notes on which no section rests, by number.

    Headings, lines that only say who somebody is, and what another sentence that is used says word for word are none.
    """
    used = {source.sentence for section in sections for one in section.sentences for source in one.sources}
    said = {fold(one.masked) for one in sentences if one.number in used}
    return [
        one.number
        for index, one in enumerate(sentences)
        if one.number not in used
        and fold(one.masked) not in said
        and terms(one.masked)
        and not is_heading(sentences, index)
        and not only_identifies(one.masked)
    ]


def unused_warning(unused: Sequence[int]) -> str:
    """Say which sentences are used nowhere: a draft that leaves them out looks as whole as another."""
    if len(unused) == 1:
        return f"La phrase {unused[0]} de vos notes n’est reprise dans aucune partie : relisez-la avant de valider."
    if len(unused) > NAMED:
        named = f"{', '.join(map(str, unused[:NAMED]))} et {len(unused) - NAMED} autres"
    else:
        named = f"{', '.join(map(str, unused[:-1]))} et {unused[-1]}"
    return (
        f"{len(unused)} phrases de vos notes ne sont reprises dans aucune partie : les phrases {named}. Relisez-les "
        "avant de valider."
    )
