"""Small catalogues in CSV that tests write."""

from pathlib import Path

CSV_COLUMNS = {
    "title": "Intitulé", "provider": "Organisme", "place": "Ville", "postal_code": "CP",
    "starts_on": "Début", "ends_on": "Fin", "duration_hours": "Durée (h)", "price_euros": "Prix",
    "level": "Niveau", "cpf": "CPF", "mode": "Modalité",
}  # fmt: skip
CSV_HEADER = ";".join(CSV_COLUMNS.values())
CSV_ROW = "Métallier;École;Ellien;1000;12/01/2027;30/06/2027;35,5 h;1 250,50 €;Niveau IV;oui;En présentiel"


def write_csv(path: Path, *rows: str, header: str = CSV_HEADER, encoding: str = "cp1252") -> Path:
    path.write_bytes("\r\n".join((header, *rows, "")).encode(encoding))
    return path
