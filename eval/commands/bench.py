"""`python -m eval bench`."""

import argparse

from eval.parts import LONG, PARTS

HELP = "mesure sur la loi réelle, dans reports/bench.md et reports/bench.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    chosen = parser.add_mutually_exclusive_group()
    long = " et ".join(sorted(LONG))
    chosen.add_argument(
        "--only", nargs="+", choices=PARTS, help=f"parties à mesurer (par défaut, toutes sauf {long})"
    )
    chosen.add_argument(
        "--all", action="store_true", help=f"tout mesurer, {long} compris (une dizaine de minutes de plus)"
    )
    parser.add_argument(
        "--sample", type=int, default=480, help="articles ingérés de bout en bout pour la mesure (480)"
    )


def run(options: argparse.Namespace) -> None:
    """Measure."""
    from eval.bench import run

    run(PARTS if options.all else options.only, sample=options.sample)
