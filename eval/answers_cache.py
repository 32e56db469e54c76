"""The cache of answers: a case that was asked of the same configuration before is not asked again.

A key goes in, digest of the configuration and of what is sent (`key_of`); what was answered and how long it took come
out. An entry that cannot be read is as none, and is written again.
"""

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from eval.exchanges import Asked
from eval.run_folder import PRIVATE_FILE, PRIVATE_FOLDER
from eval.written import is_whole
from server.case_schemas import Case
from server.configuration_schemas import Configuration
from server.evaluation_schemas import (
    AnswerRecord,
    CaseResult,
    CaseTiming,
    DraftRecord,
    MaskRecord,
    TokenUsage,
)

logger = logging.getLogger(__name__)

FOLDER = "answers"
MAX_BYTES = 500_000_000
"""Size of the cache; above it, the entries that served longest ago go first."""


class _Kept(BaseModel):
    answer: AnswerRecord | None = None
    draft: DraftRecord | None = None
    masked: MaskRecord | None = None
    timings: dict[str, float]
    tokens: TokenUsage | None = None
    energy_wh: float | None = None


def key_of(configuration: Configuration, sent: Mapping[str, Any]) -> str:
    """Digest all that changes an answer."""
    whole = json.dumps([configuration.fingerprint, sent], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def may_be_kept(asked: Asked, configuration: Configuration) -> bool:
    """Tell whether the same would be answered again: not when it failed, broke off, or the model was away."""
    result = asked.result
    if result.status != "done":
        return False
    written = result.answer or result.draft
    return written is None or is_whole(written, configuration.mode)


class AnswersCache:
    """Answers in a folder, a file each; several programs may share it.

    Args:
        folder: created when something is first kept.
        max_bytes: its size after `prune`.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._refused = False

    def get(self, key: str, case: Case) -> Asked | None:
        """Give what was answered to a case under this key, marked as cached; None when it is not known."""
        path = self._path(key)
        try:
            kept = _Kept.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
        with suppress(OSError):
            os.utime(path)  # it served: others go before it
        timing = CaseTiming(
            case_id=case.id,
            timings=kept.timings,
            tokens=kept.tokens,
            energy_wh=kept.energy_wh,
            cached=True,
        )
        return Asked(CaseResult(case=case, answer=kept.answer, draft=kept.draft, masked=kept.masked), timing)

    def put(self, key: str, asked: Asked) -> None:
        """Keep what was answered, whole or not at all; a disk that refuses costs the cache, not the run."""
        result, timing = asked.result, asked.timing
        kept = _Kept(
            answer=result.answer,
            draft=result.draft,
            masked=result.masked,
            timings=timing.timings,
            tokens=timing.tokens,
            energy_wh=timing.energy_wh,
        )
        path = self._path(key)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            path.parent.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
            new.touch(mode=PRIVATE_FILE)
            new.write_bytes(kept.model_dump_json().encode())
            new.replace(path)
        except OSError as error:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            if not self._refused:
                logger.warning("answers are not cached: %s", error)
            self._refused = True

    def prune(self) -> None:
        """Remove the entries that served longest ago, above the size that is allowed."""
        found = []
        for path in self._folder.glob("??/*.json"):
            with suppress(OSError):  # another program removed it
                stat = path.stat()
                found.append((stat.st_mtime_ns, stat.st_size, path))
        left = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if left <= self._max_bytes:
                return
            with suppress(OSError):
                path.unlink()
            left -= size

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"
