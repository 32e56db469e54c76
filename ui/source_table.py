"""What is indexed, source by source: a word that says how each stands, as HTML for `st.html`.

The word carries the meaning, the colour only repeats it; what needs somebody's care comes first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import IntEnum
from html import escape

from server.schemas import SourceSummary
from ui.cards import KIND_LABELS
from ui.components import notice_html
from ui.wording import counted, french, megabytes, moment, whole

COLUMNS = ("Source", "État", "Documents", "Passages", "Texte")

NEVER_READ = "Jamais lue en entier"
NOT_CURRENT = "Pas à jour"
CURRENT = "À jour"
MOSTLY_CURRENT = "À jour, sauf"


class Level(IntEnum):
    """How much a source needs somebody's care, the most first."""

    TROUBLE = 0
    CARE = 1
    GOOD = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source stands.

    Args:
        word: says it by itself.
        details: sentences below it.
    """

    level: Level
    word: str
    details: tuple[str, ...]


def standing(source: SourceSummary, zone: tzinfo | None = None) -> Standing:
    """Judge how a source stands; its moments are written in `zone`, in their own when None."""
    since = moment(source.last_run, zone) if source.last_run else ""
    kept = [*_failures(source), *_to_review(source)]
    if source.problem is not None:
        last = (
            f"Dernière lecture complète : {since}." if since else "Elle n’a encore jamais été lue en entier."
        )
        return Standing(Level.TROUBLE, NOT_CURRENT, (source.problem, last, *kept))
    if not since:
        return Standing(Level.TROUBLE, NEVER_READ, tuple(kept))
    read = f"Lue le {since}."
    if source.failures:
        return Standing(Level.CARE, MOSTLY_CURRENT, (*kept, read))
    return Standing(Level.GOOD, CURRENT, (read, *kept))


def _failures(source: SourceSummary) -> Iterator[str]:
    if source.failures:
        files = counted(source.failures, "fichier illisible", "fichiers illisibles")
        aside = source.set_aside
        yield files + (f", dont {whole(aside)} mis de côté après plusieurs essais." if aside else ".")


def _to_review(source: SourceSummary) -> Iterator[str]:
    if source.stale:
        documents = counted(source.stale, "document à revoir", "documents à revoir")
        whom = "personne ne l’a confirmé" if source.stale == 1 else "personne ne les a confirmés"
        yield f"{documents} : {whom} depuis longtemps."


def summary_html(sources: Sequence[SourceSummary]) -> str:
    """Say in one line whether all is up to date, and which sources are not."""
    levels = {source.name: standing(source).level for source in sources}
    trouble = [name for name, level in levels.items() if level is Level.TROUBLE]
    failures = sum(source.failures for source in sources)
    if trouble:
        count = counted(len(trouble), "source n’est pas à jour", "sources ne sont pas à jour")
        return notice_html(
            "warning",
            f"{count} sur {whole(len(sources))} : {', '.join(trouble)}.",
            "Ce qui en a été lu auparavant continue de répondre. La raison est dans le tableau.",
            testid="summary",
        )
    if failures:
        count = counted(failures, "fichier ne peut pas être lu", "fichiers ne peuvent pas être lus")
        return notice_html("calm", "Toutes les sources ont été lues.", f"{count}.", testid="summary")
    return notice_html("calm", "Toutes les sources sont à jour.", testid="summary")


def source_table_html(sources: Sequence[SourceSummary], zone: tzinfo | None = None) -> str:
    """Give one row a source; each cell carries its column's name, for narrow screens.

    Args:
        zone: time zone of the reader; that of each moment when None.
    """
    ranked = sorted(((standing(source, zone), source) for source in sources), key=lambda each: each[0].level)
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    rows = "".join(_row(source, how) for how, source in ranked)
    return (
        '<table class="fanal-sources" data-testid="sources" lang="fr">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(source: SourceSummary, how: Standing) -> str:
    cells = (
        _state(source, how),
        whole(source.documents),
        whole(source.passages),
        megabytes(source.bytes),
    )
    named = "".join(
        f'<td data-label="{name}">{cell}</td>' for name, cell in zip(COLUMNS[1:], cells, strict=True)
    )
    kind = f'<span class="fanal-kind">{KIND_LABELS[source.kind]}</span>'
    return f'<tr data-testid="source"><th scope="row">{escape(source.name)}{kind}</th>{named}</tr>'


def _state(source: SourceSummary, how: Standing) -> str:
    details = "".join(f"<p>{escape(french(detail))}</p>" for detail in how.details)
    return (
        f'<div class="fanal-standing fanal-standing-{how.level.name.lower()}">'
        f"<strong>{escape(how.word)}</strong>{details}{_progress(source)}</div>"
    )


def _progress(source: SourceSummary) -> str:
    if source.embedded >= source.passages:
        return ""
    done = f"préparation : {whole(source.embedded)} passages sur {whole(source.passages)}"
    return (
        f'<progress max="{source.passages}" value="{source.embedded}" aria-label="Passages préparés">'
        f'</progress><span class="fanal-progress">{french(done)}</span>'
    )
