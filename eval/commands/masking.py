"""`python -m eval masking`."""

import argparse
from pathlib import Path

HELP = "ce que le masquage trouve et manque dans des notes annotées, par type"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "corpus",
        type=Path,
        nargs="?",
        help="fichier JSONL, comme sample/masking_tune.jsonl (celui-ci par défaut)",
    )
    parser.add_argument(
        "--show",
        action="store_true",
        help="montre aussi ce qui est manqué ou masqué à tort ; qui règle le masquage ne lit pas ainsi "
        "sample/masking_report.jsonl",
    )


def run(options: argparse.Namespace) -> None:
    """Measure."""
    from rich.console import Console

    from eval.masking_bench import run

    run(options.corpus, Console(highlight=False), show=options.show)
