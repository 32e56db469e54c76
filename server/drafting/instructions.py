"""Sentences of a CV or of notes that are written for a machine: a sentence goes in, whether it gives orders comes out.

A recruiter's tool, or this one, may be told by the person's own file to write that they are fit for a post. What is
asked so is nothing that the notes say.
"""

import re
from collections.abc import Sequence

from ingest.text import fold
from server.notes import NumberedSentence

INSTRUCTION = "une consigne écrite dans les notes"
"""What is said of a sentence that rests on nothing else."""

NAMED = 5
"""Sentences that the warning names."""

_MACHINE = (
    r"(?:assistant|ia|intelligence artificielle|robot|modele|chatbot|chatgpt|gpt|llm|logiciel|systeme"
    r"|recruteur automatique|lecteur automatique|redacteur automatique)"
)
_BEGINS = r"(?:^|[:.;,!»\"]|\bet\b|\bpuis\b|->|=>|→)\s*"
_INSTRUCTION = re.compile(
    rf"\b(?:consignes?|instructions?|note|message|ordre) (?:au |aux |a l'|a la |pour l[ea']s? ?|pour une? )"
    rf"{_MACHINE}s?\b"
    r"|\b(?:ignor|oubli|neglig)\w* (?:\w+ ){0,3}(?:consignes?|instructions?|regles?|ce qui precede|prompt)\b"
    r"|\bne (?:tiens|tenez|tenir) pas compte (?:de |des |d')?(?:\w+ ){0,2}"
    r"(?:consignes?|instructions?|regles?|qui precede)"
    r"|\b(?:system prompt|prompt systeme|nouvelles? (?:consignes?|instructions?) ?:)"
    rf"|\ben tant qu'(?:une? )?{_MACHINE}\b|\btu es (?:une? )?{_MACHINE}\b"
    rf"|{_BEGINS}(?:ecris|ecrivez|ecrire|reponds|repondez|repondre|redige|redigez|affirme|affirmez|conclus|concluez"
    r"|dis|dites|declare|declarez) (?:simplement |toujours |seulement |uniquement )?(?:que|qu')"
    r"|\b(?:ignore|disregard|forget) (?:\w+ ){0,3}(?:instructions?|rules?|prompt)\b"
)
"""Looked for in the sentence without accents."""


def is_instruction(text: str) -> bool:
    """Tell whether a sentence reads as an order given to a program."""
    return _INSTRUCTION.search(fold(text)) is not None


def instruction_warnings(sentences: Sequence[NumberedSentence]) -> list[str]:
    """Say which sentences read so; nothing when none does."""
    found = [str(one.number) for one in sentences if is_instruction(one.masked)]
    if not found:
        return []
    named = ", ".join(found[:NAMED]) + (" …" if len(found) > NAMED else "")
    return [
        f"Le texte fourni contient ce qui ressemble à une consigne donnée à un logiciel (phrase {named}) : elle n’a "
        "pas été suivie, et ce qui ne repose que sur elle n’est pas vérifié. Relisez-la."
    ]
