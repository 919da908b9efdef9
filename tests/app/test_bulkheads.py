"""The places of a class of work: bounded, given in the order of arrival, refused when the queue is full."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from app.capacity.bulkheads import Bulkhead, FullError
from app.settings.types import Places


def bulkhead(at_once: int, waiting: int, deadline_s: float = 10.0, told: Any = lambda _: None) -> Bulkhead:
    places = Places(at_once=at_once, waiting=waiting)
    return Bulkhead(None, places, deadline_s=deadline_s, turned_away=told)


class Worker:
    """Somebody who takes a place and keeps it until told."""

    def __init__(self, work: Bulkhead, weight: int = 1) -> None:
        self.inside = False
        self._done = asyncio.Event()
        self._task = asyncio.create_task(self._work(work, weight))

    async def _work(self, work: Bulkhead, weight: int) -> None:
        async with work.place(weight):
            self.inside = True
            await self._done.wait()

    async def leave(self) -> None:
        self._done.set()
        await self._task

    async def cancelled(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])


async def workers(work: Bulkhead, *weights: int) -> list[Worker]:
    made = [Worker(work, weight) for weight in weights]
    await settled()
    return made


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_as_many_work_as_there_are_places_and_the_others_come_in_their_order():
    work = bulkhead(2, 8)
    crew = await workers(work, *[1] * 5)
    assert [each.inside for each in crew] == [True, True, False, False, False]
    assert (work.in_flight, work.waiting) == (2, 3)
    for leaver in range(5):
        await crew[leaver].leave()
        await settled()
        assert [each.inside for each in crew] == [place < leaver + 3 for place in range(5)]
    assert (work.in_flight, work.waiting) == (0, 0)


async def test_with_a_full_queue_work_is_refused_at_once():
    told: list[str] = []
    work = bulkhead(1, 1, told=told.append)
    crew = await workers(work, 1, 1)
    with pytest.raises(FullError):
        async with work.place():
            pass
    assert told == ["full"]
    for each in crew:
        await each.leave()


async def test_waiting_for_a_place_ends_before_the_deadline():
    told: list[str] = []
    work = bulkhead(1, 1, deadline_s=0.04, told=told.append)
    (first,) = await workers(work, 1)
    with pytest.raises(FullError):
        async with work.place():
            pass
    assert (told, work.waiting) == (["full"], 0)
    await first.leave()


async def test_heavy_work_takes_several_places_and_is_not_overtaken():
    work = bulkhead(4, 8)
    light, heavy, later = await workers(work, 2, 3, 1)
    assert (light.inside, heavy.inside, later.inside) == (True, False, False)
    await light.leave()
    await settled()
    assert (heavy.inside, later.inside, work.in_flight) == (True, True, 4)
    await heavy.leave()
    await later.leave()
    assert work.in_flight == 0


async def test_work_heavier_than_all_places_takes_all():
    work = bulkhead(2, 0)
    (heavy,) = await workers(work, 50)
    assert work.in_flight == 2
    await heavy.leave()


async def test_cancelled_work_leaves_the_queue_and_does_not_block_it():
    work = bulkhead(2, 8)
    first, heavy, last = await workers(work, 1, 2, 1)
    await heavy.cancelled()
    await settled()
    assert (last.inside, work.waiting, work.in_flight) == (True, 0, 2)
    await first.leave()
    await last.leave()
    assert work.in_flight == 0


async def test_a_place_given_to_work_that_was_just_cancelled_goes_to_the_next():
    work = bulkhead(1, 8)
    first, second, third = await workers(work, 1, 1, 1)
    first._done.set()
    while work.waiting == 2:  # noqa: ASYNC110 - not an iteration later
        await asyncio.sleep(0)
    second._task.cancel()  # the place is the second's now, who has not yet run
    await settled()
    assert (second.inside, third.inside, work.in_flight) == (False, True, 1)
    await third.leave()
    assert work.in_flight == 0


async def test_work_that_gives_up_as_a_place_comes_free_is_skipped():
    work = bulkhead(1, 8)
    first, second, third = await workers(work, 1, 1, 1)
    first._done.set()
    second._task.cancel()  # it has not yet run when the first leaves
    await settled()
    assert (second.inside, third.inside, work.in_flight, work.waiting) == (False, True, 1, 0)
    await third.leave()
    assert work.in_flight == 0


async def test_those_who_are_refused_come_back_a_hundred_in_each_second():
    work = bulkhead(1, 0)
    (first,) = await workers(work, 1)
    told: list[int] = []
    for _ in range(1000):
        with pytest.raises(FullError) as refused:
            async with work.place():
                pass
        told.append(refused.value.retry_after_s)
    assert told[0] == 1
    assert max(Counter(told).values()) <= 200  # the clock may come to its next second meanwhile
    assert 9 <= told[-1] <= 10
    await first.leave()


async def test_nobody_is_told_to_come_back_later_than_is_of_use():
    work = bulkhead(1, 0)
    assert max(work.refused() for _ in range(10_000)) == 31


async def test_a_class_is_full_when_nobody_more_may_wait():
    work = bulkhead(1, 1)
    assert not work.full
    (first,) = await workers(work, 1)
    assert not work.full
    (second,) = await workers(work, 1)
    assert work.full
    await first.leave()
    assert not work.full
    await second.leave()


async def test_a_class_without_a_queue_is_full_when_all_places_are_taken():
    work = bulkhead(1, 0)
    assert not work.full
    (first,) = await workers(work, 1)
    assert work.full
    await first.leave()
