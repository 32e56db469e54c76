"""Which web addresses a `pages` source may reach: its list of hosts and an address go in, a yes or no comes out.

The list is the administrator's word: a host that it names may stand inside the organisation's network, one that
it only admits (`*.exemple.fr`) may not, and neither may be this machine unless it is written as such.
"""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_RULE = re.compile(r"[\w-]+(\.[\w-]+)*|\*(\.[\w-]+){2,}")


def is_rule(text: str) -> bool:
    """Tell whether `text` is a host's name, an IP address, or `*.` before a domain of two parts or more."""
    return _RULE.fullmatch(text) is not None or _literal(text) is not None


def is_named(host: str, rules: Iterable[str]) -> bool:
    """Tell whether the list names this very host."""
    return _ascii(host) in {_ascii(rule) for rule in rules}


def is_listed(host: str, rules: Iterable[str]) -> bool:
    """Tell whether the list names the host, or a domain that it is part of."""
    parents = tuple(_ascii(rule[1:]) for rule in rules if rule.startswith("*."))
    return is_named(host, rules) or bool(parents and _ascii(host).endswith(parents))


def may_reach(address: str, host: str, rules: Iterable[str]) -> bool:
    """Tell whether `host` may stand at this IP address.

    A name of the list that leads to this machine, or to the link-local addresses where clouds keep their keys, is
    refused: a name is in the hands of whoever runs its DNS. An address written as such in the list is not.
    """
    ip = _unwrapped(ipaddress.ip_address(address.split("%")[0]))
    if ip.is_global and not ip.is_multicast:
        return True
    if not is_named(host, rules):
        return False
    if _literal(host) is not None or _ascii(host) == "localhost":
        return True
    return not (ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast or ip.is_reserved)


def web_host(url: str) -> str | None:
    """Give the host of an http or https address; None for anything else, or with a name and password in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts.hostname if parts.scheme in ("http", "https") and "@" not in parts.netloc else None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _unwrapped(ip: Address) -> Address:
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


def _ascii(host: str) -> str:
    """Write a host as DNS does, so that « économie » and its `xn--` form are the same."""
    try:
        return host.rstrip(".").encode("idna").decode().lower() if not host.startswith(".") else host.lower()
    except UnicodeError:
        return host.lower()
