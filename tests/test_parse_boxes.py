"""Word and OpenDocument texts: boxes follow their paragraph, lists go on counting, merged cells are repeated."""

import zipfile
from io import BytesIO

import docx
import pytest
from docx.oxml import parse_xml

from ingest.documents import Block
from ingest.parse import parse_bytes

NAMES = " ".join(
    f'xmlns:{prefix}="{name}"'
    for prefix, name in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "v": "urn:schemas-microsoft-com:vml",
    }.items()
)


def paragraphs(*texts: str) -> str:
    return "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in texts)


def old_box(inner: str) -> str:
    return (
        f"<w:pict><v:shape><v:textbox><w:txbxContent>{inner}</w:txbxContent></v:textbox></v:shape></w:pict>"
    )


def box(inner: str) -> str:
    """A text box as Word writes it: for itself, then for its versions before 2010."""
    return (
        "<mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wp:anchor><wps:wsp><wps:txbx><w:txbxContent>"
        f"{inner}</w:txbxContent></wps:txbx></wps:wsp></wp:anchor></w:drawing></mc:Choice><mc:Fallback>"
        f"{old_box(inner)}</mc:Fallback></mc:AlternateContent>"
    )


def run(*boxes: str) -> "docx.oxml.xmlchemy.BaseOxmlElement":
    return parse_xml(f"<w:r {NAMES}>{''.join(boxes)}</w:r>")


def word_texts(document: "docx.document.Document") -> list[tuple[str, str]]:
    document.save(buffer := BytesIO())
    return [(block.kind, block.text) for block in parse_bytes(buffer.getvalue(), "a.docx").blocks]


def test_word_boxes_follow_the_paragraph_they_are_anchored_in() -> None:
    word = docx.Document()
    word.add_heading("Accueil", 1)._p.append(run(box(paragraphs("Dans un titre."))))
    word.add_paragraph("Le texte.")._p.append(run(box(paragraphs("Un.", "Deux.")), box(paragraphs("Trois."))))
    word.add_paragraph()._p.append(run(old_box(paragraphs("Seul."))))
    word.add_paragraph("Fin.")
    assert word_texts(word) == [
        ("heading", "Accueil"),
        *(
            ("paragraph", text)
            for text in ("Dans un titre.", "Le texte.", "Un.", "Deux.", "Trois.", "Seul.", "Fin.")
        ),
    ]


def test_a_table_and_a_box_within_a_word_box_are_read() -> None:
    cells = "".join(f"<w:tc>{paragraphs(text)}</w:tc>" for text in ("Lieu", "Jour"))
    table = f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid><w:tr>{cells}</w:tr></w:tbl>"
    inner = f"<w:p><w:r><w:t>Dehors.</w:t></w:r><w:r>{old_box(paragraphs('Dedans.'))}</w:r></w:p>"
    word = docx.Document()
    word.add_paragraph("Le texte.")._p.append(run(box(table + inner)))
    assert word_texts(word) == [
        ("paragraph", "Le texte."),
        ("table", "| Lieu | Jour |\n| --- | --- |"),
        ("paragraph", "Dehors."),
        ("paragraph", "Dedans."),
    ]


def test_a_word_box_in_a_cell_is_read_in_that_cell() -> None:
    word = docx.Document()
    table = word.add_table(1, 2)
    table.cell(0, 0).paragraphs[0].add_run("Lieu")._r.addnext(run(box(paragraphs("Brest"))))
    table.cell(0, 1).text = "Jour"
    assert word_texts(word) == [("table", "| Lieu Brest | Jour |\n| --- | --- |")]


def test_a_word_box_that_was_deleted_is_left_out() -> None:
    word = docx.Document()
    deleted = parse_xml(f"<w:del {NAMES}><w:r>{box(paragraphs('Périmé.'))}</w:r></w:del>")
    word.add_paragraph("Le texte.")._p.append(deleted)
    assert word_texts(word) == [("paragraph", "Le texte.")]


ODT_NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        *((name, name) for name in ("office", "text", "table", "style")),
        ("draw", "drawing"),
    )
)


def list_style(name: str, start: str = "") -> str:
    level = f"<text:list-level-style-number text:level='1' {start}/>"
    return f"<text:list-style style:name='{name}'>{level}</text:list-style>"


def odt(body: str) -> tuple[Block, ...]:
    both = list_style("L1") + list_style("L2", "text:start-value='5'")
    styles = f"<office:automatic-styles>{both}</office:automatic-styles>"
    with zipfile.ZipFile(buffer := BytesIO(), "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {ODT_NAMES}>{styles}<office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>",
        )
        archive.writestr(
            "styles.xml",
            f"<office:document-styles {ODT_NAMES}>{list_style('WWNum1')}</office:document-styles>",
        )
    return parse_bytes(buffer.getvalue(), "a.odt").blocks


def items(attributes: str, *texts: str) -> str:
    inner = "".join(f"<text:list-item><text:p>{text}</text:p></text:list-item>" for text in texts)
    return f"<text:list {attributes}>{inner}</text:list>"


@pytest.mark.parametrize(
    ("attributes", "mark"),
    [
        ("text:style-name='L1' text:continue-numbering='true'", "3. "),
        ("text:style-name='L1' text:continue-list='debut'", "3. "),
        ("text:style-name='L1'", "1. "),
        ("text:style-name='L2'", "5. "),
        ("text:style-name='L2' text:continue-numbering='true'", "5. "),
        ("text:style-name='WWNum1'", "1. "),
        ("text:style-name='puces'", ""),
    ],
)
def test_an_odt_list_begins_where_it_says(attributes: str, mark: str) -> None:
    first = items("text:style-name='L1' xml:id='debut'", "Accueillir", "Écouter")
    remark = "<text:p>Remarque.</text:p>"
    assert odt(first + remark + items(attributes, "Orienter"))[-1].text == f"{mark}Orienter"


def test_an_odt_item_may_have_a_number_of_its_own_and_the_header_of_a_list_has_none() -> None:
    body = (
        "<text:list text:style-name='L1'><text:list-header><text:p>Étapes</text:p></text:list-header>"
        "<text:list-item text:start-value='4'><text:p>Noter</text:p></text:list-item>"
        "<text:list-item><text:p>Classer</text:p></text:list-item></text:list>"
    )
    assert [block.text for block in odt(body)] == ["Étapes", "4. Noter", "5. Classer"]


def test_an_odt_box_follows_its_paragraph_and_glues_no_words() -> None:
    inner = "<draw:text-box><text:p>Encadré un</text:p><text:p>Encadré deux</text:p></draw:text-box>"
    shape = "<draw:custom-shape><text:p>Une forme</text:p></draw:custom-shape>"
    blocks = odt(f"<text:p>Avant<draw:frame>{inner}</draw:frame>après{shape}</text:p><text:p>Fin.</text:p>")
    assert [block.text for block in blocks] == [
        "Avant après",
        "Encadré un",
        "Encadré deux",
        "Une forme",
        "Fin.",
    ]


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def test_odt_cells_that_span_rows_are_repeated_in_each() -> None:
    rows = [
        cell("Région") + cell("Lieu"),
        cell("Ouest", "table:number-rows-spanned='2'") + cell("Brest"),
        "<table:covered-table-cell/>" + cell("Nantes"),
        cell("") + cell("Nulle part"),
    ]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    [block] = odt(f"<table:table>{body}</table:table>")
    assert block.text.split("\n")[2:] == ["| Ouest | Brest |", "| Ouest | Nantes |", "|  | Nulle part |"]
