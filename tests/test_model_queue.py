"""The queue for the model: slots, turns, places told as they change, and nothing lost whatever becomes of who waits."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import ModelBusy
from server.model_queue import ModelQueue


@dataclass
class Asker:
    """Somebody at the queue: who they are, what they were told, and when their work is over."""

    name: str
    user: str
    told: list[int] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    was_busy: bool = False
    task: "asyncio.Task[None] | None" = None


@dataclass
class Scene:
    """Askers at one queue, on the loop of the test."""

    queue: ModelQueue
    served: list[str] = field(default_factory=list)
    working: list[str] = field(default_factory=list)
    askers: dict[str, Asker] = field(default_factory=dict)

    async def comes(self, name: str) -> Asker:
        """Have somebody come; the letters of the name are the user."""
        asker = self.askers[name] = Asker(name, name.rstrip("0123456789"))
        asker.task = asyncio.create_task(self._work(asker))
        await settle()
        return asker

    async def ends(self, name: str) -> None:
        """Have the work of one who is served come to its end."""
        self.askers[name].done.set()
        await settle()

    async def leaves(self, name: str) -> None:
        """Have somebody interrupted, wherever they are."""
        task = self.askers[name].task
        assert task
        task.cancel()
        await settle()

    async def _work(self, asker: Asker) -> None:
        async with self.queue.place(asker.user) as place:
            try:
                async with aclosing(place.turn()) as numbers:
                    async for number in numbers:
                        asker.told.append(number)
            except ModelBusy:
                asker.was_busy = True
                return
            self.served.append(asker.name)
            self.working.append(asker.name)
            try:
                await asker.done.wait()
            finally:
                self.working.remove(asker.name)


async def settle() -> None:
    """Let everybody do what there is to do now."""
    for _ in range(8):
        await asyncio.sleep(0)


def scene(slots: int = 1, places: int = 100, seconds: float = 60.0) -> Scene:
    return Scene(ModelQueue(slots, places, seconds))


async def test_who_need_not_wait_is_told_nothing() -> None:
    here = scene(slots=2)
    assert (await here.comes("a1")).told == []
    assert (await here.comes("b1")).told == []
    assert here.working == ["a1", "b1"]


async def test_one_waits_until_a_slot_is_free_and_is_told_each_place() -> None:
    here = scene()
    for name in ("a1", "b1", "c1", "d1"):
        await here.comes(name)
    assert [here.askers[name].told for name in ("b1", "c1", "d1")] == [[1], [2], [3]]
    await here.ends("a1")
    assert here.working == ["b1"]
    assert [here.askers[name].told for name in ("b1", "c1", "d1")] == [[1, 0], [2, 1], [3, 2]]


async def test_one_who_sent_ten_does_not_pass_before_one_who_sent_one() -> None:
    here = scene()
    for number in range(10):
        await here.comes(f"a{number}")
    assert (await here.comes("b0")).told == [2]
    assert (await here.comes("c0")).told == [3]
    for _ in range(4):
        await here.ends(here.working[0])
    assert here.served == ["a0", "a1", "b0", "c0", "a2"]
    assert here.askers["a9"].told == [9, 10, 11, 10, 9, 8, 7]


async def test_who_leaves_the_queue_frees_the_place_at_once() -> None:
    here = scene()
    for name in ("a1", "b1", "c1"):
        await here.comes(name)
    await here.leaves("b1")
    assert here.askers["c1"].told == [2, 1]
    assert here.queue.waiting == 1


async def test_who_leaves_the_model_lets_the_next_one_in() -> None:
    here = scene()
    for name in ("a1", "b1"):
        await here.comes(name)
    await here.leaves("a1")
    assert here.working == ["b1"]


async def test_a_full_queue_sends_away_at_once_and_takes_again_when_there_is_room() -> None:
    here = scene(places=1)
    for name in ("a1", "b1"):
        await here.comes(name)
    assert (await here.comes("c1")).was_busy
    with pytest.raises(ModelBusy):
        here.queue.check()
    await here.leaves("b1")
    here.queue.check()
    assert (await here.comes("c2")).told == [1]


async def test_a_queue_without_places_serves_who_finds_a_slot() -> None:
    here = scene(places=0)
    assert not (await here.comes("a1")).was_busy
    assert (await here.comes("b1")).was_busy


async def test_a_wait_has_an_end_and_leaves_nothing_behind() -> None:
    here = scene(seconds=0.01)
    await here.comes("a1")
    waiting = await here.comes("b1")
    assert waiting.task
    await waiting.task
    assert waiting.was_busy
    assert (here.queue.serving, here.queue.waiting) == (1, 0)


async def test_a_place_given_back_early_is_given_back_once() -> None:
    queue = ModelQueue(slots=1, places=5, seconds=60)
    async with queue.place("a") as first:
        assert [number async for number in first.turn()] == []
        assert [number async for number in first.turn()] == []
        first.leave()
        async with queue.place("b") as second:
            assert [number async for number in second.turn()] == []
            first.leave()
            assert queue.serving == 1
    assert queue.serving == 0


async def test_one_who_gave_the_place_back_waits_like_anybody() -> None:
    queue = ModelQueue(slots=1, places=0, seconds=60)
    async with queue.place("a") as first, queue.place("b") as second:
        assert [number async for number in first.turn()] == []
        first.leave()
        assert [number async for number in second.turn()] == []
        with pytest.raises(ModelBusy):
            await anext(first.turn())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("comes"), st.sampled_from("abcd")),
        st.tuples(st.just("ends"), st.integers(0, 7)),
        st.tuples(st.just("leaves"), st.integers(0, 7)),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(slots=st.integers(1, 3), places=st.integers(0, 6), steps=STEPS)
def test_whatever_happens_slots_are_used_shared_and_given_back(
    slots: int, places: int, steps: Sequence[tuple[str, str | int]]
) -> None:
    asyncio.run(_happens(scene(slots, places), slots, places, steps))


async def _happens(here: Scene, slots: int, places: int, steps: Sequence[tuple[str, str | int]]) -> None:
    for number, (what, whom) in enumerate(steps):
        present = [one.name for one in here.askers.values() if one.task and not one.task.done()]
        if what == "comes":
            await here.comes(f"{whom}{number}")
        elif what == "ends" and here.working:
            await here.ends(here.working[int(whom) % len(here.working)])
        elif what == "leaves" and present:
            await here.leaves(present[int(whom) % len(present)])
        _check(here, slots, places)
    for asker in here.askers.values():
        await here.leaves(asker.name)
    assert (here.queue.serving, here.queue.waiting) == (0, 0)


def _check(here: Scene, slots: int, places: int) -> None:
    queue = here.queue
    assert queue.serving == len(here.working) <= slots
    assert queue.waiting <= places
    assert not queue.waiting or queue.serving == slots  # nobody waits beside a free slot
    still = [one for one in here.askers.values() if one.task and not one.task.done()]
    waiting = [one for one in still if one.name not in here.working]
    assert sorted(one.told[-1] for one in waiting) == list(range(1, len(waiting) + 1))
    for user in {one.user for one in here.askers.values()}:
        own = [one for one in waiting if one.user == user]
        assert [one.told[-1] for one in own] == sorted(one.told[-1] for one in own)  # first in, first out
        if own:
            # The first of a user is passed by the first of each other user at most, and by nobody who comes later.
            assert own[0].told[-1] <= len({one.user for one in waiting})
            if next(one for one in here.askers.values() if one.user == user) is own[0]:
                assert own[0].told == sorted(own[0].told, reverse=True)
