"""`python -m ingest`: check, run, fetch, status, rebuild, forget, collection.

When a server owns the embedded index, `run`, `fetch` and `forget` hand the work to it and show its progress.
"""

import argparse
import logging
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives the exit status: 0 done, 1 done with failures, 2 not done."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)  # the commands say the rest, in French
    from ingest.commands import COMMANDS
    from ingest.errors import FanalError

    try:
        return COMMANDS[options.command](options)
    except FanalError as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "\nInterrompu : ce qui est fait est gardé, relancez la commande pour continuer.", file=sys.stderr
        )
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest", description="Ingestion des documents dans Fanal."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="commande")
    check = commands.add_parser(
        "check", help="vérifie le fichier des sources et dit ce que chacune apporterait"
    )
    check.add_argument("sources", nargs="*", help="noms de sources (toutes par défaut)")
    run = commands.add_parser("run", help="met l’index à jour avec les sources")
    run.add_argument("sources", nargs="*", help="noms de sources (toutes par défaut)")
    run.add_argument("--sparse-only", action="store_true", help="remet le calcul des vecteurs à plus tard")
    run.add_argument(
        "--due", action="store_true", help="seulement les sources que leur `schedule` demande de relire"
    )
    run.add_argument(
        "--accept-removals", action="store_true", help="retire les documents disparus, même nombreux"
    )
    run.add_argument(
        "--retry", action="store_true", help="réessaie les fichiers mis de côté après trop d’échecs"
    )
    fetch = commands.add_parser("fetch", help="télécharge un jeu de données ouvert et l’ingère")
    fetch.add_argument("dataset", help="code-du-travail, fiches-travail…")
    fetch.add_argument("--download-only", action="store_true", help="télécharge sans ingérer")
    fetch.add_argument("--sparse-only", action="store_true", help="remet le calcul des vecteurs à plus tard")
    status = commands.add_parser(
        "status", help="dit où en est chaque source, ce qui a échoué, ce qui est à revoir"
    )
    status.add_argument("source", nargs="?", help="une seule source, en détail")
    rebuild = commands.add_parser(
        "rebuild", help="reconstruit l’index à côté de celui qui sert, puis le remplace"
    )
    rebuild.add_argument(
        "--accept-removals", action="store_true", help="remplace même si beaucoup de documents ont disparu"
    )
    forget = commands.add_parser("forget", help="retire de l’index tout ce qu’une source a apporté")
    forget.add_argument("source", help="nom de la source")
    collection = commands.add_parser(
        "collection", help="dit si la collection du serveur Qdrant est comme les réglages la demandent"
    )
    collection.add_argument(
        "--apply", action="store_true", help="lui donne ces réglages, sans interrompre les recherches"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
