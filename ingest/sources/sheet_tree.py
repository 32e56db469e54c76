"""A service-public.fr sheet, as the tree of its XML, turned into blocks.

In: nodes `{"type": "element", "name": …, "attributes": {…}, "children": […]}` and `{"type": "text", "text": …}`,
as the package of the sheets holds them. Out: `Block`s in reading order; chapters, situations and cases are its
headings. Glossaries, menus of related sheets and pictures are left out.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from ingest.documents import Block, BlockKind
from ingest.parse.tidy import markdown_table, tidy
from ingest.sources.markup import continue_spans, place_cell, span

Node = Mapping[str, Any]
SheetOf = Callable[[str, str], str | None]
"""Gives the document id of a sheet from its number and its audience, None when it is not at hand."""

REFERENCES = "Démarches et références"
"""Heading of what a sheet gives besides its text: online services, offices, texts it rests on."""

_SECTIONS = frozenset(("Chapitre", "SousChapitre", "Situation", "Cas", "SousDossier", "SousTheme"))
_REMARKS = frozenset(("Attention", "ASavoir", "ANoter", "Rappel", "Avertissement"))
_SERVICES = {"ServiceEnLigne": "Service en ligne ou formulaire", "OuSAdresser": "Où s’adresser"}
_BODY = frozenset(("Avertissement", "Introduction", "Texte", "ListeSituations"))
_MENU = frozenset(("SousDossier", "SousTheme", "Fiche", "Dossier"))
_UNREAD = frozenset(
    (
        "Condition",
        "Credits",
        "Illustration",
        "Image",
        "PivotLocal",
        "Resume",
        "Source",
        "Titre",
        "TitreAlternatif",
    )
)


def children(node: Node, name: str) -> Iterator[Node]:
    """Give the elements of that name right below a node."""
    return (child for child in node.get("children", ()) if child.get("name") == name)


def text_of(node: Node | None) -> str:
    """Give the text of a node and of all below it, on one line; "" for none."""
    return "" if node is None else tidy("".join(_texts(node)))


def first_text_of(node: Node, *names: str) -> str:
    """Give the text of the first element found by following `names` down from a node; "" when there is none."""
    found: Node | None = node
    for name in names:
        found = None if found is None else next(children(found, name), None)
    return text_of(found)


def sheet_blocks(root: Node, sheet_of: SheetOf) -> list[Block]:
    """Turn a sheet into blocks, none of them empty; one without any text gives its description alone."""
    writer = _Writer(first_text_of(root, "dc:title"), sheet_of)
    for names in (_BODY, _MENU):
        for child in root.get("children", ()):
            if child.get("name") in names:
                writer.write(child)
    if not writer.blocks and (description := first_text_of(root, "dc:description")):
        writer.blocks.append(Block("paragraph", description))
    further = list(_references(root))
    return [*writer.blocks, *([Block("heading", REFERENCES, 1), *further] if further else [])]


def _texts(node: Node) -> Iterator[str]:
    if node["type"] == "text":
        yield node["text"]
    for child in node.get("children", ()):
        if child.get("name") not in _UNREAD:
            yield from _texts(child)


class _Writer:
    """Gathers the blocks of a sheet's text.

    Args:
        title: of the sheet; it heads what comes back to the sheet itself after a section.
        sheet_of: gives what a link to another sheet cites.
    """

    def __init__(self, title: str, sheet_of: SheetOf) -> None:
        self.blocks: list[Block] = []
        self._title = title
        self._sheet_of = sheet_of
        self._above: tuple[str, ...] = ()
        self._written: tuple[str, ...] = ()
        self._remark = ""

    def write(self, node: Node) -> None:
        """Write an element and all below it."""
        name = node.get("name")
        if name in _SECTIONS:
            self._section(node)
        elif name in _REMARKS:
            self._remark = _title(node)
            self._write_children(node)
            self._remark = ""
        elif name in _SERVICES:
            self._service(node)
        elif name == "Paragraphe":
            self._add("paragraph", text_of(node), self._links(node))
        elif name in ("Item", "Fiche", "Dossier"):
            self._item(node)
        elif name == "Tableau":
            self._table(node)
        elif name not in _UNREAD and node["type"] == "element":
            self._write_children(node)

    def _write_children(self, node: Node) -> None:
        for child in node.get("children", ()):
            self.write(child)

    def _section(self, node: Node) -> None:
        outer = self._above
        if title := _title(node):
            self._above = (*outer, title)
        self._write_children(node)
        self._above = outer

    def _add(self, kind: BlockKind, text: str, links: tuple[str, ...] = ()) -> None:
        if text:
            self._write_headings()
            said = f"{self._remark} : {text}" if self._remark else text
            self.blocks.append(Block(kind, said, links=links))
            self._remark = ""

    def _write_headings(self) -> None:
        """Open the section of the next block; that of a text that goes on after its sub-sections is opened anew."""
        if self._above == self._written:
            return
        pairs = zip(self._above, self._written, strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        above = self._above or (self._title,)
        for depth in range(min(shared, len(above) - 1), len(above)):
            self.blocks.append(Block("heading", above[depth], depth + 1))
        self._written = self._above

    def _service(self, node: Node) -> None:
        if title := _title(node):
            self._add("paragraph", f"{_SERVICES[node['name']]} : {title}", _own_address(node))

    def _item(self, node: Node) -> None:
        """Write a list item as one block; the lists it holds follow it."""
        held = node.get("children", ())
        own = {**node, "children": [child for child in held if child.get("name") != "Liste"]}
        self._add("list_item", text_of(own) or _title(node), self._links(own))
        for inner in children(node, "Liste"):
            self.write(inner)

    def _table(self, node: Node) -> None:
        self._add("paragraph", _title(node))
        self._add("table", markdown_table(_rows(node)), self._links(node))

    def _links(self, node: Node) -> tuple[str, ...]:
        return tuple(dict.fromkeys(link for link in self._each_link(node) if link))

    def _each_link(self, node: Node) -> Iterator[str | None]:
        attributes = node.get("attributes", {})
        if node.get("name") == "LienExterne":
            yield _address(attributes.get("URL"))
        elif node.get("name") == "LienInterne":
            yield self._sheet_of(attributes.get("LienPublication", ""), attributes.get("audience", ""))
        for child in node.get("children", ()):
            yield from self._each_link(child)


def _title(node: Node) -> str:
    return first_text_of(node, "Titre")


def _address(url: str | None) -> str | None:
    return url if url and url.startswith(("https://", "http://")) else None


def _own_address(node: Node) -> tuple[str, ...]:
    address = _address(node.get("attributes", {}).get("URL"))
    return (address,) if address else ()


def _rows(table: Node) -> Iterator[list[str]]:
    spanning: dict[int, tuple[int, str]] = {}
    for line in children(table, "Rangée"):
        row: list[str] = []
        for cell in children(line, "Cellule"):
            continue_spans(row, spanning)
            text = " ".join(filter(None, map(text_of, cell.get("children", ()))))
            attributes = cell.get("attributes", {})
            place_cell(
                row,
                spanning,
                text,
                span(attributes.get("fusionHorizontale")),
                span(attributes.get("fusionVerticale")),
            )
        continue_spans(row, spanning)
        yield row


def _references(root: Node) -> Iterator[Block]:
    """Give a line for each form, service, office and text that a sheet names after its own text."""
    if cerfa := first_text_of(root, "NumeroCerfa"):
        yield Block("list_item", f"Formulaire Cerfa n° {cerfa}")
    for link in children(root, "LienWeb"):
        if links := _own_address(link):
            yield Block("list_item", f"Adresse : {links[0]}", links=links)
    for name, label in (*_SERVICES.items(), ("Reference", "Texte de référence")):
        for node in children(root, name):
            title, more = _title(node), first_text_of(node, "Complement")
            if title:
                text = f"{label} : {title}" + (f" ({more})" if more else "")
                yield Block("list_item", text, links=_own_address(node))
