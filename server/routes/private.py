"""Responses that no browser and no proxy keeps: they have names in them."""

from fastapi import Response

PRIVATE = {"Cache-Control": "private, no-store"}


def private(response: Response) -> None:
    """Say so of a response; a dependency of its router."""
    response.headers.update(PRIVATE)
