"""Cases of a suite and what a server could have answered: drawn from the sample's questions, the same for a seed.

Nothing is asked of a server: what reads runs (reports, comparisons, the API, the page) is tried on them.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from ingest.documents import Status
from server.case_schemas import Case, DraftExpectation, GoldPassage, MaskExpectation, SectionFact
from server.evaluation_schemas import AnswerRecord, DraftedSection, DraftedSentence, DraftRecord, MaskRecord
from server.mask_schemas import MaskSpan
from server.schemas import Citation, Conflict, Mode, Passage, Statement
from tests.passages import make_passage

QUESTIONS = Path(__file__).resolve().parents[1] / "sample" / "questions.jsonl"
HOSTILE = "</script><img src=x onerror=alert(1)><!-- <script> & \"'`{{7*7}} \u2028 🏮 \u202egnp.exe"
"""What leaves its place wherever a report forgets to escape it; it carries an emoji and a line separator."""
HOSTILE_ID = "hostile-1"
SHORTEST, LONGEST = 700, 1_100
"""Of a passage's text, in characters, as the sample's are cut."""
NOTES = (
    "Entretien du 12 mars. Mme [PERSONNE_1] travaille dans la vente depuis neuf ans. "
    "Elle veut devenir aide-soignante. Elle craint de perdre son salaire pendant la formation."
)


@cache
def _questions() -> tuple[Mapping[str, Any], ...]:
    return tuple(json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines())


@cache
def _answerable() -> tuple[Mapping[str, Any], ...]:
    return tuple(entry for entry in _questions() if entry.get("quote"))


@cache
def _unanswerable() -> tuple[Mapping[str, Any], ...]:
    return tuple(entry for entry in _questions() if entry.get("must_abstain"))


@cache
def passage(number: int) -> Passage:
    """Give a passage of the imagined index: a document's sentences, one of which may be what a case expects."""
    rng = Random(f"passage {number}")
    entry = _answerable()[number % len(_answerable())]
    sentences = [entry["quote"]]
    length = rng.randint(SHORTEST, LONGEST)
    while sum(map(len, sentences)) < length:
        sentences.insert(rng.randint(0, len(sentences)), rng.choice(_answerable())["quote"])
    title = entry["document"].rsplit(".", 1)[0]
    return make_passage(
        " ".join(sentences),
        f"p{number:05}",
        document_id=f"organisation:{title}",
        source="organisation",
        title=title,
        path=[title, f"{number % 6 + 1}. Conditions et délais"],
        page=number % 12 + 1 if entry["document"].endswith("pdf") else None,
        url=f"https://intranet.exemple/documents/{number}" if number % 3 == 0 else None,
        number=title.split(" ")[0] if title.startswith("PR-") else None,
        valid_from="2024-01-01" if number % 4 == 0 else None,
        valid_to="2025-12-31" if number % 17 == 0 else None,
        status=Status.SUPERSEDED if number % 17 == 0 else Status.IN_FORCE,
    )


def make_case(number: int) -> Case:
    """Give case `number` of the imagined suite: every eighth has no answer, some are drafts and masks."""
    if number == 0:
        return hostile_case()
    if number % 40 == 7:
        return draft_case(number)
    if number % 40 == 19:
        return mask_case(number)
    asked = _unanswerable() if number % 8 == 3 else _answerable()
    entry = asked[number % len(asked)]
    tags = list(dict.fromkeys([*entry.get("tags", []), *(["suivi"] if number % 11 == 0 else [])]))
    quote = entry.get("quote")
    return Case(
        id=f"cas-{number:04}",
        question=entry["question"],
        history=["Combien de temps dure un premier entretien ?"] if "suivi" in tags else [],
        as_of=entry.get("as_of"),
        groups=[entry["group"]] if entry.get("group") else [],
        facts=[quote] if quote else [],
        gold=[GoldPassage(document=entry["document"], quote=quote)] if quote else [],
        forbidden=["dossier turquoise"] if "reserve" in tags else [],
        must_abstain=quote is None,
        abstention=entry.get("abstention"),
        tags=tags,
    )


def hostile_case() -> Case:
    """Give a case whose every text would leave its place in a page that escapes badly."""
    return Case(
        id=HOSTILE_ID,
        question=f"Où est l’accueil ? {HOSTILE}",
        facts=[HOSTILE],
        gold=[GoldPassage(document=HOSTILE, quote=HOSTILE)],
        forbidden=[HOSTILE],
        tags=["injection", HOSTILE[:40]],
    )


def draft_case(number: int) -> Case:
    """Give a case that drafts a synthesis from notes."""
    return Case(
        id=f"note-{number:04}",
        kind="draft",
        question="Synthèse d’un premier entretien CEP",
        draft=DraftExpectation(
            template="cep-niveau-1",
            notes=NOTES,
            facts=[
                SectionFact(text="neuf ans dans la vente", section="parcours"),
                SectionFact(text="aide-soignante"),
            ],
            non_renseigne=["plan_action"],
            forbidden=["infirmière"],
        ),
        tags=["synthèse"],
    )


def mask_case(number: int) -> Case:
    """Give a case that masks a text."""
    text = "Jeanne Ployer est suivie pour un diabète."
    return Case(
        id=f"masque-{number:04}",
        kind="mask",
        question="Masquer un compte rendu",
        mask=MaskExpectation(
            text=text,
            spans=[
                MaskSpan(start=0, end=13, type="PERSONNE"),
                MaskSpan(start=32, end=40, type="SANTE"),
            ],
        ),
        tags=["masquage"],
    )


def make_answer(
    case: Case,
    rng: Random,
    *,
    right: bool,
    mode: Mode = "extractive",
    passages: int = 10,
    distinct: int = 300,
) -> AnswerRecord:
    """Answer a question, rightly or not, with its passages and what it cites of them."""
    found = _found(case, rng, right=right, count=passages, distinct=distinct)
    model = "extractif" if mode == "extractive" else "modele-de-redaction-8b"
    record = AnswerRecord(
        mode=mode,
        model=model,
        prompt_version=None if mode == "extractive" else "answer-7",
        standalone_question=f"{case.question} (premier entretien)" if case.history else None,
        abstained=case.must_abstain if right else not case.must_abstain and rng.random() < 0.35,
        statements=[],
        passages=found,
        warnings=["Un passage cité n’est plus en vigueur."] if not right and rng.random() < 0.3 else [],
    )
    if record.abstained:
        kind = case.abstention or "unanswerable"
        return record.model_copy(
            update={"abstention": kind, "message": "Les documents ne répondent pas à cette question."}
        )
    statements = _statements(case, rng, found, right=right)
    conflicts = [
        Conflict(newer=found[0].id, older=found[1].id, explanation="2 jours ouvrés, et non 5 jours ouvrés.")
    ]
    return record.model_copy(
        update={"statements": statements, "conflicts": conflicts if rng.random() < 0.05 else []}
    )


def _found(case: Case, rng: Random, *, right: bool, count: int, distinct: int) -> list[Passage]:
    if case.id == HOSTILE_ID:
        text = f"🏮 {HOSTILE} L’accueil est au rez-de-chaussée. {HOSTILE}"
        url = "javascript:alert(1)"
        return [make_passage(text, "hostile", title=HOSTILE, path=[HOSTILE], url=url), passage(1)]
    numbers = rng.sample(range(distinct), count)
    found = [passage(number) for number in numbers]
    if case.gold and right:
        expected = next(n for n, entry in enumerate(_answerable()) if entry["quote"] == case.gold[0].quote)
        found = [one for one in found if one.id != passage(expected).id][: count - 1]
        found.insert(min(int(rng.expovariate(1.2)), count - 1), passage(expected))
    return [one.model_copy(update={"score": round(1 - rank / 20, 3)}) for rank, one in enumerate(found)]


def _statements(case: Case, rng: Random, found: list[Passage], *, right: bool) -> list[Statement]:
    quote = (
        "L’accueil est au rez-de-chaussée." if case.id == HOSTILE_ID else case.facts[0] if case.facts else ""
    )
    holder = next((one for one in found if quote and quote in one.text), None)
    if holder is None:
        holder = found[0]
        quote = holder.text.split(". ")[0].rstrip(".")
    start = holder.text.index(quote)
    cited = Citation(passage_id=holder.id, quote=quote, start=start, end=start + len(quote))
    text = f"{quote} {HOSTILE}" if case.id == HOSTILE_ID else quote
    statements = [Statement(text=text, verified=True, citations=[cited])]
    if not right or rng.random() < 0.15:
        statements.append(
            Statement(
                text="La demande est traitée sous 48 heures par la référente.",
                verified=False,
                citations=[],
                unsupported=["48 heures"],
            )
        )
    return statements


def make_draft(case: Case, *, right: bool) -> DraftRecord:
    """Draft the synthesis of a case, with one sentence that lacks where it is not right."""
    career = DraftedSentence(text="Neuf ans dans la vente.", verified=True, sources=["n2"])
    project = DraftedSentence(text="Projet : devenir aide-soignante.", verified=right, sources=["n3"])
    plan = [] if right else [DraftedSentence(text="Elle s’inscrit en école d’infirmière.", verified=False)]
    return DraftRecord(
        mode="extractive",
        model="extractif",
        sections=[
            DraftedSection(id="parcours", title="Parcours", sentences=[career]),
            DraftedSection(id="projet", title="Projet", sentences=[project]),
            DraftedSection(id="plan_action", title="Plan d’action", sentences=plan),
        ],
    )


def make_mask(case: Case, *, right: bool) -> MaskRecord:
    """Mask the text of a case, less its last span where it is not right."""
    assert case.mask is not None
    spans = case.mask.spans if right else case.mask.spans[:1]
    text = "[PERSONNE_1] est suivie pour un " + ("[SENSIBLE_1]." if right else "diabète.")
    return MaskRecord(text=text, spans=spans)
