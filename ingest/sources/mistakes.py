"""What is wrong in the sources file: what TOML and pydantic made of it goes in, French lines come out.

Each says where (the line), what, and what to write instead; all of them come at once.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from pydantic import ValidationError

from ingest.sources.rules import BACKSLASH, EXPECTED, Fault, source_faults
from ingest.sources.toml_lines import Path, key_lines

_IN_FRENCH = {
    "nom": "name",
    "titre": "title",
    "type": "kind",
    "dossier": "folder",
    "motif": "pattern",
    "fichier": "file",
    "url": "pages",
    "urls": "pages",
    "hotes": "hosts",
    "tableau": "table",
    "colonnes": "columns",
    "groupes": "groups",
    "lien": "link",
    "valable_du": "valid_from",
    "valable_jusqu_au": "valid_to",
    "statut": "status",
    "frequence": "schedule",
    "sources": "source",
}
_SYNTAX = (
    ("Cannot overwrite", "cette clé est déjà écrite plus haut dans la même source"),
    ("Cannot declare", "cette table est déjà écrite plus haut dans la même source"),
    ("Expected '=' after a key", "il manque le signe = après la clé"),
    ("Unclosed array", "il manque une virgule ou le crochet ] d’une liste"),
    ("Expected ']", "il manque un crochet ]"),
    ("Illegal character", "il manque un guillemet à la fin d’un texte"),
    ("Unterminated string", "il manque un guillemet à la fin d’un texte"),
    ("Invalid value", "un texte se met entre guillemets, une date s’écrit AAAA-MM-JJ, un oui ou non true ou false"),
    ("Unescaped '\\'", BACKSLASH),
    ("Invalid hex value", BACKSLASH),
    ("Invalid statement", "une ligne s’écrit clé = valeur, et une remarque commence par #"),
    ("Expected newline", "il y a quelque chose après la valeur : une remarque commence par #"),
)  # fmt: skip
_DAY = re.compile(r"=\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")


def written_mistakes(text: str, data: Mapping[str, Any], error: ValidationError | None) -> list[str]:
    """Say all that is wrong in a file, in the order of its lines.

    Args:
        text: the file.
        data: what `tomllib` reads in it.
        error: what its schema says of that, None when it accepts it.
    """
    faults = [*_file_faults(data), *_schema_faults(error)]
    twice = _same_names(data)
    lines = key_lines(text) if faults or twice else {}
    for later, earlier in twice:
        line = lines["source", earlier, "name"]
        reason = (
            f"ce nom est déjà celui de la source de la ligne {line} : donnez un autre nom à l’une des deux"
        )
        faults.append(Fault(("source", later, "name"), reason))
    found: dict[Path, tuple[int, str]] = {}
    for fault in faults:
        line = next((lines[p] for p in _upwards(fault.path) if p in lines), 1)
        found.setdefault(fault.path, (line, f"ligne {line}{_source_name(data, fault.path)} : {fault.reason}"))
    return [written for _, written in sorted(found.values(), key=lambda one: one[0])]


def _upwards(path: Path) -> Iterator[Path]:
    return (path[:length] for length in range(len(path), 0, -1))


def _source_name(data: Mapping[str, Any], path: Path) -> str:
    if len(path) < 2 or path[0] != "source" or not isinstance(path[1], int):
        return ""
    table = data["source"][path[1]]
    name = table.get("name") if isinstance(table, dict) else None
    return f", source « {name} »" if isinstance(name, str) else f", source n° {path[1] + 1}"


def _schema_faults(error: ValidationError | None) -> Iterator[Fault]:
    for problem in error.errors(include_url=False) if error else ():
        path, kind = problem["loc"], problem["type"]
        key = str(path[2]) if len(path) > 2 else ""
        if kind == "extra_forbidden" and len(path) == 1 and path[0] in EXPECTED:
            yield Fault(
                path, f"« {path[0]} » est au-dessus de la première [[source]] : mettez cette ligne dessous"
            )
        elif kind == "extra_forbidden":
            yield Fault(path, _unknown(str(path[-1]), EXPECTED if len(path) > 1 else ("source",)))
        elif kind == "missing":
            yield Fault(path, f"il manque « {key} » ; attendu : {EXPECTED[key]}")
        elif key:
            named, value = (path[-1] if key == "columns" else key), _shown(problem["input"])
            yield Fault(path, f"« {named} » ne peut pas valoir « {value} » ; attendu : {EXPECTED[key]}")
        elif kind != "value_error":  # those are `source_faults`, which `_file_faults` finds with their place
            yield Fault(
                path, "une source s’écrit [[source]], avec deux crochets de chaque côté, puis ses clés"
            )


def _file_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    for index, table in _tables(data):
        for fault in (*source_faults(table), *_name_faults(table)):
            yield Fault(("source", index, *fault.path), fault.reason)


def _same_names(data: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Give the sources whose name an earlier one has, each with the place of that one."""
    first: dict[str, int] = {}
    names = [(index, name) for index, table in _tables(data) if isinstance(name := table.get("name"), str)]
    return [(index, first[name]) for index, name in names if first.setdefault(name, index) != index]


def _tables(data: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    listed = data.get("source")
    tables = listed if isinstance(listed, list) else []
    return [(index, table) for index, table in enumerate(tables) if isinstance(table, dict)]


def _name_faults(table: Mapping[str, Any]) -> Iterator[Fault]:
    """Look up the names that belong to other parts: a session's fields, open data."""
    if isinstance(columns := table.get("columns"), dict):
        from ingest.sources.training import TrainingSession

        known = [field.name for field in fields(TrainingSession)]
        for key in columns:
            if key not in known:
                reason = _misplaced(key) if key in EXPECTED else _unknown(key, known)
                yield Fault(("columns", key), reason)
        if "title" not in columns:
            yield Fault(
                ("columns",), 'il manque la colonne de l’intitulé : title = "en-tête de cette colonne"'
            )
    if isinstance(dataset := table.get("dataset"), str) and dataset:
        from ingest.sources.packages import DATASETS

        if dataset not in DATASETS:
            yield Fault(("dataset",), f"« {dataset} » n’existe pas ; jeux connus : {', '.join(DATASETS)}")


def _unknown(key: str, known: Iterable[str]) -> str:
    names = list(known)
    near = [_IN_FRENCH[key.casefold()]] if _IN_FRENCH.get(key.casefold()) in names else []
    near += difflib.get_close_matches(key.casefold(), names, 1)
    advice = f"écrivez « {near[0]} »" if near else f"clés connues : {', '.join(names)}"
    return f"« {key} » n’existe pas : {advice}"


def _misplaced(key: str) -> str:
    return f"« {key} » est sous [source.columns] : mettez cette ligne au-dessus de [source.columns]"


def _shown(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def written_syntax_error(text: str, message: str) -> str:
    """Say in French what `tomllib` stumbled on, with the line that it stopped at.

    Args:
        text: the file.
        message: tomllib's own words, "Invalid value (at line 3, column 8)".
    """
    place = re.search(r"\(at line (\d+), column \d+\)", message)
    lines = text.splitlines() or [""]
    number = int(place[1]) if place else len(lines)
    line = lines[min(number, len(lines)) - 1].strip()
    if re.match(r"[\[\w.-]*[^\W\x00-\x7f]", line):
        return f"ligne {number}, « {_shown(line)} » : une clé s’écrit sans accent, ou entre guillemets"
    if day := _DAY.search(line):
        iso = f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}"
        return f"ligne {number}, « {_shown(line)} » : une date s’écrit AAAA-MM-JJ, sans guillemets : {iso}"
    advice = next(
        (french for english, french in _SYNTAX if english in message),
        "guillemet, crochet, virgule ou signe = oublié, sur cette ligne ou la précédente",
    )
    return f"ligne {number}, « {_shown(line)} » : {advice}"
