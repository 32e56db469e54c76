"""Which addresses of a provider are believed: https, or this machine itself."""

import ipaddress
from urllib.parse import urlsplit


def is_safe(address: str) -> bool:
    """Tell whether what this address answers cannot be written by somebody on the way."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host)))


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine, by its name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
