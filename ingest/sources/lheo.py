"""LHEO 2.x, the French exchange language for training offers: XML goes in, one `TrainingSession` a session out.

The file is read by a pull parser that refuses entities, DTDs and the network, one <formation> at a time.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

from lxml import etree

from ingest.parse.parsed import Limits
from ingest.sources.readings import (
    UnreadableValue,
    first_text,
    known,
    read_date,
    read_hours,
    read_price,
    read_region,
    read_yes_no,
    slug,
)
from ingest.sources.records import Remark, Report, say_nothing
from ingest.sources.tabular import check_size
from ingest.sources.training import (
    CatalogueError,
    TrainingSession,
    check_session,
    known_id,
    session_id,
    without_duplicates,
)

_DEFAULT_LIMITS = Limits()
_FEED_BYTES = 64 * 1024
_MODES = {"0": "présentiel", "1": "mixte", "2": "distance"}


def read_lheo(
    path: Path, on_error: Report | None = None, limits: Limits = _DEFAULT_LIMITS
) -> Iterator[TrainingSession]:
    """Read the sessions of a LHEO 2.x file, whatever its namespace, holding one training at a time.

    Args:
        path: the XML file.
        on_error: called for each session that is left out.
        limits: how large it may be.

    Raises:
        CatalogueError: too large, not XML, not LHEO, or a file that declares entities.
    """
    report = on_error or say_nothing
    check_size(path.name, path.stat().st_size, limits)
    yield from without_duplicates(_sessions(path, report), report)


def _sessions(path: Path, report: Report) -> Iterator[TrainingSession]:
    for formation in _formations(path):
        for action in _children(formation, "action"):
            for session in _children(action, "session"):
                try:
                    yield _session(formation, action, session)
                except UnreadableValue as error:
                    number = session.get("numero") or "sans numéro"
                    reason = f"« {_text(formation, 'intitule-formation')} », session {number} : {error}"
                    report(Remark(reason, known_id(partial(_id, formation, action, session))))


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


def _session(formation: etree._Element, action: etree._Element, session: etree._Element) -> TrainingSession:
    title = _text(formation, "intitule-formation")
    starts_on = _day(_text(session, "periode", "debut"))
    ends_on = _day(_text(session, "periode", "fin"))
    check_session(title, starts_on, ends_on)
    address = _address(action, session)
    provider, _ = _provider(formation)
    certification, code = _certification(formation)
    return TrainingSession(
        session_id=_id(formation, action, session),
        title=title,
        objectives=_objectives(formation),
        programme=_text(formation, "contenu-formation"),
        prerequisites=_text(action, "conditions-specifiques"),
        audience=_text(action, "info-public-vise"),
        certification=certification,
        certification_code=code,
        level=_level(_text(formation, "code-niveau-sortie")),
        provider=provider,
        place=_text(address, "ville"),
        postal_code=_text(address, "codepostal"),
        region=read_region(_text(address, "region")),
        starts_on=starts_on,
        ends_on=ends_on,
        duration_hours=_total_hours(action),
        price_euros=read_price(_text(action, "prix-total-TTC") or _extra(action, "frais-ttc")),
        mode=_MODES.get(_text(action, "modalites-enseignement"), ""),
        cpf=read_yes_no(
            first_text(_extra(level, "eligibilite-cpf") for level in (session, action, formation))
        ),
        contact=_contact(formation, session),
        url=_text(action, "url-action", "urlweb") or _text(formation, "url-formation", "urlweb"),
    )


def _id(formation: etree._Element, action: etree._Element, session: etree._Element) -> str:
    """Name a session by the numbers of all it belongs to: many tools number those of each action from 1.

    An action without a number is told by its place and the session's first day; raises `UnreadableValue`.
    """
    provider, siret = _provider(formation)
    place = _text(_address(action, session), "ville")
    own, of_action = session.get("numero", ""), action.get("numero", "")
    starts_on = None if own and of_action else _day(_text(session, "periode", "debut"))
    if own and not of_action:
        of_action = "-".join(filter(None, (slug(place), f"{starts_on:%Y%m%d}" if starts_on else "")))
    number = "-".join(filter(None, (formation.get("numero"), of_action, own)))
    return session_id(
        siret or provider, number if own else "", _text(formation, "intitule-formation"), starts_on, place
    )


def _address(action: etree._Element, session: etree._Element) -> etree._Element | None:
    return _first(
        _find(action, "lieu-de-formation", "coordonnees", "adresse"),
        _find(session, "adresse-inscription", "adresse"),
    )


def _provider(formation: etree._Element) -> tuple[str, str]:
    """Give the provider's name and SIRET; some exports name it by its SIRET alone."""
    provider = _find(formation, "organisme-formation-responsable")
    siret = _text(provider, "SIRET-organisme-formation", "SIRET")
    name = _text(provider, "nom-organisme") or _text(provider, "raison-sociale")
    return name or (f"SIRET {siret}" if siret else ""), siret


def _certification(formation: etree._Element) -> tuple[str, str]:
    for certification in _children(formation, "certification"):
        title = _extra(certification, "intitule-certification")
        for prefix, element in (("RNCP", "code-RNCP"), ("RS", "code-RS")):
            if code := _text(certification, element):
                return title, code if code.upper().startswith(prefix) else f"{prefix}{code}"
    return "", ""


def _objectives(formation: etree._Element) -> str:
    objectives, results = _text(formation, "objectif-formation"), _text(formation, "resultats-attendus")
    return "\n".join(filter(None, (objectives, results and f"Résultats attendus : {results}")))


def _level(code: str) -> int | None:
    """Translate `dict-niveaux`: 4 to 8 are the former V to I, 11 to 18 (LHEO 2.3) the present 1 to 8."""
    number = int(code) if code.isascii() and code.isdigit() else 0
    if 4 <= number <= 8:
        return number - 1
    return number - 10 if 13 <= number <= 18 else None


def _total_hours(action: etree._Element) -> float | None:
    total = read_hours(_text(action, "nombre-heures-total"))
    parts = [read_hours(_text(action, name)) for name in ("nombre-heures-centre", "nombre-heures-entreprise")]
    return total or sum(part for part in parts if part) or read_hours(_text(action, "duree-indicative"))


def _day(text: str) -> date | None:
    """Read AAAAMMJJ; a date unknown, or known to the month or the year only, gives None."""
    if text in ("", "00000000", "99999999") or (len(text) == 8 and text.endswith("00")):
        return None
    return read_date(text)


def _contact(formation: etree._Element, session: etree._Element) -> str:
    provider = _find(formation, "organisme-formation-responsable")
    holders = (
        _find(session, "contact-session", "coordonnees"),
        _find(formation, "contact-formation", "coordonnees"),
        _find(provider, "contact-organisme", "coordonnees"),
        _find(provider, "coordonnees-organisme", "coordonnees"),
    )
    return first_text(map(_coordinates, holders))


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
    return "" if found is None else known("".join(map(str, found.itertext())))


def _extra(element: etree._Element, info: str) -> str:
    """Find `<extra info="...">` in the element's own extras, where LHEO keeps what it has no name for."""
    for extras in _children(element, "extras"):
        for extra in extras.iter("{*}extra"):
            if extra.get("info", "").casefold() == info:
                return known("".join(map(str, extra.itertext())))
    return ""


def _first(*elements: etree._Element | None) -> etree._Element | None:
    return next((element for element in elements if element is not None), None)
