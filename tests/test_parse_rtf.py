"""RTF as Word, LibreOffice, WordPad and business software write it: accents, headings, lists, tables, links."""

import pytest

from ingest.documents import Block
from ingest.parse import ParsedFile, parse_bytes

HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}}{\colortbl;\red0\green0\blue0;}"
    r"{\stylesheet{\s0 Normal;}{\s1\sbasedon0 heading 1;}{\s2\outlinelevel1 Titre maison;}{\s3 toc 1;}"
    r"{\*\cs4 Lien;}}{\info{\title Fiche d'accueil}{\author M. Untel}{\creatim\yr2025}}"
)


def rtf(body: str, head: str = HEAD) -> ParsedFile:
    return parse_bytes(f"{head}{body}}}".encode("latin-1"), "a.rtf")


def test_headings_come_from_styles_and_outline_levels() -> None:
    body = r"\pard\s1 Accueil\par\pard\s2 Horaires\par\pard Ouvert.\par\pard\outlinelevel2 Le soir\par"
    assert rtf(body) == ParsedFile(
        "Accueil",
        (
            Block("heading", "Accueil", level=1),
            Block("heading", "Horaires", level=2),
            Block("paragraph", "Ouvert."),
            Block("heading", "Le soir", level=3),
        ),
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"d\'e9lai d\rquote un \'9cuvre", "délai d’un œuvre"),
        (r"\u233?t\u233\'e9 \u8364 E", "été €"),
        (r"{\uc0\u233}t{\uc2\u233xy}!", "été!"),
        (r"\u-10179?\u-8704?", "😀"),
        ("d\xe9lai", "délai"),
        (r"17\~h\emdash fin \{ici\} a\\b rendez\_vous acc\-ueil", r"17 h—fin {ici} a\b rendez-vous accueil"),
        ("coupé\r\nen ligne", "coupéen ligne"),
    ],
)
def test_accents_and_signs_are_those_that_were_typed(written: str, read: str) -> None:
    assert rtf(rf"\pard {written}\par").blocks == (Block("paragraph", read),)


def test_the_code_page_of_the_file_is_used() -> None:
    mac = r"{\rtf1\mac\pard d\'8elai\par"
    assert rtf("", head=mac).blocks == (Block("paragraph", "délai"),)


def test_tables_become_markdown_rows() -> None:
    body = (
        r"\pard Voici :\par\trowd\pard\intbl Action\cell Dur\'e9e\cell\row"
        r"\trowd\pard\intbl Bilan\par de comp\'e9tences\cell 24 h\cell\row\pard Fin.\par"
    )
    assert rtf(body).blocks == (
        Block("paragraph", "Voici :"),
        Block("table", "| Action | Durée |\n| --- | --- |\n| Bilan de compétences | 24 h |"),
        Block("paragraph", "Fin."),
    )


def test_lists_keep_their_numbers_and_lose_their_bullets() -> None:
    body = (
        r"\pard{\listtext\pard\plain 1.\tab}Appeler\par\pard{\listtext 2.\tab}Noter\par"
        r"\pard{\pntext\f1\'b7\tab}{\*\pn\pnlvlblt{\pntxtb\'b7}}un badge\par\pard\bullet\tab une clé\par"
    )
    assert [(block.kind, block.text) for block in rtf(body).blocks] == [
        ("list_item", "1. Appeler"),
        ("list_item", "2. Noter"),
        ("list_item", "un badge"),
        ("list_item", "une clé"),
    ]


def test_links_lead_to_pages_only() -> None:
    body = "".join(
        rf'{{\field{{\*\fldinst{{HYPERLINK "{target}"}}}}{{\fldrslt {{\ul mot}} }}}}'
        for target in ("https://exemple.fr/a", "javascript:alert(1)")
    )
    assert rtf(rf"\pard Lire {body}\par").blocks == (
        Block("paragraph", "Lire mot mot", links=("https://exemple.fr/a",)),
    )


def test_what_is_not_the_text_is_left_out() -> None:
    body = (
        r"{\header En-t\'eate\par}{\footer Page 1\par}\pard\s3 Accueil\tab 3\par\pard Un{\v  ordre cach\'e9}"
        r"{\footnote note} texte{\deleted  ancien}.{\pict\pngblip 89504e470d0a}{\*\inconnu perdu}"
        r"{\object{\*\objdata 0105}{\result vu}}\bin4 {}{}\par"
    )
    assert [block.text for block in rtf(body).blocks] == ["Un texte.vu"]


def test_the_title_of_the_file_serves_where_it_has_no_heading() -> None:
    assert rtf(r"\pard Bonjour.\par").title == "Fiche d'accueil"


def test_a_text_box_is_read_once() -> None:
    body = (
        r"{\shp{\*\shpinst{\sp{\sn fFlipH}{\sv 0}}{\shptxt\pard Encadré.\par}}{\shprslt{\pard Encadré.\par}}}"
    )
    assert [block.text for block in rtf(body).blocks] == ["Encadré."]


def test_an_rtf_that_is_named_doc_is_read_as_one() -> None:
    data = rb"{\rtf1 Bonjour \'e0 tous.\par}"
    assert parse_bytes(data, "vieux.doc").blocks == (Block("paragraph", "Bonjour à tous."),)
