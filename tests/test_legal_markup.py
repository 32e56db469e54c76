"""HTML of the law's files: from tags to blocks."""

from ingest.documents import Block
from ingest.sources.markup import html_blocks, parse_fragment


def blocks_of(markup: str) -> list[Block]:
    return html_blocks(parse_fragment(markup), lambda address: address or None)


def test_paragraphs_end_at_line_breaks_and_blanks_are_tidied() -> None:
    texts = [
        block.text for block in blocks_of("a\r\n b<br/><br/>c&nbsp;:<p></p><div>d<p>e</p>f</div><!-- x -->")
    ]
    assert texts == ["a b", "c :", "d", "e", "f"]


def test_a_list_item_is_one_block_and_its_own_list_another() -> None:
    blocks = blocks_of("<ul><li><p>un</p><p>deux<br>trois</p><ul><li>quatre</li></ul></li></ul>cinq")
    assert [(block.kind, block.text) for block in blocks] == [
        ("list_item", "un deux trois"),
        ("list_item", "quatre"),
        ("paragraph", "cinq"),
    ]


def test_headings_keep_their_depth_below_the_page_title() -> None:
    blocks = blocks_of("<h2>A</h2><h3><strong>B</strong><br>b</h3><h4>C</h4>")
    assert [(block.text, block.level) for block in blocks] == [("A", 1), ("B b", 2), ("C", 3)]


def test_a_table_becomes_markdown_with_the_cells_that_span_rows_put_back() -> None:
    (table,) = blocks_of(
        "<table><tr><th>Effectif</th><th colspan=2>Durée</th></tr>"
        "<tr><td rowspan=2>11 à 49</td><td>CDI</td><td>1 <a href='u'>an</a></td></tr>"
        "<tr><td>CDD</td><td>a|b</td></tr></table>"
    )
    assert table.kind == "table"
    assert table.links == ("u",)
    assert table.text.split("\n") == [
        "| Effectif | Durée |  |",
        "| --- | --- | --- |",
        "| 11 à 49 | CDI | 1 an |",
        "| 11 à 49 | CDD | a\\|b |",
    ]
