"""Training sessions: LHEO 2.x XML and tables (XLSX, CSV) go in, `TrainingSession`s come out, one a session.

    read_lheo    XML  -> pull parser (entities refused, no DTD, no network) -> one <formation> at a time
    read_table   XLSX, CSV -> encoding and separator found -> header row found -> one row at a time
    to_markdown  a session -> the French text that is indexed and shown

A value that the source does not give stays empty ("" or None): nothing is made up. A session that cannot be
read (no title, a date that is none) is left out and its reason given to `on_error`; the others go on.
"""

import codecs
import csv
import hashlib
import html
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import ParseError

from lxml import etree
from openpyxl import load_workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException

from ingest.errors import UnreadableFile

Report = Callable[[str], None]
Row = Sequence[object]
RowReader = Callable[[], Iterator[Row]]

FRENCH_COLUMNS: Mapping[str, str] = {
    "title": "Intitulé",
    "provider": "Organisme",
    "place": "Ville",
    "region": "Région",
    "starts_on": "Début",
    "ends_on": "Fin",
    "duration_hours": "Durée (h)",
    "certification": "Certification",
    "certification_code": "Code RNCP/RS",
    "level": "Niveau",
    "cpf": "CPF",
    "objectives": "Objectifs",
    "programme": "Programme",
    "price_euros": "Prix",
    "mode": "Modalité",
    "contact": "Contact",
}
"""The headers a French catalogue usually has: field of `TrainingSession` -> header."""

_HEADER_ROWS = 50
_BROKEN_WORKBOOK = (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError, ParseError, EOFError, zlib.error)
_FEED_BYTES = 64 * 1024
_SEPARATORS = ";,\t|"
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_DATE_FORMATS = ("%Y%m%d", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y")
_UNKNOWN = frozenset(
    {"", "-", "–", "—", "nc", "n.c.", "n/c", "non communique", "a definir", "a preciser", "a venir"}
)
_LHEO_MODES = {"0": "présentiel", "1": "mixte", "2": "distance"}
_FORMER_LEVELS = {"v": 3, "iv": 4, "iii": 5, "ii": 6, "i": 7}
_REGIONS = {
    "01": "Guadeloupe", "02": "Martinique", "03": "Guyane", "04": "La Réunion", "06": "Mayotte",
    "11": "Île-de-France", "24": "Centre-Val de Loire", "27": "Bourgogne-Franche-Comté", "28": "Normandie",
    "32": "Hauts-de-France", "44": "Grand Est", "52": "Pays de la Loire", "53": "Bretagne",
    "75": "Nouvelle-Aquitaine", "76": "Occitanie", "84": "Auvergne-Rhône-Alpes",
    "93": "Provence-Alpes-Côte d'Azur", "94": "Corse",
}  # fmt: skip
_HTML_TAG = re.compile(r"</?(?:p|br|ul|ol|li|div|span|b|i|u|em|strong|h[1-6])\b[^<>]*>", re.IGNORECASE)
_HTML_ITEM = re.compile(r"<li\b[^<>]*>", re.IGNORECASE)
_HTML_BREAK = re.compile(r"</?(?:p|br|li|ul|ol|div|h[1-6])\b[^<>]*>", re.IGNORECASE)


class CatalogueError(UnreadableFile, ValueError):
    """The file as a whole is not a catalogue that can be read; the message says why, in French."""


class MissingColumnError(CatalogueError):
    """A column of the mapping is not in the file; the message names it."""


class _SessionError(ValueError):
    """One session has a value that cannot be read; the message says which, in French."""


@dataclass(frozen=True, slots=True)
class TrainingSession:
    """A training on given dates in a given place; "" and None are what the source does not say.

    Args:
        session_id: stable from one reading to the next: the source's own number, or a digest of what
            tells sessions apart (provider, title, start, place).
        level: of the certification, 3 to 8 (French framework).
        region: its name, also where the source gives a code.
        mode: "présentiel", "distance" or "mixte".
    """

    session_id: str
    title: str
    objectives: str = ""
    programme: str = ""
    prerequisites: str = ""
    audience: str = ""
    certification: str = ""
    certification_code: str = ""
    level: int | None = None
    provider: str = ""
    place: str = ""
    postal_code: str = ""
    region: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    duration_hours: float | None = None
    price_euros: float | None = None
    mode: str = ""
    cpf: bool | None = None
    contact: str = ""
    url: str = ""


# ---------------------------------------------------------------- LHEO


def read_lheo(path: Path, on_error: Report | None = None) -> Iterator[TrainingSession]:
    """Read the sessions of a LHEO 2.x file, whatever its namespace, holding one training at a time.

    Args:
        path: the XML file.
        on_error: called with the reason (in French) each time a session is left out.

    Raises:
        CatalogueError: not XML, not LHEO, or a file that declares entities.
    """
    report = on_error or _say_nothing
    yield from _without_duplicates(_lheo_sessions(path, report), report)


def _lheo_sessions(path: Path, report: Report) -> Iterator[TrainingSession]:
    for formation in _formations(path):
        for action in _children(formation, "action"):
            for session in _children(action, "session"):
                try:
                    yield _lheo_session(formation, action, session)
                except _SessionError as error:
                    number = session.get("numero") or "sans numéro"
                    report(f"« {_text(formation, 'intitule-formation')} », session {number} : {error}")


def _formations(path: Path) -> Iterator[etree._Element]:
    parser = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_FEED_BYTES):
                parser.feed(piece)
                yield from _closed_formations(parser, path)
        parser.close()
    except etree.XMLSyntaxError as error:
        if "amplification" in str(error.msg):
            raise _refused_entities(path) from error
        raise CatalogueError(f"{path.name} : XML illisible ({error.msg})") from error


def _closed_formations(parser: etree.XMLPullParser, path: Path) -> Iterator[etree._Element]:
    for event, element in parser.read_events():
        if not isinstance(element, etree._Element):
            continue
        if event == "start":
            if element.getparent() is None:
                _check_root(element, path)
        elif _name(element) == "formation":
            yield element
            _free(element)


def _check_root(root: etree._Element, path: Path) -> None:
    doctype = root.getroottree().docinfo.internalDTD
    # lxml-stubs does not know DTD.iterentities.
    if doctype is not None and any(True for _ in doctype.iterentities()):  # type: ignore[attr-defined]
        raise _refused_entities(path)
    if _name(root) not in ("lheo", "lheo-plus"):
        raise CatalogueError(f"{path.name} : ce n'est pas du LHEO (élément racine « {_name(root)} »)")


def _refused_entities(path: Path) -> CatalogueError:
    return CatalogueError(f"{path.name} : fichier refusé, il déclare des entités XML (DOCTYPE)")


def _free(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _lheo_session(
    formation: etree._Element, action: etree._Element, session: etree._Element
) -> TrainingSession:
    title = _text(formation, "intitule-formation")
    starts_on = _lheo_date(_text(session, "periode", "debut"))
    ends_on = _lheo_date(_text(session, "periode", "fin"))
    _check(title, starts_on, ends_on)
    address = _first(
        _find(action, "lieu-de-formation", "coordonnees", "adresse"),
        _find(session, "adresse-inscription", "adresse"),
    )
    provider, siret = _lheo_provider(formation)
    place = _text(address, "ville")
    certification, code = _lheo_certification(formation)
    number = "-".join(filter(None, (formation.get("numero"), session.get("numero"))))
    return TrainingSession(
        session_id=_session_id(
            siret or provider, number if session.get("numero") else "", title, starts_on, place
        ),
        title=title,
        objectives=_lheo_objectives(formation),
        programme=_text(formation, "contenu-formation"),
        prerequisites=_text(action, "conditions-specifiques"),
        audience=_text(action, "info-public-vise"),
        certification=certification,
        certification_code=code,
        level=_lheo_level(_text(formation, "code-niveau-sortie")),
        provider=provider,
        place=place,
        postal_code=_text(address, "codepostal"),
        region=_region(_text(address, "region")),
        starts_on=starts_on,
        ends_on=ends_on,
        duration_hours=_lheo_hours(action),
        price_euros=_price(_text(action, "prix-total-TTC") or _extra(action, "frais-ttc")),
        mode=_LHEO_MODES.get(_text(action, "modalites-enseignement"), ""),
        cpf=_yes_no(_first_text(_extra(level, "eligibilite-cpf") for level in (session, action, formation))),
        contact=_lheo_contact(formation, session),
        url=_text(action, "url-action", "urlweb") or _text(formation, "url-formation", "urlweb"),
    )


def _lheo_provider(formation: etree._Element) -> tuple[str, str]:
    """Give the provider's name and SIRET; some exports name it by its SIRET alone."""
    provider = _find(formation, "organisme-formation-responsable")
    siret = _text(provider, "SIRET-organisme-formation", "SIRET")
    name = _text(provider, "nom-organisme") or _text(provider, "raison-sociale")
    return name or (f"SIRET {siret}" if siret else ""), siret


def _lheo_certification(formation: etree._Element) -> tuple[str, str]:
    for certification in _children(formation, "certification"):
        title = _extra(certification, "intitule-certification")
        for prefix, element in (("RNCP", "code-RNCP"), ("RS", "code-RS")):
            if code := _text(certification, element):
                return title, code if code.upper().startswith(prefix) else f"{prefix}{code}"
    return "", ""


def _lheo_objectives(formation: etree._Element) -> str:
    objectives, results = _text(formation, "objectif-formation"), _text(formation, "resultats-attendus")
    return "\n".join(filter(None, (objectives, results and f"Résultats attendus : {results}")))


def _lheo_level(code: str) -> int | None:
    """Translate `dict-niveaux`: 4 to 8 are the former V to I, 11 to 18 (LHEO 2.3) the present 1 to 8."""
    number = int(code) if code.isascii() and code.isdigit() else 0
    if 4 <= number <= 8:
        return number - 1
    return number - 10 if 13 <= number <= 18 else None


def _lheo_hours(action: etree._Element) -> float | None:
    total = _hours(_text(action, "nombre-heures-total"))
    parts = [_hours(_text(action, name)) for name in ("nombre-heures-centre", "nombre-heures-entreprise")]
    return total or sum(part for part in parts if part) or _hours(_text(action, "duree-indicative"))


def _lheo_date(text: str) -> date | None:
    """Read AAAAMMJJ; a date unknown, or known to the month or the year only, gives None."""
    if text in ("", "00000000", "99999999") or (len(text) == 8 and text.endswith("00")):
        return None
    return _date(text)


def _lheo_contact(formation: etree._Element, session: etree._Element) -> str:
    provider = _find(formation, "organisme-formation-responsable")
    holders = (
        _find(session, "contact-session", "coordonnees"),
        _find(formation, "contact-formation", "coordonnees"),
        _find(provider, "contact-organisme", "coordonnees"),
        _find(provider, "coordonnees-organisme", "coordonnees"),
    )
    return _first_text(map(_coordinates, holders))


def _coordinates(element: etree._Element | None) -> str:
    person = " ".join(filter(None, (_text(element, "prenom"), _text(element, "nom"))))
    phone = _text(element, "telfixe", "numtel") or _text(element, "portable", "numtel")
    return ", ".join(filter(None, (person or _text(element, "ligne"), phone, _text(element, "courriel"))))


def _name(element: etree._Element) -> str:
    # A comment's tag is a function, not a text.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if _name(child) == name)


def _find(element: etree._Element | None, *names: str) -> etree._Element | None:
    for name in names:
        element = None if element is None else next(_children(element, name), None)
    return element


def _text(element: etree._Element | None, *names: str) -> str:
    found = _find(element, *names)
    return "" if found is None else _known("".join(map(str, found.itertext())))


def _extra(element: etree._Element, info: str) -> str:
    """Find `<extra info="...">` in the element's own extras, where LHEO keeps what it has no name for."""
    for extras in _children(element, "extras"):
        for extra in extras.iter("{*}extra"):
            if extra.get("info", "").casefold() == info:
                return _known("".join(map(str, extra.itertext())))
    return ""


def _first(*elements: etree._Element | None) -> etree._Element | None:
    return next((element for element in elements if element is not None), None)


# ---------------------------------------------------------------- tables


def read_table(
    path: Path, columns: Mapping[str, str], on_error: Report | None = None
) -> Iterator[TrainingSession]:
    """Read the sessions of a table, one a row, below the row that holds the mapped headers.

    Args:
        path: an XLSX file (any sheet) or a CSV file (UTF-8 or Windows-1252, any usual separator).
        columns: field of `TrainingSession` -> header in the file; case, accents and spaces do not count.
        on_error: called with the reason (in French) for each row or value that is left out.

    Raises:
        MissingColumnError: a mapped header is not in the file.
        CatalogueError: not a table, or a mapping that names an unknown field or no title.
    """
    report = on_error or _say_nothing
    _check_mapping(columns)
    with _open_table(path) as readers:
        yield from _without_duplicates(_table_sessions(path, readers, columns, report), report)


def _table_sessions(
    path: Path, readers: Sequence[RowReader], columns: Mapping[str, str], report: Report
) -> Iterator[TrainingSession]:
    reader, header, positions = _locate_header(path, readers, columns)
    for number, row in enumerate(reader(), start=1):
        if number <= header or not any(_cell_text(cell) for cell in row):
            continue
        cells = {field: row[index] for field, index in positions.items() if index < len(row)}
        try:
            yield _table_session(cells, partial(_report_row, report, number))
        except _SessionError as error:
            _report_row(report, number, str(error))


def _report_row(report: Report, number: int, reason: str) -> None:
    report(f"ligne {number} : {reason}")


def _check_mapping(columns: Mapping[str, str]) -> None:
    known = {field.name for field in fields(TrainingSession)}
    if unknown := sorted(set(columns) - known):
        raise CatalogueError(f"champ inconnu dans la correspondance des colonnes : {', '.join(unknown)}")
    if "title" not in columns:
        raise CatalogueError("la correspondance des colonnes doit donner celle de l'intitulé (title)")


def _locate_header(
    path: Path, readers: Sequence[RowReader], columns: Mapping[str, str]
) -> tuple[RowReader, int, dict[str, int]]:
    """Find the sheet or separator, and the row, where most mapped headers stand; all of them must."""
    best: tuple[RowReader, int, dict[str, int]] | None = None
    for reader in readers:
        for number, row in enumerate(islice(reader(), _HEADER_ROWS), start=1):
            keys = [_key(_cell_text(cell)) for cell in row]
            positions = {
                field: keys.index(_key(name)) for field, name in columns.items() if _key(name) in keys
            }
            if best is None or len(positions) > len(best[2]):
                best = (reader, number, positions)
    if best is None:
        raise CatalogueError(f"{path.name} : le tableau est vide")
    if missing := [name for field, name in columns.items() if field not in best[2]]:
        plural = "colonnes absentes" if len(missing) > 1 else "colonne absente"
        raise MissingColumnError(f"{path.name} : {plural} : {', '.join(f'« {name} »' for name in missing)}")
    return best


@contextmanager
def _open_table(path: Path) -> Iterator[list[RowReader]]:
    """Give the ways the file can be read: one a sheet, or one a separator."""
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        encoding = _encoding(path)
        yield [partial(_csv_rows, path, encoding, separator) for separator in _SEPARATORS]
        return
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, *_BROKEN_WORKBOOK) as error:
        raise CatalogueError(f"{path.name} : classeur Excel illisible") from error
    try:
        yield [partial(sheet.iter_rows, values_only=True) for sheet in book.worksheets]
    except _BROKEN_WORKBOOK as error:
        raise CatalogueError(f"{path.name} : classeur Excel abîmé") from error
    finally:
        book.close()


def _csv_rows(path: Path, encoding: str, separator: str) -> Iterator[Row]:
    with path.open(encoding=encoding, newline="") as stream:
        try:
            yield from csv.reader(stream, delimiter=separator)
        except csv.Error as error:
            raise CatalogueError(f"{path.name} : CSV illisible ({error})") from error


def _encoding(path: Path) -> str:
    """Tell UTF-8 from Windows-1252: accents in the one are almost never valid in the other."""
    for encoding in ("utf-8-sig", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as stream:
                while piece := stream.read(_FEED_BYTES):
                    decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise CatalogueError(f"{path.name} : encodage inconnu, ni UTF-8 ni Windows-1252")


def _table_session(cells: Mapping[str, object], report: Report) -> TrainingSession:
    text = {field: _cell_text(cell) for field, cell in cells.items()}
    title, provider, place = (text.get(field, "") for field in ("title", "provider", "place"))
    starts_on = _cell_date(cells.get("starts_on"))
    ends_on = _cell_date(cells.get("ends_on"))
    _check(title, starts_on, ends_on)
    return TrainingSession(
        session_id=_session_id(provider, text.get("session_id", ""), title, starts_on, place),
        title=title,
        objectives=text.get("objectives", ""),
        programme=text.get("programme", ""),
        prerequisites=text.get("prerequisites", ""),
        audience=text.get("audience", ""),
        certification=text.get("certification", ""),
        certification_code=text.get("certification_code", ""),
        level=_level(text.get("level", "")),
        provider=provider,
        place=place,
        postal_code=_postal_code(text.get("postal_code", "")),
        region=_region(text.get("region", "")),
        starts_on=starts_on,
        ends_on=ends_on,
        duration_hours=_reported(_hours, text.get("duration_hours", ""), "durée", report),
        price_euros=_reported(_price, text.get("price_euros", ""), "prix", report),
        mode=_mode(text.get("mode", "")),
        cpf=_yes_no(text.get("cpf", "")),
        contact=text.get("contact", ""),
        url=text.get("url", ""),
    )


def _cell_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else _known(str(cell))


def _cell_date(cell: object) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _cell_text(cell)
    if text.isascii() and text.isdigit() and len(text) == 5:
        # A date whose cell has lost its date format: Excel keeps the number of days since 1900.
        serial = from_excel(int(text))
        return serial.date() if isinstance(serial, datetime) else None
    return _date(text) if text else None


def _reported(read: Callable[[str], float | None], text: str, what: str, report: Report) -> float | None:
    value = read(text)
    if value is None and text:
        report(f"{what} illisible : « {text} »")
    return value


# ---------------------------------------------------------------- shared readings


def _say_nothing(reason: str) -> None:
    """Stand for the caller who does not ask for the reasons."""


def _without_duplicates(sessions: Iterable[TrainingSession], report: Report) -> Iterator[TrainingSession]:
    seen: set[str] = set()
    for session in sessions:
        if session.session_id in seen:
            report(f"session en double, laissée de côté : {session.title} ({session.session_id})")
            continue
        seen.add(session.session_id)
        yield session


def _check(title: str, starts_on: date | None, ends_on: date | None) -> None:
    if not title:
        raise _SessionError("intitulé absent")
    if starts_on and ends_on and ends_on < starts_on:
        raise _SessionError(f"la fin ({ends_on:%d/%m/%Y}) précède le début ({starts_on:%d/%m/%Y})")


def _session_id(provider: str, number: str, title: str, starts_on: date | None, place: str) -> str:
    if number:
        return f"{_slug(provider)}-{number}" if provider else number
    identity = "|".join((_key(provider), _key(title), str(starts_on), _key(place)))
    return hashlib.blake2b(identity.encode(), digest_size=8).hexdigest()


def _known(raw: str) -> str:
    """Tidy a text (HTML of some exports included); what stands for "unknown" becomes empty."""
    if _HTML_TAG.search(raw):
        raw = _HTML_TAG.sub("", _HTML_BREAK.sub("\n", _HTML_ITEM.sub("\n- ", raw)))
    lines = (" ".join(line.split()) for line in html.unescape(raw).splitlines())
    text = "\n".join(line for line in lines if line)
    return "" if len(text) < 20 and _key(text) in _UNKNOWN else text


def _key(text: str) -> str:
    """Reduce a text to what compares: no accents, no case, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", _key(text)).strip("-")


def _first_text(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _date(text: str) -> date:
    bare = re.sub(r"[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?$", "", text)
    for pattern in _DATE_FORMATS:
        try:
            return datetime.strptime(bare, pattern).date()
        except ValueError:
            continue
    written = re.fullmatch(r"(?:[a-z]+ )?(\d{1,2})(?:er)? ([a-z]+) (\d{4})", _key(bare))
    months = [_key(month) for month in _MONTHS]
    if written and written[2] in months:
        try:
            return date(int(written[3]), months.index(written[2]) + 1, int(written[1]))
        except ValueError:
            pass
    raise _SessionError(f"date illisible « {text} »")


def _hours(text: str) -> float | None:
    """Read "35", "35,5 h", "35 heures", "7h30"; a number of days or months is not one of hours."""
    compact = re.sub(r"\s", "", text.lower())
    if match := re.fullmatch(r"(\d+)h(\d{2})", compact):
        return int(match[1]) + int(match[2]) / 60
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)(?:h|heures?)?", compact)
    return float(match[1].replace(",", ".")) if match else None


def _price(text: str) -> float | None:
    """Read "1 250,00 €", "1.250,00", "1250 euros TTC", "gratuit"."""
    compact = re.sub(r"\s", "", text.lower())
    if compact == "gratuit":
        return 0.0
    match = re.fullmatch(r"(\d+(?:\.\d{3})*(?:[.,]\d{1,2})?)(?:€|euros?|eur)?(?:ttc|net|netdetaxe)?", compact)
    if match is None:
        return None
    digits = re.sub(r"\.(?=\d{3}(?:\D|$))", "", match[1])
    return float(digits.replace(",", "."))


def _level(text: str) -> int | None:
    """Read "4", "Niveau 4 (bac)", and the former "Niveau IV"."""
    if match := re.search(r"(?:^|niveau )([3-8])\b", _key(text)):
        return int(match[1])
    former = re.search(r"(?:^|niveau )(i{1,3}|iv|v)\b(?! bis)", _key(text))
    return _FORMER_LEVELS[former[1]] if former else None


def _mode(text: str) -> str:
    key = _key(text)
    at_distance = any(word in key for word in ("distan", "foad", "visio", "en ligne"))
    on_site = any(word in key for word in ("present", "en centre", "sur site"))
    if "mixte" in key or "hybride" in key or (at_distance and on_site):
        return "mixte"
    return "distance" if at_distance else "présentiel" if on_site else ""


def _yes_no(text: str) -> bool | None:
    key = _key(text)
    if key in ("oui", "o", "x", "1", "true", "vrai", "eligible", "eligible cpf"):
        return True
    return False if key in ("non", "n", "0", "false", "faux", "non eligible") else None


def _region(text: str) -> str:
    return _REGIONS.get(text, text)


def _postal_code(text: str) -> str:
    # A spreadsheet drops the leading zero of 01000.
    return text.zfill(5) if text.isdigit() else text


# ---------------------------------------------------------------- text


def to_markdown(session: TrainingSession) -> str:
    """Write the session as labelled French lines; what is not known has no line."""
    labelled = (
        ("Intitulé", session.title),
        ("Organisme", session.provider),
        ("Lieu", _written_place(session)),
        ("Dates", _written_dates(session.starts_on, session.ends_on)),
        ("Durée", _written_number(session.duration_hours, "heures")),
        ("Modalité", session.mode),
        ("Certification", _written_certification(session)),
        ("Niveau", "" if session.level is None else str(session.level)),
        ("Éligible au CPF", {True: "oui", False: "non", None: ""}[session.cpf]),
        ("Objectifs", session.objectives),
        ("Programme", session.programme),
        ("Public", session.audience),
        ("Prérequis", session.prerequisites),
        ("Prix", "gratuit" if session.price_euros == 0 else _written_number(session.price_euros, "€")),
        ("Contact", session.contact),
        ("Site", session.url),
    )
    return "\n".join(_line(label, value) for label, value in labelled if value)


def _written_certification(session: TrainingSession) -> str:
    title, code = session.certification, session.certification_code
    return f"{title} ({code})" if title and code else title or code


def _line(label: str, value: str) -> str:
    separator = "\n" if value.startswith("- ") else " "
    return f"{label} :{separator}{value}"


def _written_place(session: TrainingSession) -> str:
    town = " ".join(filter(None, (session.postal_code, session.place)))
    return f"{town} ({session.region})" if town and session.region else town or session.region


def _written_dates(start: date | None, end: date | None) -> str:
    if start and end:
        return f"le {_written(start)}" if start == end else f"du {_written(start)} au {_written(end)}"
    if start:
        return f"à partir du {_written(start)}"
    return f"jusqu'au {_written(end)}" if end else ""


def _written(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]} {day.year}"


def _written_number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return f"{digits.replace(',', ' ').replace('.', ',')} {unit}"
