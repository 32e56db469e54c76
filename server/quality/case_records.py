"""One case as people write it: a record of a file goes in, a checked `Case` comes out.

Besides `Case`'s own fields, a record may have those of `sample/*.jsonl`: `document` and `quote` for one gold passage,
`group` for one group, and `followup` for the question that is asked once `question` has been.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from server.case_schemas import Case
from server.problems import explain

SHORT_FIELDS = ("document", "quote", "group", "followup")
FIELDS = frozenset((*Case.model_fields, *SHORT_FIELDS))

Record = tuple[int, dict[str, Any]]
"""The line where a case is, from 1, and its fields."""

_UNNAMED = "x"
_ID_DIGITS = 12


class Misread(ValueError):
    """Something wrong in a file of cases, in French; `line` is where, None for the whole file."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


def case_of(record: Mapping[str, Any]) -> Case:
    """Make a case of a record: an id is derived from its content, facts default to its gold quotes.

    Raises:
        ValueError: what is wrong with it, in French.
    """
    unknown = sorted(set(map(str, record)) - FIELDS)
    if unknown:
        raise ValueError(
            f"champ inconnu : {', '.join(map(_quoted, unknown))} ; ceux que l’on connaît : {_known()}"
        )
    fields = _expanded({key: value for key, value in record.items() if value is not None})
    try:
        case = Case.model_validate({"id": _UNNAMED, **fields})
    except ValidationError as error:
        raise ValueError(explain(error)) from error
    _check(case)
    if "id" not in fields:
        case = case.model_copy(update={"id": derived_id(case)})
    return with_facts(case)


def derived_id(case: Case) -> str:
    """Name a case after what it asks: the same in every file, whatever is expected of its answer."""
    asked: list[Any] = [case.question, case.history, str(case.as_of or ""), sorted(case.groups)]
    if case.draft is not None:
        asked += [case.draft.template, case.draft.notes]
    if case.mask is not None:
        asked.append(case.mask.text)
    written = json.dumps(asked, ensure_ascii=False)
    return f"c-{hashlib.sha256(written.encode()).hexdigest()[:_ID_DIGITS]}"


def with_facts(case: Case) -> Case:
    """Take a case's gold quotes for its facts where it names none."""
    quotes = [passage.quote for passage in case.gold if passage.quote]
    if case.facts or case.must_abstain or not quotes:
        return case
    return case.model_copy(update={"facts": list(dict.fromkeys(quotes))})


def _expanded(fields: dict[str, Any]) -> dict[str, Any]:
    """Replace the short fields by `Case`'s own, and say what goes without saying."""
    short = {key: fields.pop(key) for key in SHORT_FIELDS if key in fields}
    if "document" in short or "quote" in short:
        _refuse_both(fields, "document", "gold")
        if "document" not in short:
            raise ValueError("il manque « document » : de quoi « quote » est-elle la citation ?")
        fields["gold"] = [{key: short[key] for key in ("document", "quote") if key in short}]
    if "group" in short:
        _refuse_both(fields, "group", "groups")
        fields["groups"] = [short["group"]]
    if "followup" in short:
        _refuse_both(fields, "followup", "history")
        fields["history"] = [fields.pop("question", "")]
        fields["question"] = short["followup"]
    fields.setdefault("kind", next((kind for kind in ("draft", "mask") if kind in fields), "ask"))
    if "abstention" in fields:
        fields.setdefault("must_abstain", True)
    return fields


def _refuse_both(fields: Mapping[str, Any], short: str, long: str) -> None:
    if long in fields:
        raise ValueError(f"« {short} » et « {long} » disent la même chose : n’en gardez qu’un")


def _check(case: Case) -> None:
    """Refuse a case that says two things, or nothing."""
    if case.kind == "ask" and not case.question:
        raise ValueError("la question est vide")
    for kind in ("draft", "mask"):
        if (case.kind == kind) != (getattr(case, kind) is not None):
            raise ValueError(f"un cas « {kind} » porte « {kind} », et lui seul")
    if case.must_abstain and (case.gold or case.facts):
        raise ValueError("il faut choisir : soit « must_abstain », soit des passages ou des faits attendus")
    if case.abstention and not case.must_abstain:
        raise ValueError(
            "« abstention » dit pourquoi il n’y a pas de réponse, et « must_abstain » dit qu’il y en a une"
        )


def _known() -> str:
    return ", ".join(sorted(FIELDS))


def _quoted(text: str) -> str:
    return f"« {text} »"
