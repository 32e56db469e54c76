"""`python -m server keys create|list|revoke`: the API keys of machines, for who is at the server itself.

There is no other way to the first key; and here alone may a key go further than what its maker may do.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, time
from typing import TYPE_CHECKING, get_args

from server.access_schemas import Permission

if TYPE_CHECKING:
    from server.access_schemas import ApiKeyView
    from server.settings import ServerSettings
    from server.store.api_keys import ApiKeys

CONSOLE = "console"
"""Who makes and revokes keys at the server itself, as the audit names them."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of `python -m server`."""
    keys = commands.add_parser("keys", help="crée, liste ou révoque les clés d’accès des machines")
    acts = keys.add_subparsers(dest="act", metavar="acte", required=True)
    create = acts.add_parser("create", help="crée une clé, et la montre cette fois seulement")
    create.add_argument(
        "--name", required=True, help="à quoi elle sert ; une donnée personnelle y est masquée"
    )
    create.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=get_args(Permission),
        help="ce qu’elle peut faire ; plusieurs fois au besoin",
    )
    create.add_argument(
        "--group",
        action="append",
        default=[],
        help="groupe dont elle lit les documents ; plusieurs fois au besoin",
    )
    create.add_argument(
        "--expires",
        type=_last_day,
        metavar="AAAA-MM-JJ",
        help="dernier jour où elle sert ; sans : jusqu’à révocation",
    )
    acts.add_parser("list", help="liste les clés, sans les montrer")
    revoke = acts.add_parser("revoke", help="révoque une clé, aussitôt")
    revoke.add_argument("id", help="son identifiant, celui de la liste")


def run(settings: "ServerSettings", options: argparse.Namespace) -> int:
    """Carry out one act; gives the exit status: 0 done, 2 not done."""
    from ingest.errors import FanalError

    try:
        with _opened(settings) as keys:
            match options.act:
                case "create":
                    return _create(settings, keys, options)
                case "list":
                    return _list(keys.views(), keys)
                case _:
                    return _revoke(keys, options.id)
    except FanalError as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 2


@contextmanager
def _opened(settings: "ServerSettings") -> Iterator["ApiKeys"]:
    from server.store.api_keys import ApiKeys
    from server.store.database import open_database

    with closing(open_database(settings.database)) as database:
        yield ApiKeys(database)


def _create(settings: "ServerSettings", keys: "ApiKeys", options: argparse.Namespace) -> int:
    from pydantic import ValidationError

    from server.access_schemas import ApiKeyRequest
    from server.mask import load_masker
    from server.problems import explain
    from server.sign_in.keys import make_key

    name = load_masker(settings).mask(options.name).text
    try:
        wanted = ApiKeyRequest(
            name=name, scopes=options.scope, groups=options.group, expires_at=options.expires
        )
    except ValidationError as error:
        print(f"Erreur : {explain(error)}", file=sys.stderr)
        return 2
    made = make_key(keys, wanted, CONSOLE)
    print(f"Clé « {made.name} » ({made.id}), montrée cette fois seulement :\n{made.key}")
    return 0


def _list(views: "Iterable[ApiKeyView]", keys: "ApiKeys") -> int:
    print(
        "Identifiant                       Début         Portées            État      Dernier usage     Nom"
    )
    for key in views:
        state = "active" if keys.is_valid(key) else "révoquée" if key.revoked_at else "expirée"
        used = f"{key.last_used_at.astimezone():%d/%m/%Y %H:%M}" if key.last_used_at else "jamais"
        print(f"{key.id}  {key.prefix}  {','.join(key.scopes):<17}  {state:<8}  {used:<16}  {key.name}")
    return 0


def _revoke(keys: "ApiKeys", key_id: str) -> int:
    if not keys.revoke(key_id, CONSOLE):
        print("Erreur : aucune clé n’a cet identifiant (`python -m server keys list`).", file=sys.stderr)
        return 2
    print("Clé révoquée : elle n’ouvre plus rien.")
    return 0


def _last_day(written: str) -> datetime:
    """Read a day; a key that lasts until it works to its end."""
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"« {written} » n’est pas une date : écrivez-la AAAA-MM-JJ, par exemple 2027-11-22"
        ) from error
    if day < datetime.now().astimezone().date():
        raise argparse.ArgumentTypeError(f"« {written} » est déjà passé")
    return datetime.combine(day, time.max).astimezone()
