"""French law from open data: the codes (LEGI) and the labour ministry's practical sheets.

In: the JSON files of `@socialgouv/legi-data` and `@socialgouv/fiches-travail-data` (see `packages`).
Out: one `Document` an article or a sheet, linked to each other by document ids; and, for the evaluation, the
questions that the sheets' sections ask, with the articles that answer them.
"""

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ingest.documents import Block, Document, Kind, Status, Validity
from ingest.errors import UnreadableFile
from ingest.parse.tidy import tidy
from ingest.sources.markup import LinkOf, html_blocks, parse_fragment
from ingest.sources.sheet_section import (
    article_url,
    is_introduction,
    names_texts,
    section_blocks,
)

LABOUR_CODE = "code-du-travail"
"""The source that the questions of the sheets are judged on."""

Json = dict[str, Any]

_LEGIFRANCE = "https://www.legifrance.gouv.fr"
_FAR_FUTURE = 2200
"""Légifrance writes 2999 for "no end" and 2222 for "on a day that a decree will set"."""

_NUMBERED = re.compile(r"(?:LO|[LRDA])?\*?\d")
_NOTA = re.compile(r"^nota(?:\s*\(\d+\))?\s*:\s*", re.IGNORECASE)
_CITED_ARTICLE = re.compile(r"idArticle=((?:LEGI|JORF)ARTI\d+)")
_CITED_TEXT = re.compile(r"cidTexte=((?:LEGI|JORF)TEXT\d+)")


@dataclass(frozen=True, slots=True)
class SheetQuestion:
    """What a section of a sheet answers, and the articles it rests on.

    Args:
        question: the sheet's title, then the section's where it has one of its own.
        sheet_id: document id of the sheet.
        section: title of the section, of the first one where several ask the same.
        gold: document ids of the articles of the code du travail that the section cites.
    """

    question: str
    sheet_id: str
    section: str
    gold: frozenset[str]


def read_code(path: Path, source: str) -> Iterator[Document]:
    """Read a code, one document an article, in the code's order.

    Args:
        path: `LEGITEXT….json` of `@socialgouv/legi-data`: the articles in force on the day of the extraction, and
            other versions of them where the file has any (repealed since, or in force later).
        source: name of the source, the first part of the document ids.

    Raises:
        UnreadableFile: the file is missing or is not such a JSON.
    """
    with _reading(path):
        code = json.loads(path.read_bytes())
        articles = list(_articles(code, ()))
        extracted = _iso_day(code["data"].get("dateDebutVersion"))
        versions = _document_ids([article for article, _ in articles], source, extracted)
        for article, titles in articles:
            yield _article_document(article, titles, source, versions, extracted)


def read_sheets(path: Path, source: str, articles: Container[str] | None = None) -> Iterator[Document]:
    """Read the practical sheets, one document a sheet.

    Args:
        path: `fiches-travail.json` of `@socialgouv/fiches-travail-data`.
        source: name of the source, the first part of the document ids.
        articles: document ids of the articles at hand: a cited article that is not one of them (repealed since)
            becomes the address of its page. None takes them all for documents.

    Raises:
        UnreadableFile: the file is missing or is not such a JSON.
    """
    with _reading(path):
        for sheet in json.loads(path.read_bytes()):
            yield _sheet_document(sheet, source, articles)


def sheet_questions(
    path: Path, articles: Container[str], source: str = "fiches-travail"
) -> Iterator[SheetQuestion]:
    """Give the questions of the sheets' sections that cite an article of the code du travail.

    A list of texts asks the sheet's title alone. Sheets that ask the same thing (an employer's and an
    employee's of one title) ask it once, and their articles are put together.

    Args:
        path: `fiches-travail.json` of `@socialgouv/fiches-travail-data`.
        articles: document ids of the articles of the code; what a section cites besides is no gold.
        source: name of the sheets' source.

    Raises:
        UnreadableFile: the file is missing or is not such a JSON.
    """
    questions: dict[str, SheetQuestion] = {}
    with _reading(path):
        for sheet in json.loads(path.read_bytes()):
            for asked in _questions(sheet, source, articles):
                known = questions.setdefault(asked.question, asked)
                questions[asked.question] = replace(known, gold=known.gold | asked.gold)
    yield from questions.values()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"« {path} » est illisible : {error}.") from error
    except (LookupError, TypeError, AttributeError) as error:
        raise UnreadableFile(f"« {path} » n’a pas la forme attendue ({error!r}).") from error


def _articles(node: Json, titles: tuple[str, ...]) -> Iterator[tuple[Json, tuple[str, ...]]]:
    """Walk the code, and give each article with the titles above it, the code's own first."""
    if node["type"] == "article":
        yield node["data"], titles
        return
    inner = (*titles, tidy(node["data"]["title"]).rstrip(" ."))
    for child in node["children"]:
        yield from _articles(child, inner)


def _document_ids(articles: Sequence[Json], source: str, extracted: date | None) -> dict[str, str]:
    """Give the document of each known version of each article, by the version's id and by the article's.

    An article's id stands for the version in force on the day of the extraction; another version that the file
    has too is a document of its own.
    """
    held: dict[str, Json] = {}
    for article in articles:
        main = held.setdefault(article["cid"], article)
        if _holds(article, extracted) and not _holds(main, extracted):
            held[article["cid"]] = article
    known: dict[str, str] = {}
    for article in held.values():
        ids = (article["cid"], *(version["id"] for version in article["articleVersions"]))
        known |= dict.fromkeys(ids, f"{source}:{article['cid']}")
    for article in articles:
        version = "" if held[article["cid"]] is article else f"@{article['id']}"
        known[article["id"]] = f"{source}:{article['cid']}{version}"
    return known


def _holds(article: Json, day: date | None) -> bool:
    return day is None or _validity(article, day).holds_on(day)


def _article_document(
    article: Json,
    titles: tuple[str, ...],
    source: str,
    versions: Mapping[str, str],
    extracted: date | None,
) -> Document:
    number = tidy(article["num"])
    is_numbered = _NUMBERED.match(number) is not None
    code_name = titles[0][0].lower() + titles[0][1:]
    document_id = versions[article["id"]]

    def link_of(address: str) -> str | None:
        link = _article_link(address, versions)
        return None if link == document_id else link

    return Document(
        document_id=document_id,
        source=source,
        kind=Kind.LEGAL,
        # The code is named because a citation shows the title alone, and codes share numbers.
        title=f"{'Article ' if is_numbered else ''}{number} du {code_name}",
        blocks=(*html_blocks(parse_fragment(article["texteHtml"]), link_of), *_nota(article, link_of)),
        path=titles,
        url=article_url(article["id"]),
        number=number if is_numbered else None,
        validity=_validity(article, extracted),
    )


def _nota(article: Json, link_of: LinkOf) -> Iterator[Block]:
    blocks = html_blocks(parse_fragment(article["notaHtml"] or article["nota"] or ""), link_of)
    text = _NOTA.sub("", " ".join(block.text for block in blocks))
    if text:
        links = dict.fromkeys(link for block in blocks for link in block.links)
        yield Block("paragraph", f"Nota : {text}", links=tuple(links))


def _validity(article: Json, extracted: date | None) -> Validity:
    """Read the dates of a version and what its `etat` says of it.

    `ABROGE_DIFF` is a version whose end is known beforehand, `VIGUEUR_DIFF` one whose beginning was: both hold
    between their dates, which is all that the dates say. The one `MODIFIE` of the code du travail (R4451-39,
    until 30 June 2027) is the same thing: it ends after the extraction, so nothing has replaced it yet. Nine
    articles of the code de la sécurité sociale have no `etat` at all; their dates say that they are in force.
    """
    first = _utc_day(article["dateDebut"])
    end = _utc_day(article["dateFin"])
    last = None if end.year >= _FAR_FUTURE else end - timedelta(days=1)
    state = article["etat"] or "VIGUEUR"
    if state.startswith("VIGUEUR") or state.endswith("_DIFF"):
        status = Status.IN_FORCE
    elif state in ("MODIFIE", "TRANSFERE"):
        holds = extracted is not None and last is not None and last >= extracted
        status = Status.IN_FORCE if holds else Status.SUPERSEDED
    else:
        status = Status.REPEALED
    return Validity(first, last, status)


def _article_link(address: str, versions: Mapping[str, str]) -> str | None:
    """Tell what an address in an article cites: an article of this code, or the page of another text.

    Args:
        versions: document id by id of any version of an article: addresses name the version of their day.
    """
    if address.startswith("http"):
        return address
    text, article = _CITED_TEXT.search(address), _CITED_ARTICLE.search(address)
    if article is None:
        is_law = text is not None and text[1].startswith("JORF") and "idSectionTA" not in address
        return f"{_LEGIFRANCE}/jorf/id/{text[1]}" if is_law and text else None
    if article[1].startswith("JORF"):
        return f"{_LEGIFRANCE}/jorf/article_jo/{article[1]}"
    if text is not None and text[1].startswith("JORF"):
        return f"{_LEGIFRANCE}/loda/article_lc/{article[1]}"
    return versions.get(article[1]) or article_url(article[1])


def _utc_day(milliseconds: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).date()


def _iso_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _sheet_document(sheet: Json, source: str, articles: Container[str] | None) -> Document:
    blocks = html_blocks(parse_fragment(sheet["intro"]), lambda _: None)
    for section in sheet["sections"]:
        blocks += section_blocks(section, sheet["title"], articles)
    return Document(
        document_id=f"{source}:{sheet['pubId']}",
        source=source,
        kind=Kind.LEGAL,
        title=tidy(sheet["title"]),
        blocks=tuple(blocks),
        url=sheet["url"],
        dated=datetime.strptime(sheet["date"], "%d/%m/%Y").date(),
    )


def _questions(sheet: Json, source: str, articles: Container[str]) -> Iterator[SheetQuestion]:
    title = tidy(sheet["title"])
    for section in sheet["sections"]:
        blocks = section_blocks(section, title, articles)
        gold = frozenset(
            link for block in blocks for link in block.links if link.startswith(f"{LABOUR_CODE}:")
        )
        name = tidy(section["title"])
        if gold:
            is_whole_sheet = is_introduction(name, title) or names_texts(name)
            question = title if is_whole_sheet else f"{title} {name}"
            yield SheetQuestion(question, f"{source}:{sheet['pubId']}", name, gold)
