"""What every route that asks for an answer, a draft or an assistant does first: count it (`server.rate_limit`)."""

from server.dependencies import CallerDep, PartsDep


async def limited(parts: PartsDep, caller: CallerDep) -> None:
    """Count what the caller asks for; raises `TooManyRequests`."""
    parts.limits.answer(caller.user)
