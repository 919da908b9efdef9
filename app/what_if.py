"""The what-if of a portfolio on all processors: worker processes, each with a connection of its own.

All of them use the snapshot of this process's transaction. They get batches of customer ids and return totals, so that
memory stays bounded; a worker whose command has ended ends by itself.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import datetime

from app.errors import StartError
from app.services import Services
from base.database import Connection, connect_to_read
from ledger.what_if.comparing import Consequences, Question, Tally
from ledger.what_if.portfolio import (
    CUSTOMERS_A_BATCH,
    NamedLoss,
    PartialResult,
    Progress,
    begin_in_snapshot,
    export_snapshot,
    valued,
    what_if,
    work_batch,
)
from rating.customers import batches_of_customers, count_customers

_BATCHES_AHEAD = 3
"""How many batches are queued for each worker, so that none is idle."""


async def what_if_in_parallel(
    services: Services,
    question: Question,
    *,
    progress: Progress,
    losses: Callable[[Sequence[NamedLoss]], None],
    workers: int | None = None,
) -> Consequences:
    """Return the effect of another handbook, computed by a suitable number of processes (or `workers`).

    `losses` is called with the members' losses, batch by batch, in order of customers. Raises StartError.
    """
    now = services.clock()
    async with (
        services.pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        total = await count_customers(conn)
        if workers is None:
            workers = min(_processors(), total // (2 * CUSTOMERS_A_BATCH))
        if workers > 1:
            snapshot = await export_snapshot(conn)
            sums = Tally()
            with ProcessPoolExecutor(
                workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(services.service_dsn, snapshot, question, now),
            ) as executor:
                try:
                    async for batch in _worked(executor, conn, workers):
                        sums.add(batch.sums)
                        losses(batch.losses)
                        progress(sums.customers, total)
                except BrokenProcessPool:
                    raise StartError("a process that worked out the what-if has died: try again") from None
                finally:
                    executor.shutdown(wait=False, cancel_futures=True)
            return await valued(conn, sums, question)
    return await what_if(services.pool, question, now=now, progress=progress, losses=losses)


async def _worked(
    executor: ProcessPoolExecutor, conn: Connection, workers: int
) -> AsyncIterator[PartialResult]:
    """Yield the results of the batches, in order; as many are in progress as keep all workers busy."""
    loop = asyncio.get_running_loop()
    under_way: deque[asyncio.Future[PartialResult]] = deque()
    async for ids in batches_of_customers(conn, CUSTOMERS_A_BATCH):
        with _unreachable_by_ctrl_c():  # inherited by the processes that are started here
            under_way.append(loop.run_in_executor(executor, _work, ids))
        if len(under_way) >= _BATCHES_AHEAD * workers:
            yield await under_way.popleft()
    while under_way:
        yield await under_way.popleft()


@contextmanager
def _unreachable_by_ctrl_c() -> Iterator[None]:
    """Let processes that start within the block ignore the terminal's interrupt: the command handles it.

    One that died of it before it had read its input would leave the command writing to a closed pipe.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker:
    """One process's connection, its transaction open as long as the process lives."""

    def __init__(self, dsn: str, snapshot: str, question: Question, now: datetime) -> None:
        self._runner = asyncio.Runner()
        self._question = question
        self._now = now
        self._conn = self._runner.run(self._open(dsn, snapshot))

    def work(self, customer_ids: Sequence[int]) -> PartialResult:
        """Read a batch and add it up."""
        return self._runner.run(work_batch(self._conn, customer_ids, self._question, now=self._now))

    async def _open(self, dsn: str, snapshot: str) -> Connection:
        conn = await connect_to_read(dsn)
        await begin_in_snapshot(conn, snapshot)
        return conn


_workers: list[_Worker] = []
"""The worker of this process, once it has begun."""


def _begin(dsn: str, snapshot: str, question: Question, now: datetime) -> None:
    """In a worker process: open its connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command handles Ctrl-C
    end_with_the_command()
    _workers.append(_Worker(dsn, snapshot, question, now))


def _work(customer_ids: Sequence[int]) -> PartialResult:
    (worker,) = _workers
    return worker.work(customer_ids)


def end_with_the_command() -> None:
    """In a worker process: end it, and its connection, when its parent has ended, for instance by a kill."""

    def watch() -> None:
        command = multiprocessing.parent_process()
        if command is not None:
            command.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
