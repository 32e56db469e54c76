"""`python -m eval history`."""

import argparse

HELP = "les mesures faites au fil du temps, suite par suite"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("suite", nargs="?", help="une seule suite")
    parser.add_argument(
        "--metric",
        action="append",
        metavar="NOM",
        help="colonne à montrer, à répéter (abstention_accuracy…) ; sinon, les premières de chaque suite",
    )


def run(options: argparse.Namespace) -> None:
    """Show the table."""
    from rich.console import Console

    from eval.history import show

    show(options.suite, options.metric or [], Console(highlight=False))
