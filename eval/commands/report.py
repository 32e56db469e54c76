"""`python -m eval report`."""

import argparse
from pathlib import Path

HELP = "récrit les rapports d’une mesure : HTML, Markdown, JSON"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "name", metavar="MESURE", help="identifiant, son début, « dernier », « avant-dernier », ou dossier"
    )
    parser.add_argument(
        "--output", type=Path, metavar="DOSSIER", help="où les écrire (par défaut, avec la mesure)"
    )


def run(options: argparse.Namespace) -> None:
    """Write the reports."""
    from rich.console import Console

    from eval.report import write_reports_of
    from eval.run_names import run_folder
    from eval.settings import server_settings
    from server.quality.run_files import load_run
    from server.quality.runs import EVALUATIONS, REPORTS

    folder = run_folder(server_settings().data_dir / EVALUATIONS, options.name)
    output = options.output or folder
    write_reports_of(load_run(folder), output)
    for name in REPORTS.values():
        Console(highlight=False, soft_wrap=True).print(str(output / name), markup=False)
