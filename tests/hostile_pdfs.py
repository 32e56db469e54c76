"""Small PDFs that cost their reader much: written by hand, since no library agrees to write them."""

import zlib

_FONT = b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
_TEXT = b"BT /F 12 Tf 50 700 Td (Bonjour a tous les conseillers) Tj ET\n"


def assembled(objects: list[bytes]) -> bytes:
    """Write a PDF from its objects, the first being the catalogue."""
    body, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%sendobj\n" % (number, content)
    size = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n" % size + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    return bytes(body) + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(body))


def empty_pages(count: int) -> bytes:
    """Many pages with nothing on them."""
    kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
    pages = [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * count
    return assembled(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids), *pages]
    )


def compressed_page(megabytes: int) -> bytes:
    """One page whose drawing, a few kilobytes in the file, takes `megabytes` once expanded, and more once read."""
    return _one_page(_stream(_TEXT + b"0 0 1 1 re f\n" * (megabytes * 1024 * 1024 // 13)), b"")


def nested_forms(levels: int, times: int) -> bytes:
    """One page that draws a form, which draws the next one `times` times, and so on."""
    forms = []
    for level in range(levels):
        last = level == levels - 1
        inner = b"/XObject<</X %d 0 R>>" % (6 + level)
        head = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<<%s>>" % (b"" if last else inner)
        forms.append(_stream(b"0 0 1 1 re f" if last else b"/X Do " * times, head))
    return _one_page(_stream(_TEXT + b"/X Do"), b"/XObject<</X 5 0 R>>", *forms)


def _one_page(content: bytes, resources: bytes, *others: bytes) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<%s%s>>>>"
    catalogue = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>"]
    return assembled([*catalogue, page % (_FONT, resources), content, *others])


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    packed = zlib.compress(content, 9)
    head = b"<</Length %d/Filter/FlateDecode%s>>stream\n" % (len(packed), entries)
    return head + packed + b"\nendstream "
