"""A part of the sample organisation to plant regressions in, and a model that does what its instructions say.

Seventeen of its documents, among them two pairs of which one replaces the other and four that one group alone may read;
forty of its questions: plain, at a date, by right, and without an answer.
"""

import csv
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.suites import load_suite
from ingest.settings import ROOT
from ingest.text import terms
from server.case_schemas import Case
from server.settings import ServerSettings
from tests.evaluating import ingest, settings_of, write_cases
from tests.scripted_model import Script, ScriptedModel
from tests.support import OPEN_AND_RESERVED

SAMPLE = ROOT / "sample" / "documents"
PROCEDURES = ("001", "002", "004", "007", "008", "009", "012", "013", "020", "029", "030", "031", "032")

SUITE = """
title = "Régressions plantées"
description = "Une part de l’organisation d’exemple."
documents = "own"
today = 2026-11-22

[[files]]
path = "cases.jsonl"
"""

VERBATIM = "recopié mot pour mot"
"""What the instructions say of quotes, and an obedient model does."""


def planted_organisation(folder: Path) -> ServerSettings:
    """Write its documents, its cases and its suite, and fill its index with their words (vectors take minutes)."""
    (folder / "sources.toml").write_text(OPEN_AND_RESERVED, "utf-8")
    for name in ("procedures", "direction"):
        (folder / name).mkdir(parents=True)
        _copy(SAMPLE / name, folder / name)
    write_cases(folder / "cases.jsonl", *chosen_cases())
    (folder / "planted.toml").write_text(SUITE, "utf-8")
    settings = settings_of(folder)
    ingest(settings)
    return settings


def chosen_cases() -> list[Case]:
    """Choose among the sample's cases those that these documents answer, or that none does."""
    known = [case for case in load_suite("sample").cases if case.kind == "ask" and not case.history]
    answered = [case for case in known if case.gold and all(_is_here(gold.document) for gold in case.gold)]
    by_right = [case for case in answered if case.groups]
    at_date = [case for case in answered if case.as_of and case.forbidden]
    plain = [case for case in answered if not case.groups and not case.as_of]
    unread = [case for case in known if case.must_abstain and case.forbidden and not case.as_of]
    absent = [case for case in known if case.must_abstain and "hors-sujet" in case.tags]
    return [*by_right[:6], *unread[:8], *at_date[:8], *_spread(plain, 14), *_spread(absent, 4)]


def _spread(cases: Sequence[Case], count: int) -> list[Case]:
    return list(cases)[:: max(1, len(cases) // count)][:count]


def _is_here(name: str) -> bool:
    reserved = (SAMPLE / "direction" / name).exists()
    return reserved or any(name.startswith(f"PR-{number} ") for number in PROCEDURES)


def _copy(source: Path, target: Path) -> None:
    """Copy the chosen files of a folder, and the lines that its sheet has for them."""
    with (source / "metadonnees.csv").open(encoding="utf-8-sig", newline="") as sheet:
        rows = list(csv.reader(sheet, delimiter=";"))
    kept = [row for row in rows[1:] if _is_here(row[0])]
    for row in kept:
        shutil.copy(source / row[0], target / row[0])
    with (target / "metadonnees.csv").open("w", encoding="utf-8", newline="") as sheet:
        csv.writer(sheet, delimiter=";").writerows([rows[0], *kept])


@dataclass
class Obedient(ScriptedModel):
    """A model that answers with the sentence nearest to the question, and quotes as its instructions tell it to.

    Told to copy word for word, it does. Told anything else, it says that it copied and writes as it pleases.

    Args:
        wrong_passage: whether it gives for a source, word for word, what has nothing to do with its sentence.
    """

    scripts: Any = field(init=False)
    """Never empty: each answer is made of what was just asked."""
    wrong_passage: bool = False

    def __post_init__(self) -> None:
        self.scripts = _Answers(self)


@dataclass
class _Answers:
    model: Obedient

    def popleft(self) -> Script:
        request = self.model.requests[-1]
        said = _statement(request["messages"], wrong_passage=self.model.wrong_passage)
        told = {"abstain": False, "statements": [said]} if request.get("stream") else {"drop": False, **said}
        return Script([json.dumps(told, ensure_ascii=False)])

    def clear(self) -> None:
        """Nothing is queued."""


def _statement(messages: Sequence[dict[str, Any]], *, wrong_passage: bool) -> dict[str, Any]:
    asked = messages[-1]["content"]
    number, sentence = _nearest(asked)
    quote = sentence
    if VERBATIM not in messages[0]["content"]:
        quote = f"Il est établi que {sentence[:1].lower()}{sentence[1:]}"
    if wrong_passage:
        number, quote = _farthest(asked, number)
    return {"text": sentence, "quotes": [{"passage": number, "quote": quote}]}


_PASSAGE = re.compile(r"début du passage (\d+)\n[^\n]*\n(.*?)\n\S+ fin du passage \1", re.DOTALL)
_SENTENCE = re.compile(r"[^\n|]{30,400}?[.](?=\s|$)")


def _sentences(asked: str) -> list[tuple[int, str]]:
    return [
        (int(number), sentence.strip(" -"))
        for number, text in _PASSAGE.findall(asked)
        for sentence in _SENTENCE.findall(text)
    ]


def _nearest(asked: str) -> tuple[int, str]:
    question = set(terms(asked.rpartition("Question : ")[2]))
    return max(
        _sentences(asked), key=lambda one: len(question.intersection(terms(one[1]))), default=(1, "Rien.")
    )


def _farthest(asked: str, other_than: int) -> tuple[int, str]:
    return next(((n, s) for n, s in reversed(_sentences(asked)) if n != other_than), (1, "Rien du tout."))


def lying(instructions: str) -> str:
    """Give instructions that ask for quotes which are none."""
    assert VERBATIM in instructions
    return instructions.replace(VERBATIM, "rédigé comme si tu le recopiais")
