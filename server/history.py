"""What came before, as its owner may read it today: kept answers go in, answers without what is withheld come out.

A passage that the index still holds word for word is judged by who may read it now. One that changed or left is
judged by who could read it when it was shown, and by who may read the rest of its document, while there is any.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ingest.documents import EVERYONE
from ingest.index import Hit, Index, SearchFilter
from server.access import Caller
from server.conversation import Turn
from server.dependencies import Parts
from server.schemas import Answer, ConversationView, Passage, Statement, TurnView
from server.store.kept import KeptAnswer, KeptConversation, KeptPassage

WITHHELD = "Cette phrase s’appuyait sur un document que vous ne pouvez plus lire."
"""What stands in place of a statement whose document its reader may no longer read."""

LOST = "Des documents de cette réponse ne vous sont plus accessibles : leurs passages ne sont plus montrés."


def turns_before(
    parts: Parts, caller: Caller, conversation_id: str, limit: int, before: str | None = None
) -> list[Turn]:
    """Give the last turns of the caller's conversation, oldest first, as a model may see them.

    Args:
        limit: how many at most, smalltalk not counted.
        before: id of the answer that is asked for again: it and what came after it are left out.

    Raises:
        StorageFailed: they cannot be read.
    """
    # The passages first: what is deleted between the two leaves no turn that nothing is judged by.
    shown = parts.conversations.passages(caller.user, conversation_id)
    kept = parts.conversations.recent(caller.user, conversation_id, limit, before)
    return [_turn(turn.answer) for turn in readable(kept, shown, parts.index, caller.groups)]


def view_of(kept: KeptConversation, index: Index, groups: frozenset[str]) -> ConversationView:
    """Write a conversation as a member of `groups` may read it."""
    turns = readable(kept.turns, kept.shown, index, groups)
    return ConversationView(
        id=kept.id,
        title=kept.title,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        turns=[TurnView(answer=turn.answer, feedback=turn.feedback) for turn in turns],
    )


def groups_of(index: Index, passages: Sequence[Passage]) -> dict[str, tuple[str, ...]]:
    """Tell who may read these passages now; one that left the index is not in what this gives."""
    found = _get(index, [passage.id for passage in passages])
    return {hit.chunk_id: tuple(hit.payload["groups"]) for hit in found}


def readable(
    kept: Iterable[KeptAnswer], shown: Iterable[KeptPassage], index: Index, groups: frozenset[str]
) -> list[KeptAnswer]:
    """Take out what members of `groups` may not read today, in turns of one conversation, oldest first.

    A follow-up was rewritten with the answers above it: once one of these has lost something, what the model made
    of the question goes too. The question as it was typed stays.

    Args:
        shown: the passages of all the conversation's answers. One that is too old to be among the turns, or that
            another replaced, may still speak through a rewritten question.
    """
    turns = list(kept)
    judged = [*shown, *(passage for turn in turns for passage in _passages(turn))]
    hidden = _hidden(judged, index, groups)
    lost_at = min((passage.position for passage in judged if _key(passage) in hidden), default=None)
    return [_readable(turn, hidden, lost=lost_at is not None and lost_at < turn.position) for turn in turns]


def hidden_passages(
    shown: Sequence[Passage], groups_then: Mapping[str, tuple[str, ...]], index: Index, groups: frozenset[str]
) -> set[str]:
    """Give the ids of those passages that members of `groups` may not read today.

    Args:
        groups_then: by passage id, who could read the passage when it was shown.
    """
    judged = [
        KeptPassage(0, passage.id, passage.document_id, passage.text, groups_then.get(passage.id, ()))
        for passage in shown
    ]
    hidden = _hidden(judged, index, groups)
    return {passage.id for passage in judged if _key(passage) in hidden}


def _readable(turn: KeptAnswer, hidden: set[tuple[str, str]], *, lost: bool) -> KeptAnswer:
    """Take the hidden passages out of a turn.

    Args:
        lost: an answer above it has lost something.
    """
    answer = turn.answer.model_copy(update={"standalone_question": None}) if lost else turn.answer
    gone = {passage.id for passage in answer.passages if _key(passage) in hidden}
    return replace(turn, answer=_without(answer, gone) if gone else answer)


def _passages(turn: KeptAnswer) -> list[KeptPassage]:
    return [
        KeptPassage(
            turn.position, passage.id, passage.document_id, passage.text, turn.groups.get(passage.id, ())
        )
        for passage in turn.answer.passages
    ]


def _key(passage: Passage | KeptPassage) -> tuple[str, str]:
    """Tell passages apart: one whose text changed between two answers is judged once for each."""
    return passage.id, passage.text


def _hidden(shown: Sequence[KeptPassage], index: Index, groups: frozenset[str]) -> set[tuple[str, str]]:
    """Give the keys of the passages that members of `groups` may not read."""
    held = {hit.chunk_id: hit.payload for hit in _get(index, [passage.id for passage in shown])}
    gone = {passage.document_id for passage in shown if passage.id not in held}
    documents = _document_groups(index, gone)
    may_read = groups | {EVERYONE}
    hidden = set()
    for passage in shown:
        found = held.get(passage.id)
        now = found["groups"] if found else documents.get(passage.document_id)
        judges = [] if now is None else [now]
        if found is None or found["text"] != passage.text:
            judges.append(passage.groups)
        if any(may_read.isdisjoint(allowed) for allowed in judges):
            hidden.add(_key(passage))
    return hidden


def _get(index: Index, passage_ids: Iterable[str]) -> list[Hit]:
    wanted = list(dict.fromkeys(passage_ids))
    return index.get(wanted) if wanted else []


def _document_groups(index: Index, document_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Tell who may read these documents, those that are in the index: all passages of one have the same groups."""
    found = {}
    for document_id in document_ids:
        for hit in index.passages(SearchFilter(groups=None, document_id=document_id), limit=1):
            found[document_id] = tuple(hit.payload["groups"])
    return found


def _without(answer: Answer, hidden: set[str]) -> Answer:
    passages = [passage for passage in answer.passages if passage.id not in hidden]
    left = {passage.id for passage in passages}
    return answer.model_copy(
        update={
            "passages": [
                passage.model_copy(
                    update={"legal_basis_of": [key for key in passage.legal_basis_of if key in left]}
                )
                for passage in passages
            ],
            "statements": [_withheld(statement, left) for statement in answer.statements],
            "conflicts": [
                conflict for conflict in answer.conflicts if {conflict.newer, conflict.older} <= left
            ],
            "warnings": [*answer.warnings, LOST],
        }
    )


def _withheld(statement: Statement, left: set[str]) -> Statement:
    """Give a statement whose citations are all left; one that cites nothing may come from what is hidden."""
    cited = {citation.passage_id for citation in statement.citations}
    if cited and cited <= left:
        return statement
    return Statement(text=WITHHELD, verified=False, citations=[])


def _turn(answer: Answer) -> Turn:
    texts = [statement.text for statement in answer.statements if statement.text != WITHHELD]
    return Turn(question=answer.standalone_question or answer.question, answer=" ".join(texts))
