"""All that changes an answer: the server's parts and who asks go in, a `Configuration` comes out.

Files and addresses are told by their digests: no path of this machine, no address and no secret is in it.
"""

import hashlib
import ipaddress
import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from ingest.settings import ROOT
from server.access import Caller
from server.configuration_schemas import Configuration, IndexState
from server.dependencies import Parts
from server.prompts import answer, draft, followup, repair
from server.rank import WEIGHTS
from server.settings import ServerSettings
from server.templates import SHIPPED

PROMPT_VERSIONS: Mapping[str, str] = {
    "answer": answer.PROMPT_VERSION,
    "repair": repair.PROMPT_VERSION,
    "followup": followup.PROMPT_VERSION,
    "draft": draft.PROMPT_VERSION,
}

CODE_FOLDERS = ("ingest", "server")
CODE_SUFFIXES = frozenset({".py", ".json", ".toml", ".txt"})

NOTHING = "aucun"


@dataclass(frozen=True, slots=True)
class Installed:
    """What does not change while a server runs: its code, and its settings with the files that it read at start."""

    code: str
    settings: Mapping[str, str]


def installed(settings: ServerSettings) -> Installed:
    """Read the code and the files that the settings name; to be done at start, when the server reads them too."""
    told = {
        "unverified": settings.unverified,
        "mask_ages": str(settings.mask_ages).lower(),
        "model_context": str(settings.model_context),
        "model_seconds": f"{settings.model_seconds:g}",
        "model_timeout": f"{settings.model_timeout:g}",
        "model_url": url_digest(settings.model_url) if settings.generator == "openai" else NOTHING,
        "rerank_url": url_digest(settings.rerank_url),
        "acronyms": _digest_of(settings.acronyms_file),
        "abstention": _digest_of(settings.abstention_file),
        "allowed_words": _digest_of(settings.allowed_words_file),
        "templates": _digest_of(SHIPPED, settings.templates_dir),
        "assistants": _digest_of(settings.assistants_dir),
        "rank_weights": _digest_of(WEIGHTS),
    }
    return Installed(_code_digest(), told)


def configuration(parts: Parts, caller: Caller, found: Installed) -> Configuration:
    """Tell the configuration, with the counts of what the caller may read.

    Raises:
        StorageFailed: the manifest cannot be read.
    """
    state = parts.manifest.state(caller.groups)
    told = Configuration(
        version=version("fanal"),
        code=found.code,
        mode=parts.generator.mode,
        model=parts.generator.model,
        prompt_versions=dict(PROMPT_VERSIONS),
        embedder=parts.store.embedder.name,
        reranker=(parts.settings.rerank_model or "rerank") if parts.reranker else None,
        index=IndexState(
            documents=state.documents,
            passages=state.passages,
            dense_share=round(parts.manifest.dense_share(), 4),
            digest=state.digest,
        ),
        settings=dict(found.settings),
        groups=sorted(caller.groups),
        fingerprint="",
    )
    return told.model_copy(update={"fingerprint": _fingerprint(told)})


def url_digest(url: str | None) -> str:
    """Give the digest of an endpoint's address, the same for all ways to write it; `NOTHING` without one.

    This machine is one host by all its names and loopback addresses, and `/v1` may be left out.
    """
    if not url:
        return NOTHING
    parts = urlsplit(url.strip())
    host = _host_of((parts.hostname or "").rstrip("."))
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return _sha256([f"{host}:{port}{parts.path.rstrip('/').removesuffix('/v1').rstrip('/')}".encode()])


def _host_of(name: str) -> str:
    """Give one name for all those of this machine; nothing is looked up, as a name server may be slow or away."""
    own = socket.gethostname().lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost") or name in (own, own.split(".")[0]):
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    plain = getattr(address, "ipv4_mapped", None) or address
    return "127.0.0.1" if plain.is_loopback or plain.is_unspecified else str(plain)


def _fingerprint(told: Configuration) -> str:
    content = told.model_dump(mode="json", exclude={"fingerprint"})
    return _sha256([json.dumps(content, sort_keys=True, ensure_ascii=False).encode()])


def _code_digest() -> str:
    files = (
        path
        for folder in CODE_FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in CODE_SUFFIXES and path.is_file()
    )
    return _digest_of_files({path.relative_to(ROOT).as_posix(): path for path in files})


def _digest_of(*places: Path | None) -> str:
    """Give the digest of files, and of the TOML files of folders; `NOTHING` where there is none."""
    files: dict[str, Path] = {}
    for number, place in enumerate(places):
        if place is not None:
            inside = sorted(place.glob("*.toml")) if place.is_dir() else [place] if place.is_file() else []
            files |= {f"{number}/{path.name if place.is_dir() else ''}": path for path in inside}
    return _digest_of_files(files) if files else NOTHING


def _digest_of_files(files: Mapping[str, Path]) -> str:
    return _sha256(
        part for name in sorted(files) for part in (name.encode(), b"\0", files[name].read_bytes(), b"\0")
    )


def _sha256(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
