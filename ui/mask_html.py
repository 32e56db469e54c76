"""A text with its masks as HTML: highlighted for a person, or as a model will read it.

In: a text and the server's masks. Out: HTML in which the text of an element `data-fanal-notes` is the text itself,
character for character, so that the browser can tell where a selection stands; what else is said of a mask is in
attributes. Line ends are written as entities: Streamlit takes the blanks of empty lines out of raw HTML.
"""

import re
from collections import Counter
from collections.abc import Sequence
from html import escape

from server.mask_schemas import MaskedEntity, MaskedText
from ui.actions import action_attribute
from ui.mask_types import LABELS, look_of
from ui.wording import counted, french

SELECT = "Pour masquer autre chose, sélectionnez des mots dans le texte."
NOTHING = "Rien n’a été reconnu comme donnée personnelle : relisez le texte en entier."


def marked_html(name: str, text: str, entities: Sequence[MaskedEntity], chosen: int | None) -> str:
    """Give a text with each mask highlighted, its type written after it, as something to press.

    Args:
        name: names the text on the page.
        chosen: where the mask that is being changed begins.
    """
    pieces, at = [], 0
    reached = chosen if chosen is not None else next((entity.start for entity in entities), None)
    for entity in entities:
        pieces.append(_text(text[at : entity.start]))
        pieces.append(
            _mask(name, text, entity, is_chosen=entity.start == chosen, is_reached=entity.start == reached)
        )
        at = entity.end
    pieces.append(_text(text[at:]))
    return (
        f'<div class="fanal-notes" data-fanal-notes="{escape(name)}" data-testid="notes" dir="auto" lang="fr">'
        f"{''.join(pieces)}</div>"
    )


def _mask(name: str, text: str, entity: MaskedEntity, *, is_chosen: bool, is_reached: bool) -> str:
    """Only one mask is reached with the Tab key; the arrows go from one to the next (`bridge.js`)."""
    words = text[entity.start : entity.end]
    label = LABELS[entity.type]
    said = escape(french(f"{label} : {' '.join(words.split())}, masqué en {entity.placeholder}. Modifier"))
    pressed = ' aria-pressed="true"' if is_chosen else ""
    return (
        f'<mark class="fanal-mask fanal-mask-{look_of(entity.type)}" role="button"{pressed}'
        f' tabindex="{0 if is_reached else -1}" id="mask-{escape(name)}-{entity.start}" data-testid="mask"'
        f' data-type="{entity.type}" data-label="{label}" aria-label="{said}"'
        f" {action_attribute('choose', name, str(entity.start))}>{_text(words)}</mark>"
    )


def model_html(masked: MaskedText) -> str:
    """Give what a model will read, its placeholders highlighted."""
    looks = {entity.placeholder: look_of(entity.type) for entity in masked.entities}
    if not looks:
        return f'<div class="fanal-notes" data-testid="model-reads" dir="auto" lang="fr">{_text(masked.text)}</div>'
    names = sorted(looks, key=len, reverse=True)
    pieces = re.split("(" + "|".join(map(re.escape, names)) + ")", masked.text)
    inner = "".join(
        f'<mark class="fanal-mask fanal-mask-{looks[piece]}">{_text(piece)}</mark>'
        if at % 2
        else _text(piece)
        for at, piece in enumerate(pieces)
    )
    return f'<div class="fanal-notes" data-testid="model-reads" dir="auto" lang="fr">{inner}</div>'


def legend_html(entities: Sequence[MaskedEntity]) -> str:
    """Say how many masks there are of each type, each as it looks in the text."""
    if not entities:
        return f'<p class="fanal-legend" data-testid="legend" lang="fr">{NOTHING}</p>'
    counts = Counter(entity.type for entity in entities)
    chips = "".join(
        f'<li><span class="fanal-mask fanal-mask-{look_of(kind)}">{LABELS[kind]}</span> {counts[kind]}</li>'
        for kind in LABELS
        if kind in counts
    )
    total = counted(len(entities), "endroit masqué", "endroits masqués")
    return (
        f'<div class="fanal-legend" data-testid="legend" lang="fr"><p>{french(f"{total} :")}</p>'
        f'<ul aria-label="Masques par type">{chips}</ul></div>'
    )


def selection_bar_html(name: str) -> str:
    """Give what masks the words that are selected in the text; `bridge.js` says which they are."""
    options = "".join(f'<option value="{kind}">{label}</option>' for kind, label in LABELS.items())
    return (
        f'<div class="fanal-mask-bar" data-fanal-mask-bar="{escape(name)}" data-testid="mask-bar" lang="fr">'
        f'<p data-fanal-selected data-empty="{SELECT}" aria-live="polite">{SELECT}</p>'
        f"<label>Type <select data-fanal-mask-type>{options}</select></label>"
        f'<button type="button" class="fanal-button" disabled {action_attribute("mask", name)}>'
        "Masquer la sélection</button></div>"
    )


def _text(text: str) -> str:
    return escape(text).replace("\n", "&#10;")
