"""What the keys of one source take, and what they may not say together: its keys go in, faults come out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ingest.documents import Kind, Status
from ingest.sources.hosts import is_listed, is_rule, web_host
from ingest.sources.toml_lines import Path

PLACES = ("folder", "file", "pages", "lheo", "table", "certifications", "dataset")
"""The keys that say where a source is; each source has one of them."""

EXPECTED: Mapping[str, str] = {
    "name": "des minuscules sans accent, des chiffres et des tirets, 63 caractères au plus : « notes-de-service »",
    "title": 'un texte entre guillemets : "Notes de service"',
    "kind": f"une de ces valeurs : {', '.join(Kind)}",
    "folder": 'le chemin d’un dossier entre guillemets : "documents/procedures"',
    "pattern": 'un motif de noms de fichiers entre guillemets : "**/*.pdf"',
    "file": 'le chemin d’un fichier entre guillemets : "documents/reglement.pdf"',
    "pages": 'une liste d’adresses : ["https://www.exemple.fr/page"]',
    "hosts": 'une liste de noms d’hôtes : ["www.exemple.fr"]',
    "lheo": 'le chemin d’un fichier XML entre guillemets : "offre.xml"',
    "table": 'le chemin d’un tableau entre guillemets : "offre.xlsx"',
    "columns": "une table [source.columns] dont chaque ligne donne l’en-tête d’une colonne entre guillemets",
    "certifications": 'le chemin d’un fichier entre guillemets : "certifications.csv"',
    "dataset": 'le nom d’un jeu de données entre guillemets : "code-du-travail"',
    "groups": 'une liste d’au moins un groupe : ["direction", "rh"]',
    "link": 'une adresse entre guillemets : "https://intranet.exemple.fr/{key}"',
    "ocr": "true ou false, sans guillemets",
    "valid_from": "une date de la forme AAAA-MM-JJ",
    "valid_to": "une date de la forme AAAA-MM-JJ",
    "status": f"une de ces valeurs : {', '.join(Status)}",
    "schedule": "une de ces valeurs : hourly, daily, weekly, monthly, manual",
    "max_removed_share": "une part entre 0 et 1, sans guillemets : 0.3 pour 30 %",
    "review_months": "un nombre de mois entier d’au moins 1, sans guillemets : 12",
}
"""What each key takes, as it is said to the administrator."""

BACKSLASH = (
    "la barre \\ ne tient pas entre guillemets doubles : écrivez le chemin entre guillemets simples, '…',"
    " ou avec /"
)
"""What to write instead of a Windows path in double quotes."""

_PATHS = ("folder", "file", "lheo", "table", "certifications", "pattern")

_ONLY_WITH = {
    "pattern": ("folder",),
    "hosts": ("pages",),
    "columns": ("table",),
    "link": ("folder", "file"),
    "ocr": ("folder", "file", "pages"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place of the file, or of one of its sources; `reason` is French."""

    path: Path
    reason: str


def source_faults(given: Mapping[str, Any]) -> Iterator[Fault]:
    """Find what is wrong between the keys of one source, whatever each of them alone is worth."""
    yield from _place_faults(given)
    yield from _page_faults(given)
    for key, needed in _ONLY_WITH.items():
        if key in given and not any(place in given for place in needed):
            yield Fault((key,), f"« {key} » ne sert qu’avec {' ou '.join(needed)} : retirez cette ligne")
    if "table" in given and "columns" not in given:
        yield Fault(("table",), "un tableau demande la correspondance de ses colonnes, [source.columns]")
    start, end = given.get("valid_from"), given.get("valid_to")
    if isinstance(start, date) and isinstance(end, date) and _day(end) < _day(start):
        yield Fault(("valid_to",), "la fin de validité (valid_to) précède son début (valid_from)")
    if isinstance(link := given.get("link"), str):
        yield from _link_faults(link)
    if isinstance(pattern := given.get("pattern"), str) and not _is_pattern(pattern):
        yield Fault(
            ("pattern",),
            f"« {pattern} » n’est pas un motif : ni vide, ni « / » au début, ni « .. » ; ** est seul entre deux /",
        )


def _place_faults(given: Mapping[str, Any]) -> Iterator[Fault]:
    places = [key for key in PLACES if key in given]
    if not places:
        yield Fault((), f"il manque l’endroit des documents : une de ces clés, {', '.join(PLACES)}")
    if len(places) > 1:
        listed = ", ".join(places)
        yield Fault(
            (places[-1],), f"plusieurs endroits ({listed}) : gardez-en un, ou faites plusieurs sources"
        )
    for key in _PATHS:
        # "C:\temp" is valid TOML: a tab, and "emp"
        if isinstance(path := given.get(key), str) and any(ord(letter) < 32 for letter in path):
            yield Fault((key,), BACKSLASH)
    for key in places:
        if given[key] == "" or given[key] == []:
            yield Fault((key,), f"« {key} » est vide ; attendu : {EXPECTED[key]}")


def _page_faults(given: Mapping[str, Any]) -> Iterator[Fault]:
    pages, hosts = _texts(given.get("pages")), _texts(given.get("hosts"))
    for index, rule in hosts:
        if not is_rule(rule):
            yield Fault(
                ("hosts", index), f"« {rule} » n’est pas un nom d’hôte : www.exemple.fr, ou *.exemple.fr"
            )
    if "pages" in given and "hosts" not in given:
        found = dict.fromkeys(host for _, url in pages if (host := web_host(url)))
        written = ", ".join(f'"{host}"' for host in found) or '"www.exemple.fr"'
        yield Fault(("pages",), f"il manque la liste des hôtes permis : ajoutez hosts = [{written}]")
    seen: set[str] = set()
    for index, url in pages:
        host = web_host(url)
        if host is None:
            yield Fault(("pages", index), f"« {url} » n’est pas une adresse http(s) sans mot de passe")
        elif hosts and not is_listed(host, [rule for _, rule in hosts]):
            yield Fault(("pages", index), f"l’hôte « {host} » n’est pas permis : ajoutez-le à « hosts »")
        elif url in seen:
            yield Fault(("pages", index), f"« {url} » est déjà dans la liste : retirez cette ligne")
        seen.add(url)


def _link_faults(link: str) -> Iterator[Fault]:
    if web_host(link) is None:
        yield Fault(("link",), f"« {link} » n’est pas une adresse http(s) ; attendu : {EXPECTED['link']}")
    for name in re.findall(r"\{([^}]*)\}", link):
        if name not in ("key", "number"):
            yield Fault(
                ("link",), f"« {{{name}}} » est inconnu dans une adresse : écrivez {{key}} ou {{number}}"
            )


def _is_pattern(pattern: str) -> bool:
    """Tell whether `Path.glob` takes the pattern, and stays under its folder with it."""
    parts = pattern.split("/")
    if pattern.startswith("/") or ".." in parts or not set(parts) - {"", "."}:
        return False
    return all("**" not in part or part == "**" for part in parts)


def _texts(value: object) -> list[tuple[int, str]]:
    listed = value if isinstance(value, list) else []
    return [(index, item) for index, item in enumerate(listed) if isinstance(item, str)]


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value
