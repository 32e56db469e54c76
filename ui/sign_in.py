"""Who is at the page: the sign-in screen, the token of the session, and what is said when it ends.

Streamlit signs people in (`st.login`, Authlib: code, PKCE, nonce) and keeps the ID token in a signed cookie
that no script reads; the server alone judges the token. One who has to sign in again does so in another tab, for a page
that is left loses what was typed: that tab hands its token over to this one (`ui/sign_in.js`), which goes on.
"""

import time
from html import escape
from pathlib import Path

import streamlit as st

from server.access_schemas import Me, Ticket
from ui.calls import ApiError, ClientError
from ui.client import FanalClient
from ui.components import notice_html, title_html
from ui.signed import Passes, Signed, Token
from ui.wording import french

SESSION, KNOWN, TICKET = "fanal_session", "fanal_me", "fanal_ticket"
OFFER, TAKEN, RENEWED = "fanal_offer", "fanal_taken", "fanal_renewed"
AGAIN = "reconnexion"
"""Parameter of the address that a tab is opened with only to sign in again."""
POLL_S = 20.0
TICKET_LEFT_S = 240.0
"""A ticket with less than this left is renewed: an open page looks every `POLL_S`, a hidden one once a minute."""
KEY = "session-bridge"

WELCOME = (
    "L’assistant interne pour les procédures, le droit et les formations : "
    "connectez-vous avec votre compte de travail."
)
OVER = "Votre session a expiré"
OVER_WHY = (
    "Rien de ce que vous avez écrit ici n’est perdu. « Se reconnecter » ouvre un autre onglet ; "
    "revenez ensuite à celui-ci, qui reprendra de lui-même. Ne rechargez pas cette page."
)
RELOADED = "Connectez-vous de nouveau pour continuer."
SOON = "Votre session se termine bientôt"
SOON_WHY = (
    "Reconnectez-vous dès maintenant, dans un autre onglet : ce que vous avez écrit ici reste en place."
)
BACK = "Vous êtes reconnecté"
BACK_WHY = "L’onglet où vous travailliez a repris. Vous pouvez fermer celui-ci."
UNSET = "La connexion des utilisateurs n’est pas prête"
UNSET_WHY = "L’administrateur doit démarrer la page par « python -m ui », avec les réglages FANAL_OIDC_…."
NO_ROLE = "Votre compte n’a encore aucun rôle dans Fanal"
NO_ROLE_WHY = (
    "Vous êtes bien connecté, mais rien ne vous est encore ouvert. Demandez à l’administrateur de Fanal, ou au service "
    "informatique, d’ajouter votre compte à l’un de ses groupes ; puis reconnectez-vous."
)
UNKNOWN = "Fanal ne peut pas vérifier votre compte"

_mount = st.components.v2.component(
    "fanal_sign_in", js=(Path(__file__).parent / "sign_in.js").read_text("utf-8")
)


@st.cache_resource
def passes() -> Passes:
    """Give what the tabs of this process hand over by."""
    return Passes()


def open_session() -> Signed | None:
    """Give the session of who has signed in; None when nobody has, or not any more."""
    if not _is_set():
        return None
    signed = st.session_state.get(SESSION)
    if isinstance(signed, Signed) and st.user.is_logged_in:
        return signed
    token = _token() if st.user.is_logged_in else None
    if token is None or token.is_over() or AGAIN in st.query_params:
        return None
    signed = st.session_state[SESSION] = Signed(token)
    st.session_state[OFFER] = passes().leave(token)
    return signed


def _is_set() -> bool:
    """Tell whether Streamlit knows the provider."""
    return "is_logged_in" in st.user


def _token() -> Token:
    """Give the token of the cookie, whose signature Streamlit has checked."""
    user = st.user.to_dict()
    issued, expires = (float(str(user.get(claim, 0))) for claim in ("iat", "exp"))
    return Token(st.user.tokens["id"], (str(user.get("iss")), str(user.get("sub"))), issued, expires)


def draw_sign_in() -> None:
    """Draw the sign-in screen; a tab that was opened to sign in again goes to the provider at once."""
    if not _is_set():
        st.html(notice_html("error", UNSET, UNSET_WHY))
        return
    if AGAIN in st.query_params:
        st.login()
        return
    with st.container(key="sign-in"):
        st.image(str(Path(__file__).parent / "logo.svg"), width=200)
        if st.user.is_logged_in:
            st.html(notice_html("warning", OVER, RELOADED, testid="session-over"))
        st.html(f'<h1 class="fanal-welcome" lang="fr">{WELCOME}</h1>')
        st.button("Se connecter", type="primary", key="sign-in-button", on_click=st.login)


def known(client: FanalClient, signed: Signed) -> Me:
    """Say who has signed in and what they may do; asked once a token.

    Raises:
        ClientError: the server does not tell.
    """
    kept: tuple[str, Me] | None = st.session_state.get(KNOWN)
    if kept is None or (kept[0] != signed.token.value and not signed.is_over):
        kept = st.session_state[KNOWN] = (signed.token.value, _asked(client))
    return kept[1]


def _asked(client: FanalClient) -> Me:
    try:
        return client.me()
    except ApiError as error:
        if not error.is_forbidden:
            raise
    name = st.user.get("name")  # who has no role is told nothing by the server, not even who they are
    return Me(
        user="", name=name if isinstance(name, str) else "", sign_in=True, roles=[], permissions=[], groups=[]
    )


def draw_unknown(signed: Signed, trouble: str) -> None:
    """Say why the server does not tell who this is."""
    st.html(notice_html("error", UNKNOWN, trouble, testid="unknown"))
    with st.container(horizontal=True):
        st.button("Réessayer", key="retry")
        if signed.is_over:
            _draw_leave()


def draw_no_role(me: Me) -> None:
    """Say that nothing is open yet to who has signed in, and whom to ask."""
    st.html(title_html(f"Bienvenue, {escape(me.name)}" if me.name else "Bienvenue"))
    st.html(notice_html("warning", NO_ROLE, NO_ROLE_WHY, testid="no-role"))
    _draw_leave()


def draw_who(me: Me) -> None:
    """Draw whose session it is, and what ends it, at the top of the page."""
    with st.container(key="who", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="fanal-who" data-testid="who" lang="fr">{escape(me.name or me.user)}</p>')
        _draw_leave()


def _draw_leave() -> None:
    st.button("Se déconnecter", key="sign-out", on_click=_leave, type="tertiary")


def _leave() -> None:
    for key in (SESSION, KNOWN, TICKET, OFFER):
        st.session_state.pop(key, None)
    st.logout()


@st.fragment(run_every=POLL_S)
def draw_session(client: FanalClient, signed: Signed, links_base: str) -> None:
    """Say when the session ends, take over a newer one, and keep a ticket for the links that the browser opens."""
    if st.session_state.pop(RENEWED, False):
        st.rerun()
    if signed.wants_another:
        st.html(ended_html(is_over=signed.is_over))
    elif st.session_state.get(TAKEN):
        st.html(notice_html("calm", BACK, BACK_WHY, testid="session-back"))

    def on_renewed() -> None:
        if signed.renew(passes().take(str(st.session_state[KEY].renewed))):
            st.session_state[RENEWED] = True

    def on_taken() -> None:
        st.session_state[TAKEN] = True

    data = {
        "waiting": signed.wants_another,
        "offer": st.session_state.get(OFFER, ""),
        "links": links_base,
        "ticket": _ticket(client, signed),
    }
    _mount(key=KEY, data=data, on_renewed_change=on_renewed, on_taken_change=on_taken)


def ended_html(*, is_over: bool) -> str:
    """Say that the session has ended, or soon does, above what signs in again in another tab."""
    look, role, title, why = (
        ("error", "alert", OVER, OVER_WHY) if is_over else ("warning", "status", SOON, SOON_WHY)
    )
    return (
        f'<div class="fanal-notice fanal-notice-{look} fanal-ended" role="{role}" data-testid="session-ends" lang="fr">'
        f"<div><p><strong>{title}</strong></p><p>{escape(french(why))}</p></div>"
        f'<a class="fanal-button" href="./?{AGAIN}=1" target="_blank" rel="noopener">Se reconnecter</a></div>'
    )


def _ticket(client: FanalClient, signed: Signed) -> str:
    """Give a ticket that is good for minutes to come; '' when there is none to be had."""
    kept: Ticket | None = st.session_state.get(TICKET)
    if kept is not None and kept.expires_at.timestamp() - time.time() > TICKET_LEFT_S:
        return kept.ticket
    if signed.is_over:
        return ""
    try:
        kept = st.session_state[TICKET] = client.ticket()
    except ClientError:  # the page says by itself that the server does not answer
        return ""
    return kept.ticket
