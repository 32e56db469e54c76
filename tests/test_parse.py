"""Every format is read into blocks: headings with levels, lists, tables in Markdown, pages, and nothing else."""

import shutil
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pypdf
import pytest
from docx.enum.style import WD_STYLE_TYPE
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table, TableStyle

from ingest.documents import Block
from ingest.errors import UnreadableFile
from ingest.parse import ParsedFile, parse_bytes, parse_file
from ingest.parse.ocr import missing_ocr
from ingest.parse.pdf_layout import join_lines
from ingest.parse.tidy import markdown_table

DOCUMENTS = Path(__file__).parents[1] / "sample" / "documents"


def sample(name: str) -> ParsedFile:
    return parse_file(next(DOCUMENTS.rglob(name)))


def texts(parsed: ParsedFile, kind: str) -> list[str]:
    return [block.text for block in parsed.blocks if block.kind == kind]


def headings(parsed: ParsedFile) -> list[tuple[int, str]]:
    return [(block.level, block.text) for block in parsed.blocks if block.kind == "heading"]


def whole_text(parsed: ParsedFile) -> str:
    return "\n".join(block.text for block in parsed.blocks)


SAMPLES = [
    "PR-008 *.pdf",
    "PR-001 *.docx",
    "PR-002 *.odt",
    "NS-2026-11 *.pptx",
    "PR-015 *.html",
    "PR-021 *.md",
    "NS-2026-07 *.eml",
]


@pytest.mark.parametrize("name", SAMPLES)
def test_each_format_of_the_sample_gives_a_title_sections_and_tidy_text(name: str) -> None:
    parsed = sample(name)
    assert parsed.title == parsed.blocks[0].text
    assert parsed.blocks[0].level == 1
    assert sum(level == 2 for level, _ in headings(parsed)) >= 1
    assert all(block.text == " ".join(block.text.split()) for block in parsed.blocks if block.kind != "table")
    assert {block.level for block in parsed.blocks if block.kind != "heading"} == {0}


@pytest.mark.parametrize(
    "name", ["PR-008 *.pdf", "PR-001 *.docx", "PR-002 *.odt", "PR-015 *.html", "PR-021 *.md"]
)
def test_tables_become_markdown_rows_with_their_header(name: str) -> None:
    for table in texts(sample(name), "table"):
        header, rule, *rows = table.split("\n")
        assert set(rule) == set("| -")
        assert rows
        assert all(row.count(" | ") == header.count(" | ") for row in rows)


def test_a_pdf_keeps_its_pages_and_loses_its_running_lines() -> None:
    parsed = sample("PR-006 *.pdf")
    assert [block.page for block in parsed.blocks] == sorted(block.page or 0 for block in parsed.blocks)
    assert {block.page for block in parsed.blocks} == {1, 2}
    assert "Cap Brisecombe — PR-006" not in whole_text(parsed)
    assert not any(block.text.startswith("Page ") for block in parsed.blocks)


def test_the_running_lines_of_a_pdf_of_one_page_go_too() -> None:
    parsed = sample("PR-004 *.pdf")
    assert parsed.blocks[0].text == "Délais de réponse"


def test_a_paragraph_of_a_pdf_is_whole_across_its_lines() -> None:
    parsed = sample("PR-004 *.pdf")
    assert (
        "Le délai court à partir du lendemain de la réception. Les jours de fermeture collective ne comptent pas."
        in texts(parsed, "paragraph")
    )


def test_two_columns_are_read_one_after_the_other() -> None:
    parsed = parse_bytes(two_columns(), "bulletin.pdf")
    assert whole_text(parsed).split() == [f"{side}{line}" for side in "gd" for line in range(40)]


def two_columns() -> bytes:
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for side, left in (("g", 60), ("d", 320)):
        text = canvas.beginText(left, 700)
        text.setFont("Times-Roman", 10)
        for line in range(0, 40, 4):
            text.textLine(" ".join(f"{side}{word}" for word in range(line, line + 4)))
        canvas.drawText(text)
    canvas.save()
    return buffer.getvalue()


def test_bold_lines_are_headings_below_larger_ones_and_bold_words_are_not() -> None:
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    text = canvas.beginText(60, 740)
    for font, size, line in (("Helvetica-Bold", 16, "Règlement"), ("Helvetica-Bold", 10, "Article premier")):
        text.setFont(font, size, leading=26)
        text.textLine(line)
    for bold, plain in (
        ("Important :", "le rendez-vous dure quarante-cinq minutes et se"),
        ("prépare", "à deux."),
    ):
        text.setFont("Helvetica-Bold", 10, leading=13)
        text.textOut(f"{bold} ")
        text.setFont("Helvetica", 10, leading=13)
        text.textLine(plain)
    canvas.drawText(text)
    canvas.save()
    assert [
        (block.kind, block.level, block.text) for block in parse_bytes(buffer.getvalue(), "a.pdf").blocks
    ] == [
        ("heading", 1, "Règlement"),
        ("heading", 2, "Article premier"),
        ("paragraph", 0, "Important : le rendez-vous dure quarante-cinq minutes et se prépare à deux."),
    ]


def test_section_titles_that_count_up_at_the_top_of_each_page_are_kept() -> None:
    parsed = parse_bytes(numbered_pages(), "a.pdf")
    assert [text for _, text in headings(parsed)] == [f"Chapitre {2 * n}" for n in range(1, 7)]
    assert "Manuel" not in whole_text(parsed)
    assert "sur 6" not in whole_text(parsed)


def numbered_pages() -> bytes:
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for page in range(1, 7):
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 780, "Manuel de l'accueil")
        canvas.drawString(60, 60, f"Version 3 - feuillet {page} sur 6")
        canvas.setFont("Helvetica-Bold", 14)
        canvas.drawString(60, 750, f"Chapitre {2 * page}")
        canvas.setFont("Helvetica", 10)
        for line in range(12):
            canvas.drawString(
                60, 700 - 30 * line, f"Le texte {'abcdefghijkl'[line] * page} du manuel est celui-ci."
            )
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_ruled_table_is_found_on_a_page_that_is_stored_turned(rotation: int) -> None:
    parsed = parse_bytes(ruled_table(drawn=rotation, shown=rotation), "a.pdf")
    assert [block.kind for block in parsed.blocks] == ["paragraph", "table", "paragraph"]
    assert parsed.blocks[1].text.split("\n")[-1] == "| Anglais | 35 heures |"


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_table_that_is_shown_turned_keeps_its_words(rotation: int) -> None:
    parsed = parse_bytes(ruled_table(drawn=0, shown=rotation), "a.pdf")
    assert whole_text(parsed).count("35 heures") == 1


def ruled_table(drawn: int, shown: int) -> bytes:
    """A landscape page whose content is turned by `drawn` degrees, on paper that is shown turned by `shown`."""
    width, height = landscape(A4)
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(width, height) if drawn in (0, 180) else (height, width))
    canvas.translate(*{0: (0, 0), 90: (height, 0), 180: (width, height), 270: (0, width)}[drawn])
    canvas.rotate(drawn)
    canvas.drawString(60, 500, "Voici les durées prévues par la convention :")
    table = Table(
        [["Action", "Durée"], ["Bilan", "24 heures"], ["Anglais", "35 heures"]], colWidths=[120, 120]
    )
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black")]))
    table.wrapOn(canvas, 400, 400)
    table.drawOn(canvas, 60, 400)
    canvas.drawString(60, 350, "Ces durées sont des maximums à ne pas dépasser.")
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=buffer)
    writer.pages[0].rotate(shown)
    turned = BytesIO()
    writer.write(turned)
    return turned.getvalue()


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["l'accompa-", "gnement"], "l'accompagnement"),
        (["un rendez-", "vous"], "un rendez-vous"),
        (["celui-", "ci"], "celui-ci"),
        (["la Seine-", "Maritime"], "la Seine-Maritime"),
        (["2025 -", "2026"], "2025 - 2026"),
        (["deux", "mots"], "deux mots"),
    ],
)
def test_words_cut_at_a_line_end_are_joined_and_compounds_keep_their_hyphen(
    lines: list[str], joined: str
) -> None:
    assert join_lines(lines) == joined


@pytest.mark.skipif(missing_ocr() is not None, reason=missing_ocr() or "")
def test_a_scanned_page_is_read_by_ocr_with_its_headings() -> None:
    parsed = parse_bytes(first_page(next(DOCUMENTS.rglob("PR-024 *.pdf"))), "scan.pdf")
    assert parsed.title == "Sécurité des locaux et évacuation"
    assert (2, "1. Ouverture et fermeture") in headings(parsed)
    assert "alarme" in whole_text(parsed)
    assert {block.page for block in parsed.blocks} == {1}


def first_page(path: Path) -> bytes:
    writer = pypdf.PdfWriter()
    writer.append(path, pages=(0, 1))
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_without_ocr_a_scan_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    missing_ocr.cache_clear()
    try:
        with pytest.raises(UnreadableFile, match="tesseract-ocr et tesseract-ocr-fra"):
            sample("PR-024 *.pdf")
    finally:
        missing_ocr.cache_clear()


def test_word_lists_keep_their_numbers_and_a_subtitle_is_no_heading() -> None:
    parsed = sample("PR-001 *.docx")
    assert [level for level, _ in headings(parsed)].count(1) == 1
    assert any(text.startswith("Référence PR-001") for text in texts(parsed, "paragraph"))
    assert not any(text.startswith("Cap Brisecombe —") for text in texts(parsed, "paragraph"))


def test_a_word_style_of_the_organisation_gives_headings_by_its_outline_level() -> None:
    document = docx.Document()
    style = document.styles.add_style("Titre maison", WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Objet de la note", style="Titre maison")
    document.add_paragraph("Merci")
    document.add_paragraph("Première étape", style="List Number")
    buffer = BytesIO()
    document.save(buffer)
    parsed = parse_bytes(buffer.getvalue(), "note.docx")
    assert parsed.blocks == (
        Block("heading", "Objet de la note", level=2),
        Block("paragraph", "Merci"),
        Block("list_item", "1. Première étape"),
    )


def test_an_odt_numbers_its_ordered_lists_and_leaves_comments_out() -> None:
    parsed = parse_bytes(odt(ODT_BODY), "a.odt")
    assert parsed.blocks == (
        Block("heading", "Étapes", level=2),
        Block("list_item", "1. Appeler la personne"),
        Block("list_item", "2. Noter"),
        Block("list_item", "sans numéro"),
        Block("paragraph", "Voir le site.", links=("https://exemple.fr",)),
        Block("table", "| Lieu | Jour |\n| --- | --- |\n| Brisecombe | lundi |"),
    )


ODT_BODY = """
<text:h text:outline-level="2">Étapes</text:h>
<text:list text:style-name="L1"><text:list-item><text:p>Appeler<text:s/>la personne</text:p></text:list-item>
<text:list-item><text:p>Noter<office:annotation><text:p>à revoir</text:p></office:annotation></text:p></text:list-item>
</text:list>
<text:list><text:list-item><text:p>sans numéro</text:p></text:list-item></text:list>
<text:p>Voir <text:a xlink:href="https://exemple.fr">le site</text:a>.</text:p>
<table:table><table:table-row><table:table-cell><text:p>Lieu</text:p></table:table-cell>
<table:table-cell><text:p>Jour</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>Brisecombe</text:p></table:table-cell>
<table:table-cell><text:p>lundi</text:p></table:table-cell></table:table-row></table:table>
"""


def odt(body: str) -> bytes:
    prefixes = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table", "style")
    )
    content = (
        f'<office:document-content {prefixes} xmlns:xlink="http://www.w3.org/1999/xlink"><office:automatic-styles>'
        '<text:list-style style:name="L1"><text:list-level-style-number text:level="1"/></text:list-style>'
        f"</office:automatic-styles><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return buffer.getvalue()


def test_slides_are_pages_and_their_bullets_are_list_items() -> None:
    parsed = sample("GU-01 *.pptx")
    assert parsed.blocks[0] == Block("heading", "Livret d’accueil du nouveau conseiller", level=1, page=1)
    slide = [block for block in parsed.blocks if block.page == 2]
    assert [block.kind for block in slide[:2]] == ["heading", "list_item"]


def test_a_workbook_gives_its_visible_sheets_with_french_dates_and_numbers() -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Sessions"
    for row in (["Catalogue 2026"], ["Action", "Début", "Prix"], ["Anglais", date(2026, 11, 2), 1200.5]):
        sheet.append(row)
    workbook.create_sheet("Brouillon").sheet_state = "hidden"
    workbook["Brouillon"].append(["à ne pas lire"])
    buffer = BytesIO()
    workbook.save(buffer)
    assert parse_bytes(buffer.getvalue(), "c.xlsx").blocks == (
        Block("heading", "Sessions", level=1),
        Block("paragraph", "Catalogue 2026"),
        Block("paragraph", "Action : Anglais ; Début : 02/11/2026 ; Prix : 1200,5"),
    )


def test_a_web_page_keeps_its_content_and_links_and_loses_menus_and_scripts() -> None:
    page = """<html><head><title>Site | Page</title><style>p {}</style><meta name="date" content="2026-03-02"></head>
    <body><nav>Menu</nav><header>Bandeau</header><aside>Publicité</aside><form><input>Rechercher</form>
    <article><header><h1>Le CPF</h1></header><script>var traceur = 1;</script><!-- secret -->
    <p>Lire l'<a href="https://exemple.fr/L6323-1">article L. 6323-1</a> et <a href="#haut">plus haut</a>.</p>
    <ol><li>Appeler</li><li><p>Noter</p></li></ol></article><footer>Mentions</footer></body></html>"""
    parsed = parse_bytes(page.encode(), "page.html")
    assert parsed == ParsedFile(
        "Le CPF",
        (
            Block("heading", "Le CPF", level=1),
            Block(
                "paragraph", "Lire l'article L. 6323-1 et plus haut.", links=("https://exemple.fr/L6323-1",)
            ),
            Block("list_item", "1. Appeler"),
            Block("list_item", "2. Noter"),
        ),
        date(2026, 3, 2),
    )


def test_a_page_wrapped_in_a_form_is_still_read() -> None:
    page = b"<body><form><h2>Accueil</h2><p>Ouvert \xe0 9 h.</p></form></body>"
    assert whole_text(parse_bytes(page, "page.htm")) == "Accueil\nOuvert à 9 h."


def test_cells_that_span_rows_are_repeated_in_each() -> None:
    page = (
        "<table><tr><th>Lieu<th>Jour</tr><tr><td rowspan=2>Brisecombe<td>lundi</tr><tr><td>mardi</tr></table>"
    )
    [table] = parse_bytes(page.encode(), "t.html").blocks
    assert table.text.split("\n")[2:] == ["| Brisecombe | lundi |", "| Brisecombe | mardi |"]


def test_a_table_that_lays_the_page_out_is_read_as_text() -> None:
    page = "<table><tr><td><h1>Titre</h1><p>Un.</p><p>Deux.</p></td></tr></table>"
    assert [block.kind for block in parse_bytes(page.encode(), "t.html").blocks] == [
        "heading",
        "paragraph",
        "paragraph",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
def test_a_csv_is_read_in_any_encoding_and_separator(encoding: str, mark: str) -> None:
    rows = [
        ["Intitulé", "Durée", "Prix"],
        ["Accueil téléphonique", "35 h", "1 200 €"],
        ["Été à l'œuvre", "", "0"],
    ]
    text = "\r\n".join(mark.join(row) for row in rows)
    assert texts(parse_bytes(text.encode(encoding), "c.csv"), "paragraph") == [
        "Intitulé : Accueil téléphonique ; Durée : 35 h ; Prix : 1 200 €",
        "Intitulé : Été à l'œuvre ; Prix : 0",
    ]


def test_the_title_above_a_table_and_excels_own_hint_are_not_its_header() -> None:
    data = "sep=;\r\nHoraires des agences;;\r\nAgence;Jour;Heure\r\nVieilmont;lundi;9 h\r\n"
    assert texts(parse_bytes(data.encode("cp1252"), "h.csv"), "paragraph") == [
        "Horaires des agences",
        "Agence : Vieilmont ; Jour : lundi ; Heure : 9 h",
    ]


def test_a_table_of_one_column_is_a_list_of_its_lines() -> None:
    assert texts(parse_bytes(b"Brisecombe\nVieilmont\n", "a.csv"), "paragraph") == ["Brisecombe", "Vieilmont"]


def test_plain_text_has_its_paragraphs_lists_and_headings() -> None:
    text = "NOTE DE SERVICE\r\n\r\nLe pôle\r\nferme à 17 h.\r\n\r\nDélais\r\n------\r\n- un jour ;\r\n- deux jours.\r\n"
    assert parse_bytes(text.encode("cp1252"), "note.txt").blocks == (
        Block("heading", "NOTE DE SERVICE", level=1),
        Block("paragraph", "Le pôle ferme à 17 h."),
        Block("heading", "Délais", level=2),
        Block("list_item", "un jour ;"),
        Block("list_item", "deux jours."),
    )


def test_markdown_front_matter_gives_title_and_date() -> None:
    parsed = parse_bytes(b"---\ntitle: Accueil\ndate: 2026-01-05\n---\nDu texte.\n", "a.md")
    assert parsed == ParsedFile("Accueil", (Block("paragraph", "Du texte."),), date(2026, 1, 5))


def test_xml_gives_its_records_and_its_mixed_text() -> None:
    xml = "<o><session><lieu>Brisecombe</lieu><places>8</places></session><p>Un <b>texte</b> mêlé.</p></o>"
    assert whole_text(parse_bytes(xml.encode(), "a.xml")) == "lieu : Brisecombe ; places : 8\nUn texte mêlé."


def test_an_email_gives_subject_envelope_day_and_attachment() -> None:
    parsed = sample("NS-2026-07 *.eml")
    assert parsed.title == "NS-2026-07 - Plafonds d'utilisation du CPF : ce qui change pour nous"
    assert parsed.dated == date(2026, 3, 3)
    assert parsed.blocks[1].text.startswith("De : Pôle Bilans")
    assert (1, "Pièce jointe : memo-plafonds-cpf.md") in headings(parsed)
    assert (2, "Mémo : plafonds d'utilisation des droits CPF") in headings(parsed)


def test_an_attachment_that_cannot_be_read_is_named_and_the_message_kept() -> None:
    mail = (
        b"From: a@b.example\r\nSubject: Essai\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=X\r\n\r\n"
        b"--X\r\nContent-Type: text/plain\r\n\r\nBonjour.\r\n"
        b'--X\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
        b"\r\nnon\r\n--X--\r\n"
    )
    parsed = parse_bytes(mail, "m.eml")
    assert "Bonjour." in texts(parsed, "paragraph")
    assert parsed.blocks[-1].text.startswith(
        "Pièce jointe non lue : le contenu n'est pas celui d'un fichier PDF"
    )


def test_a_message_in_an_unknown_encoding_is_guessed() -> None:
    mail = b"Subject: Essai\r\nContent-Type: text/plain; charset=inconnu\r\n\r\nD\xe9lai d'un jour.\r\n"
    assert "Délai d'un jour." in texts(parse_bytes(mail, "m.eml"), "paragraph")


def test_messages_attached_to_messages_are_read_to_the_second_level() -> None:
    mail = b"Subject: niveau 3\r\n\r\nTexte du niveau 3.\r\n"
    for level in (2, 1, 0):
        mail = (
            (
                f"Subject: niveau {level}\r\nMIME-Version: 1.0\r\n"
                f"Content-Type: multipart/mixed; boundary=B{level}\r\n\r\n"
                f"--B{level}\r\nContent-Type: text/plain\r\n\r\nTexte du niveau {level}.\r\n"
                f"--B{level}\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"
            ).encode()
            + mail
            + f"\r\n--B{level}--\r\n".encode()
        )
    text = whole_text(parse_bytes(mail, "m.eml"))
    assert "Texte du niveau 2." in text
    assert "Texte du niveau 3." not in text


def test_pipes_in_cells_are_escaped_and_empty_columns_go() -> None:
    assert (
        markdown_table([["a|b", "", "c"], ["1", "", "2"], ["", "", ""]])
        == "| a\\|b | c |\n| --- | --- |\n| 1 | 2 |"
    )
