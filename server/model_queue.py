"""Who uses the model when: at most so many at once, the others wait their turn, fairly between users.

A user goes in, the places in the queue come out while they wait. Round robin between users, first in first out for
each: who sent ten does not pass before who sent one. It holds names of users and numbers, nothing of what they ask.

All of it runs on one event loop, and what changes the queue awaits nothing: no lock is needed, and a place is given
back whatever becomes of its holder, who cannot be interrupted there.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from server.errors import ModelBusy


class Place:
    """One caller's place: outside the queue at first, then in it, then at the model, then outside again."""

    def __init__(self, queue: "ModelQueue", user: str) -> None:
        self.user = user
        self.is_served = False
        self.news = asyncio.Event()
        self._queue = queue

    async def turn(self) -> AsyncGenerator[int, None]:
        """Wait for the model: give each place in the queue, from 1, as it changes, and 0 once the turn has come.

        Nothing at all is given to who need not wait, or has waited already.

        Raises:
            ModelBusy: the queue is full, or was not passed in the time allowed.
        """
        if self.is_served:
            return
        deadline = asyncio.get_running_loop().time() + self._queue.seconds
        self._queue.join(self)
        told = 0
        while not self.is_served:
            number = self._queue.number(self)
            if number != told:
                told = number
                yield number
            else:
                await self._something_new(deadline)
        if told:
            yield 0

    async def _something_new(self, deadline: float) -> None:
        self.news.clear()
        try:
            async with asyncio.timeout_at(deadline):
                await self.news.wait()
        except TimeoutError:
            if not self.is_served:  # it may have come in the same instant
                self.leave()
                raise ModelBusy from None

    def leave(self) -> None:
        """Give the place back, at once, in the queue or at the model; once left, nothing more is done."""
        self._queue.leave(self)


class ModelQueue:
    """The queue of one process.

    Args:
        slots: who may use the model at once.
        places: who may wait.
        seconds: longest wait.
    """

    def __init__(self, slots: int, places: int, seconds: float) -> None:
        self.seconds = seconds
        self._slots = slots
        self._places = places
        self._serving: set[Place] = set()
        self._waiting: OrderedDict[str, deque[Place]] = (
            OrderedDict()
        )  # the user whose turn is next comes first

    @property
    def serving(self) -> int:
        """How many use the model."""
        return len(self._serving)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def place(self, user: str) -> AsyncIterator[Place]:
        """Give a place, to wait with (`Place.turn`) once the model is needed; it is given back at the end."""
        place = Place(self, user)
        try:
            yield place
        finally:
            place.leave()

    def check(self) -> None:
        """Raise `ModelBusy` when whoever came now would be sent away."""
        if len(self._serving) >= self._slots and self.waiting >= self._places:
            raise ModelBusy

    def join(self, place: Place) -> None:
        """Go to the model where there is room, or into the queue; raises `ModelBusy` when it is full."""
        self.check()
        self._waiting.setdefault(place.user, deque()).append(place)
        self._advance()

    def leave(self, place: Place) -> None:
        """Take a place away, wherever it is."""
        if place.is_served:
            place.is_served = False
            self._serving.discard(place)
        elif place in (own := self._waiting.get(place.user, deque())):
            own.remove(place)
            if not own:
                del self._waiting[place.user]
        self._advance()

    def number(self, place: Place) -> int:
        """Say how many turns it takes, were nobody to come or leave, until a waiting place is served."""
        users = list(self._waiting)
        own = self._waiting[place.user].index(place)
        at = users.index(place.user)
        before = sum(
            min(len(self._waiting[user]), own + (1 if order < at else 0))
            for order, user in enumerate(users)
            if order != at
        )
        return before + own + 1

    def _advance(self) -> None:
        """Give free slots to those whose turn it is, then tell the others."""
        while self._waiting and len(self._serving) < self._slots:
            user, own = self._waiting.popitem(last=False)
            place = own.popleft()
            if own:
                self._waiting[user] = own  # behind everybody else
            place.is_served = True
            self._serving.add(place)
            place.news.set()
        for own in self._waiting.values():
            for place in own:
                place.news.set()
