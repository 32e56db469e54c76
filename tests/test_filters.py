"""The filters of training records: by region, first day, CPF, level and certification, in every index and by HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from ingest.attributes import certification_code, comparable
from ingest.chunk import chunk_document
from ingest.documents import Document, Kind
from ingest.index import Index, Query, SearchFilter, Side
from ingest.sources.catalogue import CatalogueSource
from ingest.sources.config import SourceConfig
from ingest.sources.training import FRENCH_COLUMNS
from server.app import create_app
from server.settings import ServerSettings
from tests.support import BACKENDS, WordEmbedder, make_document


def training(key: str, **attributes: Any) -> Document:
    document = make_document(key, f"Formation de soudeur : {key}.", source="offre", kind=Kind.TRAINING)
    return replace(document, attributes=attributes)


PARIS = training(
    "paris",
    region="Île-de-France",
    starts_on="2027-01-12",
    cpf=True,
    level=4,
    certification="Titre professionnel Soudeur",
    certification_code="RNCP37098",
)
TOURS = training(
    "tours",
    region="Centre-Val de Loire",
    starts_on="2027-03-01",
    cpf=False,
    level=3,
    certification="Anglais professionnel",
    certification_code="RS5616",
)
UNKNOWN = training("inconnu", region=None, starts_on=None, cpf=None, level=None, certification=None)
PROCEDURE = make_document("procedure", "La formation de soudeur se demande au conseiller.")


CROWD = [training(f"soudeur soudeur {n}", region="Bretagne") for n in range(400)]


def write(index: Index, *documents: Document) -> Index:
    embedder = WordEmbedder()
    chunks = [chunk for document in documents for chunk in chunk_document(document, 1_800)]
    index.upsert(chunks, {c.hash: embedder.passages([c.embedded_text])[0] for c in chunks}, embedder.name)
    return index


@pytest.fixture(scope="module", params=BACKENDS)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The same index in each backend; opened once, since no test changes it."""
    with BACKENDS[request.param](tmp_path_factory.mktemp("index"), WordEmbedder.dimension) as opened:
        yield write(opened, PARIS, TOURS, UNKNOWN, PROCEDURE)


def found(index: Index, side: Side = "hybrid", **wanted: Any) -> set[str]:
    text = "formation de soudeur"
    where = SearchFilter(groups=None, **wanted)
    query = Query(text, WordEmbedder().query(text), side=side, where=where)
    return {str(hit.payload["title"]) for hit in index.search(query)}


def test_without_a_filter_everything_is_found(filled: Index) -> None:
    assert found(filled) == {"paris", "tours", "inconnu", "procedure"}


@pytest.mark.parametrize("side", ["hybrid", "dense", "sparse"])
@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        ({"region": "Île-de-France"}, {"paris"}),
        ({"region": "ile de france"}, {"paris"}),
        ({"region": "CENTRE VAL DE LOIRE"}, {"tours"}),
        ({"region": "France"}, set()),
        ({"starts_after": date(2027, 1, 12)}, {"paris", "tours"}),
        ({"starts_after": date(2027, 1, 13)}, {"tours"}),
        ({"starts_after": date(2027, 3, 2)}, set()),
        ({"cpf": True}, {"paris"}),
        ({"cpf": False}, {"tours"}),
        ({"level": 4}, {"paris"}),
        ({"level": 8}, set()),
        ({"certification": "RNCP37098"}, {"paris"}),
        ({"certification": "rncp 37098"}, {"paris"}),
        ({"certification": "RS n° 5616"}, {"tours"}),
        ({"certification": "anglais PROFESSIONNEL"}, {"tours"}),
        ({"certification": "professionnel"}, set()),
        ({"region": "Île-de-France", "cpf": True, "level": 4, "starts_after": date(2026, 1, 1)}, {"paris"}),
        ({"region": "Île-de-France", "cpf": False}, set()),
    ],
)
def test_a_filter_keeps_the_records_that_meet_it_and_nothing_else(
    filled: Index, side: Side, wanted: dict[str, Any], titles: set[str]
) -> None:
    assert found(filled, side, **wanted) == titles


def test_the_filter_counts_before_the_best_are_chosen(index: Index) -> None:
    """With 400 passages closer than the one wanted, a filter on the results alone would leave none."""
    assert found(write(index, *CROWD, PARIS), region="ile-de-france") == {"paris"}


def test_the_payload_says_what_the_document_says_and_its_code(filled: Index) -> None:
    (hit,) = filled.passages(SearchFilter(groups=None, document_id="offre:paris"))
    assert {name: hit.payload[name] for name in PARIS.attributes} == dict(PARIS.attributes)
    (hit,) = filled.passages(SearchFilter(groups=None, document_id="essai:procedure"))
    assert not {"facets", "start_day"} & hit.payload.keys()


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("RNCP37098", "RNCP37098"),
        (" rncp 37098 ", "RNCP37098"),
        ("RNCP n° 37098", "RNCP37098"),
        ("RNCP-37098", "RNCP37098"),
        ("RS05616", "RS5616"),
        ("37098", None),
        ("RNCP37098BC01", None),
        ("Titre RNCP37098", None),
        ("", None),
    ],
)
def test_codes_as_people_write_them(written: str, code: str | None) -> None:
    assert certification_code(written) == code


@given(st.text(max_size=60))
def test_a_name_is_compared_without_case_and_stays_as_it_is_once_reduced(name: str) -> None:
    assert comparable(comparable(name)) == comparable(name) == comparable(f"  {name} - ")


CATALOGUE = """Intitulé;Région;Début;Fin;CPF;Niveau;Certification;Code RNCP/RS
Soudage à Tours;Centre-Val de Loire;12/01/2027;30/06/2027;oui;4;Titre professionnel Soudeur;RNCP 37098
Soudage à Paris;Île-de-France;01/03/2027;30/06/2027;non;3;;
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server over the sessions of a small catalogue."""
    folder = tmp_path_factory.mktemp("organisation")
    (folder / "sources.toml").write_text("", "utf-8")
    (folder / "offre.csv").write_text(CATALOGUE, "cp1252")
    columns = {name: FRENCH_COLUMNS[name] for name in FRENCH_COLUMNS if FRENCH_COLUMNS[name] in CATALOGUE}
    config = SourceConfig(name="offre", kind=Kind.TRAINING, table=Path("offre.csv"), columns=columns)
    settings = ServerSettings(
        data_dir=folder / "data", sources_file=folder / "sources.toml", embed_processes=1, _env_file=None
    )
    app = create_app(settings)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        documents = [item.load() for item in CatalogueSource(config, folder).items()]
        chunks = [chunk for document in documents for chunk in chunk_document(document, 1_800)]
        app.state.parts.index.upsert(chunks, {}, "essai")
        yield opened


FILTERS = [
    ({"region": "ile de france"}, ["Soudage à Paris"]),
    ({"starts_after": "2027-02-01"}, ["Soudage à Paris"]),
    ({"cpf": True}, ["Soudage à Tours"]),
    ({"level": 4}, ["Soudage à Tours"]),
    ({"certification": "rncp37098"}, ["Soudage à Tours"]),
    ({"certification": "RS1"}, []),
]


@pytest.mark.parametrize(("scope", "titles"), FILTERS)
def test_search_takes_the_filters(client: TestClient, scope: dict[str, Any], titles: list[str]) -> None:
    answer = client.post("/v1/search", json={"query": "soudage", **scope})
    assert [passage["title"] for passage in answer.json()["passages"]] == titles


@pytest.mark.parametrize(("scope", "titles"), FILTERS)
def test_ask_takes_the_filters(client: TestClient, scope: dict[str, Any], titles: list[str]) -> None:
    answer = client.post("/v1/ask", json={"question": "Quel soudage ?", **scope})
    assert [passage["title"] for passage in answer.json()["passages"]] == titles


@pytest.mark.parametrize(
    "scope",
    [{"level": 9}, {"level": 0}, {"level": True}, {"cpf": "oui"}, {"starts_after": 2027}, {"region": "  "}],
)
def test_a_filter_that_means_nothing_is_refused_in_french(client: TestClient, scope: dict[str, Any]) -> None:
    answer = client.post("/v1/search", json={"query": "soudage", **scope})
    assert answer.status_code == 422
    names = {"region": "La région", "starts_after": "La date", "cpf": "L’éligibilité", "level": "Le niveau"}
    assert answer.json()["detail"].startswith(names[next(iter(scope))])
