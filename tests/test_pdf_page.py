"""A page of a PDF as a picture: the quote is marked where it is printed, whoever may not read it gets nothing."""

import io
import itertools
import shutil
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import httpx2
import pypdfium2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from ingest.chunk import chunk_document
from ingest.documents import EVERYONE
from ingest.parse import Limits, parse_file
from server.access import Caller
from server.dependencies import caller_of, parts_of
from server.pdf_page import MARK, MAX_HEIGHT, MAX_WAITING, WIDTH, PageImage, PageRenderer, render_page
from server.pdf_quotes import find_ranges
from server.problems import NotFound, install
from server.retrieve import HybridRetriever
from server.routes import documents, pages, search
from server.settings import ServerSettings
from server.store.audit import Audit
from tests.hostile_pdfs import compressed_page
from tests.masking import shipped_masker
from tests.support import BACKENDS, WordEmbedder, make_document

DOCUMENTS = Path(__file__).parents[1] / "sample" / "documents"
QUOTE = "Il ne se connecte jamais à sa place et ne connaît ni son mot de passe"


def sample(name: str) -> Path:
    return next(DOCUMENTS.rglob(f"{name} *.pdf"))


def picture(image: PageImage) -> Image.Image:
    return Image.open(io.BytesIO(image.png))


def marked_share(image: PageImage, area: tuple[float, float, float, float]) -> float:
    """Give the share of an area of the page (in shares of its size) that has the colour of a mark."""
    opened = picture(image)
    width, height = opened.size
    left, top, right, bottom = area
    cut = opened.crop((int(left * width), int(top * height), int(right * width), int(bottom * height)))
    colours = cut.getcolors(cut.width * cut.height) or []
    return sum(count for count, colour in colours if colour == MARK) / (cut.width * cut.height)


# Where quotes are


@pytest.mark.parametrize(
    ("page", "quote", "found"),
    [
        ("Le conseiller informe et accompagne.", "Le conseiller informe", ["Le conseiller informe"]),
        ("la forma\x02\r\ntion dure", "la formation dure", ["la forma\x02\r\ntion dure"]),
        ("• Un devis signé\r\n• Un avis", "- Un devis signé\n- Un avis", ["Un devis signé\r\n• Un avis"]),
        ("au 1er\u00a0mars, « jour » dit", "au 1er mars, «jour» dit", ["au 1er\u00a0mars, « jour » dit"]),
        ("l\u2019ef\ufb01cacité", "l'efficacité", ["l\u2019ef\ufb01cacité"]),
        ("une chose", "une autre chose que voilà", []),
        ("rien", "…", []),
    ],
)
def test_a_quote_is_found_whatever_its_typography(page: str, quote: str, found: list[str]) -> None:
    assert [page[start:end] for start, end in find_ranges(page, [quote])] == found


def test_a_quote_of_a_table_is_found_cell_by_cell() -> None:
    page = "Pièce à remettre Durée de garde Notes d’entretien aucune Synthèse écrite du bilan trois ans"
    quote = "| Pièce à remettre | Durée de garde |\n| Synthèse écrite du bilan | trois ans |"
    found = [page[start:end] for start, end in find_ranges(page, [quote])]
    assert found == ["Pièce à remettre", "Durée de garde", "Synthèse écrite du bilan"]


def test_a_quote_over_two_pages_is_found_on_each() -> None:
    quote = "La personne reçoit son document de synthèse en main propre et signe un reçu daté du jour."
    first, second = quote[:48], quote[48:]
    page = "Titre. " + first
    assert [page[a:b] for a, b in find_ranges(page, [quote])] == [first.strip()]
    assert [second[a:b] for a, b in find_ranges(second, [quote])] == [second.strip().rstrip(".")]


# What the picture shows


def test_the_quote_is_marked_where_it_is_printed_and_nowhere_else() -> None:
    image = render_page(sample("PR-008"), 1, [QUOTE])

    assert picture(image).width == WIDTH
    assert (image.pages, image.marked) == (3, 1)
    assert image.top is not None
    assert marked_share(image, (0.1, image.top, 0.5, image.top + 0.012)) > 0.5
    assert marked_share(image, (0, 0, 1, image.top - 0.005)) == 0
    assert marked_share(image, (0, image.top + 0.05, 1, 1)) == 0
    plain = render_page(sample("PR-008"), 1, [])
    assert marked_share(plain, (0, 0, 1, 1)) == 0
    assert (plain.marked, plain.top, plain.left) == (0, None, None)


def test_a_quote_over_several_lines_makes_a_mark_a_line() -> None:
    quote = f"{QUOTE} ni son numéro de sécurité sociale.\nSeul le titulaire valide une inscription"
    image = render_page(sample("PR-008"), 1, [quote])
    assert image.marked == 2


def test_every_passage_of_a_sample_pdf_is_marked_on_its_page() -> None:
    path = sample("PR-014")
    blocks = [b for b in parse_file(path, Limits(ocr=False)).blocks if b.kind != "table" and len(b.text) > 40]
    assert len(blocks) > 12
    for block in blocks[::6]:
        assert block.page is not None
        marks = [
            render_page(path, page, [block.text]).marked for page in (block.page, block.page + 1) if page < 4
        ]
        assert any(marks), block.text


def test_a_scan_is_shown_without_marks() -> None:
    image = render_page(sample("PR-024"), 1, ["Les issues de secours restent dégagées"])
    assert (image.marked, image.top) == (0, None)
    assert len(picture(image).convert("L").getcolors() or []) > 100


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_turned_page_is_marked_where_it_is_seen(tmp_path: Path, rotation: int) -> None:
    path = tmp_path / "page.pdf"
    canvas = Canvas(str(path), pagesize=(400, 300))
    canvas.drawString(40, 250, "Les notes sont détruites dès la clôture")
    canvas.save()
    turned = pypdfium2.PdfDocument(path)
    turned[0].set_rotation(rotation)
    turned.save(tmp_path / "turned.pdf")

    image = render_page(tmp_path / "turned.pdf", 1, ["Les notes sont détruites dès la clôture"])

    left, top, right, bottom = {
        0: (0.1, 0.1, 0.6, 0.2),
        90: (0.8, 0.1, 0.9, 0.6),
        180: (0.4, 0.8, 0.9, 0.9),
        270: (0.1, 0.4, 0.2, 0.9),
    }[rotation]
    assert marked_share(image, (left, top, right, bottom)) > 0.15
    whole = marked_share(image, (0, 0, 1, 1))
    assert marked_share(image, (left, top, right, bottom)) * (right - left) * (bottom - top) == pytest.approx(
        whole, rel=0.1
    )


@pytest.mark.parametrize("size", [(14_400, 14_400), (14_400, 3), (3, 14_400), (20, 20)])
def test_a_page_of_any_size_makes_a_picture_of_bounded_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "page.pdf"
    canvas = Canvas(str(path), pagesize=size)
    canvas.drawString(2, 2, "Bonjour")
    canvas.save()
    opened = picture(render_page(path, 1, ["Bonjour"]))
    assert opened.width <= WIDTH + 1
    assert opened.height <= MAX_HEIGHT + 1


@pytest.mark.parametrize("number", [0, 4])
def test_a_page_out_of_range_does_not_exist(number: int) -> None:
    with pytest.raises(NotFound, match=rf"n’a pas de page {number} : il en compte 3"):
        render_page(sample("PR-008"), number, [])


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4\nrien", b"\x00" * 4096])
def test_a_broken_pdf_is_said_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(content)
    with pytest.raises(NotFound, match="ne peut pas être affichée"):
        render_page(path, 1, [])


def test_a_pdf_behind_a_password_is_said_so(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(sample("PR-008")))
    writer.encrypt("secret")
    writer.write(tmp_path / "page.pdf")
    with pytest.raises(NotFound, match="ne peut pas être affichée"):
        render_page(tmp_path / "page.pdf", 1, [])


# The process


@pytest.fixture(scope="module")
def renderer() -> Iterator[PageRenderer]:
    opened = PageRenderer()
    yield opened
    opened.close()


def test_a_page_is_drawn_there_as_it_is_here(renderer: PageRenderer) -> None:
    assert renderer.render(sample("PR-008"), 1, [QUOTE]) == render_page(sample("PR-008"), 1, [QUOTE])
    with pytest.raises(NotFound, match="il en compte 3"):
        renderer.render(sample("PR-008"), 9, [])


@pytest.mark.slow
def test_a_page_that_fills_the_memory_harms_nothing_else(renderer: PageRenderer, tmp_path: Path) -> None:
    path = tmp_path / "bombe.pdf"
    path.write_bytes(compressed_page(200))
    with pytest.raises(NotFound, match="ne peut pas être affichée"):
        renderer.render(path, 1, [])
    assert renderer.render(sample("PR-008"), 1, []).pages == 3


def test_a_process_that_dies_is_started_again(renderer: PageRenderer) -> None:
    renderer.render(sample("PR-008"), 1, [])
    assert renderer._worker is not None
    renderer._worker[0].kill()
    with pytest.raises(NotFound, match="ne peut pas être affichée"):
        renderer.render(sample("PR-008"), 1, [])
    assert renderer.render(sample("PR-008"), 1, []).pages == 3


# The route

Get = Callable[..., httpx2.Response]

SOURCES = """
[[source]]
name = "procedures"
kind = "procedure"
folder = "documents"
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "sources.toml").write_text(SOURCES, "utf-8")
    (folder / "documents" / "sous").mkdir(parents=True)
    settings = ServerSettings(sources_file=folder / "sources.toml", _env_file=None)
    with BACKENDS["edge"](folder / "index", WordEmbedder.dimension) as index:
        for name, group in (
            ("sous/PR-008.pdf", EVERYONE),
            ("budget.pdf", "direction"),
            ("note.md", EVERYONE),
        ):
            shutil.copy(sample("PR-008"), folder / "documents" / name)
            document = make_document(name, "texte de la page", source="procedures", groups=(group,))
            index.upsert(chunk_document(replace(document, file=name), 1_800), {}, "words-64")
        app = FastAPI(lifespan=_other_lifespan)
        for router in (pages.router, documents.router, search.router):
            app.include_router(router)
        install(app)
        retriever = HybridRetriever(index, WordEmbedder(), dense_share=lambda: 0.0)
        parts = SimpleNamespace(
            settings=settings,
            index=index,
            retriever=retriever,
            masker=shipped_masker(),
            audit=Mock(spec=Audit),  # the parts of a search that a page has nothing to do with
        )
        app.dependency_overrides[parts_of] = lambda: parts
        app.dependency_overrides[caller_of] = lambda: Caller(frozenset())
        with TestClient(app) as opened:
            yield opened


@pytest.fixture
def get(client: TestClient) -> Get:
    """Ask for a page of a document that everyone, or the direction alone, may read."""
    app = client.app
    assert isinstance(app, FastAPI)

    def asked(
        name: str, number: object = 1, groups: frozenset[str] = frozenset(), **query: object
    ) -> httpx2.Response:
        app.dependency_overrides[caller_of] = lambda: Caller(groups)
        return client.get(f"/v1/documents/procedures:{name}/pages/{number}", params=query)

    return asked


@asynccontextmanager
async def _other_lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield


def test_a_page_is_sent_as_a_private_picture_that_says_where_its_mark_is(get: Get) -> None:
    response = get("sous/PR-008.pdf", quote=[QUOTE, "Référence PR-008"])

    assert response.status_code == 200
    assert response.headers["content-type"] == "image/png"
    assert response.headers["cache-control"] == "private, no-store"
    assert response.headers["x-fanal-pages"] == "3"
    assert response.headers["x-fanal-highlighted"] == "2"
    assert 0 < float(response.headers["x-fanal-top"]) < 0.2
    assert 0 < float(response.headers["x-fanal-left"]) < 0.2
    assert Image.open(io.BytesIO(response.content)).width == WIDTH


def test_a_page_without_its_quote_says_that_nothing_is_marked(get: Get) -> None:
    response = get("sous/PR-008.pdf", 2, quote="Une phrase qui n’est écrite nulle part")
    assert response.headers["x-fanal-highlighted"] == "0"
    assert "x-fanal-top" not in response.headers


def test_a_page_of_a_document_of_another_group_does_not_exist(get: Get) -> None:
    refused, absent = get("budget.pdf"), get("absent.pdf")
    assert refused.status_code == absent.status_code == 404
    assert refused.json() == absent.json()
    assert get("budget.pdf", groups=frozenset({"direction"})).status_code == 200


@pytest.mark.parametrize(
    ("name", "number", "status"),
    [
        ("note.md", 1, 404),
        ("sous/PR-008.pdf", 4, 404),
        ("sous/PR-008.pdf", 0, 422),
        ("sous/PR-008.pdf", "x", 422),
        ("sous/PR-008.pdf", 10**30, 422),
    ],
)
def test_what_has_no_such_page_is_a_problem_in_french(
    get: Get, name: str, number: object, status: int
) -> None:
    response = get(name, number)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_too_many_or_too_long_quotes_are_refused(get: Get) -> None:
    assert get("sous/PR-008.pdf", quote=["mot"] * 21).status_code == 422
    assert get("sous/PR-008.pdf", quote="m" * 4_001).status_code == 422


def test_a_search_is_answered_while_pages_wait(
    client: TestClient, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = threading.Event()
    image = render_page(sample("PR-008"), 1, [])

    def slow(*_: object) -> PageImage:
        assert drawn.wait(60)
        return image

    monkeypatch.setattr(PageRenderer, "render", slow)
    asked = 60  # more than the threads that every other request runs in
    with ThreadPoolExecutor(asked + 1) as clients:
        waiting = [clients.submit(get, "sous/PR-008.pdf") for _ in range(asked)]
        try:
            refused = list(itertools.islice(as_completed(waiting, timeout=30), asked - MAX_WAITING - 1))
            assert {response.result().status_code for response in refused} == {503}
            found = clients.submit(client.post, "/v1/search", json={"query": "texte de la page"})
            assert found.result(timeout=30).json()["passages"]
        finally:
            drawn.set()
        statuses = Counter(response.result().status_code for response in waiting)
    assert statuses == {200: MAX_WAITING + 1, 503: asked - MAX_WAITING - 1}
    assert get("sous/PR-008.pdf").status_code == 200  # the places are free again
