"""Build the invented training catalogue: `catalogue_content/*.toml` goes in, two files come out.

    documents/catalogue/offre-formation.xml          LHEO 2.3, providers whose feed is "lheo"
    documents/catalogue/catalogue-partenaires.xlsx   one row a session, providers whose feed is "partenaires"

Run as `python sample/catalogue.py`; a second run gives the same bytes. The dates are drawn with a fixed seed
between September 2026 and December 2027; "today" in the sample organisation is 22 November 2026.
"""

import io
import math
import random
import re
import tomllib
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

HERE = Path(__file__).parent
CONTENT = HERE / "catalogue_content"
OUTPUT = HERE / "documents" / "catalogue"
NAMESPACE = "http://lheo.gouv.fr/2.3"
TODAY = date(2026, 11, 22)
FIRST_DAY, LAST_DAY = date(2026, 9, 1), date(2027, 12, 17)
SEED = 20261122
ZIP_DATE = (2026, 11, 16, 8, 0, 0)

# Hours a week, sessions an offer, and how LHEO words it.
RHYTHMS: dict[str, tuple[int, int, str]] = {
    "plein": (35, 2, "Temps plein, 35 heures par semaine"),
    "partiel": (21, 2, "Temps partiel, trois jours par semaine"),
    "court": (35, 4, "Journées consécutives de sept heures"),
    "soir": (4, 3, "Cours du soir, deux séances de deux heures par semaine"),
    "weekend": (14, 2, "Vendredi et samedi"),
}
HOLIDAYS = {
    date(2026, 11, 11), date(2026, 12, 25), date(2027, 1, 1), date(2027, 3, 29), date(2027, 5, 6),
    date(2027, 5, 17), date(2027, 7, 14), date(2027, 11, 1), date(2027, 11, 11),
}  # fmt: skip
REGION_CODES = {"Nouvelle-Aquitaine": "75", "Pays de la Loire": "52", "Occitanie": "76"}
MODE_CODES = {"présentiel": "0", "mixte": "1", "distance": "2"}
WIDTHS = (12, 44, 34, 22, 20, 12, 12, 10, 40, 14, 9, 7, 60, 60, 36, 44, 11, 12, 44)
HEADERS = (
    "Réf.", "Intitulé", "Organisme", "Ville", "Région", "Début", "Fin", "Durée (h)", "Certification",
    "Code RNCP/RS", "Niveau", "CPF", "Objectifs", "Programme", "Public", "Prérequis", "Prix", "Modalité",
    "Contact",
)  # fmt: skip

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Session:
    """One training of one provider, in one town, on given dates."""

    number: str
    training: Record
    provider: Record
    town: Record
    starts_on: date
    ends_on: date

    @property
    def price(self) -> int:
        """The provider's price in euros, to the nearest ten."""
        return 10 * round(float(self.training["price"] * self.provider["price_factor"]) / 10)

    @property
    def mode(self) -> str:
        """How it is taught: some providers teach everything at a distance."""
        return str(self.provider.get("mode", self.training["mode"]))

    @property
    def contact(self) -> str:
        """Who to call, as one line."""
        return f"{self.provider['service']}, {self.provider['phone']}, {self.provider['email']}"


def main() -> None:
    """Write both files."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    sessions = list(draw_sessions())
    feeds: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        feeds[session.provider["feed"]].append(session)
    (OUTPUT / "offre-formation.xml").write_bytes(render_lheo(feeds["lheo"]))
    (OUTPUT / "catalogue-partenaires.xlsx").write_bytes(render_workbook(feeds["partenaires"]))
    print({feed: len(drawn) for feed, drawn in feeds.items()})


# ---------------------------------------------------------------- drawing the sessions


def draw_sessions() -> Iterator[Session]:
    """Give every provider of every training a few sessions, shared out over its towns."""
    providers = {record["key"]: record for record in read_content("provider")}
    draw = random.Random(SEED)
    number = 0
    for training in read_content("training"):
        for key in training["providers"]:
            provider = providers[key]
            for rank, (start, end) in enumerate(draw_dates(training, draw)):
                number += 1
                town = read_towns()[provider["towns"][rank % len(provider["towns"])]]
                yield Session(f"S{number:04}", training, provider, town, start, end)


def read_content(kind: str) -> list[Record]:
    """Read the hand-written records of one kind from every content file."""
    files = sorted(CONTENT.glob("*.toml"))
    return [record for file in files for record in tomllib.loads(file.read_text("utf-8")).get(kind, [])]


@cache
def read_towns() -> Mapping[str, Record]:
    """Read the invented towns."""
    towns: dict[str, Record] = tomllib.loads((CONTENT / "providers.toml").read_text("utf-8"))["towns"]
    return towns


def draw_dates(training: Record, draw: random.Random) -> list[tuple[date, date]]:
    """Draw the dates of an offer: spread over the period, on working days, ended within it."""
    hours_a_week, count, _ = RHYTHMS[training["rhythm"]]
    weeks = math.ceil(training["hours"] / hours_a_week)
    room = (LAST_DAY - FIRST_DAY).days - (weeks + 7) * 7
    starts = [
        FIRST_DAY + timedelta(room * rank // count + draw.randrange(room // count)) for rank in range(count)
    ]
    return [dates_from(start, training) for start in starts]


def dates_from(wanted: date, training: Record) -> tuple[date, date]:
    """Move a start to a day on which trainings start, and count the end from it."""
    short = training["rhythm"] == "court"
    start = wanted
    while not is_open(start) or (start.weekday() > 3 if short else start.weekday() != 0):
        start += timedelta(1)
    if short:
        return start, add_working_days(start, math.ceil(training["hours"] / 7) - 1)
    weeks = math.ceil(training["hours"] / RHYTHMS[training["rhythm"]][0])
    end = add_weeks(start, weeks) + timedelta(5 if training["rhythm"] == "weekend" else 4)
    return start, end - timedelta(end in HOLIDAYS)


def add_weeks(monday: date, count: int) -> date:
    """Give the Monday of the `count`-th week of training, the breaks left out."""
    while True:
        count -= not in_break(monday)
        if not count:
            return monday
        monday += timedelta(7)


def is_open(day: date) -> bool:
    """Tell whether the providers receive people on that day."""
    return day.weekday() < 5 and day not in HOLIDAYS and not in_break(day)


def in_break(day: date) -> bool:
    """Tell whether the day falls in the Christmas or the August break."""
    christmas = day >= date(day.year, 12, 19) or day <= date(day.year, 1, 3)
    return christmas or date(day.year, 7, 31) <= day <= date(day.year, 8, 22)


def add_working_days(day: date, count: int) -> date:
    """Give the `count`-th open day after `day`."""
    while count:
        day += timedelta(1)
        count -= is_open(day)
    return day


# ---------------------------------------------------------------- LHEO


def render_lheo(sessions: list[Session]) -> bytes:
    """Write the sessions as LHEO: a <formation> an offer, an <action> a town, its <session>s."""
    # Declared as an attribute: the elements below are then built by their bare names.
    root = etree.Element("lheo", {"xmlns": NAMESPACE})
    offers = add(root, "offres")
    by_offer: dict[tuple[str, str], list[Session]] = defaultdict(list)
    for session in sessions:
        by_offer[session.provider["key"], session.training["title"]].append(session)
    for number, offer in enumerate(by_offer.values(), start=1):
        add_formation(offers, f"F{number:03}", offer)
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def add(parent: etree._Element, name: str, text: object = None, **attributes: str) -> etree._Element:
    """Add a child element, in the order in which LHEO wants it."""
    child = etree.SubElement(parent, name, attributes)
    child.text = None if text is None else str(text)
    return child


def add_formation(parent: etree._Element, number: str, offer: list[Session]) -> None:
    """Add an offer of a provider, first what holds for all its sessions."""
    training, provider = offer[0].training, offer[0].provider
    formation = add(parent, "formation", numero=number, datecrea="20260601", datemaj="20261116")
    domain = add(formation, "domaine-formation")
    for code in training["rome"]:
        add(domain, "code-ROME", code)
    add(formation, "intitule-formation", training["title"])
    add(formation, "objectif-formation", training["objectives"])
    add(formation, "resultats-attendus", expected_results(training))
    add(formation, "contenu-formation", "\n".join(f"- {item}" for item in training["programme"]))
    add(formation, "certifiante", int("code" in training))
    add_contact(add(formation, "contact-formation"), provider)
    add(formation, "parcours-de-formation", 2 if training["rhythm"] == "partiel" else 1)
    level = training.get("level")
    add(formation, "code-niveau-entree", 1 if level in (None, 3) else 9 + level)
    add(formation, "objectif-general-formation", 6 if "code" in training else 2)
    add_certification(formation, training)
    if level is not None:
        add(formation, "code-niveau-sortie", 10 + level)
    add(add(formation, "url-formation"), "urlweb", f"{provider['web']}/formations/{number.lower()}")
    by_town: dict[str, list[Session]] = defaultdict(list)
    for session in offer:
        by_town[session.town["name"]].append(session)
    for rank, sessions in enumerate(by_town.values(), start=1):
        add_action(formation, f"{number}-A{rank}", sessions)
    add_provider(formation, provider)


def expected_results(training: Record) -> str:
    """Word what the training leads to."""
    if "code" in training:
        return f"Obtention de la certification « {training['certification']} » ({training['code']})"
    return "Attestation de fin de formation"


def add_certification(formation: etree._Element, training: Record) -> None:
    """Add the certification, its title in the extras since LHEO has no element for it."""
    if "code" not in training:
        return
    certification = add(formation, "certification")
    code = training["code"]
    add(certification, "code-RNCP" if code.startswith("RNCP") else "code-RS", code)
    extras = add(certification, "extras")
    add(extras, "extra", training["certification"], info="intitule-certification")


def add_action(formation: etree._Element, number: str, sessions: list[Session]) -> None:
    """Add the sessions of one town and what holds for them."""
    training, provider, town = sessions[0].training, sessions[0].provider, sessions[0].town
    action = add(formation, "action", numero=number)
    add(action, "rythme-formation", RHYTHMS[training["rhythm"]][2])
    # 82056: "tout public" in Formacode.
    add(action, "code-public-vise", 82056)
    add(action, "info-public-vise", training["audience"])
    add(action, "niveau-entree-obligatoire", int(training.get("level", 0) >= 5))
    add(action, "modalites-alternance", "-")
    add(action, "modalites-enseignement", MODE_CODES[sessions[0].mode])
    add(action, "conditions-specifiques", training["prerequisites"])
    add(action, "prise-en-charge-frais-possible", 1)
    place = add(add(action, "lieu-de-formation"), "coordonnees")
    add(place, "ligne", provider["name"])
    add_address(place, provider, town)
    add(action, "modalites-entrees-sorties", 0)
    for session in sessions:
        add_session(action, session)
    add(action, "acces-handicapes", "Locaux accessibles ; aménagements étudiés avec le référent handicap")
    add(action, "langue-formation", "fr")
    add(action, "prix-total-TTC", f"{sessions[0].price:.2f}")
    add(action, "duree-indicative", f"{training['hours']} heures")
    add(action, "nombre-heures-total", training["hours"])
    add(add(action, "extras", info="action"), "extra", int("code" in training), info="eligibilite-cpf")


def add_session(action: etree._Element, session: Session) -> None:
    """Add the dates of a session and where to enrol."""
    element = add(action, "session", numero=session.number)
    period = add(element, "periode")
    add(period, "debut", f"{session.starts_on:%Y%m%d}")
    add(period, "fin", f"{session.ends_on:%Y%m%d}")
    add_address(add(element, "adresse-inscription"), session.provider, session.town)
    add(element, "etat-recrutement", 2 if session.starts_on <= TODAY else 1)


def add_address(parent: etree._Element, provider: Record, town: Record) -> None:
    """Add the address of the provider in one of its towns."""
    address = add(parent, "adresse")
    add(address, "ligne", provider["street"] if town["name"] == home(provider)["name"] else "Antenne locale")
    add(address, "codepostal", town["postal_code"])
    add(address, "ville", town["name"])
    add(address, "departement", town["postal_code"][:2])
    add(address, "region", REGION_CODES[town["region"]])


def home(provider: Record) -> Record:
    """Give the town of the provider's head office."""
    return read_towns()[provider["towns"][0]]


def add_contact(parent: etree._Element, provider: Record) -> etree._Element:
    """Add a service, its telephone number and its mail address."""
    contact = add(parent, "coordonnees")
    add(contact, "nom", provider["service"])
    add(add(contact, "telfixe"), "numtel", provider["phone"])
    add(contact, "courriel", provider["email"])
    return contact


def add_provider(formation: etree._Element, provider: Record) -> None:
    """Add the organisation that answers for the training."""
    element = add(formation, "organisme-formation-responsable", numero=provider["key"])
    add(element, "numero-activite", provider["activity"])
    add(add(element, "SIRET-organisme-formation"), "SIRET", provider["siret"])
    add(element, "nom-organisme", provider["name"])
    add(element, "raison-sociale", provider["legal_name"])
    seat = add(add(element, "coordonnees-organisme"), "coordonnees")
    add_address(seat, provider, home(provider))
    add(add(seat, "telfixe"), "numtel", provider["phone"])
    add(add(seat, "web"), "urlweb", provider["web"])
    add_contact(add(element, "contact-organisme"), provider)


# ---------------------------------------------------------------- XLSX


def render_workbook(sessions: list[Session]) -> bytes:
    """Write the sessions as a workbook: title rows, a header row, one row a session."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sessions"
    sheet.append(["Catalogue des organismes partenaires – sessions 2026-2027"])
    sheet.append(["Cap Brisecombe, Pôle CEP – tenu à jour au 16 novembre 2026 – corrections : poste 2140"])
    sheet.append([])
    sheet.append(HEADERS)
    for session in sorted(sessions, key=lambda one: (one.starts_on, one.number)):
        sheet.append(row_of(session))
    sheet["A1"].font = Font(bold=True, size=14)
    for cell in sheet[4]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6EE")
    for index, width in enumerate(WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    for row in sheet.iter_rows(min_row=5):
        row[5].number_format = row[6].number_format = "dd/mm/yyyy"
        row[16].number_format = '# ##0 "€"'
        row[12].alignment = row[13].alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "C5"
    sheet.auto_filter.ref = f"A4:{get_column_letter(len(HEADERS))}{sheet.max_row}"
    book.properties.creator, book.properties.created = "Cap Brisecombe, Pôle CEP", datetime(*ZIP_DATE)
    stream = io.BytesIO()
    book.save(stream)
    return with_fixed_dates(stream.getvalue())


def row_of(session: Session) -> list[object]:
    """Give the cells of a session, in the order of the headers; what does not apply stays empty."""
    training = session.training
    return [
        session.number,
        training["title"],
        session.provider["name"],
        session.town["name"],
        session.town["region"],
        session.starts_on,
        session.ends_on,
        training["hours"],
        training.get("certification"),
        training.get("code"),
        training.get("level"),
        "Oui" if "code" in training else "Non",
        training["objectives"],
        "\n".join(f"- {item}" for item in training["programme"]),
        training["audience"],
        training["prerequisites"],
        session.price,
        {"présentiel": "Présentiel", "mixte": "Mixte", "distance": "À distance"}[session.mode],
        session.contact,
    ]


def with_fixed_dates(workbook: bytes) -> bytes:
    """Rewrite the archive so that two runs give the same bytes: openpyxl stamps the hour of saving."""
    stamp = datetime(*ZIP_DATE).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as before, zipfile.ZipFile(stream, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            after.writestr(zipfile.ZipInfo(name, ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


if __name__ == "__main__":
    main()
