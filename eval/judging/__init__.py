"""What a judge judges with: ragas' metrics, French prompts, and answers that people labelled.

ragas and what it brings report home unless they are told not to when they are imported. Whatever imports them
imports this package first, which tells them.
"""

import os

_QUIET = {
    "RAGAS_DO_NOT_TRACK": "true",  # "1" would not do
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}

os.environ.update(_QUIET)
