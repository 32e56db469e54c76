"""`python -m eval load`."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eval.load.records import Kind
    from eval.load.run import LoadOptions

HELP = "beaucoup de personnes à la fois, autour d’un modèle à cadence fixe : erreurs, temps, mémoire, pannes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--users", type=int, default=50, metavar="N", help="personnes à la fois (50)")
    parser.add_argument("--minutes", type=float, default=5.0, metavar="M", help="durée de la charge (5)")
    parser.add_argument(
        "--mix",
        type=_mix,
        metavar="ask=40,followup=25,feedback=20,draft=15",
        help="poids de chaque acte",
    )
    parser.add_argument(
        "--think",
        type=float,
        default=5.0,
        metavar="S",
        help="pause moyenne entre deux actes, en secondes (5)",
    )
    parser.add_argument(
        "--fault", choices=("postgres", "model", "worker"), help="partie à tuer pendant la charge"
    )
    parser.add_argument("--fault-at", type=float, default=60.0, metavar="S", help="quand la tuer (60)")
    parser.add_argument(
        "--away", type=float, default=15.0, metavar="S", help="quand la relancer ensuite (15)"
    )
    parser.add_argument(
        "--streams", type=int, metavar="N", help="plutôt N flux ouverts à la fois sur un seul processus"
    )
    parser.add_argument("--model-rate", type=float, default=50.0, metavar="R", help="jetons par seconde (50)")
    parser.add_argument(
        "--model-streams", type=int, default=0, metavar="N", help="réponses du modèle à la fois (sans limite)"
    )
    parser.add_argument(
        "--database-url", metavar="URL", help="base déjà là ; sinon PostgreSQL s’il est installé, ou SQLite"
    )
    parser.add_argument("--sqlite", action="store_true", help="SQLite, même si PostgreSQL est installé")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FANAL_NOM=VALEUR",
        help="réglage du serveur, à répéter",
    )
    parser.add_argument(
        "--output", type=Path, metavar="DOSSIER", help="où écrire (par défaut, reports/load/…)"
    )


def run(options: argparse.Namespace) -> int:
    """Load, write the report: 0 when nothing went wrong, 1 otherwise."""
    from eval.load.report import write_load, write_streams
    from eval.load.run import load
    from eval.load.streams import open_streams
    from eval.settings import server_settings
    from ingest.settings import ROOT

    cache = server_settings().cache_dir
    folder = (options.output or ROOT / "reports" / "load" / _name(options)).absolute()
    if options.streams:
        streams = open_streams(cache, folder, options.streams, _settings(options))
        print(write_streams(streams, folder).read_text("utf-8"))
        return int(not streams.is_good)
    report = load(_load_options(options, cache, folder))
    print(write_load(report).read_text("utf-8"))
    return int(not report.is_good)


def _load_options(options: argparse.Namespace, cache: Path, folder: Path) -> "LoadOptions":
    from eval.load.people import DEFAULT_MIX
    from eval.load.run import LoadOptions, database_here
    from eval.paced_model import Pace

    return LoadOptions(
        cache=cache,
        folder=folder,
        people=options.users,
        minutes=options.minutes,
        think_s=options.think,
        mix=options.mix or DEFAULT_MIX,
        pace=Pace(0.2, options.model_rate, options.model_streams),
        database=options.database_url or ("sqlite" if options.sqlite else database_here()),
        fault=options.fault,
        fault_at_s=options.fault_at,
        away_s=options.away,
        settings={"FANAL_MODEL_SLOTS": str(options.users), **_settings(options)},
    )


def _settings(options: argparse.Namespace) -> dict[str, str]:
    return dict(str(one).split("=", 1) for one in options.set)


def _name(options: argparse.Namespace) -> str:
    if options.streams:
        return "streams"
    return f"fault-{options.fault}" if options.fault else "load"


def _mix(written: str) -> Mapping["Kind", float]:
    from eval.load.records import KINDS

    try:
        read = {
            name.strip(): float(weight) for name, weight in (one.split("=") for one in written.split(","))
        }
    except ValueError as error:
        raise argparse.ArgumentTypeError("écrivez par exemple ask=50,draft=10") from error
    if unknown := sorted(read.keys() - set(KINDS)):
        raise argparse.ArgumentTypeError(f"« {unknown[0]} » n’est pas un acte : {', '.join(KINDS)}")
    if not sum(read.values()) > 0:
        raise argparse.ArgumentTypeError("un poids au moins est au-dessus de zéro")
    return {kind: read.get(kind, 0.0) for kind in KINDS}
