"""A run over the sources, as HTML for `st.html`: how far it is, then what it did with each source."""

from collections.abc import Iterable, Sequence
from html import escape

from server.schemas import IngestionView, SourceReport
from ui.components import notice_html
from ui.wording import counted, french, whole

FILLING = "vecteurs"
"""Stage in which the documents are read and found; their vectors come behind."""

_STAGES = {
    "lecture": "Lecture des documents",
    "lecture patiente": "Lecture des longs documents numérisés",
}

SHOWN_FAILURES = 10


def is_reading(run: IngestionView) -> bool:
    """Tell whether documents are still being read; their vectors go on behind."""
    return run.state == "running" and run.stage != FILLING


def progress_html(run: IngestionView) -> str:
    """Say how far the reading is."""
    stage = _STAGES.get(run.stage, "Préparation de la mise à jour")
    count = f"{whole(run.done)} sur {whole(run.total)}" if run.total else whole(run.done)
    text = f"{stage} : {count}" if run.stage in _STAGES else f"{stage}…"
    value = f' max="{run.total}" value="{run.done}"' if run.total else ""
    return (
        '<div class="fanal-run" role="status" data-testid="run-progress" lang="fr">'
        f'<p>{french(text)}</p><progress{value} aria-label="{stage}"></progress></div>'
    )


def report_html(run: IngestionView) -> str:
    """Say what the run did, one line a source, and what could not be read."""
    if run.error is not None:
        return notice_html("error", "La mise à jour s’est arrêtée", run.error, testid="run-report")
    lines = "".join(_source(report) for report in run.reports)
    title = "Mise à jour terminée"
    if any(report.failures for report in run.reports):
        title = "Mise à jour terminée, avec des points à voir"
    return (
        f'<section class="fanal-run" role="status" data-testid="run-report" lang="fr"><h2>{title}</h2>'
        f"<ul>{lines}</ul></section>"
    )


def _source(report: SourceReport) -> str:
    changes = french(f" : {', '.join(_changes(report))}.")
    return f"<li><strong>{escape(report.source)}</strong>{changes}{_failures(report.failures)}</li>"


def _changes(report: SourceReport) -> Iterable[str]:
    """Give what changed, or that nothing did."""
    renamed = f" (dont {counted(report.renamed, 'renommé', 'renommés')})" if report.renamed else ""
    counts = (
        (report.added, "ajouté", "ajoutés", renamed),
        (report.changed, "modifié", "modifiés", ""),
        (report.removed, "retiré", "retirés", ""),
        (report.withheld, "retrait en attente de votre accord", "retraits en attente de votre accord", ""),
    )
    changed = [counted(number, one, several) + more for number, one, several, more in counts if number]
    return changed or [f"rien n’a changé, {counted(report.unchanged, 'document', 'documents')}"]


def _failures(failures: Sequence[str]) -> str:
    if not failures:
        return ""
    items = "".join(f"<li>{escape(failure)}</li>" for failure in failures[:SHOWN_FAILURES])
    hidden = len(failures) - SHOWN_FAILURES
    more = f"<li>et {counted(hidden, 'autre', 'autres')}</li>" if hidden > 0 else ""
    return f'<p class="fanal-run-failures">À voir\u00a0:</p><ul>{items}{more}</ul>'


def withheld_html(report: SourceReport) -> str:
    """Say what accepting the removals of a source means."""
    gone = counted(report.withheld, "document a disparu", "documents ont disparu")
    text = (
        f"{gone} de cette source depuis la dernière lecture, plus que ce qu’une mise à jour retire d’elle-même : "
        "rien n’a été retiré. Vérifiez d’abord que le dossier est bien là, et complet. "
        "Une fois acceptés, ces documents ne répondront plus."
    )
    return notice_html("warning", f"Retraits en attente : {report.source}", text, testid="withheld")
