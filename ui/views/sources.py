"""The sources page: how each source stands, and a run to bring them up to date."""

import streamlit as st

from server.schemas import IngestionRequest, IngestionView, SourceSummary
from ui.calls import ApiError, ClientError
from ui.client import FanalClient
from ui.components import hint_html, notice_html, title_html
from ui.run_view import is_reading, progress_html, report_html, withheld_html
from ui.source_table import source_table_html, summary_html
from ui.zone import browser_zone

PREPARING = (
    "Une source en préparation répond déjà : elle est interrogée par ses mots, "
    "puis aussi par le sens à mesure que ses passages sont prêts."
)
ALL = "Toutes les sources"
BUSY = "Une mise à jour est déjà en cours"
WAIT = "Attendez qu’elle se termine, puis actualisez cette page : une seule peut avoir lieu à la fois."

POLL_S = 1.0
CONFLICT = 409

# Keys of the session's state: the last run started here as it was last seen, why one could not start, the form.
RUN = "ingestion"
REFUSAL = "ingestion_refused"
CHOSEN = "update_source"
RETRY = "update_retry"


def draw(client: FanalClient, *, may_update: bool = True) -> None:
    """Draw the page, with what brings the sources up to date for who may do that."""
    st.html(title_html("Sources", "Ce que Fanal a lu, et sur quoi il s’appuie pour répondre."))
    try:
        sources = client.sources()
    except ClientError as error:
        st.html(notice_html("error", "Les sources ne peuvent pas être affichées", str(error)))
        return
    if sources:
        st.html(summary_html(sources))
    else:
        st.html(notice_html("calm", "Aucune source n’a encore été lue.", "L’administrateur peut en ajouter."))
    if may_update:
        _update(client, sources)
    if sources:
        st.html(source_table_html(sources, browser_zone()))
        if any(source.embedded < source.passages for source in sources):
            st.html(hint_html(PREPARING))


def _update(client: FanalClient, sources: list[SourceSummary]) -> None:
    """Draw what starts a run, or how far the one that was started here is, and what it did."""
    run: IngestionView | None = st.session_state.get(RUN)
    if run is not None and is_reading(run):
        _follow(client, run.id)
        return
    if run is not None:
        st.html(report_html(run))
        for report in run.reports:
            if report.withheld:
                st.html(withheld_html(report))
                accepted = IngestionRequest(sources=[report.source], accept_removals=True)
                st.button(
                    f"Accepter ces retraits ({report.source})",
                    key=f"accept-{report.source}",
                    on_click=_start,
                    args=(client, accepted),
                )
    _form(client, sources)
    if refusal := st.session_state.pop(REFUSAL, None):
        st.html(refusal)


def _form(client: FanalClient, sources: list[SourceSummary]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="update"):
        st.selectbox("Mettre à jour", [ALL, *(source.name for source in sources)], key=CHOSEN)
        if any(source.set_aside for source in sources):
            st.checkbox("Réessayer aussi les fichiers mis de côté", key=RETRY)
        st.button("Lancer", key="start", type="primary", on_click=_start_chosen, args=(client,))
        st.button("Actualiser", key="refresh")


def _start_chosen(client: FanalClient) -> None:
    """Start what is chosen now: a quick click comes before the page is drawn with the last choice."""
    chosen = st.session_state[CHOSEN]
    sources = None if chosen == ALL else [chosen]
    retry = bool(st.session_state.get(RETRY))
    _start(client, IngestionRequest(sources=sources, retry_set_aside=retry))


def _start(client: FanalClient, asked: IngestionRequest) -> None:
    try:
        st.session_state[RUN] = client.start_ingestion(asked)
    except ClientError as error:
        is_busy = isinstance(error, ApiError) and error.problem.status == CONFLICT
        st.session_state[REFUSAL] = (
            notice_html("warning", BUSY, WAIT, testid="refusal")
            if is_busy
            else notice_html("error", "La mise à jour n’a pas commencé", str(error), testid="refusal")
        )


@st.fragment(run_every=POLL_S)
def _follow(client: FanalClient, run_id: str) -> None:
    """Show the progress until the documents are read, then draw the page again with the report."""
    try:
        run = client.ingestion(run_id)
    except ClientError as error:
        if error.retry:  # the next look may tell
            st.html(hint_html(str(error)))
            return
        del st.session_state[RUN]
        st.session_state[REFUSAL] = notice_html(
            "error", "On ne sait plus où en est la mise à jour", str(error), testid="refusal"
        )
        st.rerun()
    st.html(progress_html(run))
    if not is_reading(run):
        st.session_state[RUN] = run
        st.rerun()
