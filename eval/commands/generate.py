"""`python -m eval generate`."""

import argparse
import os
from pathlib import Path

HELP = "propose des questions tirées des documents, à relire sur la page « Qualité »"

KEY = "FANAL_GENERATION_API_KEY"
"""Environment variable of the API key of the model that writes questions."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--count", type=_count, default=40, metavar="N", help="questions voulues (40)")
    parser.add_argument("--source", nargs="+", default=[], metavar="NOM", help="seulement ces sources")
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        help="serveur à interroger, qui reçoit les cas (par défaut, l’index local)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FICHIER", help="écrit un fichier de cas (.jsonl) et ne propose rien"
    )
    parser.add_argument(
        "--model-url", metavar="URL", help=f"adresse (…/v1) du modèle qui écrit les questions ; clé : {KEY}"
    )
    parser.add_argument("--model", metavar="NOM", help="nom de ce modèle")
    parser.add_argument(
        "--unanswerable", type=_share, default=0.25, metavar="PART", help="part sans réponse, de 0 à 1 (0.25)"
    )
    parser.add_argument("--seed", type=int, default=20_261_122, metavar="N", help="graine du tirage")


def run(options: argparse.Namespace) -> int:
    """Generate: 0 when something was proposed, 1 when all was refused."""
    from datetime import date

    from rich.console import Console

    from eval.generate import GenerateOptions, generate, report
    from eval.opening import server_settings

    console = Console(highlight=False)
    wanted = GenerateOptions(
        count=options.count,
        sources=frozenset(options.source),
        endpoint=options.endpoint,
        output=options.output,
        model_url=options.model_url,
        model=options.model,
        key=os.environ.get(KEY, ""),
        unanswerable=options.unanswerable,
        seed=options.seed,
    )
    summary = generate(wanted, server_settings(), date.today(), console)
    report(summary, lambda line: console.print(line, markup=False, soft_wrap=True))
    return 0 if summary.proposed else 1


def _count(written: str) -> int:
    if not written.isdigit() or not 1 <= int(written) <= 1_000:
        raise argparse.ArgumentTypeError(f"« {written} » n’est pas un nombre entier de 1 à 1000")
    return int(written)


def _share(written: str) -> float:
    try:
        share = float(written.replace(",", "."))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"« {written} » n’est pas une part de 0 à 1")
    return share
