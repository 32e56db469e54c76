"""A training session as French text: what is indexed, cited and shown."""

from datetime import date

from ingest.sources.readings import MONTHS
from ingest.sources.training import TrainingSession


def to_markdown(session: TrainingSession) -> str:
    """Write the session as labelled French lines; what is not known has no line."""
    labelled = (
        ("Intitulé", session.title),
        ("Organisme", session.provider),
        ("Lieu", _written_place(session)),
        ("Dates", written_dates(session.starts_on, session.ends_on)),
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


def written_dates(start: date | None, end: date | None) -> str:
    """Write a period in French, as far as it is known."""
    if start and end:
        return f"le {_written(start)}" if start == end else f"du {_written(start)} au {_written(end)}"
    if start:
        return f"à partir du {_written(start)}"
    return f"jusqu'au {_written(end)}" if end else ""


def _written(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def _written_number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
    return f"{digits.replace(',', ' ').replace('.', ',')} {unit}"
