"""What a click on the page's own HTML asks for: buttons out, actions in.

The answer is one text with its citations in it, which Streamlit's buttons cannot stand inside. These are plain
HTML buttons; `ui.bridge` hands what they are called to the script, which takes nothing from them on trust.
"""

from dataclasses import dataclass
from html import escape
from typing import Literal, TypeGuard, get_args

Verb = Literal[
    "passage", "conversation", "forget", "confirm", "cancel", "copy", "mask", "choose", "note", "open"
]  # fmt: skip
"""`copy` and `note` are done by the browser alone; to `mask` it adds what is selected: start, end and type."""

_SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Action:
    """What is asked for, and of what."""

    verb: Verb
    target: tuple[str, ...] = ()


def action_attribute(verb: Verb, *target: str) -> str:
    """Write the attribute of a button that asks for this."""
    return f'data-fanal-do="{escape(_SEPARATOR.join((verb, *target)))}"'


def read_action(value: object) -> Action | None:
    """Read what a browser sent; None when no button of ours is called that."""
    if not isinstance(value, str):
        return None
    verb, *target = value.split(_SEPARATOR)
    return Action(verb, tuple(target)) if _is_verb(verb) else None


def _is_verb(word: str) -> TypeGuard[Verb]:
    return word in get_args(Verb)
