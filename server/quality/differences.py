"""What differs between the servers that two runs asked: two `RunView`s go in, French sentences come out."""

from collections.abc import Iterator, Mapping

from server.configuration_schemas import Configuration
from server.evaluation_schemas import RunView

NOTHING = "rien"
_DIGITS = 8
"""Of a digest, as people read it."""


def configuration_differences(before: RunView, after: RunView) -> list[str]:
    """Say what changed in the configuration, the cases and the way of asking them; what most changes answers first."""
    return [*_differences(before, after)]


def _differences(before: RunView, after: RunView) -> Iterator[str]:
    was, became = before.configuration, after.configuration
    if was is not None and became is not None:
        yield from _of_configurations(was, became)
    elif was is not became:
        yield "La configuration de l’une des deux évaluations n’est pas connue."
    yield from _line("Cas de la suite", before.suite_digest[:_DIGITS], after.suite_digest[:_DIGITS])
    yield from _line("Graine", str(before.seed), str(after.seed))
    yield from _line("Révision du dépôt", before.git_revision or "", after.git_revision or "")
    yield from _line("Serveur interrogé", before.endpoint or "", after.endpoint or "")


def _of_configurations(was: Configuration, became: Configuration) -> Iterator[str]:
    modes = {"generative": "génératif", "extractive": "extractif"}
    yield from _line("Mode", modes[was.mode], modes[became.mode])
    yield from _line("Modèle de rédaction", was.model, became.model)
    yield from _mapping("Consigne", was.prompt_versions, became.prompt_versions)
    yield from _index(was, became)
    yield from _line("Modèle de vecteurs", was.embedder, became.embedder)
    yield from _line("Reclassement", was.reranker or "", became.reranker or "")
    yield from _line("Version de Fanal", was.version, became.version)
    yield from _line("Code du serveur", was.code[:_DIGITS], became.code[:_DIGITS])
    yield from _mapping("Réglage", was.settings, became.settings)
    yield from _line("Groupes de l’appelant", ", ".join(was.groups), ", ".join(became.groups))


def _index(was: Configuration, became: Configuration) -> Iterator[str]:
    if was.index.digest == became.index.digest:
        return
    counts = [
        f"{index.documents} documents, {index.passages} passages, {100 * index.dense_share:.0f}\u202f% de vecteurs"
        for index in (was.index, became.index)
    ]
    if counts[0] == counts[1]:
        counts = [one.index.digest[:_DIGITS] for one in (was, became)]
    yield from _line("Index", *counts)


def _mapping(label: str, was: Mapping[str, str], became: Mapping[str, str]) -> Iterator[str]:
    for key in sorted({*was, *became}):
        yield from _line(f"{label} « {key} »", was.get(key, ""), became.get(key, ""))


def _line(label: str, was: str, became: str) -> Iterator[str]:
    if was != became:
        yield f"{label} : {was or NOTHING} → {became or NOTHING}"
