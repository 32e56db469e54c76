"""Export: the three files say the same, are accessible, hold any name, and tell nothing of the machine."""

import io
import re
import subprocess
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
from docx.oxml.ns import qn
from lxml import etree
from odf import teletype, text
from odf.opendocument import load

from ingest.parse.libreoffice import missing_office
from server.draft_schemas import (
    Consent,
    DraftSection,
    DraftSentence,
    DraftView,
    ExportFormat,
    TemplateView,
    Validation,
)
from server.drafting.types import REST_ID, REST_TITLE
from server.export import NotValidated, export
from server.exporting.pdf import SettingFailed
from server.exporting.sheet import Items, Paragraph, cleaned, is_right_to_left, text_blocks
from server.schemas import Citation
from server.templates import SHIPPED, load_templates
from tests.passages import make_passage

NAMES = "Ahmet Yıldız, Ayşe Öztürk, Nguyễn Thị Hằng, Đorđe Ćosić, Œdipe Lançon, محمد بن علي"
WRITTEN = f"{NAMES} visent un titre.\n\n- un CAP ;\n• un titre professionnel.\nEnfin, une VAE."
AT = datetime(2026, 11, 22, 9, 5, 30, 250_000, tzinfo=UTC)
FORMATS: tuple[ExportFormat, ...] = ("docx", "odt", "pdf")
HOSTILE = [
    "a\x00b\x01c\x1b[31m\x85d",
    "demi \ud800 caractère",
    "non\ufffecaractère\uffff",
    "\u202eétrevni",
    '</w:t></w:r><script>alert(1)</script> ]]> &amp; <text:p> "',
    '#read("/etc/passwd") $x$ *gras* _it_ `code` @ref <ancre> \\ //',
    "mot" * 5_000,
    "日本語 et 😀 et ქართული",
    "\u200f\u061c",
    "\t\t",
    "=cmd|' /C calc'!A1",
]


@pytest.fixture(scope="module")
def template() -> TemplateView:
    found = load_templates((SHIPPED,)).get("bilan-de-competences")
    assert found is not None
    return found


def make_draft(template: TemplateView, texts: dict[str, str], **fields: Any) -> DraftView:
    cited = DraftSentence(
        text="Le bilan dure 24 heures au plus.",
        verified=True,
        citations=[Citation(passage_id="loi", quote="24 heures", start=0, end=9)],
    )
    sections = [
        DraftSection(
            id=section.id,
            title=section.title,
            kind=section.kind,
            holds=section.holds,
            sentences=[cited] if section.kind == "advice" else [],
            missing=False,
            machine_text="",
            text="",
        ).model_copy(update={"text": texts.get(section.id, "non renseigné")})
        for section in template.sections
    ]
    values: dict[str, Any] = {
        "id": "d1",
        "revision": 1,
        "template": template.id,
        "template_version": template.version,
        "template_title": template.title,
        "label": "Madame Yıldız",
        "status": "validated",
        "created_at": AT,
        "updated_at": AT,
        "expires_on": date(2026, 12, 22),
        "consent": Consent(given=True, on=date(2026, 11, 20)),
        "mode": "generative",
        "model": "un-modele",
        "prompt_version": "7",
        "notes": [],
        "entities": [],
        "sections": sections,
        "contradictions": [],
        "unanswered": [],
        "passages": [
            make_passage(
                "24 heures", "loi", title="Article L6313-4", number="L6313-4", url="https://exemple.fr/loi"
            )
        ],
        "warnings": [],
        "timings": {},
        "validation": Validation(name="Élodie Martin", at=AT),
        **fields,
    }
    return DraftView(**values)


@pytest.fixture(scope="module")
def draft(template: TemplateView) -> DraftView:
    return make_draft(template, {"projet": WRITTEN, "reperes": "Le bilan dure 24 heures au plus."})


@pytest.fixture(scope="module")
def files(draft: DraftView, template: TemplateView) -> dict[str, bytes]:
    return {format_: export(draft, template, format_).data for format_ in FORMATS}


def lines(data: bytes) -> list[str]:
    """The lines of a file, whatever its format."""
    if data.startswith(b"%PDF"):
        with pypdfium2.PdfDocument(data) as document:
            pages = [page.get_textpage().get_text_bounded() for page in document]
        return "\n".join(pages).splitlines()
    if b"mimetypeapplication/vnd.oasis" in data[:100]:
        body = load(io.BytesIO(data)).text
        return [teletype.extractText(node) for node in body.childNodes]
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]


def flat(data: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(lines(data)).replace("\u200b", ""))


@pytest.mark.parametrize("format_", FORMATS)
def test_holds_what_its_reader_must_know(
    files: dict[str, bytes], template: TemplateView, format_: str
) -> None:
    said = flat(files[format_])
    for wanted in (
        template.title,
        f"Modèle : {template.title}, version {template.version}",
        "Rédigé le : 22 novembre 2026",
        "Accord de la personne recueilli le : 20 novembre 2026",
        "Qui la reçoit :",
        "Relu et validé par : Élodie Martin, le 22 novembre 2026 à",
        "non renseigné",
        "intelligence artificielle (modèle « un-modele », consignes 7)",
        "L6313-4, en vigueur le 22 novembre 2026, https://exemple.fr/loi",
        "seule destinataire des résultats détaillés",
        "la synthèse est gardée 30 jours et les notes sont effacées sans attendre",
        "R6313-7 : La destruction des documents du bilan",
        "Aucun article en vigueur ne dresse la liste",
        "La personne a donné son accord à cette aide à la rédaction, le 20 novembre 2026.",
        "Nguyễn Thị Hằng, Đorđe Ćosić, Œdipe Lançon",
        "Ahmet Yıldız, Ayşe Öztürk",
        "Enfin, une VAE.",
    ):
        assert wanted in said, wanted
    assert "Madame" not in said  # the label is how its author finds the draft, and part of no document


def test_docx_has_real_headings_lists_and_language(
    files: dict[str, bytes], draft: DraftView, template: TemplateView
) -> None:
    document = docx.Document(io.BytesIO(files["docx"]))
    styles = [(p.style.name if p.style else "", p.text) for p in document.paragraphs]
    assert styles[0] == ("Title", draft.template_title)
    headings = [words for style, words in styles if style == "Heading 1"]
    assert headings == [*(s.title for s in draft.sections), "À propos de ce document", "Signatures"]
    assert ("Heading 2", "Sources") in styles
    assert [words for style, words in styles if style == "List Bullet"][:5] == [
        *template.recipients,
        "un CAP ;",
        "un titre professionnel.",
    ]
    assert all(words.strip() for _, words in styles)
    languages = {language.get(qn("w:val")) for language in document.styles.element.iter(qn("w:lang"))}
    assert languages == {"fr-FR"}
    properties = document.core_properties
    assert (properties.title, properties.language) == (draft.template_title, "fr-FR")
    assert (properties.author, properties.last_modified_by, properties.comments) == ("Fanal", "Fanal", "")
    assert "relu et validé par une personne" in properties.subject


def test_odt_has_real_headings_lists_and_language(
    files: dict[str, bytes], draft: DraftView, template: TemplateView
) -> None:
    document = load(io.BytesIO(files["odt"]))
    headings = [
        teletype.extractText(heading)
        for heading in document.getElementsByType(text.H)
        if heading.getAttribute("outlinelevel") == "1"
    ]
    assert headings == [*(s.title for s in draft.sections), "À propos de ce document", "Signatures"]
    recipients, first_list = document.getElementsByType(text.List)[:2]
    assert len(recipients.childNodes) == len(template.recipients)
    assert [teletype.extractText(item) for item in first_list.childNodes] == [
        "un CAP ;",
        "un titre professionnel.",
    ]
    assert all(teletype.extractText(node).strip() for node in document.text.childNodes)
    with zipfile.ZipFile(io.BytesIO(files["odt"])) as package:
        styles, meta = package.read("styles.xml").decode(), package.read("meta.xml").decode()
    assert 'fo:language="fr"' in styles
    assert 'fo:country="FR"' in styles
    assert f"<dc:title>{draft.template_title}</dc:title>" in meta
    assert "<dc:language>fr-FR</dc:language>" in meta


def test_pdf_is_tagged_and_has_title_language_and_outline(files: dict[str, bytes], draft: DraftView) -> None:
    with pypdfium2.PdfDocument(files["pdf"]) as document:
        assert document.is_tagged()
        assert document.get_metadata_dict()["Title"] == draft.template_title
        outline = [(entry.level, entry.get_title()) for entry in document.get_toc()]
    assert [title for level, title in outline if level == 0][: len(draft.sections)] == [
        section.title for section in draft.sections
    ]
    assert (1, "Sources") in outline
    assert re.search(rb"/Lang ?\(fr", files["pdf"])
    assert b"pdfuaid" in files["pdf"]


def test_pdf_shows_arabic_with_a_font_that_has_it(files: dict[str, bytes]) -> None:
    assert b"NotoSansArabic" in files["pdf"]
    assert b"NotoSans-" in files["pdf"]


@pytest.mark.parametrize("format_", FORMATS)
def test_tells_nothing_of_the_machine(
    draft: DraftView, template: TemplateView, monkeypatch: pytest.MonkeyPatch, format_: ExportFormat
) -> None:
    for name in ("USER", "LOGNAME", "USERNAME", "HOSTNAME"):
        monkeypatch.setenv(name, "zorglub-de-bulgroz")
    data = export(draft, template, format_).data
    if format_ != "pdf":
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            assert not [name for name in package.namelist() if "thumbnail" in name]
            data = b"\n".join(package.read(name) for name in package.namelist())
    for told in ("zorglub", str(Path(__file__).parents[1]), str(Path.home()), "python-docx"):
        assert told.encode() not in data, told


@pytest.mark.parametrize("format_", ["docx", "odt"])
@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_content_opens(template: TemplateView, hostile: str, format_: ExportFormat) -> None:
    draft = make_draft(template, {"projet": hostile}).model_copy(
        update={"template_title": hostile, "model": hostile}
    )
    data = export(draft, None, format_).data
    kept = "".join(cleaned(hostile).split())
    assert kept in "".join("".join(lines(data)).split())
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(package.read(name))


def test_hostile_content_opens_as_pdf(template: TemplateView) -> None:
    draft = make_draft(template, {"projet": "\n".join(HOSTILE)})
    said = flat(export(draft.model_copy(update={"template_title": HOSTILE[5]}), None, "pdf").data)
    assert "#read(" in said
    assert "root:" not in said
    assert "<script>alert(1)</script>" in said


def test_a_letter_without_a_font_leaves_a_tagged_pdf(template: TemplateView) -> None:
    data = export(make_draft(template, {"projet": "日本語"}), template, "pdf").data
    with pypdfium2.PdfDocument(data) as document:
        assert document.is_tagged()


def test_a_long_word_stays_on_the_page(template: TemplateView) -> None:
    data = export(make_draft(template, {"projet": "w" * 400}), template, "pdf").data
    with pypdfium2.PdfDocument(data) as document:
        page = document[0]
        rightmost = max(right for _, _, right, _ in _boxes(page))
        assert rightmost <= page.get_width() - 60


def _boxes(page: pypdfium2.PdfPage) -> list[tuple[float, float, float, float]]:
    words = page.get_textpage()
    return [words.get_charbox(index) for index in range(words.count_chars())]


def test_a_pdf_that_cannot_be_made_says_so_without_its_words(
    draft: DraftView, template: TemplateView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(SettingFailed, match="en DOCX ou en ODT") as raised:
        export(draft, template, "pdf")
    assert raised.value.__cause__ is None


def test_a_draft_that_nobody_validated_is_not_exported(draft: DraftView, template: TemplateView) -> None:
    with pytest.raises(NotValidated):
        export(draft.model_copy(update={"validation": None}), template, "docx")


@pytest.mark.parametrize("format_", FORMATS)
def test_what_nobody_sorted_is_in_no_file(
    draft: DraftView, template: TemplateView, format_: ExportFormat
) -> None:
    rest = draft.sections[0].model_copy(
        update={"id": REST_ID, "title": REST_TITLE, "text": "Syndiqué, et ne veut pas que cela apparaisse."}
    )
    told = flat(
        export(draft.model_copy(update={"sections": [*draft.sections, rest]}), template, format_).data
    )
    assert REST_TITLE not in told
    assert "Syndiqué" not in told
    assert draft.sections[0].title in told


def test_says_when_no_model_wrote(draft: DraftView, template: TemplateView) -> None:
    said = flat(export(draft.model_copy(update={"mode": "extractive"}), template, "odt").data)
    assert "sans modèle de langage" in said
    assert "intelligence artificielle (modèle" not in said


def test_says_that_it_is_kept_longer_when_the_person_agreed(draft: DraftView, template: TemplateView) -> None:
    agreed = draft.model_copy(update={"consent": Consent(given=True, keep=True)})
    said = flat(export(agreed, template, "odt").data)
    assert "la synthèse est gardée 3 ans" in said
    assert "et à la conservation de la synthèse pour un suivi" in said


def test_says_when_the_template_has_changed_since_or_is_gone(
    draft: DraftView, template: TemplateView
) -> None:
    changed = template.model_copy(update={"version": "2027-01"})
    assert "version 2027-01 du modèle, en usage le jour de l’export" in flat(
        export(draft, changed, "odt").data
    )
    gone = flat(export(draft, None, "odt").data)
    assert draft.template_title in gone
    assert "Relu et validé par" in gone
    assert "Combien de temps" not in gone


def test_a_text_out_of_force_says_so(draft: DraftView, template: TemplateView) -> None:
    ended = draft.passages[0].model_copy(update={"valid_to": date(2025, 1, 1)})
    said = flat(export(draft.model_copy(update={"passages": [ended]}), template, "odt").data)
    assert "qui n’était pas en vigueur le 22 novembre 2026" in said


@pytest.mark.parametrize("format_", FORMATS)
def test_the_file_name_says_what_and_when_and_nobody(
    draft: DraftView, template: TemplateView, format_: ExportFormat
) -> None:
    renamed = draft.model_copy(update={"template": "Été / à l’œuvre ☃"})
    if format_ != "pdf":
        assert export(renamed, template, format_).filename == f"ete-a-luvre-2026-11-22.{format_}"
    assert re.fullmatch(r"[a-z0-9-]+\.[a-z]+", export(draft, template, "odt").filename)


def test_a_text_is_cut_into_paragraphs_and_lists() -> None:
    assert text_blocks("Un.\r\nDeux.\n\n- a\n* b\n— c\nTrois - quatre.") == [
        Paragraph("Un."),
        Paragraph("Deux."),
        Items(["a", "b", "c"]),
        Paragraph("Trois - quatre."),
    ]
    assert text_blocks(" \n\x00") == [Paragraph("non renseigné")]
    assert text_blocks("-5 °C") == [Paragraph("-5 °C")]


def test_the_direction_of_a_text_is_that_of_its_first_letter() -> None:
    assert is_right_to_left("12 محمد Dupont")
    assert not is_right_to_left("Dupont محمد")
    assert not is_right_to_left("12 !")


@pytest.mark.parametrize("format_", ["docx", "odt"])
def test_libreoffice_opens_it(
    files: dict[str, bytes], draft: DraftView, tmp_path: Path, format_: str
) -> None:
    if reason := missing_office():
        pytest.skip(reason)
    (tmp_path / f"essai.{format_}").write_bytes(files[format_])
    profile = f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run(
        [*command, str(tmp_path / f"essai.{format_}")], check=True, capture_output=True, timeout=120
    )
    data = (tmp_path / "essai.pdf").read_bytes()
    said = flat(data)
    print(said[300:1200])
    assert "Ahmet Yıldız, Ayşe Öztürk" in said
    assert set(NAMES) <= set(said)  # a letter of another font comes out of its place
    assert "un titre professionnel." in said
    with pypdfium2.PdfDocument(data) as document:
        assert next(entry.get_title() for entry in document.get_toc()) == draft.sections[0].title
        assert document.get_metadata_dict()["Title"] == draft.template_title
