"""The collections of an index on a Qdrant server: numbered generations, and the alias that names the live one.

In go a client and the index's name; out come the names of its collections. The index NAME is an alias over
one of the collections NAME-1, NAME-2, …. A rebuild fills the next one beside the live one, then moves the
alias in one step: a search by NAME always meets a whole index. No index may be called like another one's
generation (`fanal-2` beside `fanal`).
"""

import logging
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from ingest.collection_settings import PAYLOAD_INDEXES, CollectionSettings, Difference
from ingest.errors import IndexMismatch
from ingest.index import DENSE
from ingest.qdrant_calls import QdrantCalls, open_client

if TYPE_CHECKING:
    from ingest.settings import IngestSettings

logger = logging.getLogger(__name__)

CALLS = QdrantCalls()

PRODUCTION = CollectionSettings()
"""One node, int8 quantisation."""


def collection_name(name: str, generation: int) -> str:
    """Name the collection that is the index's `generation`-th, from 1."""
    return f"{name}-{generation}"


def generations(client: QdrantClient, name: str, calls: QdrantCalls = CALLS) -> list[int]:
    """Give the numbers of the generations that exist, finished or not, in order."""
    found = calls.patiently(client.get_collections).collections
    return sorted(number for held in found if (number := generation_of(name, held.name)))


def live_collection(client: QdrantClient, name: str, calls: QdrantCalls = CALLS) -> str | None:
    """Name the collection that searches of `name` meet; None when there is no such index.

    That is what the alias points to, or the collection of that very name where the index was made before
    there were aliases.
    """
    aliases = calls.patiently(client.get_aliases).aliases
    for alias in aliases:
        if alias.alias_name == name:
            return alias.collection_name
    return name if _is_plain(client, name, calls) else None


def point_alias(client: QdrantClient, name: str, collection: str, calls: QdrantCalls = CALLS) -> None:
    """Make `collection` the live one, in one step: each search meets the former one or this one, whole.

    An index made before there were aliases is a collection that bears the name itself. It has to be deleted
    first, which Qdrant does not do in the same step: this once, searches fail for a moment in between. A
    process that is killed there leaves the new collection without an alias, and `open_live` takes it up.
    """
    if _is_plain(client, name, calls):
        calls.patiently(client.delete_collection, name)
    actions: list[models.AliasOperations] = [
        models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=name)),
        models.CreateAliasOperation(
            create_alias=models.CreateAlias(collection_name=collection, alias_name=name)
        ),
    ]
    calls.patiently(client.update_collection_aliases, actions)


def drop_before(client: QdrantClient, name: str, generation: int, calls: QdrantCalls = CALLS) -> list[str]:
    """Delete the index's generations that are older than this one; gives their collections' names."""
    older = [number for number in generations(client, name, calls) if number < generation]
    dropped = [collection_name(name, number) for number in older]
    for collection in dropped:
        calls.patiently(client.delete_collection, collection)
    return dropped


def generation_of(name: str, collection: str | None) -> int:
    """Give the number of the generation that a collection of the index is; 0 for none or one without a number."""
    match = re.fullmatch(rf"{re.escape(name)}-([1-9]\d*)", collection or "")
    return int(match[1]) if match else 0


def live_generation(settings: "IngestSettings") -> int:
    """Give the number of the live generation on the settings' server, 0 when it has none."""
    with _opened(settings) as client:
        return generation_of(settings.collection, live_collection(client, settings.collection))


def publish_generation(settings: "IngestSettings", number: int) -> None:
    """Make a generation the live one on the settings' server.

    The former one stays for the programs that still search it, those before it go: `ServerIndex.switch` drops
    it once it is left, or the next rebuild does.
    """
    name = settings.collection
    with _opened(settings) as client:
        former = generation_of(name, live_collection(client, name))
        point_alias(client, name, collection_name(name, number))
        drop_before(client, name, min(former, number))


def drop_generation(settings: "IngestSettings", number: int) -> None:
    """Delete a generation that is not the live one."""
    with _opened(settings) as client:
        CALLS.patiently(client.delete_collection, collection_name(settings.collection, number))


def open_live(
    client: QdrantClient,
    name: str,
    dimension: int,
    calls: QdrantCalls = CALLS,
    wanted: CollectionSettings = PRODUCTION,
) -> str:
    """Make sure that `name` leads to a collection of that dimension, and name it; a new index begins as generation 1.

    Where generations exist and no alias does, a process was killed just before it set the alias: the last
    generation becomes the live one.

    Raises:
        IndexMismatch: the live collection holds vectors of another size.
        SourceUnavailable: the server does not answer.
    """
    live = live_collection(client, name, calls)
    if live is not None:
        _check_schema(client, live, dimension, calls, wanted)
        return live
    last = max(generations(client, name, calls), default=1)
    live = open_generation(client, name, last, dimension, calls, wanted)
    point_alias(client, name, live, calls)
    return live


def open_generation(
    client: QdrantClient,
    name: str,
    generation: int,
    dimension: int,
    calls: QdrantCalls = CALLS,
    wanted: CollectionSettings = PRODUCTION,
) -> str:
    """Make sure that a generation exists, without making it the live one; gives its collection's name.

    Raises:
        IndexMismatch: it exists and holds vectors of another size.
        SourceUnavailable: the server does not answer.
    """
    collection = collection_name(name, generation)
    if generation not in generations(client, name, calls):
        calls.patiently(_create, client, collection, wanted.creation(dimension))
    _check_schema(client, collection, dimension, calls, wanted)
    return collection


def compare_live(settings: "IngestSettings") -> list[Difference]:
    """Tell where the live collection of the settings' server is made otherwise than the settings say.

    Raises:
        IndexMismatch: the server has no such index.
        SourceUnavailable: it does not answer.
    """
    with _opened(settings) as client:
        held = CALLS.patiently(client.get_collection, _live(client, settings)).config
        return CollectionSettings.of(settings).differences(held)


def change_live(settings: "IngestSettings") -> None:
    """Give the live collection what it can be given in place; Qdrant builds its graph anew behind the searches.

    Raises as `compare_live` does.
    """
    with _opened(settings) as client:
        wanted = CollectionSettings.of(settings).change()
        CALLS.patiently(client.update_collection, _live(client, settings), **wanted)


def _live(client: QdrantClient, settings: "IngestSettings") -> str:
    live = live_collection(client, settings.collection)
    if live is None:
        raise IndexMismatch(
            f"Le serveur Qdrant n’a pas d’index « {settings.collection} » : il sera créé par « python -m ingest run »."
        )
    return live


@contextmanager
def _opened(settings: "IngestSettings") -> Iterator[QdrantClient]:
    """Connect to the settings' server, which they must name."""
    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    with closing(open_client(settings.qdrant_url or "", key)) as client:
        yield client


def _is_plain(client: QdrantClient, name: str, calls: QdrantCalls) -> bool:
    return any(held.name == name for held in calls.patiently(client.get_collections).collections)


def _create(client: QdrantClient, collection: str, parameters: dict[str, Any]) -> None:
    try:
        client.create_collection(collection, **parameters)
    except UnexpectedResponse as error:
        if error.status_code != 409:  # else it is there: another process, or a try whose answer was lost
            raise


def _check_schema(
    client: QdrantClient, collection: str, dimension: int, calls: QdrantCalls, wanted: CollectionSettings
) -> None:
    """Check the vectors, index the fields that filters use where that is not done yet, and log what differs."""
    info = calls.patiently(client.get_collection, collection)
    vectors = info.config.params.vectors
    held = vectors.get(DENSE) if isinstance(vectors, dict) else None
    if held is None or held.size != dimension:
        raise IndexMismatch(
            f"La collection « {collection} » n’a pas de vecteurs de dimension {dimension} : elle a été construite "
            "avec un autre modèle d’embeddings. Choisissez un autre nom de collection, ou remettez l’ancien réglage."
        )
    for key, schema in PAYLOAD_INDEXES.items():
        if key not in info.payload_schema:
            calls.patiently(client.create_payload_index, collection, key, schema)
    if others := wanted.differences(info.config):
        logger.warning(
            "the collection %s is made otherwise than the settings say (%s): see `python -m ingest collection`",
            collection,
            ", ".join(f"{one.name} {one.found}, not {one.wanted}" for one in others),
        )
