"""`python -m eval compare`."""

import argparse
from pathlib import Path

HELP = "ce qui va mieux et moins bien d’une mesure à une autre, cas par cas"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    named = "identifiant, son début, « dernier », « avant-dernier », ou dossier"
    parser.add_argument("before", metavar="AVANT", help=named)
    parser.add_argument("after", metavar="APRES", help=named)
    parser.add_argument(
        "--html", type=Path, metavar="FICHIER", help="écrit aussi la comparaison en une page HTML"
    )
    parser.add_argument("--md", type=Path, metavar="FICHIER", help="écrit aussi la comparaison en Markdown")
    parser.add_argument(
        "--fail-on-worse",
        action="store_true",
        help="sort avec 1 si une mesure a baissé plus que par hasard, ou si un cas ne va plus à son terme",
    )


def run(options: argparse.Namespace) -> int:
    """Compare, show, and write what was asked for."""
    from rich.console import Console

    from eval.comparison_report import comparison_markdown, comparison_page, is_worse, show
    from eval.report import write_whole
    from eval.run_names import run_folder
    from eval.settings import server_settings
    from server.quality.compare import compare
    from server.quality.run_files import load_run
    from server.quality.runs import EVALUATIONS

    root = server_settings().data_dir / EVALUATIONS
    before, after = (load_run(run_folder(root, name)) for name in (options.before, options.after))
    comparison = compare(before, after)
    console = Console(highlight=False)
    show(comparison, console)
    if options.html is not None:
        write_whole(options.html, comparison_page(comparison, before, after))
    if options.md is not None:
        write_whole(options.md, comparison_markdown(comparison))
    for path in filter(None, (options.html, options.md)):
        console.print(str(path), markup=False, soft_wrap=True)
    return 1 if options.fail_on_worse and is_worse(comparison) else 0
