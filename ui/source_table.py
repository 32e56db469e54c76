"""What is indexed, source by source, as an HTML table for `st.html`."""

from collections.abc import Sequence
from html import escape

from server.schemas import SourceSummary
from ui.cards import KIND_LABELS
from ui.wording import counted, moment, whole

COLUMNS = ("Source", "Nature", "Documents", "Passages", "Préparation", "Échecs", "Dernière mise à jour")


def source_table_html(sources: Sequence[SourceSummary]) -> str:
    """Give one row a source; each cell carries its column's name, for narrow screens."""
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    rows = "".join(_row(source) for source in sources)
    return (
        '<table class="fanal-sources" data-testid="sources" lang="fr">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(source: SourceSummary) -> str:
    cells = (
        KIND_LABELS[source.kind],
        whole(source.documents),
        whole(source.passages),
        _progress(source),
        _failures(source.failures),
        escape(moment(source.last_run)) if source.last_run else "jamais",
    )
    named = "".join(
        f'<td data-label="{name}">{cell}</td>' for name, cell in zip(COLUMNS[1:], cells, strict=True)
    )
    return f'<tr data-testid="source"><th scope="row">{escape(source.name)}</th>{named}</tr>'


def _progress(source: SourceSummary) -> str:
    if not source.passages:
        return "—"
    if source.embedded >= source.passages:
        return "terminée"
    done = f"{whole(source.embedded)} sur {whole(source.passages)}"
    return (
        f'<div><progress max="{source.passages}" value="{source.embedded}" aria-label="Passages préparés">'
        f'</progress><span class="fanal-progress">{done}</span></div>'
    )


def _failures(failures: int) -> str:
    return (
        f"<strong>{counted(failures, 'fichier illisible', 'fichiers illisibles')}</strong>"
        if failures
        else "aucun"
    )
