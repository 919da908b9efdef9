"""Work on independent batches by several processes: results in the order of the batches, memory bounded.

What all batches share (a handbook, a connection) is made once in each process. With one process the work is done in
this one, by the same code.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

C = TypeVar("C")
T = TypeVar("T")
R = TypeVar("R")

_NEW_OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""In a worker process: a batch makes many objects, and hardly any of them are in cycles."""

_MOST_PROCESSES = 16
"""Further ones would wait: for the server that all ask, or for the process that writes what they return."""

_BATCHES_AHEAD = 3
"""How many batches are under way for each process, so that none is idle."""


class WorkerDiedError(Exception):
    """A process that worked on a part has died, or could not begin."""

    def __init__(self) -> None:
        super().__init__("a process that worked on a part of it has died: try again")


class Workers(Generic[C]):
    """Processes that have begun with what `begin` made in each of them; see `workers`."""

    def __init__(self, begin: Callable[[], C], processes: int, executor: ProcessPoolExecutor | None) -> None:
        self.processes = processes
        self._begin = begin
        self._executor = executor
        self._own: list[C] = []

    async def each(self, work: Callable[[C, T], R], batches: AsyncIterable[T]) -> AsyncGenerator[R, None]:
        """Yield `work(shared, batch)` of each batch, in order; `work` is a function (or method) of a module.

        So many batches are read ahead as keep all processes busy. Raises WorkerDiedError, and what `work` raises:
        exceptions that can be pickled, else it is taken for a dead process.
        """
        if self._executor is None:
            async for batch in batches:
                yield work(self._shared(), batch)
            return
        loop = asyncio.get_running_loop()
        under_way: deque[asyncio.Future[R]] = deque()
        try:
            async for batch in batches:
                with _unreachable_by_ctrl_c():  # inherited by the processes that are started here
                    under_way.append(loop.run_in_executor(self._executor, _worked, work, batch))
                if len(under_way) >= _BATCHES_AHEAD * self.processes:
                    yield await under_way.popleft()
            while under_way:
                yield await under_way.popleft()
        except BrokenProcessPool:
            raise WorkerDiedError from None
        finally:
            for future in under_way:
                future.add_done_callback(_forget)

    def _shared(self) -> C:
        if not self._own:
            self._own.append(self._begin())
        return self._own[0]


def _forget(future: "asyncio.Future[Any]") -> None:
    """Take note of a result that nobody waits for any more, so that its error is not reported as overlooked."""
    if not future.cancelled():
        future.exception()


@contextmanager
def workers(begin: Callable[[], C], *, processes: int, preload: str | None = None) -> Iterator[Workers[C]]:
    """So many processes for the block; with 1 the work is done in this one.

    `begin` (sent to each process) makes what all batches share. `preload` is a module that holds the work: it is
    imported once for all processes.
    """
    if processes <= 1:
        yield Workers(begin, 1, None)
        return
    executor = ProcessPoolExecutor(
        processes, mp_context=_context(preload), initializer=_begin_here, initargs=(begin,)
    )
    with executor:
        try:
            yield Workers(begin, processes, executor)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def useful_processes() -> int:
    """How many processes may share a command's work: one for each processor, up to 16."""
    return min(processors(), _MOST_PROCESSES)


def end_with_the_command() -> None:
    """In a worker process: end it, and its connection, when its parent has ended, for instance by a kill."""

    def watch() -> None:
        command = multiprocessing.parent_process()
        if command is not None:
            command.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _context(preload: str | None) -> Any:
    """Processes forked from one that has only imported modules, where there is such a thing; else started anew."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    if preload is not None:
        context.set_forkserver_preload([preload])
    return context


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


_here: list[Any] = []
"""What all batches share, in a worker process that has begun."""


def _begin_here(begin: Callable[[], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command handles Ctrl-C
    end_with_the_command()
    _here.append(begin())
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS_BETWEEN_COLLECTIONS)


def _worked(work: Callable[[Any, T], R], batch: T) -> R:
    (shared,) = _here
    return work(shared, batch)
