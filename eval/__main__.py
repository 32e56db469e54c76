"""`python -m eval`: how often Fanal is right, and what it costs; `eval.commands` holds a file for each command."""

import argparse
import sys
import traceback
from importlib import import_module
from typing import Final

COMMANDS: Final = (
    "bench",
    "load",
    "check",
    "build",
    "run",
    "report",
    "compare",
    "history",
    "calibrate",
    "calibrate-judge",
    "generate",
    "masking",
    "tune-ranker",
)
"""In the order in which `--help` tells them; each is a module of `eval.commands`."""


UNFORESEEN: Final = 3
FAULT: Final = (
    "Erreur imprévue : c’est un défaut de Fanal, non de vos documents ni de vos seuils. Joignez les lignes ci-dessus à "
    "votre signalement ; ce qui est fait est gardé, la même commande reprend la mesure."
)


def main() -> int:
    """Read the options and run the command; gives its exit status.

    2 for a mistake in what it was given, `UNFORESEEN` for a fault of this program: 1 is for a threshold alone.
    """
    options = _parser().parse_args()
    from ingest.errors import FanalError

    try:
        return options.run(options) or 0
    except FanalError as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 2
    except Exception:  # noqa: BLE001  # Python's own status would be 1, that of a threshold that was missed
        traceback.print_exc()
        print(FAULT, file=sys.stderr)
        return UNFORESEEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval", description="Mesures de Fanal.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="commande")
    for name in COMMANDS:
        command = import_module(f"eval.commands.{name.replace('-', '_')}")
        one = commands.add_parser(name, help=command.HELP)
        command.add_arguments(one)
        one.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
