"""`python -m eval check`."""

import argparse

HELP = (
    "dit quels passages de référence d’une suite n’existent plus dans l’index, et ce qui cloche dans ses cas"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("suite", help="sample, smoke, organisation… ou un fichier de cas")
    parser.add_argument(
        "--endpoint", metavar="URL", help="serveur à interroger (par défaut, l’index lui-même)"
    )
    parser.add_argument("--all", action="store_true", help="montre tout ce qui cloche, sans abréger")


def run(options: argparse.Namespace) -> int:
    """Check the suite: 0 when no gold is missing, 1 when some is."""
    from datetime import date

    from rich.console import Console

    from eval.check import MISSING, check, report
    from eval.library import opened_library
    from eval.opening import server_settings, suite_of

    settings = server_settings()
    suite = suite_of(options.suite, settings, options.endpoint)
    console = Console(highlight=False)
    with opened_library(suite.documents, settings, options.endpoint, console.print) as library:
        faults = check(suite, library, date.today())
    report(suite, faults, console, whole=options.all)
    return int(any(fault.kind in MISSING for fault in faults))
