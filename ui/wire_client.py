"""One connection to the server: typed requests out, typed answers in; `ui.calls` has the errors."""

from collections.abc import Mapping
from copy import copy
from typing import Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from ui.calls import contract, reachable, refuse_problems
from ui.signed import Signed

CONNECT_TIMEOUT_S = 5.0

Shape = TypeVar("Shape", bound=BaseModel)
Item = TypeVar("Item")


class WireClient:
    """Calls one server. May be shared by threads.

    Args:
        base_url: address of the server, without `/v1`.
        timeout_s: longest silence accepted, in seconds; connecting has its own, shorter limit.

    Every method raises `ClientError`.
    """

    def __init__(self, base_url: str, timeout_s: float = 180.0) -> None:
        self._http = httpx.Client(
            base_url=base_url, timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        )
        self._auth: Signed | None = None

    def signed(self, auth: Signed) -> Self:
        """Give the same client for one session, over the same connections: `auth` signs each of its calls apart."""
        client = copy(self)
        client._auth = auth
        return client

    @property
    def is_signed_out(self) -> bool:
        """Whether one has to sign in again."""
        return self._auth is not None and self._auth.is_over

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _read(self, shape: type[Shape], method: str, path: str, body: BaseModel | None = None) -> Shape:
        return self._typed(shape, self._send(method, path, body))

    def _typed(self, shape: type[Shape], response: httpx.Response) -> Shape:
        with contract():
            return shape.model_validate_json(response.content)

    def _list(self, items: TypeAdapter[list[Item]], path: str) -> list[Item]:
        response = self._send("GET", path)
        with contract():
            return items.validate_json(response.content)

    def _send(
        self,
        method: str,
        path: str,
        body: BaseModel | None = None,
        params: Mapping[str, str | list[str]] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        with reachable():
            json = None if body is None else json_of(body)
            response = self._http.request(
                method, path, json=json, params=params, content=content, auth=self._auth
            )
            refuse_problems(response)
            return response


def json_of(request: BaseModel) -> object:
    """Give a request as it is sent."""
    return request.model_dump(mode="json", exclude_none=True)


def part(identifier: str) -> str:
    """Write an id, which may hold slashes, as one part of an address."""
    return quote(identifier, safe="")
