"""`python -m eval calibrate-judge`."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from eval.judging.calibrate import Calibration

HELP = "mesure l’accord d’un juge avec des personnes, sur des réponses étiquetées à la main"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--judge", required=True, metavar="URL", help="adresse du juge, qui finit par /v1")
    parser.add_argument("--judge-model", required=True, metavar="NOM", help="nom du modèle qui juge")
    parser.add_argument(
        "--labels", type=Path, metavar="FICHIER", help="réponses étiquetées (par défaut, les nôtres)"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="ne juger que N réponses")
    parser.add_argument(
        "--metrics", metavar="NOMS", help="mesures à juger, séparées par des virgules (toutes)"
    )
    parser.add_argument(
        "--threshold", type=float, default=0.5, metavar="S", help="note au-delà de laquelle c’est bon"
    )
    parser.add_argument("--concurrency", type=int, default=4, metavar="N", help="demandes à la fois (4)")
    parser.add_argument(
        "--timeout", type=float, default=180.0, metavar="S", help="attente d’une réponse, en secondes"
    )
    parser.add_argument(
        "--max-tokens", type=int, default=2_048, metavar="N", help="longueur d’une réponse, en jetons"
    )


def run(options: argparse.Namespace) -> None:
    """Calibrate; the key of the endpoint, if it has one, is read in FANAL_JUDGE_API_KEY, as for a run."""
    import asyncio

    from rich.console import Console

    console = Console(highlight=False)
    calibration = asyncio.run(_calibrate(options, console))
    _tell(calibration, console)


async def _calibrate(options: argparse.Namespace, console: "Console") -> "Calibration":
    from eval.judge import Judge
    from eval.judging.calibrate import cache_of, calibrate, write
    from eval.judging.labels import SHIPPED, read_labels
    from ingest.settings import IngestSettings

    data_dir = IngestSettings().data_dir
    answers = read_labels(options.labels or SHIPPED)[: options.limit]
    async with Judge.open(
        options.judge,
        options.judge_model,
        os.environ.get("FANAL_JUDGE_API_KEY"),
        concurrency=options.concurrency,
        timeout_s=options.timeout,
        max_tokens=options.max_tokens,
        cache=cache_of(data_dir),
        metrics=_metrics(options.metrics),
    ) as judge:
        await judge.check()
        calibration = await calibrate(
            judge, answers, options.threshold, lambda one: console.print(f"{one.id} jugée")
        )
        if options.labels:
            calibration = calibration.model_copy(update={"labelled_by": "organisation"})
        info = judge.info
    console.print(f"{info.calls} demandes au juge, {info.failures} notes manquantes.")
    console.print(f"Écrit : {write(calibration, data_dir)}")
    return calibration


def _metrics(names: str | None) -> list[str]:
    from ingest.errors import ConfigurationError
    from server.quality.catalogue import JUDGED

    chosen = [name.strip() for name in names.split(",")] if names else list(JUDGED)
    unknown = sorted(set(chosen) - set(JUDGED))
    if unknown:
        raise ConfigurationError(f"« {unknown[0]} » n’est pas une mesure jugée ; il y a {', '.join(JUDGED)}.")
    return chosen


def _tell(calibration: "Calibration", console: "Console") -> None:
    from rich.table import Table

    from server.quality.catalogue import CATALOGUE

    table = Table(
        title=f"{calibration.model}, {calibration.answers} réponses, seuil {calibration.threshold:g}"
    )
    for head in (
        "Mesure",
        "Réponses",
        "Échecs",
        "Kappa",
        "IC 95 %",
        "Accord",
        "Bonnes : gens / juge",
        "Rang",
    ):
        table.add_column(head)
    for name, one in calibration.metrics.items():
        table.add_row(
            CATALOGUE[name].label,
            str(one.cases),
            str(one.failures),
            _figure(one.kappa),
            f"{_figure(one.low)} à {_figure(one.high)}",
            _figure(one.observed),
            f"{_figure(one.good_for_people)} / {_figure(one.good_for_judge)}",
            _figure(one.ranking),
        )
    console.print(table)
    console.print(
        "Kappa de Cohen : 1, accord parfait ; 0, pas mieux que le hasard. Il baisse quand presque toutes les réponses "
        "sont bonnes, même si le juge a raison : lisez-le avec les parts de bonnes réponses. Rang : chance que le juge "
        "note mieux une bonne réponse qu’une mauvaise (0,5 : hasard)."
    )


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}".replace(".", ",")
