"""Tables of contents of PDFs are not text: with dots or without, whatever follows them."""

from io import BytesIO

import pytest
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate
from reportlab.platypus.tableofcontents import TableOfContents

from ingest.parse import parse_bytes
from ingest.parse.pdf_contents import without_contents
from ingest.parse.pdf_lines import Line

STYLES = getSampleStyleSheet()
CHAPTERS = ["Horaires", "Rendez-vous", "Urgences", "Confidentialité", "Appels", "Accessibilité"]


class Guide(SimpleDocTemplate):
    def afterFlowable(self, flowable: object) -> None:  # noqa: N802  # reportlab's own name
        if isinstance(flowable, Paragraph) and flowable.style.name == "Heading1":
            self.notify("TOCEntry", (0, flowable.getPlainText(), self.page))


def guide(dots: int) -> bytes:
    story = [Paragraph("Sommaire", STYLES["Heading2"]), TableOfContents(dotsMinLevel=dots), PageBreak()]
    for chapter in CHAPTERS:
        story += [
            Paragraph(chapter, STYLES["Heading1"]),
            Paragraph("Le texte. " * 40, STYLES["Normal"]),
            PageBreak(),
        ]
    Guide(buffer := BytesIO()).multiBuild(story)
    return buffer.getvalue()


@pytest.mark.parametrize("dots", [0, -1])
def test_the_contents_of_a_pdf_are_left_out_and_its_chapters_kept(dots: int) -> None:
    blocks = parse_bytes(guide(dots), "a.pdf").blocks
    assert [block.text for block in blocks if block.kind == "heading"] == CHAPTERS
    assert {block.page for block in blocks} == set(range(2, 8))


def page(*texts: str) -> list[Line]:
    return [
        Line(text, 1, 10.0, False, (60, 100 + 14 * at, 500, 112 + 14 * at), 842)
        for at, text in enumerate(texts)
    ]


def kept(*texts: str) -> list[str]:
    [lines] = without_contents([page(*texts)])
    return [line.text for line in lines]


def test_what_follows_the_contents_on_their_page_is_kept() -> None:
    after = ("Ce guide s'applique", "à compter du 3 février 2025", "et remplace celui de", "mars 2019")
    assert kept(
        "Sommaire", "Accueil 1", "Un titre fort long qui", "prend deux lignes 4", "Appels 9", *after
    ) == [*after]


def test_entries_go_on_on_the_next_page() -> None:
    first = page("Table des matières", *(f"Chapitre {n} ........ {n}" for n in range(1, 30)))
    [_, lines] = without_contents([first, page("Annexe . . . . . . 30", "Le texte commence.")])
    assert [line.text for line in lines] == ["Le texte commence."]


@pytest.mark.parametrize(
    "texts",
    [
        ("Nom : .............. 12", "Le bureau est au"),
        ("Sommaire des décisions", "Vote du budget 12", "Report 13", "Clôture 14"),
        (
            "Sommaire",
            "Il n'y en a pas cette année, car le conseil",
            "ne s'est pas réuni en",
            "2024 ni en 2025",
        ),
    ],
)
def test_lines_that_only_look_like_contents_are_kept(texts: tuple[str, ...]) -> None:
    assert kept(*texts) == list(texts)
