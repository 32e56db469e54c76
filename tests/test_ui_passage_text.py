"""A passage's text as HTML: its layout kept, its quotes marked, its markup harmless."""

from hypothesis import given
from hypothesis import strategies as st

from tests.reading_html import TagCollector, marked
from ui.passage_text import passage_html


def test_a_quote_is_marked_at_its_offsets_and_nowhere_else() -> None:
    assert passage_html("Trois ans, puis trois ans.", [(16, 25)]) == (
        "<p>Trois ans, puis <mark>trois ans</mark>.</p>"
    )


def test_offsets_count_characters_not_escaped_entities() -> None:
    text = "R&D <b> l’œuvre 🜂 citée"
    start = text.index("citée")

    assert marked(passage_html(text, [(start, start + 5)])) == ["citée"]


def test_overlapping_quotes_are_joined_and_those_outside_the_text_are_cut() -> None:
    assert passage_html("abcdef", [(1, 3), (2, 4), (5, 99), (40, 50), (3, 3)]) == (
        "<p>a<mark>bcd</mark>e<mark>f</mark></p>"
    )


def test_a_quote_over_several_lines_is_marked_in_each() -> None:
    assert passage_html("un deux\ntrois quatre", [(3, 13)]) == (
        "<p>un <mark>deux</mark></p><p><mark>trois</mark> quatre</p>"
    )


def test_list_items_lose_their_bullet_and_keep_their_marks() -> None:
    assert passage_html("Pièces :\n- le CV\n- l’accord", [(9, 16)]) == (
        "<p>Pièces :</p><ul><li><mark>le CV</mark></li><li>l’accord</li></ul>"
    )


def test_a_markdown_table_becomes_a_table_with_its_head_and_its_marks() -> None:
    text = "| Pièce | Durée |\n|---|:---:|\n| A \\| B | trois ans |"
    start = text.index("trois ans")

    html = passage_html(text, [(start, start + 9)])

    assert "<thead><tr><th>Pièce</th><th>Durée</th></tr></thead>" in html
    assert "<tbody><tr><td>A | B</td><td><mark>trois ans</mark></td></tr></tbody>" in html


def test_an_empty_cell_keeps_its_column() -> None:
    assert "<td>a</td><td></td><td>c</td>" in passage_html("| x | y | z |\n| a | | c |")


@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80),
    quotes=st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=5),
)
def test_no_text_can_bring_a_tag_of_its_own(text: str, quotes: list[tuple[int, int]]) -> None:
    parsed = TagCollector(passage_html(text, quotes))

    ours = {"p", "mark", "ul", "li", "div", "table", "thead", "tbody", "tr", "th", "td"}
    assert parsed.tags <= ours
    assert parsed.attributes <= {"class"}


@given(st.text(st.sampled_from("ab <>&é\"'"), max_size=60), st.data())
def test_the_marked_characters_are_those_of_the_quote(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    expected = text[start:end] if text.strip() else ""
    assert "".join(marked(passage_html(text, [(start, end)]))) == expected
