"""A template as HTML: what the synthesis will hold, who receives it, how long it is kept, and what it rests on."""

from html import escape
from urllib.parse import urlsplit

from server.draft_schemas import LegalReference, Retention, TemplateView
from ui.wording import counted, french

DAYS_A_YEAR = 365
DAYS_A_MONTH = 30


def duration(days: int) -> str:
    """Write a number of days as people say it: "3 ans", "6 mois", "10 jours", "aussitôt"."""
    if days == 0:
        return "aussitôt"
    if days >= DAYS_A_YEAR and days % DAYS_A_YEAR in range(
        days // (4 * DAYS_A_YEAR) + 2
    ):  # with its leap days
        return counted(days // DAYS_A_YEAR, "an", "ans")
    if days > DAYS_A_MONTH and days % DAYS_A_MONTH == 0:
        return f"{days // DAYS_A_MONTH}\u00a0mois"
    return counted(days, "jour", "jours")


def template_html(template: TemplateView) -> str:
    """Give what an advisor has to know of a template before the person is asked."""
    sections = "".join(
        f"<li><strong>{escape(section.title)}</strong> <span>{escape(section.holds)}</span></li>"
        for section in template.sections
    )
    recipients = ", ".join(map(escape, template.recipients)) or "personne d’autre que vous"
    return (
        f'<section class="fanal-template" data-testid="template" lang="fr"><dl>'
        f"<dt>Qui la reçoit</dt><dd>{recipients}</dd>"
        f"<dt>Combien de temps</dt><dd>{retention_html(template.retention)}</dd></dl>"
        f"<details><summary>Ce que la synthèse contiendra ({counted(len(template.sections), 'rubrique', 'rubriques')})"
        f"</summary><ul>{sections}</ul></details>"
        f"<details><summary>Base légale et origine du modèle</summary>{_basis(template)}</details></section>"
    )


def retention_html(retention: Retention) -> str:
    """Say how long what is made is kept."""
    synthesis = duration(retention.synthesis_days)
    kept = f"La synthèse validée est détruite {_after(synthesis)}"
    if retention.agreed_days is not None:
        kept += f", ou après {duration(retention.agreed_days)} avec l’accord écrit de la personne"
    notes = f"Les notes sont détruites {_after(duration(retention.notes_days), 'dès la validation')}"
    draft = f"Un brouillon que personne ne valide est supprimé après {duration(retention.draft_days)}"
    return f"{kept}.<br>{notes}. {draft}."


def _after(time: str, at_once: str = "dès sa remise") -> str:
    return at_once if time == "aussitôt" else f"après {time}"


def _basis(template: TemplateView) -> str:
    references = "".join(f"<li>{_reference(reference)}</li>" for reference in template.legal_basis)
    return (
        f"<ul>{references}</ul><p>{escape(template.retention.basis)}</p>"
        f"<p>{french('Origine :')} {escape(template.source)} (version {escape(template.version)})</p>"
    )


def _reference(reference: LegalReference) -> str:
    named = f"{escape(reference.number)} — {escape(reference.title)}"
    if reference.url and urlsplit(reference.url).scheme in ("http", "https"):
        return f'<a href="{escape(reference.url)}" target="_blank">{named}</a>'
    return named
