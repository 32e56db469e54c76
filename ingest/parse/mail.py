"""E-mails: the bytes of an EML go in; its subject as title, who wrote to whom, its text and attachments come out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import default
from email.utils import parsedate_to_datetime

from lxml.etree import ParserError

from ingest.documents import Block
from ingest.errors import UnreadableFile
from ingest.parse.html import parse_html_text
from ingest.parse.parsed import ParsedFile
from ingest.parse.text import text_blocks
from ingest.parse.tidy import decode_as, tidy

ParseAttachment = Callable[[bytes, str], ParsedFile]
_HEADERS = (("De", "From"), ("À", "To"), ("Copie", "Cc"), ("Date", "Date"))
_BODIES = ("text/plain", "text/html")
# What a message holds besides texts and documents. An encrypted body (`pkcs7-mime`) is named as unread.
_NEVER_READ = (
    "image/",
    "audio/",
    "video/",
    "message/delivery-status",
    "text/rfc822-headers",
    "text/enriched",
    "text/calendar",
    "text/vcard",
    "text/x-amp-html",
    "text/watch-html",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp",
)


def parse_mail(data: bytes, parse_attachment: ParseAttachment | None) -> ParsedFile:
    """Read a message.

    Args:
        data: the message as RFC 5322 bytes.
        parse_attachment: reads an attachment from its bytes and its name; None when messages are already
            nested too deep, and attachments are then only named.

    Raises:
        The errors of `email` on broken headers that `ingest.parse.failures` lists.
    """
    message = BytesParser(policy=default).parsebytes(data)
    subject = tidy(str(message["Subject"] or "")) or None
    title = [Block("heading", subject, level=1)] if subject else []
    text, attached = _read(message)
    blocks = (*title, *_envelope(message), *text, *_attachments(attached, parse_attachment))
    return ParsedFile(subject, blocks, _date(message))


def _date(message: EmailMessage) -> date | None:
    try:
        return parsedate_to_datetime(str(message["Date"])).date()
    except ValueError:
        return None


def _envelope(message: EmailMessage) -> Iterator[Block]:
    sent = {name: tidy(str(message[header] or "")) for name, header in _HEADERS}
    if day := _date(message):
        sent["Date"] = f"{day:%d/%m/%Y}"
    if text := " ; ".join(f"{name} : {value}" for name, value in sent.items() if value):
        yield Block("paragraph", text)


def _read(part: MIMEPart, wanted: bool = True) -> tuple[tuple[Block, ...], list[MIMEPart]]:
    """Walk the parts of a message: its text, wherever clients and mailing lists nest it, and its attachments.

    Of an alternative, the first version that is not blank is the text (the plainest); `wanted` is false for
    the others, whose attachments alone are taken.
    """
    if part.get_content_maintype() != "multipart" or not part.is_multipart():
        return (_body(part) if wanted else (), []) if _is_body(part) else ((), [part])
    alternative = part.get_content_type() == "multipart/alternative"
    text: tuple[Block, ...] = ()
    attached: list[MIMEPart] = []
    for inner in part.iter_parts():
        blocks, files = _read(inner, wanted and not (alternative and text))
        text += blocks
        attached += files
    return text, attached


def _is_body(part: MIMEPart) -> bool:
    if part.is_attachment() or part.get_filename():
        return False
    # A multipart whose boundary is nowhere is read as the text it is.
    return part.get_content_type() in _BODIES or part.get_content_maintype() == "multipart"


def _body(part: MIMEPart) -> tuple[Block, ...]:
    text = _text(part)
    if part.get_content_type() != "text/html":
        return text_blocks(text)
    try:
        return parse_html_text(text).blocks if tidy(text) else ()
    except ParserError:
        # Nothing but a comment.
        return ()


def _text(part: MIMEPart) -> str:
    content = part.get_payload(decode=True)
    charset = part.get_content_charset()
    if not isinstance(content, bytes):
        return str(part.get_payload())
    # A message that names no encoding, or US-ASCII with accents all the same, is guessed like any text file.
    return decode_as(content, None if charset == "us-ascii" else charset)


def _attachments(parts: Iterable[MIMEPart], parse: ParseAttachment | None) -> Iterator[Block]:
    for part in parts:
        if part.get_content_type().startswith(_NEVER_READ):
            continue
        name = tidy(part.get_filename() or "") or "sans nom"
        yield Block("heading", f"Pièce jointe : {name}", level=1)
        try:
            yield from _attached_blocks(part, name, parse)
        except UnreadableFile as error:
            yield Block("paragraph", f"Pièce jointe non lue : {error}")


def _attached_blocks(part: MIMEPart, name: str, parse: ParseAttachment | None) -> Iterator[Block]:
    if parse is None:
        raise UnreadableFile("elle se trouve dans un message joint à un autre message joint")
    for block in parse(_content(part), _named(part, name)).blocks:
        yield replace(block, level=block.level + 1) if block.kind == "heading" else block


def _content(part: MIMEPart) -> bytes:
    if part.get_content_type() == "message/rfc822":
        attached = part.get_payload(0)
        return attached.as_bytes() if isinstance(attached, EmailMessage) else b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _named(part: MIMEPart, name: str) -> str:
    """A forwarded message often has no file name of its own: its type tells how to read it."""
    return (
        f"{name}.eml" if part.get_content_type() == "message/rfc822" and not name.endswith(".eml") else name
    )
