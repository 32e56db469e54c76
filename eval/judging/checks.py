"""Whether what the judge answered can be counted: ragas takes a verdict of 2, or verdicts that lack, for a score."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from ingest.errors import FanalError

BINARY = ("verdict", "attributed", "noncommittal")

UNREADABLE = "la réponse du juge n’est pas le JSON demandé"
EMPTY = "le juge n’a rien rendu à compter"
OUT_OF_RANGE = "le juge a rendu un verdict qui n’est ni 0 ni 1"


class JudgeFailed(FanalError):
    """The judge gave nothing that can be counted; the message is the reason, in French, without a capital."""


class JudgeUnusable(FanalError):
    """The judge's endpoint does not answer, refuses the key, or does not serve the model: nothing was judged yet."""

    def __init__(self, url: str, model: str) -> None:
        super().__init__(
            f"Le juge « {model} » ne peut pas être interrogé à {url} : vérifiez l’adresse (elle finit par /v1), la clé "
            "et le nom du modèle, et que son service est démarré."
        )


def check(answer: BaseModel, asked: tuple[str, ...]) -> None:
    """Check that an answer can be counted.

    Args:
        asked: the statements that were to be judged one by one, if it was asked for that.

    Raises:
        JudgeFailed: a list or a text is empty, a verdict is not 0 or 1, or there are more or fewer than asked for.
    """
    for name, value in _values(answer):
        if name in BINARY and value not in (0, 1):
            raise JudgeFailed(OUT_OF_RANGE)
        if name not in (*BINARY, "reason") and (not value or not str(value).strip()):
            raise JudgeFailed(EMPTY)
    got = len(getattr(answer, "statements", ()))
    if asked and got != len(asked):
        raise JudgeFailed(f"le juge a rendu {got} verdict{'s'[: got > 1]} pour {len(asked)} phrases")


def _values(answer: BaseModel) -> Iterator[tuple[str, Any]]:
    """Give each field by its name, and those of what is in it."""
    for name in type(answer).model_fields:
        value = getattr(answer, name)
        yield name, value
        for item in value if isinstance(value, list) else ():
            if isinstance(item, BaseModel):
                yield from _values(item)
            else:
                yield name, item


def schema_of(model: type[BaseModel], asked: tuple[str, ...]) -> dict[str, Any]:
    """Give the JSON schema of an answer, made as strict as `check`; a server that follows schemas cannot fail it.

    ragas' own carries English descriptions, which are left out.
    """
    schema: dict[str, Any] = _bare(model.model_json_schema())
    if asked:
        schema["properties"]["statements"] |= {"minItems": len(asked), "maxItems": len(asked)}
    return schema


def _bare(node: Any, name: str = "") -> Any:
    if isinstance(node, list):
        return [_bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    bare = {
        key: _bare(value, key)
        for key, value in node.items()
        if key not in ("title", "description") or name == "properties"
    }
    if bare.get("type") == "integer" and name in BINARY:
        bare["enum"] = [0, 1]
    if bare.get("type") == "array":
        bare["minItems"] = 1
    return bare
