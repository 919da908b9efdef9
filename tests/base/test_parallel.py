"""Batches worked on by several processes come back in order, in bounded memory; the same with one process."""

import os
from contextlib import aclosing
from functools import partial

import pytest

from base import parallel
from base.connected import Helpers
from base.parallel import WorkerDiedError, workers
from base.words import Words
from handbook import EditionError
from rating.unreadable import EventError

BATCHES = 30
REFUSALS = {
    -3: EditionError("2026.yaml", "tiers (line 3)", "is not a list"),
    -4: EventError("premium", Words("缺失", "is missing")),
}


class Doubling:
    """What each process begins with."""

    def __init__(self, factor):
        self.factor = factor
        self.pid = os.getpid()

    def work(self, number):
        """The product, by whom, and one batch that fails or kills its process."""
        if number == -1:
            raise ValueError("a batch that cannot be worked on")
        if number == -2:
            os._exit(3)
        if number in REFUSALS:
            raise REFUSALS[number]
        return self.factor * number, self.pid


async def results_of(processes, numbers):
    given = []

    async def batches():
        for number in numbers:
            given.append(number)
            yield number

    found, ahead = [], 0
    with workers(partial(Doubling, 2), processes=processes, preload=__name__) as pool:
        async with aclosing(pool.each(Doubling.work, batches())) as results:
            async for result in results:
                found.append(result)
                ahead = max(ahead, len(given) - len(found))
    return found, ahead


async def test_results_come_in_order_from_several_processes_and_only_some_batches_are_read_ahead():
    found, ahead = await results_of(2, range(BATCHES))
    assert [result for result, _ in found] == [2 * number for number in range(BATCHES)]
    assert os.getpid() not in {pid for _, pid in found}
    assert ahead < 6


async def test_one_process_does_the_same_here():
    found, ahead = await results_of(1, range(BATCHES))
    assert found == [(2 * number, os.getpid()) for number in range(BATCHES)]
    assert ahead == 0


@pytest.mark.parametrize("processes", [1, 2])
async def test_what_fails_is_raised_here(processes):
    with pytest.raises(ValueError, match="cannot be worked on"):
        await results_of(processes, [1, -1, *range(BATCHES)])


@pytest.mark.parametrize("number", REFUSALS)
async def test_what_is_refused_in_another_process_is_told_as_here(number):
    with pytest.raises(type(REFUSALS[number])) as told:
        await results_of(2, [1, number])
    assert str(told.value) == str(REFUSALS[number])
    assert vars(told.value) == vars(REFUSALS[number])


def test_more_processors_than_a_server_has_connections_start_fewer_processes(monkeypatch):
    monkeypatch.setattr(parallel, "processors", lambda: 128)
    assert Helpers.for_customers("", 1_000_000).processes == 16
    assert Helpers.for_customers("", 3_000).processes == 3


async def test_a_process_that_dies_is_told_of():
    with pytest.raises(WorkerDiedError, match="has died: try again"):
        await results_of(2, [1, -2, *range(BATCHES)])
