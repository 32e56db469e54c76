"""Tokens, and a provider that changes its keys, goes away and comes back: over real HTTP, without the whole server."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from server.access import Caller
from server.settings import ServerSettings
from server.sign_in.claims import Mapped
from server.sign_in.errors import NotSignedIn, SignInUnavailable
from server.sign_in.provider import MAX_AGE_S, REFETCH_S, RETRY_S, Provider
from server.sign_in.tickets import LIFE_S, Tickets
from server.sign_in.tokens import LEEWAY_S, Tokens
from tests.oidc_keys import SigningKeys, claims_of
from tests.oidc_provider import CLIENT_ID
from tests.oidc_provider import Provider as LocalProvider
from tests.served import serving

MAPPED = Mapped(
    "roles", "groups", {"conseil": frozenset({"advisor"})}, {"/direction": frozenset({"direction"})}
)


class Time:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Counted(httpx.AsyncHTTPTransport):
    """Real HTTP, counted; `down` makes every connection fail."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.down = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.down:
            raise httpx.ConnectError("refused")
        return await super().handle_async_request(request)


@pytest.fixture(scope="module", params=["RS256", "ES256"])
def local(request: pytest.FixtureRequest) -> Iterator[LocalProvider]:
    provider = LocalProvider(keys=SigningKeys(request.param))
    with serving(provider.app()) as url:
        provider.issuer = url
        yield provider


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def http() -> Counted:
    return Counted()


@pytest.fixture
async def provider(local: LocalProvider, clock: Time, http: Counted) -> AsyncIterator[Provider]:
    found = Provider(local.issuer, httpx.AsyncClient(transport=http), clock)
    yield found
    await found.close()


@pytest.fixture
def tokens(provider: Provider, local: LocalProvider) -> Tokens:
    algorithms = ("RS256", "ES256")
    return Tokens(provider, issuer=local.issuer, audience=CLIENT_ID, algorithms=algorithms, mapped=MAPPED)


Signed = Callable[..., str]


@pytest.fixture
def signed(local: LocalProvider) -> Signed:
    def made(header: dict[str, Any] | None = None, **more: Any) -> str:
        claims = claims_of(local.issuer, CLIENT_ID, "iris", roles=["conseil"], **more)
        return local.keys.sign({name: value for name, value in claims.items() if value is not None}, header)

    return made


async def test_a_good_token_gives_its_person(tokens: Tokens, signed: Signed) -> None:
    caller = await tokens.caller(signed(groups=["/direction", "/autre"], preferred_username=" iris "))
    assert caller == Caller(
        frozenset({"direction"}), "oidc:iris", frozenset({"ask"}), "iris", frozenset({"advisor"})
    )


async def test_one_of_several_audiences_is_enough(tokens: Tokens, signed: Signed) -> None:
    assert (await tokens.caller(signed(aud=["autre", CLIENT_ID]))).user == "oidc:iris"


@pytest.mark.parametrize(
    "more",
    [
        {"aud": "autre"},
        {"aud": []},
        {"aud": None},
        {"iss": "https://autre.exemple.invalid"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 3},
        {"exp": None},
        {"exp": "demain"},
        {"exp": float("inf")},
        {"exp": int(time.time()) - LEEWAY_S - 1},
        {"nbf": int(time.time()) + 10 * LEEWAY_S},
        {"iat": int(time.time()) + 10 * LEEWAY_S},
    ],
    ids="".join,  # of its claims: times differ from one process to the next
)
async def test_a_wrong_claim_is_refused(tokens: Tokens, signed: Signed, more: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        await tokens.caller(signed(**more))


async def test_clocks_may_differ_by_a_minute(tokens: Tokens, signed: Signed) -> None:
    now = int(time.time())
    await tokens.caller(signed(exp=now - LEEWAY_S + 30, nbf=now + LEEWAY_S - 30))


@pytest.mark.parametrize("header", [{"typ": "logout+jwt"}, {"kid": "autre"}], ids=str)
async def test_a_wrong_header_is_refused(tokens: Tokens, signed: Signed, header: dict[str, Any]) -> None:
    with pytest.raises(NotSignedIn):
        await tokens.caller(signed(header))


@pytest.mark.parametrize("written", ["", ".", "..", "a.b.c", "é.é.é", "x" * 9_000, "a.b.c.d.e"])
async def test_what_is_no_token_is_refused(tokens: Tokens, written: str) -> None:
    with pytest.raises(NotSignedIn):
        await tokens.caller(written)


async def test_a_new_key_is_found_and_the_old_one_forgotten(
    tokens: Tokens, signed: Signed, local: LocalProvider, clock: Time
) -> None:
    before = signed()
    await tokens.caller(before)
    local.keys.rotate()
    clock.now += REFETCH_S
    assert (await tokens.caller(signed())).user == "oidc:iris"
    with pytest.raises(NotSignedIn):
        await tokens.caller(before)


async def test_unknown_keys_make_the_provider_be_asked_once_in_a_while(
    tokens: Tokens, signed: Signed, http: Counted, clock: Time
) -> None:
    await tokens.caller(signed())
    for _ in range(20):
        with pytest.raises(NotSignedIn):
            await tokens.caller(signed({"kid": "autre"}))
    assert http.asked == 2  # the discovery document and the keys, at the beginning
    clock.now += REFETCH_S
    for _ in range(20):
        with pytest.raises(NotSignedIn):
            await tokens.caller(signed({"kid": "autre"}))
    assert http.asked == 4


async def test_known_keys_serve_while_the_provider_is_away(
    tokens: Tokens, signed: Signed, http: Counted, clock: Time
) -> None:
    await tokens.caller(signed())
    http.down = True
    clock.now += 10 * MAX_AGE_S
    for _ in range(3):
        assert (await tokens.caller(signed())).user == "oidc:iris"
    with pytest.raises(SignInUnavailable):  # it may be a new key of the provider's: nobody can tell
        await tokens.caller(signed({"kid": "autre"}))


async def test_without_keys_people_are_told_to_come_back_and_soon_may(
    tokens: Tokens,
    signed: Signed,
    provider: Provider,
    http: Counted,
    clock: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    http.down = True
    await provider.start()
    assert "Personne ne peut se connecter en attendant" in caplog.text
    for _ in range(5):
        with pytest.raises(SignInUnavailable) as refused:
            await tokens.caller(signed())
    assert refused.value.retry
    assert http.asked == 1
    http.down = False
    clock.now += RETRY_S
    assert (await tokens.caller(signed())).user == "oidc:iris"


async def test_a_provider_of_another_name_is_not_believed(
    local: LocalProvider, clock: Time, http: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    provider = Provider(local.issuer + "/", httpx.AsyncClient(transport=http), clock)
    await provider.start()
    assert "FANAL_OIDC_ISSUER doit l’écrire ainsi" in caplog.text
    with pytest.raises(SignInUnavailable):
        await provider.key(local.keys.current.kid, local.keys.algorithm)
    await provider.close()


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["conseil"]}}),
        ("resource_access.fanal.page.roles", {"resource_access": {"fanal.page": {"roles": ["conseil"]}}}),
        ("https://exemple.fr/roles", {"https://exemple.fr/roles": "conseil"}),
    ],
)
def test_roles_are_found_where_the_settings_say(path: str, claims: dict[str, Any]) -> None:
    mapped = Mapped(path, "groups", MAPPED.roles, MAPPED.groups)
    assert mapped.caller({"sub": "a", **claims}).roles == {"advisor"}


@pytest.mark.parametrize("roles", [None, 3, {"conseil": True}, [["conseil"]], ["Conseil"], "conseil autre"])
def test_what_is_no_role_gives_none(roles: object) -> None:
    caller = MAPPED.caller({"sub": "a", "roles": roles})
    assert (caller.roles, caller.permissions) == (frozenset(), frozenset())


def test_a_ticket_comes_back_as_its_caller_for_ten_minutes() -> None:
    clock = Time()
    tickets = Tickets("s" * 32, clock)
    caller = Caller(frozenset({"direction"}), "oidc:iris", frozenset({"ask", "quality"}))
    ticket = tickets.make(caller).ticket
    clock.now += LIFE_S - 1
    assert tickets.caller(ticket) == caller
    for other, wait in ((Tickets("t" * 32, clock), 0), (tickets, 1)):
        clock.now += wait
        with pytest.raises(NotSignedIn):
            other.caller(ticket)


def wrong_setting(**more: Any) -> str:
    values = {
        "sign_in": "oidc",
        "oidc_issuer": "https://connexion.exemple.invalid",
        "oidc_audience": CLIENT_ID,
        "roles": "conseil=advisor",
        "_env_file": None,
    }
    with pytest.raises(ValueError, match="FANAL_OIDC") as refused:
        ServerSettings(**{**values, **more})
    return str(refused.value)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256,HS512"])
def test_shared_secrets_cannot_be_set(algorithm: str) -> None:
    assert "FANAL_OIDC_ALGORITHMS" in wrong_setting(oidc_algorithms=algorithm)


def test_a_provider_in_the_clear_cannot_be_set() -> None:
    assert "https://" in wrong_setting(oidc_issuer="http://connexion.exemple.invalid")
