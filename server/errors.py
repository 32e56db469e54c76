"""Errors of the server: what the language model does to an answer or a draft, and what masking could not do.

FanalError               (ingest.errors)
├── MaskingFailed        nothing is sent, nothing is kept: the operator reads the log
├── TooManyRequests      one caller asks too much: wait the seconds that it says
└── ModelError           the answer falls back on the documents' own sentences
    ├── ModelBusy        too many others wait for it: retry in a minute; the operator gives it more slots or machines
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


class TooManyRequests(FanalError):
    """A caller asked more in a minute than is allowed.

    Args:
        what: what they asked too much of, in French: "questions".
        seconds: until they may ask again.
    """

    retry = True

    def __init__(self, what: str, seconds: int) -> None:
        unit = "secondes" if seconds > 1 else "seconde"
        super().__init__(f"{what} en une minute : réessayez dans {seconds} {unit}.")
        self.retry_after = seconds


class ModelError(FanalError):
    """The language model gave no usable answer, or only its beginning."""


class ModelBusy(ModelError):
    """The queue for the model is full, or did not move in time: it was asked nothing."""

    retry = True
    retry_after = 60
    """Seconds after which to ask again."""

    def __init__(self) -> None:
        super().__init__(
            "Trop de personnes attendent le modèle de rédaction en ce moment. Réessayez dans une minute ; si cela "
            "dure, prévenez l’administrateur."
        )


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
