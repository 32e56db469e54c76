"""The masker that Fanal ships, for the tests whose parts need one."""

from functools import cache

from server.mask import Masker, load_masker
from server.settings import ServerSettings


@cache
def shipped_masker() -> Masker:
    """Load it once for all the tests of a run."""
    return load_masker(ServerSettings(_env_file=None))
