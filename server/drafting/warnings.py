"""What the reader of a draft must know of how it was made: its course goes in, warnings in French come out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from server.draft_schemas import DraftSection
from server.drafting.unused import unused_warning
from server.errors import ModelError, ModelUnavailable

WITHOUT_MODEL = "Sans modèle de rédaction, les phrases des notes sont classées, telles quelles."
SILENT = "Le modèle de rédaction n’a pas répondu"
UNUSABLE = "Le modèle de rédaction n’a pas rendu de texte utilisable"
BROKE_OFF = "s’est interrompue"


def has_failed(warnings: Iterable[str]) -> bool:
    """Tell whether the model failed on a part of a draft at least, from what the draft warns of."""
    return any(said in warning for warning in warnings for said in (SILENT, UNUSABLE, BROKE_OFF))


@dataclass(slots=True)
class Course:
    """How a draft went.

    Args:
        written: titles of the sections that the model wrote, in whole or in part.
        sorted: titles of those that it did not, and that hold sentences of the notes as they are.
        lost: first and last sentence of each window that it failed on, with the titles of the sections concerned.
        cut: the same, of windows whose answer broke off.
        dropped: sentences that were left out because nothing carries them.
        unused: sentences of the notes that no section rests on, by number.
        error: what it failed with last.
        advice: what the searches of the advice sections warn of.
        advice_failed: titles of the advice sections that it did not write.
    """

    with_model: bool
    written: list[str] = field(default_factory=list)
    sorted: list[str] = field(default_factory=list)
    lost: list[tuple[int, int, str]] = field(default_factory=list)
    cut: list[tuple[int, int, str]] = field(default_factory=list)
    dropped: int = 0
    unused: list[int] = field(default_factory=list)
    error: ModelError | None = None
    advice: list[str] = field(default_factory=list)
    advice_failed: list[str] = field(default_factory=list)


def course_warnings(course: Course, sections: Sequence[DraftSection]) -> list[str]:
    """Say what is particular to a draft, each thing once."""
    return list(dict.fromkeys([*_how_written(course), *_doubts(course, sections), *course.advice]))


def cut_short(title: str) -> str:
    """Say that the model broke off in the middle of an advice section."""
    return f"La rédaction de « {title} » {BROKE_OFF} : il peut y manquer quelque chose."


def _how_written(course: Course) -> Iterator[str]:
    if not course.with_model:
        if course.sorted:
            yield WITHOUT_MODEL
        return
    if course.sorted and not course.written:
        yield f"{_failed(course.error)} : les phrases des notes sont classées, telles quelles.{_advice(course.error)}"
    elif course.sorted:
        yield (
            f"{_failed(course.error)} avant la fin : {_parts(course.sorted)} avec les phrases des notes, "
            f"telles quelles.{_advice(course.error)}"
        )
    for first, last, titles in course.lost:
        yield (
            f"{_failed(course.error)} pour {_sentences(first, last)} des notes ({titles}) : elles y sont reprises "
            "telles quelles."
        )
    for first, last, titles in course.cut:
        yield (
            f"La rédaction {BROKE_OFF} sur {_sentences(first, last)} des notes ({titles}) : il peut y manquer "
            "quelque chose, comparez avec les notes."
        )
    if course.advice_failed:
        yield f"{_failed(course.error)} : {_parts(course.advice_failed)} avec des extraits des documents."


def _failed(error: ModelError | None) -> str:
    return SILENT if isinstance(error, ModelUnavailable) else UNUSABLE


def _advice(error: ModelError | None) -> str:
    if isinstance(error, ModelUnavailable):
        return " Vous pouvez refaire le brouillon dans quelques minutes."
    return " Si cela se répète, prévenez votre administrateur."


def _parts(titles: Sequence[str]) -> str:
    named = ", ".join(f"« {title} »" for title in titles)
    return f"la partie {named} est remplie" if len(titles) == 1 else f"les parties {named} sont remplies"


def _sentences(first: int, last: int) -> str:
    return f"la phrase {first}" if first == last else f"les phrases {first} à {last}"


def _doubts(course: Course, sections: Sequence[DraftSection]) -> Iterator[str]:
    if course.unused:
        yield unused_warning(course.unused)
    doubtful = sum(not sentence.verified for section in sections for sentence in section.sentences)
    if doubtful == 1:
        yield "Une phrase n’a pas pu être vérifiée mot pour mot : elle est signalée, contrôlez-la avant de valider."
    elif doubtful:
        yield f"{doubtful} phrases n’ont pas pu être vérifiées mot pour mot : contrôlez-les avant de valider."
    if course.dropped == 1:
        yield "Une phrase que rien n’appuie dans les notes ou les documents a été retirée."
    elif course.dropped:
        yield f"{course.dropped} phrases que rien n’appuie dans les notes ou les documents ont été retirées."
