"""One procedure, about which a model answers: a folder goes in, the settings of a server over it come out."""

import json
from pathlib import Path
from typing import Any

from eval.overhead_bench import ABSTENTION
from server.settings import ServerSettings

LEAVE = "# Congés du personnel\n\nLes congés d'été sont posés avant le 15 mars, dans Quittance.\n"
QUESTION = "Avant quelle date poser ses congés d'été ?"
SOURCES = '[[source]]\nname = "procedures"\nkind = "procedure"\nfolder = "procedures"\n'


def one_procedure(folder: Path, model_url: str, model_name: str, **changes: Any) -> ServerSettings:
    """Write the procedure, and an abstention that never keeps a question from the model."""
    (folder / "procedures").mkdir()
    (folder / "sources.toml").write_text(SOURCES, "utf-8")
    (folder / "procedures" / "conges.md").write_text(LEAVE, "utf-8")
    (folder / "abstention.json").write_text(json.dumps(ABSTENTION), "utf-8")
    given = {
        "abstention_file": folder / "abstention.json",
        "data_dir": folder / "data",
        "sources_file": folder / "sources.toml",
        "embed_processes": 1,
        "generator": "openai",
        "model_url": model_url,
        "model_name": model_name,
    }
    return ServerSettings(_env_file=None, **{**given, **changes})
