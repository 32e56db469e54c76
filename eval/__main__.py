"""`python -m eval bench`: measure Fanal on the real law, on this machine."""

import argparse
import sys

from eval.parts import LONG, PARTS


def main() -> int:
    """Read the options and run the bench."""
    options = _parser().parse_args()
    from eval.bench import run
    from ingest.errors import FanalError

    try:
        run(PARTS if options.all else options.only, sample=options.sample)
    except FanalError as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 2
    return 0


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
    return parser


if __name__ == "__main__":
    sys.exit(main())
