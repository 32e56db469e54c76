"""The page's side of sign-in without a browser: its settings, the token of each session, and what tabs hand over."""

import json
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.schemas import AskRequest
from tests.oidc_keys import SigningKeys, claims_of
from tests.served import serving
from ui.__main__ import main
from ui.calls import ApiError, SessionOver
from ui.client import FanalClient
from ui.settings import UiSettings, is_open_page
from ui.signed import PASS_S, Passes, Signed, Token

ROOT = Path(__file__).resolve().parents[1]
SECRET = "q7Zk2vR9xT4mB8nL1cW6yH3pD5sF0gJa"
OIDC: dict[str, Any] = {
    "sign_in": "oidc",
    "oidc_issuer": "https://identite.exemple.invalid/realms/fanal",
    "oidc_audience": "fanal-page",
    "oidc_client_secret": "donne-par-le-fournisseur",
    "public_url": "https://fanal.exemple.invalid/",
    "cookie_secret": SECRET,
}
CALLS = 15


def token(value: str = "jeton", person: str = "iris", lasts: float = 300, left: float | None = None) -> Token:
    now = time.time()
    ends = now + (lasts if left is None else left)
    return Token(value, ("https://fournisseur", person), ends - lasts, ends)


async def echo(request: Request) -> Response:
    """Say who asks, as the server would; a token that is called « mauvais » is refused."""
    sent = request.headers.get("authorization", "")
    if sent == "Bearer mauvais":
        problem = {"title": "Non", "status": 401, "detail": "Reconnectez-vous.", "retry": False}
        return JSONResponse(problem, status_code=401)
    name = sent.removeprefix("Bearer ")
    me = {"user": name, "name": name, "sign_in": True, "roles": [], "permissions": ["ask"], "groups": []}
    return JSONResponse(me)


@pytest.fixture(scope="module")
def client() -> Iterator[FanalClient]:
    refuse = [Route("/v1/ask", echo, methods=["POST"])]
    with serving(Starlette(routes=[Route("/v1/me", echo), *refuse])) as url:
        client = FanalClient(url, timeout_s=10)
        yield client
        client.close()


def test_with_sign_in_off_nothing_is_sent(client: FanalClient) -> None:
    assert client.me().user == ""
    assert not client.is_signed_out


def test_two_sessions_at_once_never_send_each_others_token(client: FanalClient) -> None:
    told: dict[str, set[str]] = {"iris": set(), "remi": set()}
    start = threading.Barrier(4)

    def work(name: str) -> None:
        mine = client.signed(Signed(token(f"jeton-{name}", name)))
        start.wait()
        for _ in range(CALLS):
            told[name].add(mine.me().user)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("iris", "remi") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {"iris": {"jeton-iris"}, "remi": {"jeton-remi"}}
    assert client.me().user == ""  # nor does the client that they share keep one


def test_a_refused_token_ends_the_session_until_there_is_another(client: FanalClient) -> None:
    signed = Signed(token("mauvais"))
    mine = client.signed(signed)
    with pytest.raises(ApiError, match="Reconnectez-vous"):
        mine.me()
    assert mine.is_signed_out
    with pytest.raises(SessionOver):
        mine.me()
    assert signed.renew(token("bon", lasts=600))
    assert mine.me().user == "bon"


def test_a_question_of_an_ended_session_is_not_sent(client: FanalClient) -> None:
    mine = client.signed(Signed(token(left=-1)))
    with pytest.raises(SessionOver, match="session a expiré"):
        list(mine.ask(AskRequest(question="Quel délai ?")))


def test_a_refused_stream_ends_the_session_too(client: FanalClient) -> None:
    mine = client.signed(Signed(token("mauvais")))
    with pytest.raises(ApiError):
        list(mine.ask(AskRequest(question="Quel délai ?")))
    assert mine.is_signed_out


@pytest.mark.parametrize(
    ("lasts", "left", "soon"), [(3600, 400, False), (3600, 299, True), (300, 70, False), (300, 59, True)]
)
def test_the_end_is_announced_in_time(lasts: float, left: float, soon: bool) -> None:
    signed = Signed(token(lasts=lasts, left=left))
    assert (signed.wants_another, signed.is_over) == (soon, False)


def test_a_session_takes_a_newer_token_of_the_same_person_only() -> None:
    signed = Signed(token(left=10))
    assert not signed.renew(None)
    assert not signed.renew(token(person="remi"))
    assert not signed.renew(token(left=5))
    assert signed.token.value == "jeton"
    assert signed.renew(token("neuf"))
    assert signed.token.value == "neuf"


def test_a_token_is_no_part_of_what_is_printed() -> None:
    assert "jeton" not in repr(token())


def test_a_pass_gives_its_token_for_a_short_while(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = Passes()
    name = passes.leave(token())
    assert passes.take(name) is not None
    assert passes.take("deviné") is None
    later = time.monotonic() + PASS_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert passes.take(name) is None
    passes.leave(token())
    assert len(passes._waiting) == 1


def test_streamlit_is_given_what_it_signs_people_in_with() -> None:
    auth = UiSettings(**OIDC).streamlit_secrets()["auth"]
    assert auth["redirect_uri"] == "https://fanal.exemple.invalid/oauth2callback"
    assert auth["server_metadata_url"] == f"{OIDC['oidc_issuer']}/.well-known/openid-configuration"
    assert auth["expose_tokens"] == ["id"]
    assert (auth["client_id"], auth["cookie_secret"]) == ("fanal-page", SECRET)


def test_with_sign_in_off_streamlit_is_given_nothing() -> None:
    assert UiSettings().streamlit_secrets() == {}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("cookie_secret", "court", "32"),
        ("cookie_secret", "a" * 40, "au hasard"),
        ("cookie_secret", "change-me-change-me-change-me-0123456789", "au hasard"),
        ("cookie_secret", None, "FANAL_COOKIE_SECRET"),
        ("oidc_client_secret", None, "FANAL_OIDC_CLIENT_SECRET"),
        ("public_url", None, "FANAL_PUBLIC_URL"),
    ],
)
def test_settings_that_would_not_protect_are_refused(name: str, value: str | None, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        UiSettings(**{**OIDC, name: value})


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "fanal_cookie_secret").write_text(SECRET, "utf-8")
    given = {name: value for name, value in OIDC.items() if name != "cookie_secret"}
    settings = UiSettings(**given, _secrets_dir=tmp_path)
    assert settings.streamlit_secrets()["auth"]["cookie_secret"] == SECRET


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"FANAL_SIGN_IN": "oidc"}, "demande aussi FANAL_OIDC_ISSUER"),
        ({"FANAL_SIGN_IN": "oidc", "FANAL_COOKIE_SECRET": "change-me" * 5}, "FANAL_COOKIE_SECRET : tirez"),
    ],
)
def test_the_page_refuses_to_start_and_says_why(
    settings: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert main([]) == 2
    written = capsys.readouterr().err
    assert said in written
    assert "change-me" not in written


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.8", "", None])  # noqa: S104 - what is refused
def test_a_page_without_sign_in_listens_to_this_machine_only(address: str | None) -> None:
    assert is_open_page(UiSettings(), address)
    assert not is_open_page(UiSettings(**OIDC), address)
    assert not is_open_page(UiSettings(), "127.0.0.1")


def test_no_secret_lies_in_the_checkout() -> None:
    assert not (ROOT / ".streamlit" / "secrets.toml").exists()
    assert "secrets" not in tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_rotated_key_is_another(algorithm: str) -> None:
    keys = SigningKeys(algorithm)
    before = keys.current.kid
    keys.rotate(keep=1)
    written = [key["kid"] for key in keys.jwks()["keys"]]
    assert written == [before, keys.current.kid]
    assert "d" not in json.dumps([sorted(key) for key in keys.jwks()["keys"]]).split('"')
    assert keys.sign(claims_of("https://f", "a", "s")).count(".") == 2
