"""A run in five seconds: a sentence, what became of its cases, and what makes its figures other than usual."""

from html import escape
from math import floor

from server.evaluation_schemas import MetricValue, RunDetail, RunSummary
from server.outcome_schemas import tally
from ui.components import notice_html
from ui.quality.html import button_html, section_html
from ui.quality.words import figure
from ui.wording import counted, french, whole

FEW = 30
"""Cases under which a figure is said of so many cases only."""
NOT_DENSE = 0.999
HALF_SEARCHED = "{share} des passages seulement étaient cherchés aussi par le sens"
HALF_SEARCHED_WHY = (
    "Les chiffres sont plus bas qu’à l’ordinaire : relancez l’évaluation quand l’index est complet."
)


def in_short(run: RunSummary) -> str:
    """Say how good a run is, in a sentence, of what was measured only; "" when nothing tells."""
    held = {value.name: value for value in run.metrics if value.value is not None}
    parts = []
    if "fact_recall" in held:
        told = tenths(held["fact_recall"], "fait attendu")
        parts.append(f"à une question qui a sa réponse dans les documents, Fanal dit {told}")
    if "abstention_accuracy" in held:
        subject = "il" if parts else "Fanal"
        parts.append(f"{subject} se tait ou répond à raison {tenths(held['abstention_accuracy'], 'fois')}")
    if "draft_fact_recall" in held and not parts:
        parts.append(f"les synthèses reprennent {tenths(held['draft_fact_recall'], 'fait attendu')}")
    if "mask_recall_direct" in held and not parts:
        parts.append(f"Fanal masque {tenths(held['mask_recall_direct'], 'identifiant')}")
    said = " ; ".join(parts)
    return french(f"{said[0].upper()}{said[1:]}.") if said else ""


def tenths(value: MetricValue, noun: str) -> str:
    """Say a share as people do, "environ 7 faits attendus sur 10"; of few cases, how many there were."""
    share = value.value or 0.0
    several = " ".join(word if word.endswith("s") else f"{word}s" for word in noun.split())
    feminine = noun == "fois"
    tenth = floor(10 * share + 0.5)
    if share in (0.0, 1.0):
        said = ("à chaque fois" if share else "zéro fois") if feminine else (
            f"tous les {several}" if share else f"aucun {noun}"
        )  # fmt: skip
    elif tenth in (0, 10):
        said = ("presque toujours" if tenth else "presque jamais") if feminine else (
            f"presque tous les {several}" if tenth else f"presque aucun {noun}"
        )  # fmt: skip
    else:
        said = f"environ {tenth} {noun if tenth == 1 else several} sur 10"
    return said if value.cases >= FEW else f"{said} (sur {counted(value.cases, 'cas', 'cas')} seulement)"


def short_html(run: RunSummary) -> str:
    """Give the sentence; "" for a run that is not over, or that measured none of it."""
    said = in_short(run) if run.state == "done" else ""
    return f'<p class="fanal-in-short" data-testid="in-short" lang="fr">{escape(said)}</p>' if said else ""


def outcomes_html(run: RunDetail) -> str:
    """Show what became of the cases as a bar, say it in words, and lead to those to look at."""
    if run.state != "done" or not run.lines:
        return ""
    counts = tally([line.outcome for line in run.lines])
    bar = "".join(
        f'<span class="fanal-outcome-{one.tone}" style="flex:{count} 0 0"></span>' for one, count in counts
    )
    items = "".join(
        f'<li data-outcome="{one.key}"><span class="fanal-outcome-key fanal-outcome-{one.tone}" aria-hidden="true">'
        f"</span><strong>{whole(count)}</strong> {one.counted(count)}</li>"
        for one, count in counts
    )
    review = sum(count for one, count in counts if one.to_review)
    button = button_html(f"Voir {counted(review, 'cas', 'cas')} à revoir", "review") if review else ""
    body = (
        f'<div class="fanal-outcomes" aria-hidden="true">{bar}</div>'
        f'<ul class="fanal-outcome-list">{items}</ul>{button}'
    )
    return section_html(
        f"Ce que sont devenus les {counted(len(run.lines), 'cas', 'cas')}"
        if len(run.lines) > 1
        else "Ce qu’est devenu le cas",
        body,
        "outcomes",
    )


def unusual_html(run: RunSummary) -> str:
    """Warn of an index that was half built, and of answers that another than the model wrote; "" of neither."""
    parts = []
    made = run.configuration
    if made is not None and made.index.dense_share < NOT_DENSE:
        share = figure(floor(1000 * made.index.dense_share) / 1000)
        parts.append(
            notice_html(
                "warning", HALF_SEARCHED.format(share=share), HALF_SEARCHED_WHY, testid="half-searched"
            )
        )
    if run.fallback:
        said = counted(run.fallback, "réponse n’a pas été écrite", "réponses n’ont pas été écrites")
        parts.append(notice_html("warning", f"{said} par le modèle", testid="fallback"))
    return "".join(parts)
