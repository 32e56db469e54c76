"""What surrounds an answer as HTML: its trust line, what there is instead of one, titles, notices and help.

In: wire types. Out: strings of HTML for `st.html`. Everything that comes from the server is escaped; the page
never hands text to Streamlit as HTML or Markdown by another way.
"""

from collections.abc import Sequence
from html import escape
from typing import Literal

from server.schemas import AbstentionKind, Answer, Mode
from ui.statements import UNVERIFIED
from ui.trust import Level, Trust
from ui.wording import counted, french

ABSTENTION = "Les documents ne répondent pas à cette question."
OUT_OF_SCOPE = "Cette question n’est pas de celles auxquelles ces documents répondent."
SMALLTALK = "Bonjour ! Posez-moi une question sur vos procédures, le droit ou les formations."
EXTRACTIVE = "Réponse composée de phrases des documents, mot pour mot, sans modèle de langage."

_ABSTENTIONS: dict[AbstentionKind, tuple[str, str]] = {
    "unanswerable": ("Sans réponse", ABSTENTION),
    "out_of_scope": ("Hors sujet", OUT_OF_SCOPE),
    "smalltalk": ("", SMALLTALK),
}
_NEAREST = "Voici les passages les plus proches : ils peuvent aider, mais ils ne suffisent pas à répondre."
_OUTSIDE = "Si elle concerne vos procédures, le droit ou les formations, posez-la avec d’autres mots."
_NOTHING = "Aucun passage proche n’a été trouvé. Essayez d’autres mots, ou élargissez les filtres."


def label_html(label: str | None) -> str:
    """Say what is to be known of the model that wrote (FANAL_MODEL_LABEL); nothing where there is nothing to say."""
    if not label:
        return ""
    return f'<p class="fanal-model-label" data-testid="model-label" lang="fr">{escape(french(f"« {label} »"))}</p>'


def trust_html(trust: Trust, answer: Answer) -> str:
    """Give the line that tells whether to rely on the answer, and the one that says what wrote it."""
    sign: dict[Level, str] = {"sure": "Vérifié", "caution": "À contrôler", "doubt": UNVERIFIED}
    mode = escape(mode_sentence(answer.mode, answer.model))
    return (
        f'<div class="fanal-trust fanal-trust-{trust.level}" data-testid="trust" lang="fr">'
        f'<p><strong class="fanal-sign">{sign[trust.level]}</strong> {escape(trust.sentence)}</p>'
        f'<p class="fanal-mode" data-testid="mode">{mode}</p></div>'
    )


def mode_sentence(mode: Mode, model: str) -> str:
    """Say what wrote the answer."""
    if mode == "extractive":
        return EXTRACTIVE
    return french(
        f"Rédigé par une intelligence artificielle (modèle {model}) ; "
        "chaque phrase vérifiée renvoie à son passage."
    )


def progress_html(found: int) -> str:
    """Say what the server is doing while nothing can be judged yet."""
    if not found:
        doing = "Recherche dans les documents…"
    else:
        count = counted(found, "passage trouvé", "passages trouvés")
        doing = f"{count}. Rédaction et vérification en cours…"
    return (
        f'<div class="fanal-progressing" role="status" data-testid="progress" lang="fr"><p>{doing}</p></div>'
    )


def asked_html(question: str, standalone_question: str | None, when: str = "") -> str:
    """Give the question of an answer, and how a follow-up was understood.

    Args:
        when: the day it is about, where that is not today.
    """
    understood = understood_html(standalone_question) if standalone_question else ""
    about = f'<p class="fanal-understood" data-testid="about">À la date du {escape(when)}</p>' if when else ""
    return (
        f'<div class="fanal-asked" data-testid="asked" lang="fr"><h2>{escape(question)}</h2>'
        f"{understood}{about}</div>"
    )


def understood_html(standalone_question: str) -> str:
    """Say how a follow-up was understood."""
    return (
        f'<p class="fanal-understood" data-testid="understood">{french("Question comprise :")} '
        f"{escape(standalone_question)}</p>"
    )


def abstention_html(kind: AbstentionKind | None, message: str | None, has_passages: bool) -> str:
    """Say why there is no answer, in the server's words, and what follows.

    Args:
        kind: None for an answer that merely has no statement.
    """
    label, usual = _ABSTENTIONS[kind or "unanswerable"]
    follows = _NEAREST if has_passages else _NOTHING
    if kind in ("smalltalk", "out_of_scope"):
        follows = _OUTSIDE if kind == "out_of_scope" else ""
    parts = [f'<p class="fanal-abstention-kind">{label}</p>'] if label else []
    parts.append(f"<p><strong>{escape(french(message or usual))}</strong></p>")
    parts += [f"<p>{french(follows)}</p>"] if follows else []
    return (
        f'<div class="fanal-notice fanal-abstention" role="status" data-testid="abstention"'
        f' data-kind="{kind or "unanswerable"}" lang="fr">{"".join(parts)}</div>'
    )


def title_html(title: str, subtitle: str = "") -> str:
    """Give the title of a page."""
    below = f"<p>{subtitle}</p>" if subtitle else ""
    return f'<header class="fanal-header" lang="fr"><h1>{title}</h1>{below}</header>'


def hint_html(text: str) -> str:
    """Give a quiet line of help."""
    return f'<p class="fanal-hint" lang="fr">{escape(french(text))}</p>'


def reading_guide_html() -> str:
    """Say how an answer reads, where the first one will come."""
    rows = (
        (
            "[1]",
            "Chaque phrase renvoie au passage sur lequel elle repose : un clic l’ouvre dans son document.",
        ),
        (UNVERIFIED, "Une phrase que les documents n’appuient pas mot pour mot porte cette mention."),
        ("À la date du", "La réponse ne s’appuie que sur les textes en vigueur ce jour-là."),
    )
    items = "".join(f"<dt>{term}</dt><dd>{french(meaning)}</dd>" for term, meaning in rows)
    return f'<section class="fanal-guide" lang="fr"><h2>Lire une réponse</h2><dl>{items}</dl></section>'


Look = Literal["calm", "warning", "error"]


def notice_html(look: Look, title: str, text: str = "", testid: str = "notice") -> str:
    """Give a framed message; an error is announced to screen readers at once."""
    role = "alert" if look == "error" else "status"
    body = f"<p>{escape(french(text))}</p>" if text else ""
    return (
        f'<div class="fanal-notice fanal-notice-{look}" role="{role}" data-testid="{testid}" lang="fr">'
        f"<p><strong>{escape(french(title))}</strong></p>{body}</div>"
    )


def warnings_html(warnings: Sequence[str]) -> str:
    """Give what the server warns of, in one frame."""
    if len(warnings) == 1:
        return notice_html("warning", warnings[0])
    items = "".join(f"<li>{escape(french(warning))}</li>" for warning in warnings)
    return (
        '<div class="fanal-notice fanal-notice-warning" role="status" data-testid="notice" lang="fr">'
        f"<ul>{items}</ul></div>"
    )
