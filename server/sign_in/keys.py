"""API keys of machines: random texts that say nothing; what the server keeps of one is its hash.

A key is 32 bytes of the system's generator: 2^256 keys cannot be tried, whatever one try costs. So the hash is a plain
SHA-256, with neither salt nor slowness: those protect passwords, which are few and guessed (NIST SP 800-63B, section
5.1.1.2), and a slow hash at each request would be a way to stop the server.
"""

import hashlib
import secrets

from server.access_schemas import ApiKeyCreated, ApiKeyRequest
from server.store.api_keys import ApiKeys

BEGINS = "fanal_"
"""What every key begins with: a token of the provider never does, and a leak is found by it."""

KEY_BYTES = 32
SHOWN = len(BEGINS) + 6
"""Characters of a key that lists show: 36 of its 256 bits."""


def new_key() -> str:
    """Make a key."""
    return BEGINS + secrets.token_urlsafe(KEY_BYTES)


def digest_of(key: str) -> str:
    """Give what is kept of a key: its SHA-256, in hexadecimal."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def make_key(keys: ApiKeys, wanted: ApiKeyRequest, actor: str) -> ApiKeyCreated:
    """Make a key and keep its hash; it is shown this once.

    Raises:
        StorageFailed: it cannot be kept, and is none then.
    """
    key = new_key()
    view = keys.create(wanted, digest_of(key), key[:SHOWN], actor)
    return ApiKeyCreated(key=key, **view.model_dump())
