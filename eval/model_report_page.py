"""The report of a real model's answers as Markdown: what `eval.model_report` found goes in, a page comes out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]


def page(report: Mapping[str, Any]) -> str:
    """Write the report: a table of all the questions, then each with the model's raw text and Fanal's answer."""
    entries: Sequence[Entry] = report["questions"]
    lines = [
        f"# Ten questions answered by `{report['model']}`",
        "",
        "Written by `python -m eval.model_report`; the same data, whole, is in the JSON file beside this one.",
        f"Questions of `sample/questions.jsonl` asked over HTTP to Fanal's server; model context "
        f"{report['context']} tokens.",
        "",
        *_summary(entries),
        "",
        "| # | Question | Calls to the model | Statements | Verified | Repaired | Document found / cited | Seconds |",
        "|---|---|---|---|---|---|---|---|",
        *(_row(number, entry) for number, entry in enumerate(entries, start=1)),
        "",
    ]
    for number, entry in enumerate(entries, start=1):
        lines += [*_section(number, entry), ""]
    return "\n".join(lines)


def _summary(entries: Sequence[Entry]) -> Iterator[str]:
    statements = [one for entry in entries for one in entry["answer"]["statements"]]
    asked = [entry for entry in entries if entry["model_calls"]]
    absent = [entry for entry in entries if entry["expected"]["document"] is None]
    calls = sum(len(entry["model_calls"]) for entry in entries)
    yield f"- the model was asked {calls} times, for {len(asked)} questions"
    yield f"- {len(statements)} statements: {_verified(statements)} verified, {_repaired(statements)} after repair"
    found, cited = _count(entries, "document_found"), _count(entries, "document_cited")
    yield f"- expected document among the passages: {found}; cited: {cited}"
    yield f"- left unanswered, as they should be: {_abstained(absent)} of {len(absent)}"
    yield f"- left unanswered though the documents answer: {_abstained(entries) - _abstained(absent)}"


def _verified(statements: Sequence[Entry]) -> int:
    return sum(one["verified"] for one in statements)


def _repaired(statements: Sequence[Entry]) -> int:
    return sum(one["repaired"] for one in statements)


def _abstained(entries: Sequence[Entry]) -> int:
    return sum(entry["answer"]["abstained"] for entry in entries)


def _count(entries: Sequence[Entry], key: str) -> str:
    known = [entry[key] for entry in entries if entry[key] is not None]
    return f"{sum(known)} of {len(known)}"


def _row(number: int, entry: Entry) -> str:
    answer = entry["answer"]
    statements = answer["statements"]
    said = len(statements) if statements else f"none ({answer['abstention'] or 'broke off'})"
    mode = "" if answer["mode"] == "generative" else f" ({answer['mode']})"
    found = (
        "—"
        if entry["document_found"] is None
        else f"{_yes(entry['document_found'])} / {_yes(entry['document_cited'])}"
    )
    cells = (
        number, entry["question"], len(entry["model_calls"]), f"{said}{mode}", _verified(statements),
        _repaired(statements), found, round(entry["seconds"]),
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _section(number: int, entry: Entry) -> Iterator[str]:
    answer, expected = entry["answer"], entry["expected"]
    yield f"## {number}. {entry['question']}"
    yield ""
    yield (
        f"Expected: {expected['document']}, « {expected['quote']} »"
        if expected["document"]
        else "Expected: no answer"
    )
    yield ""
    for rank, call in enumerate(entry["model_calls"], start=1):
        yield from [
            _called(rank, call),
            "",
            *(["~~~~json", call["raw"].strip(), "~~~~", ""] if call["raw"] else []),
        ]
    if not entry["model_calls"]:
        yield from ["The model was not asked.", ""]
    yield f"Fanal's answer ({answer['mode']}):"
    yield ""
    for statement in answer["statements"]:
        yield f"- {_marks(statement)} {statement['text']}"
        yield from (
            f"    - « {' '.join(one['quote'].split())} » ({one['passage_id']})"
            for one in statement["citations"]
        )
    if answer["message"]:
        yield f"- {answer['message']}"
    yield from (f"- warning: {warning}" for warning in answer["warnings"])
    yield from ["", f"Passages: {', '.join(passage['id'] for passage in answer['passages'])}"]


def _called(rank: int, call: Entry) -> str:
    asked = f"Raw text {rank} ({call['prompt_chars']} characters to read"
    if call["finish_reason"] is None:
        return f"{asked}): Fanal gave up after {call['seconds']} s."
    return (
        f"{asked}, {call['prompt_tokens']} tokens; {call['completion_tokens']} tokens written; "
        f"{call['seconds']} s in all, ended by {call['finish_reason']}):"
    )


def _marks(statement: Entry) -> str:
    marks = ["verified" if statement["verified"] else "NOT VERIFIED"]
    if statement["repaired"]:
        marks.append("repaired")
    if statement["unsupported"]:
        marks.append(f"unsupported: {', '.join(statement['unsupported'])}")
    return f"[{'; '.join(marks)}]"
