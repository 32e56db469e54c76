"""Who may do what: a role goes in, its permissions come out; and the caller, as every route sees them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from server.access_schemas import Permission, Role

LOCAL_USER = "local"
"""Who everybody at this machine is while sign-in is off."""

EVERYTHING: frozenset[Permission] = frozenset(get_args(Permission))

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    "advisor": frozenset({"ask"}),
    "writer": frozenset({"ask", "draft"}),
    "quality": frozenset({"ask", "quality"}),
    "administrator": frozenset({"ask", "administer"}),
}
"""An administrator runs the service and reads neither syntheses nor other people's answers: that is no part of it."""

ROLE_NAMES: Mapping[Role, str] = {
    "advisor": "conseiller",
    "writer": "rédacteur",
    "quality": "qualité",
    "administrator": "administrateur",
}
"""The roles as messages and pages name them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling.

    Args:
        groups: the groups whose documents they may read, beside everyone's.
        user: whose conversations and drafts they are.
        permissions: what they may do.
        name: how the page greets them, or ''.
        roles: of a person who signed in.
    """

    groups: frozenset[str]
    user: str = LOCAL_USER
    permissions: frozenset[Permission] = EVERYTHING
    name: str = ""
    roles: frozenset[Role] = frozenset()


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Give what somebody with these roles may do."""
    return frozenset(permission for role in roles for permission in PERMISSIONS[role])
