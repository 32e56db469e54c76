"""XML of no known vocabulary: the bytes of a file go in, its records and its running text come out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from ingest.documents import Block
from ingest.parse.parsed import ParsedFile
from ingest.parse.tidy import record, tidy

_MAX_DEPTH = 4
_MAX_FIELDS = 60
# Attributes that say how to show or to link a text, not what it is.
_UNREAD = frozenset(
    "id uuid guid idref ref class style type lang space href src rel target width height align rend version"
    " encoding colspan rowspan valign bgcolor color font font-size font-family indent justify hidden fill stroke"
    " viewbox role".split()
)
_Field = tuple[str, str]


def parse_xml(data: bytes) -> ParsedFile:
    """Read the text of an XML file: an element of fields is a record, mixed text is a paragraph.

    Fields are attributes and elements of bare text. A record may hold others (the place of a session), whose
    fields then begin with its name, but not a list of them: each of these is a record of its own.

    Raises:
        xml.etree.ElementTree.ParseError: not well-formed.
        defusedxml.DefusedXmlException: entities, internal or external: nothing is ever expanded.
    """
    blocks: list[Block] = []
    waiting: list[tuple[Element | str, bool]] = [(fromstring(data), False)]
    while waiting:
        item, is_row = waiting.pop()
        if isinstance(item, str):
            blocks.append(Block("paragraph", item))
        elif text := _whole(item, is_row):
            blocks.append(Block("paragraph", text))
        else:
            rows = _rows(item)
            waiting.extend((part, part in rows) for part in reversed(list(_parts(item))))
    return ParsedFile(None, tuple(blocks))


def _rows(element: Element) -> set[Element | str]:
    """The rows of a table: elements of one name that hold nothing but bare texts, attributes on them or not."""
    counts = Counter(child.tag for child in element)
    return {child for child in element if counts[child.tag] > 1 and len(child) and all(map(_is_cell, child))}


def _is_cell(element: Element) -> bool:
    return len(element) == 0 and (bool(tidy(element.text or "")) or not any(_attributes(element)))


def _whole(element: Element, is_row: bool) -> str:
    """The text of an element that is read as a whole; empty when its parts are to be read one by one."""
    if _is_text(element):
        return _write([*_attributes(element), ("", _text(element))])
    is_record = (
        is_row or any(_attributes(element)) or any(_is_field(child) and _text(child) for child in element)
    )
    return _write(_record(element, is_row)) if is_record else ""


def _parts(element: Element) -> Iterator[Element | str]:
    """The records within an element, and between them the fields of its own."""
    if text := _write(_attributes(element)):
        yield text
    for together, children in groupby(element, _is_field):
        if not together:
            yield from children
        elif text := _write(field for child in children for field in _fields_of(child, (_name(child.tag),))):
            yield text


def _record(element: Element, is_row: bool) -> list[_Field]:
    """The fields of an element and of those inside it; none when it holds a list of records or is too large."""
    fields = [*_attributes(element)]
    waiting: list[tuple[Element, tuple[str, ...]]] = [(element, ())]
    while waiting:
        inner, path = waiting.pop()
        if inner is not element:
            path = (*path, _name(inner.tag))
            fields.extend(_fields_of(inner, path))
        if not _is_text(inner):
            waiting.extend((child, path) for child in reversed(inner))
            if (_has_list(inner) and not is_row) or len(path) > _MAX_DEPTH:
                return []
        if len(fields) > _MAX_FIELDS:
            return []
    return fields


def _has_list(element: Element) -> bool:
    tags = [child.tag for child in element if not _is_field(child)]
    return len(tags) > len(set(tags))


def _is_field(element: Element) -> bool:
    return len(element) == 0 and not any(_attributes(element))


def _is_text(element: Element) -> bool:
    """Tell text, bare or mixed with elements, from an element of elements."""
    return len(element) == 0 or any(map(tidy, (element.text or "", *(child.tail or "" for child in element))))


def _fields_of(element: Element, path: tuple[str, ...]) -> Iterator[_Field]:
    if _is_text(element):
        yield " ".join(path), _text(element)
    for attribute, value in _attributes(element):
        yield " ".join((*path, attribute)), value


def _attributes(element: Element) -> Iterator[_Field]:
    """The attributes that say something; those of mixed text are about how it looks."""
    if len(element) and _is_text(element):
        return
    for name, value in element.attrib.items():
        # Those of another vocabulary (`xsi:`, `xml:`) are for programs.
        is_unread = name.startswith("{") or len(name) == 1 or name.lower() in _UNREAD
        if not is_unread and tidy(value):
            yield _name(name), value


def _write(fields: Iterable[_Field]) -> str:
    pairs = list(fields)
    return record([name for name, _ in pairs], [value for _, value in pairs])


def _text(element: Element) -> str:
    return tidy(" ".join(element.itertext()))


def _name(name: str) -> str:
    return name.rpartition("}")[2].replace("_", " ").replace("-", " ")
