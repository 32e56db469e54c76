"""`python -m server`: start the API; `purge`: delete what has had its time; `keys`: the API keys of machines."""

import argparse
import sys
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from server.commands import keys

if TYPE_CHECKING:
    from server.settings import ServerSettings


def main() -> int:
    """Read the options and run one command; gives the exit status: 0 done, 2 not done."""
    options = _parser().parse_args()
    from pydantic import ValidationError

    from server.settings import ServerSettings

    given = {name: value for name in ("host", "port") if (value := getattr(options, name)) is not None}
    try:
        settings = ServerSettings(**given)
    except ValidationError as error:
        lines = "\n".join(
            f"  - {' '.join(f'FANAL_{str(part).upper()} :' for part in fault['loc'])} "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        print(f"Réglages à corriger :\n{lines}", file=sys.stderr)
        return 2
    if options.command == "purge":
        return _purge(settings, options.before)
    if options.command == "keys":
        return keys.run(settings, options)
    return _serve(settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server", description="Démarre l’API de Fanal, ou entretient ce qu’elle garde."
    )
    parser.add_argument(
        "--host", help="adresse d’écoute (127.0.0.1 ; aucune autre tant que la connexion est coupée)"
    )
    parser.add_argument("--port", type=int, help="port TCP (8000)")
    commands = parser.add_subparsers(dest="command", metavar="commande")
    purge = commands.add_parser(
        "purge",
        help="supprime les conversations plus anciennes que FANAL_CONVERSATION_DAYS, et les synthèses échues",
    )
    purge.add_argument(
        "--before",
        type=_day,
        metavar="AAAA-MM-JJ",
        help="supprime plutôt les conversations dont la dernière question est d’avant ce jour",
    )
    keys.add_parser(commands)
    return parser


def _day(written: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"« {written} » n’est pas une date : écrivez-la AAAA-MM-JJ, par exemple 2026-11-22"
        ) from error
    if day > datetime.now().astimezone().date():
        raise argparse.ArgumentTypeError(f"« {written} » n’est pas encore passé : tout serait supprimé")
    return day


def _purge(settings: "ServerSettings", before: date | None) -> int:
    from ingest.errors import FanalError
    from server.quality.runs import EVALUATIONS, Runs
    from server.retention import ITSELF, Retention, limit_of
    from server.store.opening import open_stores

    if before is None:
        limit = limit_of(settings.conversation_days, datetime.now(UTC))
    else:
        limit = datetime.combine(before, time.min).astimezone()
    try:
        key = settings.drafts_key.get_secret_value() if settings.drafts_key else None
        stores = open_stores(settings.database, key, settings.data_dir)
        try:
            runs = Runs(settings.data_dir / EVALUATIONS)
            retention = Retention(
                stores, settings.conversation_days, settings.audit_days, runs, settings.evaluation_days
            )
            report, left = retention.purge(ITSELF, limit), stores.conversations.count()
        finally:
            stores.close()
    except FanalError as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 2
    print(_purged(report.conversations, left, limit.astimezone()))
    print(
        f"Synthèses et brouillons arrivés à leur terme : {report.syntheses + report.drafts} supprimés ; notes retirées "
        f"de {report.notes} autres. Lignes du journal : {report.audit_lines} supprimées. Mesures de qualité : "
        f"{report.evaluations} supprimées."
    )
    return 0


def _purged(removed: int, left: int, limit: datetime) -> str:
    """Write the report of a purge, in French."""
    deleted = "conversations supprimées" if removed > 1 else "conversation supprimée"
    kept = "gardées" if left > 1 else "gardée"
    return f"{removed} {deleted} : aucune question depuis le {limit:%d/%m/%Y à %H:%M}. {left} {kept}."


def _serve(settings: "ServerSettings") -> int:
    from server.serving import serve

    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
