"""`python -m eval tune-ranker`."""

import argparse

HELP = "apprend les poids du classement sur la moitié des questions réservée à cela"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no option."""


def run(_: argparse.Namespace) -> None:
    """Learn the weights."""
    from eval.tune_ranker import run

    run()
