"""A section of a practical sheet of the labour ministry: from its HTML and references to linked blocks.

In: a section of `fiches-travail.json` (title, html, references). Out: its heading and its text, each block with
the articles it names; nothing for a section that is only a menu or a video.

The file's `references` are only trusted where the section's own HTML names the article: they were drawn from
its `text`, which in 274 sections of 2,219 runs on to the end of the page, its list of texts included.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lxml.html import HtmlElement

from ingest.documents import Block
from ingest.parse.tidy import tidy
from ingest.sources.markup import html_blocks, parse_fragment
from ingest.text import ArticleMention, article_numbers, find_articles

CODE_SOURCES = {
    "LEGITEXT000006072050": "code-du-travail",
    "LEGITEXT000006073189": "code-securite-sociale",
}
"""The source that holds each code: sheets link to its documents."""

MENU_SHARE = 0.6
"""A section with a greater share of its characters in links to other pages is a menu."""

Json = dict[str, Any]

_SCAFFOLD = "Contenu"
"""Title of the one section of the sheets that the ministry's site keeps in one piece."""

_NOISE = (
    "fr-card",
    "fr-link__detail",
    "ondine-linked-pages",
    "ondine-links-list",
    "paragraph--type--insert-video",
    "youtube_player",
)
"""Classes of what is no text of the sheet: cards to other pages, sizes of files, lists of services, videos."""

_BOXES = ("fr-highlight", "fr-callout")
"""Classes of boxes: their title ("À savoir !") opens no section, since the text goes on after them."""

_VIDEO = re.compile(r"web[ -]série|en vidéo", re.IGNORECASE)
_VIDEO_LINK = re.compile(r"en savoir plus sur la web[ -]série", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"retranscription", re.IGNORECASE)
_CONTACTS = re.compile(r"qui contacter", re.IGNORECASE)
_TEXTS = re.compile(r"(?:textes? de référence|sources réglementaires|r[éè]glementation)\s*$", re.IGNORECASE)
_VERSION = re.compile(r"LEGIARTI\d{12}")
_RANGE = re.compile(
    r"\s*à\s+(?:l['’]article\s+)?(?:(?P<letter>LO|[LRDA])[\s.*]*)?(?P<number>\d{1,4}(?:-\d+)*)"
)

Place = tuple[str, tuple[int, ...]]
"""Where an article stands in its code: its letter, and the parts of its number."""


@dataclass(frozen=True, slots=True)
class _Citation:
    """An article that a section cites: its document (or page), its number, and the ids that addresses use."""

    link: str
    number: str
    ids: tuple[str, ...]


def article_url(article_id: str) -> str:
    """Give the page of an article of a code on Légifrance; `article_id` is that of a version, or a cid."""
    return f"https://www.legifrance.gouv.fr/codes/article_lc/{article_id}"


def is_introduction(section_title: str, sheet_title: str) -> bool:
    """Tell whether a section is the sheet's own text: its title repeats the sheet's, or is that of a video."""
    title = tidy(section_title)
    return title in (tidy(sheet_title), _SCAFFOLD) or _VIDEO.search(title) is not None


def names_texts(section_title: str) -> bool:
    """Tell whether a section only lists the texts that the sheet rests on."""
    return _TEXTS.match(section_title) is not None


def section_blocks(section: Json, sheet_title: str, articles: Container[str] | None) -> list[Block]:
    """Turn a section into blocks; none when it is a menu, a video or empty.

    An article that the section refers to is the link of each block that names it: by its address, its number or
    a range of numbers.

    Args:
        section: `title`, `html` and `references`, as in the file.
        sheet_title: title of the sheet: a section that repeats it has no heading.
        articles: document ids of the articles at hand, None for "all"; see `read_sheets`.
    """
    tree = parse_fragment(section["html"])
    _clean(tree)
    title = tidy(section["title"])
    if _is_menu(tree) and not (_CONTACTS.match(title) or names_texts(title)):
        return []
    citations = _citations(section, articles)
    by_id = {key: citation.link for citation in citations for key in citation.ids}

    def link_of(address: str) -> str | None:
        version = _VERSION.search(address)
        return by_id.get(version[0]) if version else None

    blocks = [block for block in html_blocks(tree, link_of) if not _VIDEO_LINK.match(block.text)]
    if all(block.kind == "heading" for block in blocks):
        return []
    if title and not is_introduction(title, sheet_title):
        blocks.insert(0, Block("heading", title, 1))
    return [replace(block, links=tuple(_links(block, citations))) for block in blocks]


def _clean(tree: HtmlElement) -> None:
    for name in _NOISE:
        for element in tree.find_class(name):
            element.drop_tree()
    for accordion in tree.find_class("fr-accordion"):
        if any(_TRANSCRIPT.search(button.text_content()) for button in accordion.iter("button")):
            accordion.drop_tree()
    for box in (element for name in _BOXES for element in tree.find_class(name)):
        for heading in box.iter("h2", "h3", "h4", "h5", "h6"):
            heading.tag = "p"


def _is_menu(tree: HtmlElement) -> bool:
    total = len(tidy(tree.text_content()))
    elsewhere = (link for link in tree.iter("a") if "legifrance" not in (link.get("href") or ""))
    return sum(len(tidy(link.text_content())) for link in elsewhere) > MENU_SHARE * total or not total


def _citations(section: Json, articles: Container[str] | None) -> list[_Citation]:
    return [
        _citation(CODE_SOURCES[code], reference, articles)
        for code, references in section["references"].items()
        if code in CODE_SOURCES
        for reference in references["articles"]
    ]


def _citation(code_source: str, reference: Json, articles: Container[str] | None) -> _Citation:
    cid = reference["cid"]
    document_id = f"{code_source}:{cid}"
    is_known = articles is None or document_id in articles
    number = next(iter(article_numbers(reference["fmt"])), reference["fmt"])
    return _Citation(document_id if is_known else article_url(cid), number, (cid, reference["id"]))


def _links(block: Block, citations: Sequence[_Citation]) -> Iterator[str]:
    mentions = find_articles(block.text)
    named = {mention.number for mention in mentions}
    ranges = [span for mention in mentions if (span := article_range(block.text, mention))]
    links = dict.fromkeys(block.links)
    for citation in citations:
        place = article_place(citation.number)
        if citation.number in named or any(first <= place <= last for first, last in ranges):
            links[citation.link] = None
    yield from links


def article_range(text: str, first: ArticleMention) -> tuple[Place, Place] | None:
    """Read the range that an article opens: "L. 1255-1 à L. 1255-12", "L. 1255-1 à 1255-12", "L. 1255-1 à 12"."""
    to = _RANGE.match(text, first.end)
    letter, begin = article_place(first.number)
    if to is None or to["letter"] not in (None, letter):
        return None
    end = _integers(to["number"])
    return (letter, begin), (letter, end if len(end) > 1 else (*begin[:-1], *end))


def article_place(number: str) -> Place:
    """Give the place of an article in its code: "L6323-17-1" is ("L", (6323, 17, 1)); places sort as the code does."""
    return re.sub(r"[^A-Z]", "", number), _integers(number)


def _integers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))
