"""Ask cases: by the server's own app in this process, or by an endpoint. A case goes in, an `Asked` comes out.

Both speak `/v1`. In this process a case's groups are its caller's, its day is the suite's, and what asking leaves
behind goes to a database that is thrown away: the index alone is the organisation's. An endpoint knows one caller, and
what was made there is deleted. A case that cannot be answered is a failed one with its reason; only a server that is
gone for good stops a run.
"""

import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import anyio
import httpx
from fastapi import FastAPI, Request
from pydantic import SecretStr, ValidationError

from eval.exchanges import Asked, Line, exchange
from ingest.errors import ConfigurationError, FanalError, SourceUnavailable
from server.access import Caller
from server.app import create_app
from server.case_schemas import Case, CaseKind
from server.configuration_schemas import Configuration
from server.dependencies import caller_of, today
from server.evaluation_schemas import CaseResult, CaseTiming
from server.settings import ServerSettings

GROUPS_HEADER = "x-fanal-eval-groups"
"""Groups of a case's caller, in this process only: no server reads it."""

TIMEOUTS_S: Mapping[CaseKind, float] = {"ask": 300, "draft": 900, "mask": 120}
"""Longest wait for a case, the questions of its history included, of a server whose answers take USUAL_ANSWER_S."""

USUAL_ANSWER_S = 120.0
"""FANAL_MODEL_SECONDS where nobody set it."""

CONNECT_S = 5.0
PAUSES_S = (1.0, 4.0)
"""Before a request that a busy server refused is made again."""

WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Before a server that does not answer at all is looked for again."""

MORE_RIGHTS = (
    "Ce cas vérifie que rien de réservé ne se montre, et ce serveur donne à tous les droits de : {groups}. Lancez la "
    "mesure sans --endpoint."
)


class ServerGone(SourceUnavailable):
    """The server does not answer any more; what is done is kept, the run goes on from there."""


class Asker(Protocol):
    """What answers the cases."""

    @property
    def endpoint(self) -> str | None:
        """Address of the server, without credentials; None in this process."""

    @property
    def client(self) -> httpx.AsyncClient:
        """The way there."""

    @property
    def concurrency(self) -> int:
        """How many cases it is asked at once unless told otherwise."""

    def headers(self, groups: Sequence[str]) -> Mapping[str, str]:
        """Give those of a request by a caller of these groups; an endpoint knows one caller only."""

    async def configuration(self, groups: Sequence[str] = ()) -> Configuration:
        """Tell all that changes its answers, and how much a caller of these groups may read; raises `FanalError`."""

    async def ask(self, case: Case) -> Asked:
        """Ask a case; what goes wrong with it is in its result. Raises `ServerGone`."""

    def sent(self, case: Case) -> Mapping[str, Any]:
        """Give what is sent of a case, and all that changes its answer beside the configuration."""


@dataclass(frozen=True, slots=True)
class LocalAsker:
    """The app in this process; made by `asking_here`.

    Args:
        patience: how many times as long as usual a case may take.
    """

    client: httpx.AsyncClient
    day: date | None
    endpoint: str | None = None
    concurrency: int = 2
    patience: float = 1.0

    def headers(self, groups: Sequence[str]) -> Mapping[str, str]:
        """See `Asker`."""
        return _groups_header(groups)

    async def configuration(self, groups: Sequence[str] = ()) -> Configuration:
        """See `Asker`."""
        return await _configuration(self.client, _groups_header(groups))

    async def ask(self, case: Case) -> Asked:
        """See `Asker`."""
        line = Line(self.client, _groups_header(case.groups), leaves_nothing=False)
        return await _told(line, case, case.as_of or self.day, self.patience)

    def sent(self, case: Case) -> Mapping[str, Any]:
        """See `Asker`."""
        lives_on = self.day or date.today()
        return {
            **_content(case, case.as_of or lives_on),
            "groups": sorted(case.groups),
            "today": str(lives_on),
        }


@dataclass(frozen=True, slots=True)
class EndpointAsker:
    """A server at an address; made by `asking_endpoint`.

    Args:
        groups: of the one caller that it knows us as.
    """

    client: httpx.AsyncClient
    day: date | None
    endpoint: str
    groups: frozenset[str]
    concurrency: int = 4

    def headers(self, groups: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG002  # it knows one caller
        """See `Asker`."""
        return {}

    async def configuration(self, groups: Sequence[str] = ()) -> Configuration:  # noqa: ARG002  # the same
        """See `Asker`."""
        return await _configuration(self.client, {})

    async def ask(self, case: Case) -> Asked:
        """See `Asker`; a case of groups that the caller is not of, or that looks for what leaks to them, is skipped."""
        missing, more = sorted(set(case.groups) - self.groups), sorted(self.groups - set(case.groups))
        if missing:
            return _lost(case, "skipped", _not_of(missing))
        if more and case.forbidden:
            return _lost(case, "skipped", MORE_RIGHTS.format(groups=", ".join(more)))
        for wait in (*WAITS_S, None):
            try:
                return await _told(Line(self.client, {}), case, case.as_of or self.day)
            except httpx.TransportError as error:
                if await self._is_there():
                    return _lost(case, "failed", f"La connexion s’est rompue pendant la réponse ({error}).")
                if wait is None:
                    raise ServerGone(f"Le serveur {self.endpoint} ne répond plus ({error}).") from error
                await anyio.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def sent(self, case: Case) -> Mapping[str, Any]:
        """See `Asker`; its groups are in the configuration, its day is the server's."""
        return {**_content(case, case.as_of or self.day), "today": str(date.today())}

    async def _is_there(self) -> bool:
        try:
            return (await self.client.get("/health/live", timeout=CONNECT_S)).is_success
        except httpx.HTTPError:
            return False


@asynccontextmanager
async def asking_here(settings: ServerSettings, day: date | None) -> AsyncIterator[LocalAsker]:
    """Start the app in this process, over the index of the settings.

    Args:
        day: that the app takes for today; None for the day that it is.

    Raises:
        IndexBusy: another program owns the index.
        FanalError: a part cannot be had, as for the server.
    """
    with tempfile.TemporaryDirectory(prefix="fanal-eval-") as folder:
        app = create_app(_thrown_away(settings, Path(folder)))
        app.dependency_overrides[caller_of] = _caller
        if day is not None:
            app.dependency_overrides[today] = lambda: day
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            _lifespan(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        ):
            yield LocalAsker(client, day, patience=max(1.0, settings.model_seconds / USUAL_ANSWER_S))


@asynccontextmanager
async def asking_endpoint(
    url: str, day: date | None, headers: Mapping[str, str] | None = None
) -> AsyncIterator[EndpointAsker]:
    """Speak to a server that runs.

    Args:
        url: its address; a name and password in it are sent, and shown nowhere.
        day: that questions without one are about; None for the server's today.
        headers: that tell it who asks.

    Raises:
        SourceUnavailable: it does not answer.
        ConfigurationError: the address is none, or what answers there is no Fanal that tells its configuration.
    """
    base = base_of(url)
    timeout = httpx.Timeout(max(TIMEOUTS_S.values()), connect=CONNECT_S)
    async with httpx.AsyncClient(base_url=base, timeout=timeout, headers=headers) as client:
        told = await _configuration(client, {})
        yield EndpointAsker(client, day, shown(base), frozenset(told.groups))


def base_of(url: str) -> str:
    """Give the address of a server as its client needs it; raises `ConfigurationError` for what is none."""
    base = url.rstrip("/").removesuffix("/v1")
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).hostname:
        raise ConfigurationError(
            "L’adresse du serveur s’écrit http://… ou https://…, sans rien après le port."
        )
    return base


def shown(url: str) -> str:
    """Give an address without the name and password that it may hold, nor what follows a question mark."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return urlunsplit((parts.scheme, host + (f":{parts.port}" if parts.port else ""), parts.path, "", ""))


UNQUEUED = 1_000
"""Places at the model: how many cases are asked at once is the run's own choice, and none is to wait for a turn."""


def _thrown_away(settings: ServerSettings, folder: Path) -> ServerSettings:
    """Keep the index and the model, and nothing of what is asked."""
    from cryptography.fernet import Fernet

    return settings.model_copy(
        update={
            "database_url": SecretStr(f"sqlite:///{folder / 'eval.sqlite'}"),
            "drafts_key": SecretStr(Fernet.generate_key().decode()),
            "embed_in_background": False,
            "model_slots": UNQUEUED,
            "local_groups": frozenset(),
            "sign_in": "off",
        }
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with app.router.lifespan_context(app):
        yield


def _caller(request: Request) -> Caller:
    groups = json.loads(unquote(request.headers.get(GROUPS_HEADER, "[]")))
    return Caller(frozenset(groups))


def _groups_header(groups: Sequence[str]) -> Mapping[str, str]:
    return {GROUPS_HEADER: quote(json.dumps(sorted(groups), ensure_ascii=False))}


def _content(case: Case, day: date | None) -> dict[str, Any]:
    """Give what is sent of a case; what is expected of it changes no answer."""
    return {
        "kind": case.kind,
        "history": case.history,
        "question": case.question,
        "as_of": day.isoformat() if day else None,
        "draft": [case.draft.template, case.draft.notes] if case.draft else None,
        "mask": case.mask.text if case.mask else None,
    }


async def _told(line: Line, case: Case, day: date | None, patience: float = 1.0) -> Asked:
    """Ask, and turn what goes wrong into a failed case; raises `httpx.TransportError` when nothing answers."""
    limit = TIMEOUTS_S[case.kind] * patience
    try:
        with anyio.fail_after(limit):
            return await _patiently(line, case, day)
    except httpx.ConnectTimeout:  # nobody is there: that is no slow answer
        raise
    except (TimeoutError, httpx.TimeoutException):
        return _lost(case, "failed", f"Pas de réponse en {limit:.0f} secondes.")
    except httpx.HTTPStatusError as error:
        return _lost(case, "failed", f"Erreur {error.response.status_code} : {_detail(error.response)}")
    except httpx.TransportError:  # nothing may answer any more: that is for who knows the server
        raise
    except httpx.HTTPError as error:
        return _lost(case, "failed", f"La réponse ne se lit pas ({error}).")
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        return _lost(
            case,
            "failed",
            f"La réponse n’a pas la forme attendue : le serveur est d’une autre version ({place}).",
        )
    except FanalError as error:
        return _lost(case, "failed", str(error))


async def _patiently(line: Line, case: Case, day: date | None) -> Asked:
    """Ask again when the server says that it is busy."""
    for pause in PAUSES_S:
        try:
            return await exchange(line, case, day)
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in (429, 503):
                raise
            await anyio.sleep(pause)
    return await exchange(line, case, day)


def _lost(case: Case, status: str, reason: str) -> Asked:
    result = CaseResult.model_validate({"case": case, "status": status, "error": reason})
    return Asked(result, CaseTiming(case_id=case.id))


def _not_of(missing: Sequence[str]) -> str:
    named = ", ".join(f"« {group} »" for group in missing)
    return (
        f"Ce cas se pose avec les droits {named}, que ce serveur ne donne pas à qui l’interroge : démarrez-le avec "
        f"FANAL_LOCAL_GROUPS={','.join(missing)}, ou lancez la mesure sans --endpoint."
    )


def _detail(response: httpx.Response) -> str:
    """Give what a problem (RFC 9457) says, or the beginning of whatever else came."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return " ".join(response.text[:200].split()) or response.reason_phrase


async def _configuration(client: httpx.AsyncClient, headers: Mapping[str, str]) -> Configuration:
    place = shown(str(client.base_url))
    try:
        content = checked(await client.get("/v1/configuration", headers=headers), place)
        return Configuration.model_validate_json(content)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceUnavailable(f"Aucun serveur ne répond à {place} ({error}).") from error
    except ValidationError as error:
        raise ConfigurationError(
            f"Ce qui répond à {place} n’est pas un serveur Fanal de cette version."
        ) from error


def checked(response: httpx.Response, place: str) -> bytes:
    """Give what a server at `place` answered; raises `FanalError` for an error."""
    if response.status_code == 404:
        raise ConfigurationError(
            f"Ce qui répond à {place} n’est pas Fanal, ou en est une version d’avant les mesures de qualité."
        )
    if response.is_error:
        raise FanalError(f"{place} : {_detail(response)}")
    return response.content
