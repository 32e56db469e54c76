"""The revision of Fanal's own checkout: nothing goes in, a short hash comes out, None outside of git."""

import subprocess

from ingest.settings import ROOT

MODIFIED = "-modifié"
"""Put behind the revision of a checkout whose files were changed since: no one else has this code."""


def git_revision() -> str | None:
    """Give the revision; None when Fanal is not in a checkout of its own, or there is no git."""
    top = _git("rev-parse", "--show-toplevel")
    if top is None or top != str(ROOT):
        return None
    head, changed = _git("rev-parse", "--short=12", "HEAD"), _git("status", "--porcelain")
    return None if head is None else f"{head}{MODIFIED if changed else ''}"


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
