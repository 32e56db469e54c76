"""`python -m eval masking` and its part of the bench: how much of a corpus is masked, how fast, and how it loads."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from eval.masking import (
    DIRECT_IDENTIFIERS,
    SPECIAL_CATEGORIES,
    TYPES,
    Miss,
    Score,
    score,
)
from eval.masking_corpus import REPORT, TUNE, read_corpus
from ingest.settings import ROOT
from server.mask import Masker, load_masker
from server.mask_schemas import EntityType
from server.recognisers.allowed import load_allowed
from server.settings import ServerSettings

PAGES = 6_000
"""Characters of a note of three pages: what speed is measured on."""

ROUNDS = 3

LOADING = """
import time
began = time.process_time()
from server.mask import load_masker
from server.settings import ServerSettings
load_masker(ServerSettings(_env_file=None)).mask("Mme Dupont habite à Lille.")
print(time.process_time() - began)
"""
"""Load the masker in a process of its own and mask a first sentence; prints seconds of processor time."""

GROUPS: Sequence[tuple[str, Sequence[EntityType]]] = (
    ("direct identifiers", DIRECT_IDENTIFIERS),
    ("special categories", SPECIAL_CATEGORIES),
    ("all types", TYPES),
)


def measure() -> dict[str, Any]:
    """Give the figures of the reporting part, of speed and of loading."""
    masker = load_masker(ServerSettings(_env_file=None))
    found = score(masker.mask, read_corpus(REPORT), load_allowed().spans)
    return {
        **{f"recall, {name}": str(found.recall(types)) for name, types in GROUPS},
        **{f"recall with the right type, {name}": str(found.typed_recall(types)) for name, types in GROUPS},
        **{f"precision, {name}": str(found.precision(types)) for name, types in GROUPS},
        "allow-list words masked": len(found.allowed),
        **{f"recall, {kind}": str(found.recall([kind])) for kind in TYPES},
        "characters a second a core": round(speed(masker)),
        "load and first sentence (s of processor time)": load_seconds(),
    }


def speed(masker: Masker) -> float:
    """Give how many characters of notes are masked in a second of processor time, over the notes of the tune part.

    Each round reads pages that begin elsewhere: a text that was masked before may be known.
    """
    rounds = []
    for number in range(ROUNDS):
        notes = _notes(number * PAGES // ROUNDS)
        began = time.process_time()
        for text in notes:
            masker.mask(text)
        rounds.append(sum(map(len, notes)) / (time.process_time() - began))
    return statistics.median(rounds)


def _notes(begin: int) -> list[str]:
    """Put the sentences of the tune part together into notes of three pages."""
    whole = "\n".join(sentence.text for sentence in read_corpus(TUNE))
    return [whole[at : at + PAGES] for at in range(begin, len(whole), PAGES)]


def load_seconds() -> float:
    """Give the processor time of loading the masker and masking a sentence, the median of three processes."""
    times = [
        subprocess.run([sys.executable, "-c", LOADING], cwd=ROOT, check=True, capture_output=True, text=True)
        for _ in range(ROUNDS)
    ]
    return round(statistics.median(float(one.stdout) for one in times), 2)


def run(path: Path | None, console: Console, *, show: bool) -> None:
    """Print the figures of a corpus as a Markdown table.

    Args:
        path: None for the part that recognisers are tuned on.
        show: print each miss and each false alarm after it.

    Raises:
        ConfigurationError: the corpus cannot be read.
    """
    path = path or TUNE
    corpus = read_corpus(path)
    found = score(load_masker(ServerSettings(_env_file=None)).mask, corpus, load_allowed().spans)
    without = sum(not sentence.gold for sentence in corpus)
    console.print(f"{path.name} : {len(corpus)} textes, dont {without} sans rien à masquer.\n")
    console.print("\n".join(table(found)), soft_wrap=True, markup=False)
    console.print(f"\nMots de la liste blanche masqués : {len(found.allowed)}")
    if show:
        for title, cases in _shown(found):
            console.print(f"\n{title} ({len(cases)})")
            console.print("\n".join(map(str, cases)), soft_wrap=True, markup=False)


def table(found: Score) -> list[str]:
    """Write a Markdown table, in French: a line for each group and each type."""
    lines = [
        ("**Identifiants directs**", DIRECT_IDENTIFIERS),
        ("**Catégories particulières**", SPECIAL_CATEGORIES),
    ]
    lines += [("**Tout**", TYPES), *((kind, (kind,)) for kind in TYPES)]
    return [
        "| Type | Rappel | Rappel avec le bon type | Précision |",
        "|---|---|---|---|",
        *(
            f"| {name} | {found.recall(types)} | {found.typed_recall(types)} | {found.precision(types)} |"
            for name, types in lines
        ),
    ]


def _shown(found: Score) -> list[tuple[str, list[Miss]]]:
    return [
        ("Manqués", found.missed),
        ("Masqués à tort", found.false_alarms),
        ("Masqués sous un autre type", found.mistyped),
        ("Mots de la liste blanche masqués", found.allowed),
    ]
