"""Text formats: a `Source` goes in, the bytes of an intranet page, a Markdown file or an e-mail come out."""

import re
from datetime import UTC, datetime, time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from .source import Block, Heading, Items, Paragraph, Source, Table
from .text import plain, runs

ATTACHMENT_MARK = "\n<!-- pièce jointe -->\n"
PAGE = """<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<title>{title} | Intranet Cap Brisecombe</title>
<meta name="date" content="{day}">
<style>nav li {{ display: inline; margin-right: 1em }} footer {{ font-size: small }}</style>
</head>
<body>
<header><a href="/">Le Quai, l'intranet de Cap Brisecombe</a>
<form action="/recherche"><input name="q" placeholder="Rechercher un collègue, un document…"></form></header>
<nav><ul><li><a href="/agences">Nos agences</a></li><li><a href="/procedures">Procédures</a></li>\
<li><a href="/annuaire">Annuaire</a></li><li><a href="/menu">Menu de la semaine</a></li>\
<li><a href="/escale">Ouvrir Escale</a></li></ul></nav>
<main>
<h1>{title}</h1>
<p class="reference">{subtitle}</p>
{body}
</main>
<footer><p>Cap Brisecombe, 12 quai des Tanneurs, Brisecombe. Usage interne uniquement.</p>
<p><a href="/mentions">Mentions légales</a> | \
<a href="/accessibilite">Accessibilité : partiellement conforme</a> | \
<a href="#top">Haut de page</a></p></footer>
<script>window.dataLayer = window.dataLayer || [];</script>
</body>
</html>
"""


def render_html(source: Source) -> bytes:
    page = PAGE.format(
        title=escape(source.title, quote=False),
        day=source.meta["date"],
        subtitle=escape(source.subtitle, quote=False),
        body="\n".join(_html(block) for block in source.blocks),
    )
    return page.encode()


def _html(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{_inline(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{_inline(text)}</p>"
        case Items(ordered, items):
            tag = "ol" if ordered else "ul"
            return f"<{tag}>" + "".join(f"<li>{_inline(item)}</li>\n" for item in items) + f"</{tag}>"
        case Table(rows):
            lines = [_html_row(row, "td" if index else "th") for index, row in enumerate(rows)]
            return "<table>" + "\n".join(lines) + "</table>"


def _html_row(row: list[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{_inline(cell)}</{tag}>" for cell in row) + "</tr>"


def _inline(text: str) -> str:
    parts = ((escape(part, quote=False), bold) for part, bold in runs(text))
    return "".join(f"<strong>{part}</strong>" if bold else part for part, bold in parts)


def render_md(source: Source) -> bytes:
    return f"# {source.title}\n\n*{source.subtitle}*\n\n{source.body}".encode()


def render_eml(source: Source) -> bytes:
    """A plain-text message; what follows the attachment mark in the body is attached as a Markdown file."""
    body, _, attached = source.body.partition(ATTACHMENT_MARK)
    message = EmailMessage(policy=SMTP)
    for field in ("From", "To", "Subject"):
        message[field] = source.meta[field.lower()]
    message["Date"] = format_datetime(datetime.combine(source.day, time(9, 12), UTC))
    message["Message-ID"] = f"<{source.reference.lower()}@cap-brisecombe.example>"
    message.set_content(_mail_text(body), charset="utf-8", cte="quoted-printable")
    if attached:
        name = source.meta["attachment"]
        message.add_attachment(attached.strip() + "\n", subtype="markdown", filename=name)
        message.set_boundary(f"=_{source.reference}_=")
    return message.as_bytes()


def _mail_text(body: str) -> str:
    """Headings become plain lines, as people type them in a message."""
    return plain(re.sub(r"^#+ (.*)$", r"\1", body, flags=re.MULTILINE))
