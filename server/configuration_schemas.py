"""The wire types of `GET /v1/configuration`: what answers come from, so that two runs may be told apart."""

from pydantic import Field

from server.schemas import Mode, Wire


class IndexState(Wire):
    """What was indexed: the documents and passages that the caller may read, and a digest of all of it."""

    documents: int
    passages: int
    dense_share: float
    digest: str


class Configuration(Wire):
    """Answer of `GET /v1/configuration`: all that changes an answer.

    Args:
        code: digest of the server's own code.
        prompt_versions: by prompt.
        settings: the settings that change an answer, secrets left out; digests of the files they name.
        groups: the caller's own: they decide which passages answer them.
        fingerprint: digest of all of the above: two servers with the same answer alike.
    """

    version: str
    code: str
    mode: Mode
    model: str
    prompt_versions: dict[str, str]
    embedder: str
    reranker: str | None = None
    index: IndexState
    settings: dict[str, str]
    groups: list[str] = Field(default_factory=list)
    fingerprint: str
