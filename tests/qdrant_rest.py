"""A small Qdrant server for tests: the part of its REST API that Fanal uses, over real HTTP.

In come the requests of `qdrant-client`; out come answers in the server's own shape, computed by that
client's local mode. Bodies are parsed by the models generated from Qdrant's OpenAPI description, so a
request that a real server would not understand is refused here too. What a real server refuses and the
local mode lets pass (a change of a point that does not exist) is refused as well.
"""

import json
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from qdrant_client import models
from qdrant_client.local.qdrant_local import QdrantLocal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

M = TypeVar("M", bound=BaseModel)


class Refused(Exception):
    """The request is understood and cannot be done; `status` is what a Qdrant server answers."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class QdrantRest:
    """Answers requests one at a time: the local mode is not made for several threads.

    Attributes:
        store: the local mode behind, for a test to look into.
        requests: `METHOD /path` of all that came.
        made: how each collection was asked for, and changed since.
    """

    def __init__(self) -> None:
        self.store = QdrantLocal(":memory:")
        self.requests: list[str] = []
        self.made: dict[str, models.CreateCollection] = {}
        self._indexed: dict[str, dict[str, models.PayloadIndexInfo]] = {}
        self._lock = threading.Lock()
        base = "/collections/{name}"
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", "/collections", lambda _: self.store.get_collections()),
            ("GET", "/aliases", lambda _: self.store.get_aliases()),
            ("POST", "/collections/aliases", self._change_aliases),
            ("GET", f"{base}/exists", self._exists),
            ("PUT", f"{base}/index", self._index_field),
            ("DELETE", f"{base}/index/{{field}}", self._drop_field_index),
            ("PUT", f"{base}/points", self._upsert),
            ("POST", f"{base}/points", self._retrieve),
            ("POST", f"{base}/points/delete", self._delete),
            ("POST", f"{base}/points/scroll", self._scroll),
            ("POST", f"{base}/points/count", self._count),
            ("POST", f"{base}/points/query", self._query),
            ("POST", f"{base}/points/query/batch", self._query_batch),
            ("PUT", f"{base}/points/vectors", self._update_vectors),
            ("POST", f"{base}/points/payload", self._set_payload),
            ("GET", base, self._describe),
            ("PUT", base, self._create),
            ("PATCH", base, self._change),
            ("DELETE", base, self._drop),
        ]
        self.app = Starlette(
            routes=[Route(path, self._endpoint(handler), methods=[verb]) for verb, path, handler in routes]
        )

    def _endpoint(self, handler: Callable[..., Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> JSONResponse:
            body = await request.body()
            with self._lock:
                self.requests.append(f"{request.method} {request.url.path}")
                try:
                    result = handler(*request.path_params.values(), body)
                except ValidationError as error:
                    return _failure(400, f"Format error in JSON body: {error}")
                except Refused as error:
                    return _failure(error.status, str(error))
                except ValueError as error:
                    return _failure(404 if "not found" in str(error) else 400, f"Wrong input: {error}")
            answer = TypeAdapter(Any).dump_python(result, mode="json")
            return JSONResponse({"result": answer, "status": "ok", "time": 0.0})

        return endpoint

    def _change_aliases(self, body: bytes) -> bool:
        return self.store.update_collection_aliases(_parsed(models.ChangeAliasesOperation, body).actions)

    def _exists(self, name: str, _: bytes) -> models.CollectionExistence:
        return models.CollectionExistence(exists=self.store.collection_exists(name))

    def _describe(self, name: str, _: bytes) -> models.CollectionInfo:
        info, own = self.store.get_collection(name), self.store.aliases.get(name, name)
        config = _config(info.config, self.made[own]) if own in self.made else info.config
        return info.model_copy(update={"payload_schema": self._indexed.get(own, {}), "config": config})

    def _create(self, name: str, body: bytes) -> bool:
        if self.store.collection_exists(name):
            raise Refused(409, f"Collection `{name}` already exists!")
        asked = _parsed(models.CreateCollection, body)
        self._indexed[name], self.made[name] = {}, asked
        return self.store.create_collection(name, asked.vectors, asked.sparse_vectors)

    def _change(self, name: str, body: bytes) -> bool:
        asked = _parsed(models.UpdateCollection, body)
        made = self.made[self.store.aliases.get(name, name)]
        for key, change in (asked.vectors or {}).items():
            made.vectors[key].on_disk = change.on_disk
        for key in ("on_disk_payload", "write_consistency_factor"):
            if asked.params and (value := getattr(asked.params, key)) is not None:
                setattr(made, key, value)
        made.hnsw_config = asked.hnsw_config or made.hnsw_config
        made.optimizers_config = asked.optimizers_config or made.optimizers_config
        off = asked.quantization_config == models.Disabled.DISABLED
        made.quantization_config = None if off else asked.quantization_config or made.quantization_config
        return True

    def _drop(self, name: str, _: bytes) -> bool:
        return self.store.delete_collection(name)

    def _index_field(self, name: str, body: bytes) -> models.UpdateResult:
        asked = _parsed(models.CreateFieldIndex, body)
        kind = models.PayloadSchemaType(asked.field_schema)
        fields = self._indexed[self.store.aliases.get(name, name)]
        fields[asked.field_name] = models.PayloadIndexInfo(data_type=kind, points=0)
        return _done()

    def _drop_field_index(self, name: str, field: str, _: bytes) -> models.UpdateResult:
        del self._indexed[name][field]
        return _done()

    def _upsert(self, name: str, body: bytes) -> models.UpdateResult:
        return self.store.upsert(name, _parsed(models.PointsList, body).points)

    def _retrieve(self, name: str, body: bytes) -> list[models.Record]:
        asked = _parsed(models.PointRequest, body)
        payload = True if asked.with_payload is None else asked.with_payload
        return self.store.retrieve(name, asked.ids, payload, asked.with_vector or False)

    def _delete(self, name: str, body: bytes) -> models.UpdateResult:
        selector: Any = TypeAdapter(models.PointsSelector).validate_python(json.loads(body))
        return self.store.delete(name, selector)

    def _scroll(self, name: str, body: bytes) -> models.ScrollResult:
        asked = _parsed(models.ScrollRequest, body)
        points, after = self.store.scroll(
            name,
            scroll_filter=asked.filter,
            limit=asked.limit or 10,
            offset=asked.offset,
            with_payload=True if asked.with_payload is None else asked.with_payload,
        )
        return models.ScrollResult(points=points, next_page_offset=after)

    def _count(self, name: str, body: bytes) -> models.CountResult:
        return self.store.count(name, _parsed(models.CountRequest, body).filter)

    def _query(self, name: str, body: bytes) -> models.QueryResponse:
        return self.store.query_batch_points(name, [_parsed(models.QueryRequest, body)])[0]

    def _query_batch(self, name: str, body: bytes) -> list[models.QueryResponse]:
        return self.store.query_batch_points(name, _parsed(models.QueryRequestBatch, body).searches)

    def _update_vectors(self, name: str, body: bytes) -> models.UpdateResult:
        points = _parsed(models.UpdateVectors, body).points
        self._refuse_missing(name, [point.id for point in points])
        return self.store.update_vectors(name, points)

    def _set_payload(self, name: str, body: bytes) -> models.UpdateResult:
        asked = _parsed(models.SetPayload, body)
        if asked.points is None:
            raise Refused(501, "only points by their id")
        self._refuse_missing(name, asked.points)
        return self.store.set_payload(name, asked.payload, asked.points)

    def _refuse_missing(self, name: str, wanted: list[Any]) -> None:
        found = {record.id for record in self.store.retrieve(name, wanted, with_payload=False)}
        for missing in set(wanted) - found:
            raise Refused(404, f"No point with id {missing} found")


def _config(held: models.CollectionConfig, made: models.CreateCollection) -> models.CollectionConfig:
    """Tell how a collection was asked for as a server does, where the local mode forgets it."""
    own = ("shard_number", "replication_factor", "write_consistency_factor", "on_disk_payload", "vectors")
    given = {key: value for key in own if (value := getattr(made, key)) is not None}
    changes: dict[str, Any] = {
        "params": held.params.model_copy(update=given),
        "quantization_config": made.quantization_config,
    }
    for key, asked in (("hnsw_config", made.hnsw_config), ("optimizer_config", made.optimizers_config)):
        if asked is not None:
            changes[key] = getattr(held, key).model_copy(update=asked.model_dump(exclude_none=True))
    return held.model_copy(update=changes)


def _parsed(model: type[M], body: bytes) -> M:
    return model.model_validate(
        json.loads(body)
    )  # `validate_json` makes a UUID of an id: the local mode wants text


def _done() -> models.UpdateResult:
    return models.UpdateResult(operation_id=0, status=models.UpdateStatus.COMPLETED)


def _failure(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"status": {"error": reason}, "time": 0.0}, status)
