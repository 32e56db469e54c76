"""XML of no known vocabulary: the bytes of a file go in, its records and its running text come out."""

from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from ingest.documents import Block
from ingest.parse.parsed import ParsedFile
from ingest.parse.tidy import record, tidy


def parse_xml(data: bytes) -> ParsedFile:
    """Read the text of an XML file: an element whose children are all leaves is a record, mixed text a paragraph.

    Raises:
        xml.etree.ElementTree.ParseError: not well-formed.
        defusedxml.DefusedXmlException: entities, internal or external: nothing is ever expanded.
    """
    blocks: list[Block] = []
    waiting = [fromstring(data)]
    while waiting:
        element = waiting.pop()
        if text := _own_text(element):
            blocks.append(Block("paragraph", text))
        else:
            waiting.extend(reversed(element))
    return ParsedFile(None, tuple(blocks))


def _own_text(element: Element) -> str:
    """The text of an element that is read as a whole; empty when its children are to be read one by one."""
    children = list(element)
    if not children or any(
        tidy(text) for text in (element.text or "", *(child.tail or "" for child in children))
    ):
        return tidy(" ".join(element.itertext()))
    if all(len(child) == 0 for child in children):
        return record([_name(child) for child in children], [child.text or "" for child in children])
    return ""


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].replace("_", " ").replace("-", " ")
