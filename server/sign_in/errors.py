"""Why a request is refused before anything is done for it.

FanalError               (ingest.errors)
├── NotSignedIn          401: no token and no key, or one that is not accepted: sign in again, or give another key
│   └── SessionExpired   a token of the provider whose time is over: sign in again
├── AccessRefused        403: who calls is known, and may not: a retry changes nothing
│   ├── NoRole           signed in, with no role here: the operator maps one of their values to a role
│   ├── PermissionMissing their roles, or their key, do not go so far: the message says which role would do
│   └── KeyGoesTooFar    a key may not do or read more than who makes it
└── SignInUnavailable    503: the provider's keys cannot be had: retry; the operator checks that it answers
"""

from ingest.errors import FanalError
from server.access import PERMISSIONS, ROLE_NAMES
from server.access_schemas import Permission

WANTED: dict[Permission, str] = {
    "ask": "Chercher, poser une question et lire les documents",
    "draft": "Rédiger des synthèses et utiliser les assistants",
    "quality": "Consulter et mesurer la qualité",
    "administer": "Administrer le service",
}


class NotSignedIn(FanalError):
    """Nobody is signed in, or not in a way that is accepted here.

    Args:
        error: what RFC 6750 calls what is wrong, '' when nothing was sent at all.
    """

    def __init__(self, message: str, error: str = "invalid_token") -> None:
        super().__init__(message)
        self.challenge = f'Bearer error="{error}"' if error else "Bearer"


class SessionExpired(NotSignedIn):
    """The token was good, and its time is over."""


class AccessRefused(FanalError):
    """The caller is known, and may not do this."""


class NoRole(AccessRefused):
    """The caller signed in, and nothing in their token is mapped to a role."""

    def __init__(self) -> None:
        super().__init__(
            "Vous êtes bien connecté, mais votre compte n’a pas encore de rôle dans Fanal : demandez-en un à "
            "l’administrateur de votre organisation, puis reconnectez-vous."
        )


class PermissionMissing(AccessRefused):
    """The caller's roles, or the scopes of their key, do not hold the permission."""

    def __init__(self, permission: Permission, *, machine: bool) -> None:
        if machine:
            end = f"cette clé d’accès n’a pas la portée « {permission} »."
        else:
            names = [ROLE_NAMES[role] for role, held in PERMISSIONS.items() if permission in held]
            end = f"il faut {_one_of(names)}."
        super().__init__(f"{WANTED[permission]} ne vous est pas ouvert : {end}")


class KeyGoesTooFar(AccessRefused):
    """A key is asked for that could do or read more than its maker."""


class SignInUnavailable(FanalError):
    """The keys that tokens are checked by cannot be had."""

    retry = True
    retry_after = 5
    """Seconds after which to ask again: that often the provider is."""

    def __init__(self) -> None:
        super().__init__(
            "La connexion ne peut pas être vérifiée : le fournisseur d’identité ne répond pas. Réessayez dans une "
            "minute ; si cela dure, prévenez l’administrateur."
        )


def _one_of(names: list[str]) -> str:
    said = [f"« {name} »" for name in names]
    if len(said) == 1:
        return f"le rôle {said[0]}"
    return f"l’un des rôles {', '.join(said[:-1])} ou {said[-1]}"
