"""What each type of mask is called, how it looks, and which ones are not taken off without a second thought."""

from typing import Literal

from server.mask_schemas import EntityType

Look = Literal["identity", "contact", "number", "context", "sensitive"]

LABELS: dict[EntityType, str] = {
    "PERSONNE": "Personne",
    "DATE_NAISSANCE": "Date de naissance",
    "AGE": "Âge",
    "LIEU_NAISSANCE": "Lieu de naissance",
    "TELEPHONE": "Téléphone",
    "EMAIL": "Courriel",
    "ADRESSE": "Adresse",
    "NIR": "Numéro de sécurité sociale",
    "IDENTIFIANT_FT": "Identifiant France Travail",
    "NUMERO": "Autre numéro officiel",
    "IBAN": "IBAN",
    "PLAQUE": "Plaque d’immatriculation",
    "COMPTE": "Compte de réseau social",
    "EMPLOYEUR": "Employeur",
    "ECOLE": "École",
    "SANTE": "Santé",
    "HANDICAP": "Handicap",
    "RELIGION": "Religion",
    "OPINION": "Opinion politique",
    "SYNDICAT": "Syndicat",
    "ORIGINE": "Origine",
    "ORIENTATION": "Vie intime",
    "JUDICIAIRE": "Justice",
}
"""In French, in the order in which they are offered."""

_LOOKS: dict[Look, tuple[EntityType, ...]] = {
    "identity": ("PERSONNE", "DATE_NAISSANCE", "AGE", "LIEU_NAISSANCE"),
    "contact": ("TELEPHONE", "EMAIL", "ADRESSE", "COMPTE"),
    "number": ("NIR", "IDENTIFIANT_FT", "NUMERO", "IBAN", "PLAQUE"),
    "context": ("EMPLOYEUR", "ECOLE"),
    "sensitive": (
        "SANTE", "HANDICAP", "RELIGION", "OPINION", "SYNDICAT", "ORIGINE", "ORIENTATION", "JUDICIAIRE",
    ),
}  # fmt: skip

SENSITIVE = frozenset(_LOOKS["sensitive"])
"""Special categories (article 9 RGPD) and judicial data (article 10)."""

INDIRECT = frozenset[EntityType]({"AGE", "LIEU_NAISSANCE", "EMPLOYEUR", "ECOLE"})
"""What does not name a person by itself: its mask is taken off without a question."""


def look_of(kind: EntityType) -> Look:
    """Give the family whose colour and line a type has."""
    return next(look for look, kinds in _LOOKS.items() if kind in kinds)
