"""Is the suite asked over its own documents? A suite and what answers go in; a refusal, a warning or nothing comes out.

`eval.check` reads the whole index and says what is wrong with each case; this looks for a few gold documents by
searches that take a second, before an hour of work.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
from pydantic import ValidationError

from eval.asking import Asker
from eval.spread import spread
from eval.suites import Suite
from ingest.errors import ConfigurationError
from server.case_schemas import Case
from server.configuration_schemas import Configuration
from server.quality.gold import is_named
from server.schemas import MAX_QUESTION_CHARS, SearchResponse
from server.settings import ServerSettings

LOOKED_FOR: Final = 16
"""Cases whose gold is looked for."""

FOUND: Final = 50
SEED: Final = 20261122

EMPTY: Final = (
    "Aucun document n’est indexé dans {place}, que les cas de la suite puissent lire : indexez-les "
    "(python -m ingest run), puis recommencez."
)
ABSENT: Final = (
    "Sur {looked} documents de référence cherchés, {absent} ne sont pas dans l’index : les chiffres disent que ces "
    "documents manquent, non ce que vaut l’assistant. « python -m eval check » les nomme."
)


async def unfit(suite: Suite, asker: Asker, settings: ServerSettings) -> str | None:
    """Say, in French, that most of the gold is not in the index; None when it is, or nothing tells.

    Raises:
        ConfigurationError: nothing is indexed that any case could read.
        FanalError: what answers does not tell its configuration.
    """
    groups = sorted({group for case in suite.cases for group in case.groups})
    if any(case.kind == "ask" for case in suite.cases):
        configuration: Configuration = await asker.configuration(groups)
        if not configuration.index.documents:
            place = asker.endpoint or f"« {settings.data_dir} »"
            raise ConfigurationError(EMPTY.format(place=place))
    if suite.documents != "own" and asker.endpoint is None:  # they were brought up to date a moment ago
        return None
    looked_for = spread([case for case in suite.cases if case.gold], LOOKED_FOR, SEED)
    found = [held for case in looked_for if (held := await _holds_gold(case, asker)) is not None]
    absent = found.count(False)
    return ABSENT.format(looked=len(found), absent=absent) if absent > len(found) / 2 else None


async def _holds_gold(case: Case, asker: Asker) -> bool | None:
    """Tell whether a search finds the document of a case's first gold passage; None when it cannot be made."""
    gold = case.gold[0]
    queries = [gold.quote, gold.document] if gold.quote else [gold.document]
    try:
        for query in queries:
            if any(is_named(gold.document, one) for one in await _search(query, case.groups, asker)):
                return True
    except (httpx.HTTPError, ValidationError):  # the cases themselves will say what is wrong with the server
        return None
    return False


async def _search(text: str, groups: Sequence[str], asker: Asker) -> Sequence[Any]:
    body: Mapping[str, Any] = {"query": text[:MAX_QUESTION_CHARS], "k": FOUND, "include_expired": True}
    response = await asker.client.post("/v1/search", json=body, headers=asker.headers(groups))
    return SearchResponse.model_validate_json(response.raise_for_status().content).passages
