"""How much one caller may ask in a minute: a caller goes in, nothing comes out, or `TooManyRequests`.

Moving windows of one minute (`limits`), in the memory of this process: what was refused is not counted, and nothing is
kept of a request but its time. With sign-in off there is one person at this machine, and programs of theirs that
measure: nothing is limited.
"""

import ipaddress
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from server.errors import TooManyRequests

REQUESTS = "Vous avez fait beaucoup de demandes"
ANSWERS = "Vous avez posé beaucoup de questions"
"""Questions, drafts and assistants count together: they share the model."""
STRANGERS = "Beaucoup de demandes sans connexion valable sont venues de cette adresse"

IPV6_NETWORK = 64
"""Bits of an IPv6 address that one subscriber keeps: the others they choose as they like."""


class RateLimits:
    """The limits of one process.

    Args:
        requests: that one user may make in a minute; as many as one address may make without being let in.
        answers: that one user may ask for in a minute.
        on: whether anything is limited.
    """

    def __init__(self, requests: int, answers: int, *, on: bool) -> None:
        self._on = on
        self._requests = RateLimitItemPerMinute(requests)
        self._answers = RateLimitItemPerMinute(answers)
        self._windows = MovingWindowRateLimiter(MemoryStorage())

    def request(self, user: str) -> None:
        """Count a request of a user.

        Raises:
            TooManyRequests: they made as many as they may.
        """
        self._count(self._requests, REQUESTS, "request", user)

    def answer(self, user: str) -> None:
        """Count a question, a draft or an assistant that a user asks for; raises as `request` does."""
        self._count(self._answers, ANSWERS, "answer", user)

    def stranger(self, address: str) -> None:
        """Count a request that was not let in, by the address it came from; raises as `request` does."""
        self._count(self._requests, STRANGERS, "stranger", network_of(address))

    def _count(self, limit: RateLimitItemPerMinute, what: str, kind: str, name: str) -> None:
        if not self._on or self._windows.hit(limit, kind, name):
            return
        free_at = self._windows.get_window_stats(limit, kind, name).reset_time
        raise TooManyRequests(what, int(free_at - time.time()) + 1)


def network_of(address: str) -> str:
    """Give what stands for whoever is behind an address: an IPv4 address, or the network of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a socket of this machine has none
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, IPV6_NETWORK), strict=False))
