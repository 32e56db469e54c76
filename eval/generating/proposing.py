"""Where generated cases go: the running server or the organisation's database; always to be reviewed."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

import httpx
from pydantic import TypeAdapter, ValidationError

from eval.asking import base_of, checked, shown
from ingest.errors import SourceUnavailable
from server.case_schemas import Case, CaseView
from server.settings import ServerSettings

if TYPE_CHECKING:  # SQLAlchemy takes a second to import
    from server.store.opening import Stores

KNOWN = "la question est déjà un cas de l’organisation"
REFUSED = "le serveur refuse le cas"
ACTOR = "eval-generate"
"""Who proposed them, in the audit of a database that this program writes itself."""
WAIT_S = 60.0


class Inbox(Protocol):
    """Where cases are proposed."""

    def known(self, groups: frozenset[str]) -> list[Case]:
        """Give the cases that are there already, whatever was decided of them."""

    def propose(self, cases: Sequence[Case], dropped: Counter[str]) -> int:
        """Propose cases and give how many were taken; the others are counted by reason in `dropped`."""

    def close(self) -> None:
        """Close what was opened."""


class EndpointInbox:
    """A running server."""

    def __init__(self, endpoint: str) -> None:
        base = base_of(endpoint)
        self._place = shown(base)
        self._client = httpx.Client(base_url=base, timeout=WAIT_S)

    def known(self, groups: frozenset[str]) -> list[Case]:  # noqa: ARG002  # the server knows its caller's
        """See `Inbox`: those that the caller may read."""
        try:
            views = TypeAdapter(list[CaseView]).validate_json(
                checked(self._sent("GET", "/v1/cases"), self._place)
            )
        except ValidationError as error:
            raise SourceUnavailable(f"Ce qui répond à {self._place} n’est pas Fanal : {error}") from error
        return [view.case for view in views]

    def propose(self, cases: Sequence[Case], dropped: Counter[str]) -> int:
        """See `Inbox`."""
        taken = 0
        for case in cases:
            body = {"case": case.model_dump(mode="json"), "origin": "generated"}
            response = self._sent("POST", "/v1/cases", body)
            if response.status_code == 409:
                dropped[KNOWN] += 1
            elif response.status_code in (403, 422):
                dropped[REFUSED] += 1
            else:
                checked(response, self._place)
                taken += 1
        return taken

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _sent(self, method: str, path: str, body: object = None) -> httpx.Response:
        try:
            return self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise SourceUnavailable(f"Le serveur {self._place} ne répond pas : {error}") from error


class StoreInbox:
    """The organisation's database, when no server is asked."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings

    def known(self, groups: frozenset[str]) -> list[Case]:
        """See `Inbox`: those of `groups`; the database refuses the others that ask the same."""
        with closing(self._stores()) as stores:
            return [view.case for view in stores.cases.views(groups | self._settings.local_groups)]

    def propose(self, cases: Sequence[Case], dropped: Counter[str]) -> int:
        """See `Inbox`: checked and masked as the server does."""
        from server.mask import load_masker
        from server.quality import case_intake
        from server.quality.errors import CaseRefused, CaseWrong
        from server.store.errors import CaseExists
        from server.templates import load_templates

        masker, templates, taken = load_masker(self._settings), load_templates(), 0
        with closing(self._stores()) as stores:
            for case in cases:
                groups = frozenset(case.groups)
                try:
                    intake = case_intake.take(case, masker, templates, groups)
                    stores.cases.add(
                        intake.case, actor=ACTOR, groups=groups, readers=intake.readers, origin="generated",
                        state="proposed",
                    )  # fmt: skip
                except CaseExists:
                    dropped[KNOWN] += 1
                except (CaseWrong, CaseRefused):
                    dropped[REFUSED] += 1
                else:
                    taken += 1
        return taken

    def close(self) -> None:
        """See `Inbox`: the database is closed after each use."""

    def _stores(self) -> "Stores":
        from server.store.opening import open_stores

        key = self._settings.drafts_key.get_secret_value() if self._settings.drafts_key else None
        return open_stores(self._settings.database, key, self._settings.data_dir)
