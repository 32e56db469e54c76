"""A small organisation to run suites on: its documents are in an index, its cases in a file."""

from pathlib import Path
from typing import Any

import pytest

from ingest.opening import open_store
from ingest.pipeline import Ingestion
from ingest.sources.config import select_sources
from server.case_schemas import Case, DraftExpectation, GoldPassage, MaskExpectation
from server.settings import ServerSettings
from tests.support import OPEN_AND_RESERVED

DOCUMENTS = {
    "procedures/Réclamations.md": "# Réclamations\n\nToute réclamation reçoit une réponse sous cinq jours ouvrés.\n",
    "procedures/Entretiens.md": (
        "# Entretiens\n\nUn premier entretien dure une heure. Un entretien de suivi dure trente minutes.\n"
    ),
    "procedures/Transport.md": "# Transport\n\nLes frais de transport sont remboursés sur justificatif.\n",
    "direction/Budget.md": "# Budget\n\nLe budget prévoit deux recrutements au premier trimestre.\n",
}

NOTES = "Mme Claire Vauquelin est vendeuse. Elle souhaite devenir aide-soignante."

COMPLAINTS = "Sous combien de jours une réclamation reçoit-elle une réponse ?"
BUDGET = "Combien de recrutements le budget prévoit-il ?"

CASES = [
    Case(
        id="reclamation", question=COMPLAINTS, gold=[GoldPassage(document="Réclamations.md")], tags=["simple"]
    ),
    Case(id="transport", question="Les frais de transport sont-ils remboursés ?", tags=["simple"]),
    Case(id="budget", question=BUDGET, groups=["direction"], tags=["droits"]),
    Case(
        id="sans-droit", question=BUDGET, must_abstain=True, forbidden=["deux recrutements"], tags=["droits"]
    ),
    Case(id="inconnu", question="Quel temps fera-t-il demain à Brest ?", must_abstain=True),
    Case(
        id="suite",
        question="Et un entretien de suivi ?",
        history=["Combien de temps dure un premier entretien ?"],
    ),
    Case(id="masque", kind="mask", mask=MaskExpectation(text=NOTES, spans=[])),
    Case(id="synthese", kind="draft", draft=DraftExpectation(template="cep-niveau-1", notes=NOTES)),
]


def case(case_id: str) -> Case:
    return next(one for one in CASES if one.id == case_id)


def write_cases(path: Path, *cases: Case) -> Path:
    path.write_text("".join(f"{one.model_dump_json()}\n" for one in cases or CASES), "utf-8")
    return path


def organisation(folder: Path, **changes: Any) -> ServerSettings:
    """Write its documents, and fill its index with their words."""
    (folder / "sources.toml").write_text(OPEN_AND_RESERVED, "utf-8")
    for name, text in DOCUMENTS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    settings = settings_of(folder, **changes)
    ingest(settings)
    return settings


def settings_of(folder: Path, **changes: Any) -> ServerSettings:
    given = {
        "data_dir": folder / "data",
        "sources_file": folder / "sources.toml",
        "embed_in_background": False,
    }
    return ServerSettings(_env_file=None, **{**given, **changes})


def ingest(settings: ServerSettings) -> None:
    store = open_store(settings)
    try:
        ingestion = Ingestion(store.index, store.manifest, store.embedder, settings)
        ingestion.run_sources(select_sources(settings, None))
    finally:
        store.close()


def use(monkeypatch: pytest.MonkeyPatch, settings: ServerSettings) -> None:
    """Have the commands find these settings in the environment."""
    monkeypatch.setenv("FANAL_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("FANAL_SOURCES_FILE", str(settings.sources_file))
    monkeypatch.setenv("FANAL_EMBED_IN_BACKGROUND", "false")
