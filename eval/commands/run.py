"""`python -m eval run`."""

import argparse
import sys
from pathlib import Path

HELP = "pose les cas d’une suite, mesure les réponses et écrit le rapport"

STOPPED = "\nInterrompu : ce qui est fait est gardé, relancez la même commande pour continuer."
STOPPED_FRESH = (
    "\nInterrompu : ce qui est fait est gardé, relancez la même commande sans --fresh pour continuer."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "name", nargs="?", metavar="SUITE", help="sample, smoke, organisation… ou un fichier de cas"
    )
    parser.add_argument("--suite", metavar="SUITE", help="la même chose")
    parser.add_argument(
        "--endpoint", metavar="URL", help="serveur à interroger (par défaut, ce programme répond lui-même)"
    )
    parser.add_argument(
        "--judge", metavar="URL", help="adresse (…/v1) du modèle qui juge ; clé : FANAL_JUDGE_API_KEY"
    )
    parser.add_argument("--judge-model", metavar="NOM", help="nom de ce modèle")
    parser.add_argument(
        "--force-self-judge",
        action="store_true",
        help="accepte un juge qui note ses propres réponses ; chaque page le dira",
    )
    parser.add_argument(
        "--fail-under", type=Path, metavar="FICHIER", help="seuils à tenir ; sinon, la commande rend 1"
    )
    parser.add_argument("--gate", action="store_true", help="tient les seuils de la suite elle-même")
    parser.add_argument(
        "--concurrency", type=_positive, metavar="N", help="cas posés à la fois (2 ; 4 à un serveur)"
    )
    parser.add_argument("--limit", type=_positive, metavar="N", help="seulement les N premiers cas")
    parser.add_argument("--tag", metavar="ÉTIQUETTE", help="seulement les cas qui la portent")
    parser.add_argument(
        "--fresh", action="store_true", help="recommence, même si la même mesure a été interrompue"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="repose les questions dont la réponse est connue"
    )


def run(options: argparse.Namespace) -> int:
    """Run the suite: 0 done, 1 a threshold does not hold, 2 a mistake or no answer at all, 3 a fault, 130 stopped."""
    from rich.console import Console

    from eval.run import RunOptions, run
    from ingest.errors import ConfigurationError

    name = options.suite or options.name
    if name is None or (options.suite and options.name and options.suite != options.name):
        raise ConfigurationError("Nommez une suite : python -m eval run sample, par exemple.")
    wanted = RunOptions(
        suite=name,
        endpoint=options.endpoint,
        judge=options.judge,
        judge_model=options.judge_model,
        force_self_judge=options.force_self_judge,
        thresholds=options.fail_under,
        gate=options.gate,
        concurrency=options.concurrency,
        limit=options.limit,
        tag=options.tag,
        fresh=options.fresh,
        use_cache=not options.no_cache,
    )
    try:
        view = run(wanted, Console(highlight=False))
    except KeyboardInterrupt:
        print(STOPPED_FRESH if options.fresh else STOPPED, file=sys.stderr)
        return 130
    if any(not verdict.passed for verdict in view.gate):
        return 1
    return 2 if view.done == 0 else 0


def _positive(written: str) -> int:
    if not written.isdigit() or int(written) < 1:
        raise argparse.ArgumentTypeError(f"« {written} » n’est pas un nombre entier d’au moins 1")
    return int(written)
