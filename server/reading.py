"""What a reader must know to use an answer, in French: its day, its doubtful statements, what went wrong."""

from collections.abc import Sequence
from datetime import date

from server.errors import ModelBusy, ModelError, ModelUnavailable
from server.schemas import INCOMPLETE, Statement


def reading_warnings(
    as_of: date | None, statements: Sequence[Statement], dropped: int, today: date
) -> list[str]:
    """Say what is particular to an answer.

    Args:
        as_of: the day that was asked about; None when none was.
        dropped: statements that were left out because they could not be verified.
    """
    warnings = []
    if as_of is not None and as_of != today:
        warnings.append(
            f"Réponse établie d’après les textes en vigueur le {as_of:%d/%m/%Y}, "
            "et non d’après ceux d’aujourd’hui."
        )
    if doubtful := sum(not statement.verified for statement in statements):
        warnings.append(_doubtful(doubtful))
    if dropped:
        warnings.append(_left_out(dropped))
    return warnings


def failure_warning(error: ModelError, *, partial: bool) -> str:
    """Say that the model failed, and what stands in for its answer."""
    if partial:
        return INCOMPLETE
    if isinstance(error, ModelBusy):
        return (
            "Trop de personnes attendent le modèle de rédaction en ce moment : voici les extraits des documents. "
            "Vous pouvez reposer la question dans une minute."
        )
    if isinstance(error, ModelUnavailable):
        return (
            "Le modèle de rédaction ne répond pas : voici les extraits des documents. "
            "Vous pouvez reposer la question dans quelques minutes."
        )
    return (
        "Le modèle de rédaction n’a pas rendu de réponse utilisable : voici les extraits des documents. "
        "Si cela se répète, prévenez votre administrateur."
    )


def _doubtful(count: int) -> str:
    if count == 1:
        return (
            "Une phrase n’a pas pu être vérifiée mot pour mot dans les documents : elle est signalée, "
            "contrôlez-la avant de vous en servir."
        )
    return (
        f"{count} phrases n’ont pas pu être vérifiées mot pour mot dans les documents : elles sont "
        "signalées, contrôlez-les avant de vous en servir."
    )


def _left_out(count: int) -> str:
    if count == 1:
        return "Une phrase que les documents n’appuient pas a été retirée de la réponse."
    return f"{count} phrases que les documents n’appuient pas ont été retirées de la réponse."
