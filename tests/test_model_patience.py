"""A slow model is waited for: its repairs, the cases of an evaluation, and what the documents answered in its place."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import anyio
import pytest
from openai import AsyncOpenAI

from eval.asking import asking_here
from eval.exchanges import Asked
from eval.run_folder import begin
from server.drafting import generate as drafting
from server.evaluation_schemas import CaseResult, CaseTiming, RunView
from server.generate import REPAIR_LIMITS, REPAIR_SHARE, OpenAIGenerator, patient
from server.llm import Limits
from server.verify import ProposedStatement
from tests.evaluating import organisation
from tests.passages import bilan_and_frais
from tests.quality_cases import make_answer, make_case
from tests.quality_runs import make_configuration
from tests.scripted_model import ScriptedModel


def test_a_repair_gets_its_share_of_a_long_wait_and_never_less_than_usual() -> None:
    assert patient(REPAIR_LIMITS, Limits(), REPAIR_SHARE) == REPAIR_LIMITS
    assert patient(REPAIR_LIMITS, Limits(total_s=600), REPAIR_SHARE).total_s == pytest.approx(100)
    assert patient(drafting.REPAIR_LIMITS, Limits(), drafting.REPAIR_SHARE) == drafting.REPAIR_LIMITS


async def test_a_repair_that_comes_after_the_usual_wait_still_serves(
    model: ScriptedModel, model_client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.generate.REPAIR_LIMITS", Limits(max_tokens=400, total_s=0.05))
    quote = "dure au plus vingt-quatre heures"
    model.says('{"drop": false, "text": "Il dure 24 heures.", "quotes": [{"passage": 1, "quote": "' + quote + '"}]}',
               pause_s=0.2)  # fmt: skip
    writer = OpenAIGenerator(model_client, model.name, Limits(total_s=60))
    repaired = await writer.repair(
        "Combien ?", ProposedStatement("Vingt.", ()), bilan_and_frais(), datetime.now(UTC).date()
    )
    assert repaired is not None
    assert repaired.text == "Il dure 24 heures."


def test_an_evaluation_waits_in_proportion_to_the_model_s_own_time(tmp_path: Path) -> None:
    settings = organisation(tmp_path)

    async def patience(seconds: float) -> float:
        async with asking_here(settings.model_copy(update={"model_seconds": seconds}), None) as asker:
            return asker.patience

    assert anyio.run(patience, 120.0) == 1.0
    assert anyio.run(patience, 600.0) == 5.0


def test_what_the_documents_answered_in_the_place_of_the_model_is_asked_again(tmp_path: Path) -> None:
    def view(run_id: str) -> RunView:
        return RunView(
            id=run_id, suite="essai", title="Essai", suite_digest="d", state="running", cases=2, seed=1,
            started_at=datetime.now(UTC), configuration=make_configuration("generative"),
        )  # fmt: skip

    folder = begin(tmp_path, "essai", view)
    for number, mode in enumerate(("generative", "extractive")):
        case = make_case(number)
        answer = make_answer(case, Random(number), right=True).model_copy(
            update={"mode": mode, "warnings": []}
        )
        folder.note_asked(Asked(CaseResult(case=case, answer=answer), CaseTiming(case_id=case.id)))
    assert list(folder.asked()) == [make_case(0).id]
    folder.close()
