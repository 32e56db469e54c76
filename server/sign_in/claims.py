"""What a token says of a person: checked claims go in, the caller with their roles and groups comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from server.access import Caller, permissions_of
from server.access_schemas import Role
from server.settings import ServerSettings

PERSON = "oidc:"
"""What the name of a person begins with: no `sub` of a provider can be that of a key, or of this machine's user."""

NAMES = ("name", "preferred_username", "email")
"""Claims that may say how a person is called, the best first (OpenID Connect Core 1.0, section 5.1)."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where roles and groups are in a token, and what its values are here."""

    roles_claim: str
    groups_claim: str
    roles: Mapping[str, frozenset[str]]
    groups: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, settings: ServerSettings) -> "Mapped":
        """Read the settings."""
        return cls(settings.oidc_roles_claim, settings.oidc_groups_claim, settings.roles, settings.groups)

    def caller(self, claims: Mapping[str, Any]) -> Caller:
        """Say who somebody is; with no role here, they have no permission."""
        roles = cast(frozenset[Role], _mapped(_values(claims, self.roles_claim), self.roles))
        return Caller(
            groups=_mapped(_values(claims, self.groups_claim), self.groups),
            user=f"{PERSON}{claims['sub']}",
            permissions=permissions_of(roles),
            name=_name(claims),
            roles=roles,
        )


def _mapped(values: frozenset[str], mapping: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(given for value in values for given in mapping.get(value, ()))


def _values(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """Give what is at a path: a list of texts, or a text alone; what is neither counts for nothing."""
    found = _at(claims, path)
    written = found if isinstance(found, list) else [found]
    return frozenset(value for value in written if isinstance(value, str))


def _at(claims: Any, path: str) -> Any:
    """Follow a path with dots; a name may hold dots itself, as an address does: `https://exemple.fr/roles`."""
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    for dot in (place for place, letter in enumerate(path) if letter == "."):
        found = _at(claims.get(path[:dot]), path[dot + 1 :])
        if found is not None:
            return found
    return None


def _name(claims: Mapping[str, Any]) -> str:
    said = (claims.get(name) for name in NAMES)
    return next((name.strip()[:100] for name in said if isinstance(name, str) and name.strip()), "")
