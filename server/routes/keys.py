"""`/v1/keys`: the API keys of machines: made, listed, revoked by administrators; a key is shown once."""

from collections.abc import Iterable

from fastapi import APIRouter, Depends

from server.access import Caller
from server.access_schemas import ApiKeyCreated, ApiKeyRequest, ApiKeyView
from server.dependencies import CallerDep, PartsDep, needs
from server.problems import NotFound
from server.routes.private import private
from server.sign_in.errors import KeyGoesTooFar
from server.sign_in.keys import make_key

router = APIRouter(prefix="/v1/keys", dependencies=[needs("administer"), Depends(private)])

UNKNOWN = "Cette clé d’accès n’existe pas."


@router.post("", status_code=201)
def create(body: ApiKeyRequest, parts: PartsDep, caller: CallerDep) -> ApiKeyCreated:
    """Make a key, which may do and read no more than who makes it; only its hash is kept."""
    check_reach(body, caller)
    named = body.model_copy(update={"name": parts.masker.mask(body.name).text})
    return make_key(parts.stores.api_keys, named, caller.user)


def check_reach(wanted: ApiKeyRequest, maker: Caller) -> None:
    """Keep somebody from giving themselves, by a key, what they do not have.

    Raises:
        KeyGoesTooFar: the key would have a scope or a group that its maker lacks.
    """
    if scopes := sorted(set(wanted.scopes) - maker.permissions):
        raise KeyGoesTooFar(
            f"Vous ne pouvez donner à une clé que ce que vous pouvez faire vous-même ; {_listed(scopes)} n’en est pas. "
            "Sur le serveur, `python -m server keys create` le peut."
        )
    if groups := sorted(set(wanted.groups) - maker.groups):
        raise KeyGoesTooFar(
            f"Vous ne pouvez ouvrir à une clé que les documents de vos propres groupes ; {_listed(groups)} n’en est "
            "pas. Sur le serveur, `python -m server keys create` le peut."
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"« {name} »" for name in names)


@router.get("")
def keys(parts: PartsDep) -> list[ApiKeyView]:
    """List the keys, the newest first."""
    return parts.stores.api_keys.views()


@router.delete("/{key_id}", status_code=204)
def revoke(key_id: str, parts: PartsDep, caller: CallerDep) -> None:
    """Revoke a key, at once."""
    if not parts.stores.api_keys.revoke(key_id, caller.user):
        raise NotFound(UNKNOWN)
