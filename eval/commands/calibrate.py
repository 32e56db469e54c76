"""`python -m eval calibrate`."""

import argparse
from datetime import date
from pathlib import Path

HELP = "règle quand dire que les documents ne répondent pas, d’après des questions connues"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("questions", type=Path, help="fichier JSONL, comme sample/questions.jsonl")
    parser.add_argument("--output", type=Path, help="fichier à écrire (par défaut, FANAL_ABSTENTION_FILE)")
    parser.add_argument(
        "--as-of",
        type=date.fromisoformat,
        default=date.today(),
        metavar="AAAA-MM-JJ",
        help="jour où l’on se place pour une question qui n’en dit rien (aujourd’hui)",
    )


def run(options: argparse.Namespace) -> None:
    """Calibrate."""
    from rich.console import Console

    from eval.calibrate import run
    from server.settings import ServerSettings

    output = options.output or ServerSettings().abstention_file
    run(options.questions, output, options.as_of, Console(highlight=False))
