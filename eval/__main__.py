"""`python -m eval`: measure Fanal on this machine, and calibrate it."""

import argparse
import sys
from datetime import date
from pathlib import Path

from eval.parts import LONG, PARTS


def main() -> int:
    """Read the options and run the command."""
    options = _parser().parse_args()
    from ingest.errors import FanalError

    try:
        options.run(options)
    except FanalError as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 2
    return 0


def _bench(options: argparse.Namespace) -> None:
    from eval.bench import run

    run(PARTS if options.all else options.only, sample=options.sample)


def _calibrate(options: argparse.Namespace) -> None:
    from rich.console import Console

    from eval.calibrate import run
    from server.settings import ServerSettings

    output = options.output or ServerSettings().abstention_file
    run(options.questions, output, options.as_of, Console(highlight=False))


def _masking(options: argparse.Namespace) -> None:
    from rich.console import Console

    from eval.masking_bench import run

    run(options.corpus, Console(highlight=False), show=options.show)


def _tune_ranker(_: argparse.Namespace) -> None:
    from eval.tune_ranker import run

    run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description="Mesures de Fanal.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="commande")
    bench = commands.add_parser(
        "bench", help="mesure sur la loi réelle, dans reports/bench.md et reports/bench.json"
    )
    chosen = bench.add_mutually_exclusive_group()
    long = " et ".join(sorted(LONG))
    chosen.add_argument(
        "--only", nargs="+", choices=PARTS, help=f"parties à mesurer (par défaut, toutes sauf {long})"
    )
    chosen.add_argument(
        "--all", action="store_true", help=f"tout mesurer, {long} compris (une dizaine de minutes de plus)"
    )
    bench.add_argument(
        "--sample", type=int, default=480, help="articles ingérés de bout en bout pour la mesure (480)"
    )
    bench.set_defaults(run=_bench)
    calibrate = commands.add_parser(
        "calibrate", help="règle quand dire que les documents ne répondent pas, d’après des questions connues"
    )
    calibrate.add_argument("questions", type=Path, help="fichier JSONL, comme sample/questions.jsonl")
    calibrate.add_argument("--output", type=Path, help="fichier à écrire (par défaut, FANAL_ABSTENTION_FILE)")
    calibrate.add_argument(
        "--as-of",
        type=date.fromisoformat,
        default=date.today(),
        metavar="AAAA-MM-JJ",
        help="jour où l’on se place pour une question qui n’en dit rien (aujourd’hui)",
    )
    calibrate.set_defaults(run=_calibrate)
    masking = commands.add_parser(
        "masking", help="ce que le masquage trouve et manque dans des notes annotées, par type"
    )
    masking.add_argument(
        "corpus",
        type=Path,
        nargs="?",
        help="fichier JSONL, comme sample/masking_tune.jsonl (celui-ci par défaut)",
    )
    masking.add_argument(
        "--show",
        action="store_true",
        help="montre aussi ce qui est manqué ou masqué à tort ; qui règle le masquage ne lit pas ainsi "
        "sample/masking_report.jsonl",
    )
    masking.set_defaults(run=_masking)
    tune = commands.add_parser(
        "tune-ranker", help="apprend les poids du classement sur la moitié des questions réservée à cela"
    )
    tune.set_defaults(run=_tune_ranker)
    return parser


if __name__ == "__main__":
    sys.exit(main())
