"""Errors of the server: what the language model does to an answer or a draft, and what masking could not do.

FanalError               (ingest.errors)
├── MaskingFailed        nothing is sent, nothing is kept: the operator reads the log
└── ModelError           the answer falls back on the documents' own sentences
    ├── ModelUnavailable unreachable, too slow or overloaded: retry later; the operator restarts it
    ├── ModelRefused     it refuses the request: the operator checks its key, name and context length
    └── ModelMisbehaved  its answer is empty, broken or endless: the operator checks what is served
"""

from ingest.errors import FanalError


class MaskingFailed(FanalError):
    """A text could not be read for personal data, so that it goes no further; a retry gives the same."""

    def __init__(self) -> None:
        super().__init__(
            "Les données personnelles de ce texte n’ont pas pu être masquées : rien n’a été envoyé ni enregistré. "
            "Raccourcissez-le ou reformulez-le ; si cela se répète, prévenez l’administrateur."
        )


class ModelError(FanalError):
    """The language model gave no usable answer, or only its beginning."""


class ModelUnavailable(ModelError):
    """The model's endpoint cannot be reached, is too slow or is overloaded."""

    retry = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(
            f"Le modèle de rédaction ne répond pas ({endpoint}). Réessayez dans quelques minutes ; "
            "si cela dure, l’administrateur doit vérifier que le service du modèle est démarré et joignable."
        )


class ModelRefused(ModelError):
    """The endpoint answers but refuses the request: key, model name or context length."""

    def __init__(self, status: int, model: str) -> None:
        super().__init__(
            f"Le modèle de rédaction « {model} » a refusé la demande (code {status}). Réessayer ne changera "
            "rien : l’administrateur doit vérifier la clé d’accès, le nom du modèle et la longueur de texte "
            "qu’il accepte."
        )


class ModelMisbehaved(ModelError):
    """The model's answer is empty, broken or endless; a retry gives the same one."""

    def __init__(self, model: str, what: str) -> None:
        super().__init__(
            f"Le modèle de rédaction « {model} » a rendu une réponse inutilisable ({what}). "
            "Reformulez la question ; si cela se répète, l’administrateur doit vérifier le modèle servi et "
            "sa prise en charge de json_schema."
        )
