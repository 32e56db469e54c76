"""A synthesis from notes to a document, in a real browser, on what `make run` starts, without a model.

The pictures of `docs/guide-synthese.md` are taken here, in `reports/screenshots/`, or in `docs/images/` where the
environment has GUIDE_IMAGES=1.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from docx import Document
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ROOT, SCREENSHOTS, Running, listens, make_run, open_page, panel
from tests.browser.drafting import (
    edit,
    mask_selection,
    masks,
    section_text,
    select_words,
    to_consent,
    to_masks,
    to_notes,
    validate,
    write,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEMPLATE = "CEP, niveau 2 : document de synthèse"
NOTES = (ROOT / "sample" / "notes" / "cep-niveau-2.txt").read_text("utf-8")
SECTION = "Votre projet"
WRITTEN = "Mme Kervadec veut devenir secrétaire médicale ; elle en a parlé au cabinet dentaire."
PATIENCE_MS = 60_000
"""A file is read by a process of its own, which takes ten seconds to start on a busy machine."""
ADVISER = "Claire Morin"
PICTURES = ROOT / "docs" / "images" if os.environ.get("GUIDE_IMAGES") else SCREENSHOTS


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start Fanal on the sample organisation, over an empty data folder."""
    with make_run(tmp_path_factory.mktemp("fanal")) as started:
        yield started


@pytest.fixture(autouse=True)
def nothing_kept(running: Running) -> None:
    """Delete the syntheses of the test before."""
    for draft in httpx.get(f"{running.api}/v1/drafts", timeout=60).json():
        httpx.delete(f"{running.api}/v1/drafts/{draft['id']}", timeout=60).raise_for_status()


def picture(page: Page, name: str, top: Locator | None = None) -> None:
    """Take a picture of the guide at 1280x800, from an element on if one is given."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.mouse.move(5, 400)
    if top is not None:
        top.evaluate("element => element.scrollIntoView({block: 'start'})")
    page.wait_for_timeout(600)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"synthese-{name}.png")


def download(page: Page, name: str) -> Path:
    """Press an export and give the file."""
    with page.expect_download() as downloaded:
        page.get_by_role("button", name=name).click()
    assert "Kervadec" not in downloaded.value.suggested_filename
    return Path(downloaded.value.path())


def words_of(docx: Path) -> str:
    """Give all text of a document, its tables, header and footer included."""
    document = Document(str(docx))
    parts = [paragraph.text for paragraph in document.paragraphs]
    parts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    for section in document.sections:
        parts += [paragraph.text for paragraph in (*section.header.paragraphs, *section.footer.paragraphs)]
    return "\n".join(parts)


def test_from_notes_to_a_signed_document(running: Running, page: Page) -> None:
    to_consent(page, running.page, TEMPLATE)
    page.get_by_text("Elle accepte", exact=True).click()
    expect(page.get_by_role("button", name="Continuer vers les notes")).to_be_visible()
    picture(page, "1-accord", page.get_by_test_id("consent"))
    page.get_by_role("button", name="Continuer vers les notes").click()
    page.get_by_label("Notes d’entretien").fill(NOTES)
    page.get_by_label("Intitulé").fill("dossier 2026-118")
    picture(page, "2-notes")

    page.get_by_role("button", name="Relire les masques").click()
    expect(masks(page).first).to_have_text("Solène Kervadec")
    listens(page)
    select_words(page, "cabinet dentaire")
    mask_selection(page, "Employeur")
    expect(page.locator('[data-type="EMPLOYEUR"]').last).to_have_text("cabinet dentaire")
    page.get_by_test_id("notes").evaluate("box => { box.closest('[class*=-box]').scrollTop = 0; }")
    picture(page, "3-masques", page.get_by_test_id("step"))
    page.get_by_text("Le texte masqué, tel qu’il servira").click()
    reads = page.get_by_test_id("model-reads")
    expect(reads).to_contain_text("[PERSONNE_1]")
    for hidden in ("Kervadec", "06 12 34 56 78", "cabinet dentaire", "RQTH"):
        expect(reads).not_to_contain_text(hidden)
    picture(page, "4-modele", page.get_by_test_id("step"))

    write(page)
    expect(page.get_by_test_id("draft-head")).to_contain_text("chacune renvoie à sa source")
    expect(page.get_by_test_id("contradictions")).to_contain_text("Permis B")
    picture(page, "5-relire", page.get_by_test_id("step"))
    edit(page, SECTION, WRITTEN)
    page.get_by_text("Voir mes changements").click()
    expect(page.get_by_test_id("diff").locator("ins").first).to_be_visible()
    picture(page, "6-changements", page.locator(".st-key-compare"))
    page.get_by_text("Voir mes changements").click()
    expect(section_text(page, SECTION)).to_have_value(WRITTEN)

    validate(page, ADVISER)
    picture(page, "7-exports", page.get_by_test_id("validated"))
    words = words_of(download(page, "DOCX"))
    for expected in (WRITTEN, "Maison Ollivet", ADVISER, "2026-11"):
        assert expected in words
    assert "[PERSONNE" not in words
    assert "[EMPLOYEUR" not in words
    assert download(page, "PDF").read_bytes().startswith(b"%PDF-")
    assert download(page, "ODT").read_bytes().startswith(b"PK")
    expect(page).to_have_title("Synthèse · Fanal")
    assert page.url == f"{running.page}/synthese"


def test_a_validated_synthesis_is_found_again_and_its_change_takes_the_validation_back(
    running: Running, page: Page
) -> None:
    to_masks(page, running.page, NOTES, template=TEMPLATE, label="dossier 2026-119")
    write(page)
    validate(page, ADVISER)
    open_page(page, f"{running.page}/synthese")
    listens(page)
    expect(page.get_by_test_id("former-draft")).to_contain_text("Validée")
    picture(page, "8-mes-syntheses", page.locator(".fanal-former-title"))
    page.get_by_role("button", name="Ouvrir : dossier 2026-119").click()
    expect(page.get_by_test_id("validated")).to_contain_text(ADVISER)

    edit(page, SECTION, WRITTEN)
    expect(page.get_by_test_id("validated")).to_have_count(0)
    [draft] = httpx.get(f"{running.api}/v1/drafts", timeout=60).json()
    assert draft["status"] == "draft"
    page.get_by_role("button", name="Mes synthèses").click()
    page.get_by_role("button", name="Supprimer : dossier 2026-119").click()
    page.get_by_role("button", name="Supprimer", exact=True).click()
    expect(page.get_by_test_id("deleted")).to_be_visible()
    assert httpx.get(f"{running.api}/v1/drafts", timeout=60).json() == []
    gone = httpx.get(f"{running.api}/v1/drafts/{draft['id']}", timeout=60)
    assert gone.status_code == 404


def test_a_refusal_leaves_nothing(running: Running, page: Page) -> None:
    to_consent(page, running.page, TEMPLATE)
    page.get_by_text("Elle refuse", exact=True).click()
    expect(page.get_by_test_id("refused")).to_be_visible()
    expect(page.get_by_role("button", name="Continuer vers les notes")).to_have_count(0)
    assert httpx.get(f"{running.api}/v1/drafts", timeout=60).json() == []


def test_a_word_file_becomes_notes(running: Running, page: Page, tmp_path: Path) -> None:
    document = Document()
    for line in ("Mme Kervadec est venue mardi.", "Elle cherche une formation de secrétaire."):
        document.add_paragraph(line)
    document.save(str(tmp_path / "notes.docx"))
    notes = to_notes(page, running.page, TEMPLATE)

    page.locator("input[type=file]").set_input_files(tmp_path / "notes.docx")

    read = "Mme Kervadec est venue mardi.\nElle cherche une formation de secrétaire."
    expect(notes).to_have_value(read, timeout=PATIENCE_MS)


def test_an_assistant_suggests_training_and_cites_it(running: Running, page: Page) -> None:
    open_page(page, f"{running.page}/assistants")
    page.get_by_text("Proposer des formations", exact=True).click()
    project = "Mme Kervadec veut devenir secrétaire médicale, avec une formation financée par le CPF."
    page.get_by_label("Projet ou métier visé").fill(project)
    page.get_by_role("button", name="Continuer").click()
    expect(masks(page)).to_have_text(["Kervadec"])
    page.get_by_role("button", name="Lancer l’assistant").click()
    expect(page.get_by_test_id("statement").first).to_contain_text("Secrétaire", timeout=PATIENCE_MS)
    picture(page, "9-formations", page.get_by_test_id("step"))
    listens(page)
    page.get_by_test_id("citation").first.click()
    expect(panel(page)).to_be_visible()
