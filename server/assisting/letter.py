"""Who writes a letter: its sentences go in, those that name its sender or say how to answer come out.

Nothing is guessed: a line is taken for what it begins with (an organisation, a signature, a means of reaching
somebody), and the lines that name the person it is written to never are.
"""

import re
from collections.abc import Sequence

from ingest.text import fold
from server.draft_schemas import DraftSentence
from server.drafting.sort import as_it_is
from server.notes import NumberedSentence

LINE_WORDS = 12
"""Most words of a line of a head or of a signature: a longer one speaks of somebody."""

_ORGANISATION = re.compile(
    r"(?:pole emploi|france travail|france competences|caf\b|cpam|urssaf|msa\b|carsat|mdph|dreets|cap emploi"
    r"|transitions pro|caisse|assurance maladie|prefecture|sous-prefecture|mairie|ville de|conseil (?:regional"
    r"|departemental)|departement|region|ministere|direction|agence|service|centre|association|tribunal|mission locale"
    r"|academie|rectorat|universite|commission|unite|antenne|etablissement|societe|sarl|cabinet)\b"
)
_SIGNATURE = re.compile(
    r"(?:pour )?(?:le|la|l') ?(?:directeur|directrice|responsable|chef|cheffe|president|presidente|maire"
    r"|prefete?|conseiller|conseillere|gestionnaire|secretaire|adjointe?|agent|mediateur|mediatrice|rectrice|recteur)\b"
    r"|(?:votre|vos) (?:conseill|correspondant|gestionnaire|referent|interlocut)\w*"
    r"|affaire suivie par|dossier suivi par"
    r"|signe\b|(?:directeur|directrice|responsable|conseiller|conseillere) (?:de|du|des|d'|en)"
)
_REACHED = re.compile(
    r"\bnous (?:joindre|contacter|ecrire|appeler|repondre)\b|\b(?:contactez|appelez|joignez)(?:-nous)?\b"
    r"|\bjoignable\b|^(?:tel\b|telephone|courriel|e-mail|mel\b|horaires d'ouverture|nos? ref|references? a rappeler)"
)
_ADDRESSEE = re.compile(
    r"^(?:monsieur|madame|mademoiselle|m\.|mme\b|mlle\b|mr\b|a l'attention de|destinataire)|\bvotre identifiant\b"
    r"|\bidentifiant\b|^(?:vos?|votre) ref|^objet\b"
)


def senders(sentences: Sequence[NumberedSentence]) -> list[DraftSentence]:
    """Pick the lines that name who writes or say how to answer; none when the letter has none for sure."""
    return [as_it_is(one) for one in sentences if _is_of_sender(fold(one.masked).strip())]


def _is_of_sender(line: str) -> bool:
    if _ADDRESSEE.search(line):
        return False
    if _REACHED.search(line):
        return True
    is_line = len(line.split()) <= LINE_WORDS
    return is_line and bool(_SIGNATURE.match(line) or (_ORGANISATION.match(line) and not _has_verb(line)))


def _has_verb(line: str) -> bool:
    """Tell a sentence of the body ("France Travail vous informe que…") from a line of a head."""
    return re.search(r"\b(?:vous|nous|est|sont|a|ont|sera|votre|vos)\b", line) is not None
