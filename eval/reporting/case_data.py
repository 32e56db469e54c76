"""The cases of a run as the page reads them: results go in, JSON for a `<script>` element comes out.

A passage that many cases found is written once: a case names it by its place in one table.
"""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from server.evaluation_schemas import AnswerRecord, CaseResult, CaseTiming, DraftRecord
from server.outcome_schemas import OUTCOMES
from server.quality.gold import matches
from server.quality.outcomes import outcome_of
from server.quality.run_files import LoadedRun
from server.quality.suite_figures import POOLED
from server.schemas import Passage, Statement

_UNSAFE: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
_SHOWN = ("title", "path", "text", "page", "number", "status", "valid_from", "valid_to")


def script_json(data: object) -> str:
    """Write JSON that cannot end the `<script>` element it stands in, whatever texts it holds."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE)


def packed_json(data: object) -> str:
    """Write JSON as a page unpacks it when it is first needed: gzip, in base64; the same data give the same text."""
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(written, mtime=0)).decode()


class PassageTable:
    """Passages without duplicates, in the order in which they were first met."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}

    def place(self, passage: Passage) -> int:
        """Give the place of a passage; two with an id in common and different texts have a place each."""
        row = _passage_row(passage)
        key = json.dumps(row, ensure_ascii=False)
        if key not in self._places:
            self._places[key] = len(self.rows)
            self.rows.append(row)
        return self._places[key]


def page_cases(run: LoadedRun) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the cases, those that most need a person first, and the table of their passages."""
    table = PassageTable()
    rows = [_case_row(result, run.timings.get(result.case.id), table) for result in run.results]
    ranks = {result.case.id: _need(result) for result in run.results}
    return sorted(rows, key=lambda row: ranks[row["id"]]), table.rows


def _need(result: CaseResult) -> tuple[int, float]:
    scores = [score for name, score in result.scores.items() if name != "noise_sensitivity"]
    return OUTCOMES[outcome_of(result)].rank, sum(scores) / len(scores) if scores else 0.0


def _case_row(result: CaseResult, timing: CaseTiming | None, table: PassageTable) -> dict[str, Any]:
    case = result.case
    row: dict[str, Any] = {
        **case.model_dump(mode="json", exclude_defaults=True, exclude={"gold"}),
        "kind": case.kind,
        "gold": [gold.model_dump(exclude_none=True) for gold in case.gold],
        "outcome": outcome_of(result),
        "status": result.status,
        "error": result.error,
        "scores": {name: round(score, 4) for name, score in result.scores.items() if name not in POOLED},
        "counts": result.counts,
        "unscored": result.unscored,
        "verdicts": [verdict.model_dump() for verdict in result.verdicts],
    }
    if result.answer is not None:
        row["answer"] = _answer(result.answer)
        row["passages"] = [
            [table.place(passage), int(any(matches(gold, passage) for gold in case.gold))]
            for passage in result.answer.passages
        ]
    if result.draft is not None:
        row["drafted"] = _draft(result.draft)
    if result.masked is not None:
        row["masked"] = result.masked.text
    if timing is not None:
        row["timings"], row["cached"] = timing.timings, timing.cached
    return {key: value for key, value in row.items() if value not in (None, [], {}, "")}


def _answer(answer: AnswerRecord) -> dict[str, Any]:
    ranks = {passage.id: rank for rank, passage in enumerate(answer.passages)}
    return {
        **answer.model_dump(
            mode="json",
            exclude_none=True,
            include={"abstained", "abstention", "message", "standalone_question", "warnings"},
        ),
        "conflicts": [conflict.explanation for conflict in answer.conflicts],
        "statements": [_statement(statement, ranks) for statement in answer.statements],
    }


def _statement(statement: Statement, ranks: Mapping[str, int]) -> dict[str, Any]:
    cited = [
        {"rank": ranks.get(one.passage_id), "quote": one.quote, "start": one.start, "end": one.end}
        for one in statement.citations
    ]
    return {
        "text": statement.text,
        "verified": statement.verified,
        "unsupported": statement.unsupported,
        "citations": cited,
    }


def _draft(draft: DraftRecord) -> Sequence[Mapping[str, Any]]:
    return [section.model_dump(mode="json") for section in draft.sections]


def _passage_row(passage: Passage) -> dict[str, Any]:
    row = passage.model_dump(mode="json", include=set(_SHOWN), exclude_none=True)
    if passage.url and passage.url.startswith(("https://", "http://")):  # never a script's
        row["url"] = passage.url
    return row
