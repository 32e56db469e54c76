"""Which sources a caller may know of: a name, a count or a file name says something too."""

from ingest.documents import EVERYONE
from ingest.index import SearchFilter
from ingest.sources.config import read_sources
from server.access import Caller
from server.dependencies import Parts


def may_read(source: str, parts: Parts, caller: Caller) -> bool:
    """Tell whether the source is open to one of the caller's groups, or holds a passage that is."""
    configured = {config.name: config.groups for config in read_sources(parts.settings.sources_file)}
    groups = configured.get(source)
    if groups is not None and not caller.groups.union({EVERYONE}).isdisjoint(groups):
        return True
    return parts.index.count(SearchFilter(groups=caller.groups, sources=(source,))) > 0
