"""A few documents to make questions of, in an index, and the command's work on them."""

from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from eval.generate import GenerateOptions, Summary, generate
from ingest.chunk import chunk_document
from ingest.documents import Status
from ingest.opening import open_store
from server.case_schemas import Case
from server.quality.case_files import read_cases
from server.settings import ServerSettings
from tests.support import make_document

TODAY = date(2026, 11, 22)
QUIET = Console(quiet=True)

LEAVE = "Un salarié peut télétravailler deux jours par semaine au plus."
FORM = "Le salarié remplit le formulaire F-041 et le remet à sa responsable."
CALL = "On appelle le poste 2112 dans la journée."
BUDGET = "Le budget prévoit deux recrutements au premier trimestre."

DOCUMENTS = [
    make_document(
        "PR-030 Télétravail.odt", "# 1. Objet", "Cette procédure fixe le cadre du télétravail pour tous.",
        "# 2. Nombre de jours", LEAVE, "# 3. Demander", FORM,
        source="procedures", title="Télétravail", number="PR-030",
    ),
    make_document(
        "FAQ-09 Escale.md", "# J’ai oublié mon mot de passe", CALL, "# Puis-je me connecter de chez moi ?",
        "Non. La connexion passe par le réseau de l’agence, jamais par un réseau privé.",
        source="faq", title="Escale : questions des utilisateurs", number="FAQ-09",
    ),
    make_document(
        "PR-007 Ancien.odt", "# 2. Qui est concerné", "Tous les salariés présents en 2023 sont concernés.",
        source="procedures", title="Frais de déplacement", number="PR-007", valid_to=date(2025, 12, 31),
    ),
    make_document(
        "PR-008 Abrogé.odt", "# 2. Qui est concerné", "Tous les agents présents en 2022 sont concernés.",
        source="procedures", title="Prime de transport", number="PR-008", status=Status.REPEALED,
    ),
    make_document(
        "CR-09 Comité.pdf", "# Comment financer les recrutements", BUDGET,
        source="direction", title="Comité de direction", number="CR-09", groups=("direction",),
    ),
]  # fmt: skip


def indexed(folder: Path) -> ServerSettings:
    """Put the documents in an index, without vectors."""
    (folder / "sources.toml").write_text("", "utf-8")
    made = ServerSettings(
        data_dir=folder / "data",
        sources_file=folder / "sources.toml",
        embed_in_background=False,
        _env_file=None,
    )
    store = open_store(made)
    try:
        for document in DOCUMENTS:
            store.index.upsert(chunk_document(document, 1_800), {}, store.embedder.name)
        store.index.flush()
    finally:
        store.close()
    return made


def made(settings: ServerSettings, folder: Path, **options: Any) -> tuple[list[Case], Summary]:
    """Generate into a file."""
    path = folder / "cas.jsonl"
    summary = generate(GenerateOptions(output=path, **options), settings, TODAY, QUIET)
    return read_cases(path), summary
