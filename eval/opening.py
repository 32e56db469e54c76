"""What is asked, and of whom: a suite's name and the settings go in; its cases and an `Asker` come out."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
from pydantic import ValidationError

from eval.asking import Asker, asking_endpoint, asking_here, base_of, checked, shown
from eval.run_folder import under_way
from eval.settings import server_settings as server_settings
from eval.suites import Suite, digest_of, load_suite
from ingest.errors import ConfigurationError, IndexBusy, SourceUnavailable
from server.case_schemas import Case
from server.quality.runs import EVALUATIONS
from server.settings import ServerSettings

ORGANISATION: Final = "organisation"
"""The suite of the organisation's own cases, which are kept in its database."""

SEED = 20261122
EXPORT_S = 60.0


def suite_of(name: str, settings: ServerSettings, endpoint: str | None) -> Suite:
    """Give the suite of a name or a file; `organisation` is what was accepted on the page « Qualité ».

    Raises:
        ConfigurationError: there is no such suite, or it holds no case.
        SourceUnavailable: the endpoint does not answer.
        StorageFailed: the database cannot be read.
    """
    if name != ORGANISATION:
        return load_suite(name, settings.cache_dir)
    cases = _exported(endpoint, settings) if endpoint else _accepted(settings)
    if not cases:
        raise ConfigurationError(
            "Aucun cas accepté : proposez et acceptez-en sur la page « Qualité », puis recommencez."
        )
    return Suite(
        name=ORGANISATION,
        title="Cas de l’organisation",
        description="Les cas que l’organisation a écrits, ou tirés des avis de ses lecteurs, et acceptés.",
        cases=cases,
        digest=digest_of(cases),
        today=None,
        documents="own",
        thresholds=None,
        seed=SEED,
    )


def selected(suite: Suite, tag: str | None, limit: int | None) -> Suite:
    """Keep the cases of a tag, and the first ones of them; it is another suite, and says so.

    Raises:
        ConfigurationError: none is left.
    """
    cases = [case for case in suite.cases if tag is None or tag in case.tags][:limit]
    if not cases:
        raise ConfigurationError(f"Aucun cas de la suite « {suite.name} » ne porte l’étiquette « {tag} ».")
    if len(cases) == len(suite.cases):
        return suite
    kept = [f"étiquette « {tag} »"] if tag else []
    kept += [f"{len(cases)} premiers cas"] if limit is not None else []
    title = f"{suite.title} ({', '.join(kept)})"
    return replace(suite, cases=cases, digest=digest_of(cases), title=title)


@asynccontextmanager
async def asker_of(
    suite: Suite, settings: ServerSettings, endpoint: str | None, say: Callable[[str], None]
) -> AsyncIterator[Asker]:
    """Open what answers: the endpoint, or the index in this process; a server that owns that index is asked itself.

    Args:
        settings: over the documents of the suite.
        say: tells a person which it is when they did not choose.

    Raises:
        FanalError: neither can be had.
    """
    async with AsyncExitStack() as stack:
        if endpoint is not None:
            yield await stack.enter_async_context(
                asking_endpoint(endpoint, suite.today, settings.server_headers)
            )
            return
        try:
            asker: Asker = await stack.enter_async_context(asking_here(settings, suite.today))
        except IndexBusy as error:
            if suite.documents != "own":
                raise held_elsewhere(suite, server_settings().data_dir / EVALUATIONS) from error
            root = settings.data_dir / EVALUATIONS
            try:
                asker = await stack.enter_async_context(
                    asking_endpoint(settings.server_url, suite.today, settings.server_headers)
                )
            except SourceUnavailable:  # who holds it is no server
                raise held_elsewhere(suite, root) from error
            say(f"Le serveur Fanal tient l’index : c’est lui qui répond ({shown(settings.server_url)}).")
        yield asker


def held_elsewhere(suite: Suite, root: Path) -> IndexBusy:
    """Say who holds the documents of a suite.

    Args:
        root: `DATA_DIR/evaluations`.
    """
    others = under_way(root)
    who = (
        f"une autre mesure ({', '.join(others)})"
        if others
        else "un autre programme, une autre mesure sans doute"
    )
    return IndexBusy(
        f"Les documents de la suite « {suite.name} » sont tenus par {who}. Attendez qu’il ait fini, puis relancez ; ou "
        "donnez un serveur qui les sert (--endpoint)."
    )


def _accepted(settings: ServerSettings) -> list[Case]:
    from server.store.opening import open_stores

    key = settings.drafts_key.get_secret_value() if settings.drafts_key else None
    with closing(open_stores(settings.database, key, settings.data_dir)) as stores:
        return stores.cases.accepted()


def _exported(endpoint: str, settings: ServerSettings) -> list[Case]:
    base = base_of(endpoint)
    try:
        response = httpx.get(
            f"{base}/v1/cases/export",
            params={"format": "jsonl"},
            headers=settings.server_headers,
            timeout=EXPORT_S,
        )
    except httpx.HTTPError as error:
        raise SourceUnavailable(f"Aucun serveur ne répond à {shown(base)} ({error}).") from error
    lines = checked(response, shown(base)).splitlines()
    try:
        return [Case.model_validate_json(line) for line in lines if line.strip()]
    except ValidationError as error:
        raise ConfigurationError(f"Les cas de {shown(base)} sont d’une autre version de Fanal.") from error
