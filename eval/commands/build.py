"""`python -m eval build`."""

import argparse
from pathlib import Path

SUITES = ("fiches-travail",)

HELP = "fabrique une suite à partir de données ouvertes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("suite", choices=SUITES, help="la suite à fabriquer")
    parser.add_argument(
        "--output", type=Path, metavar="FICHIER", help="fichier à écrire (par défaut, dans le cache)"
    )


def run(options: argparse.Namespace) -> None:
    """Build the suite; its data is fetched where it is not there yet."""
    from rich.console import Console

    from eval.fiches_suite import build
    from eval.opening import server_settings

    build(server_settings().cache_dir, options.output, Console(highlight=False))
