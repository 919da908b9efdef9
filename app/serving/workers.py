"""Several processes that serve on one socket, and their supervisor.

A worker that dies is replaced at once; the others do not notice. SIGHUP replaces all, one by one: the new worker serves
before the old one stops, so nothing is refused meanwhile. SIGTERM and SIGINT stop all in order, a second SIGINT at
once; so does SIGHUP when it says that the terminal is closed from which the service was started.
"""

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from time import monotonic
from types import FrameType

import structlog

from app.errors import StartError
from app.serving.accepting import Board
from app.serving.process import FAILED_TO_START, Server
from app.settings import Settings, load_settings

log = structlog.get_logger(__name__)

# Not `fork`: the supervisor has had database connections and threads.
_context = multiprocessing.get_context("spawn")
_HUNG_S = 30.0
_LOOK_EVERY_S = 1.0
_SLOWEST_RETRY_S = 30.0
# The time allowed for closing database connections, after the last answer.
_CLOSING_S = 30.0


def _terminal() -> bool:
    """Whether the standard input is a terminal that is still there."""
    try:
        termios.tcgetattr(sys.stdin.fileno())
    except (termios.error, OSError, ValueError, AttributeError):
        return False
    return True


def _work(pipe: Pipe, listener: socket.socket, board: Board, slot: int) -> None:
    """The main function of a worker. Its pipe gets None when it serves, or the lines that say why it does not."""
    # The terminal sends these to all processes; only the supervisor handles them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from app.server import create

    try:
        server = Server(
            create(),
            load_settings(),
            listener,
            board=board,
            slot=slot,
            alone=False,
            serving=lambda: pipe.send(None),
        )
        server.run()
    except StartError as error:
        pipe.send(error.lines)
        sys.exit(1)


class _Worker:
    """A worker as seen by the supervisor. `on_end` is called when it has ended."""

    def __init__(
        self, listener: socket.socket, board: Board, slot: int, on_end: Callable[["_Worker"], None]
    ) -> None:
        self.slot = slot
        self.serves = False
        self.reason: tuple[str, ...] = (FAILED_TO_START,)
        """Why it failed to start."""
        self.retry_s = 0.0
        """The delay after which this worker was started to retry a failed start."""
        self.told = asyncio.Event()
        """It serves, or has ended."""
        self.ended = asyncio.Event()
        self._on_end = on_end
        self._pipe, theirs = _context.Pipe(duplex=False)
        self._process = _context.Process(target=_work, args=(theirs, listener, board, slot))
        self._process.start()
        theirs.close()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pipe.fileno(), self._hear)
        self._loop.add_reader(self._process.sentinel, self._bury)

    def stop(self) -> None:
        """Stop it gracefully; before it serves, at once."""
        if not self.serves:
            self.kill()
        elif self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        if self.pid is not None:
            self._process.kill()

    @property
    def pid(self) -> int | None:
        """Its process id; None when it has ended."""
        return None if self.ended.is_set() else self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended: a signal's number is negative."""
        return self._process.exitcode

    def _hear(self) -> None:
        self._loop.remove_reader(self._pipe.fileno())  # it sends one message only
        try:
            lines = self._pipe.recv()
        except (EOFError, OSError):
            return  # it has ended without a message
        if lines is None:
            self.serves = True
            self.told.set()
        else:
            self.reason = lines

    def _bury(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._hear()
        self._pipe.close()
        self._process.join()
        self.ended.set()
        self.told.set()
        self._on_end(self)


class Workers:
    """Starts workers, watches, replaces and stops them."""

    def __init__(self, listener: socket.socket, count: int, settings: Settings) -> None:
        self._listener = listener
        self._count = count
        self._settings = settings
        # Each worker may be replaced while it still finishes its requests.
        self._board = Board(2 * count + 1, _context)
        self._slots = list(range(2 * count + 1))
        self._workers: list[_Worker] = []
        """Those that are meant to serve."""
        self._alive: set[_Worker] = set()
        """Those, and others that are starting or finishing their requests."""
        self._restart = asyncio.Event()
        self._watching = False
        self._had_terminal = _terminal()

    def run(self, serving: Callable[[], None]) -> None:
        """Serve until told to stop; `serving` is called when every worker does. Raises StartError."""
        asyncio.run(self._run(serving))

    async def _run(self, serving: Callable[[], None]) -> None:
        task = asyncio.create_task(self._serve(serving))
        with self._signals(task):
            try:
                await asyncio.wait({task})
            finally:
                await self._end()
        if not task.cancelled():
            task.result()

    async def _serve(self, serving: Callable[[], None]) -> None:
        self._workers = [self._start() for _ in range(self._count)]
        for worker in self._workers:
            await worker.told.wait()
            if not worker.serves:
                raise StartError(*worker.reason)
        serving()
        self._watching = True
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kill_hung())
            group.create_task(self._replace_when_asked())

    def _start(self) -> _Worker:
        worker = _Worker(self._listener, self._board, self._slots.pop(), self._ended)
        self._alive.add(worker)
        return worker

    def _ended(self, worker: _Worker) -> None:
        self._alive.discard(worker)
        self._board.leave(worker.slot)
        self._slots.append(worker.slot)
        if not self._watching or worker not in self._workers:
            return
        retry_s = 0.0 if worker.serves else min(max(1.0, 2 * worker.retry_s), _SLOWEST_RETRY_S)
        reason = None if worker.serves else "; ".join(worker.reason)
        log.error("a worker died", exit_code=worker.exit_code, reason=reason, replaced_in_s=retry_s)
        asyncio.get_running_loop().call_later(retry_s, self._follow, worker, retry_s)

    def _follow(self, worker: _Worker, retry_s: float) -> None:
        if self._watching and worker in self._workers:
            follower = self._workers[self._workers.index(worker)] = self._start()
            follower.retry_s = retry_s

    async def _kill_hung(self) -> None:
        while True:
            began = monotonic()
            await asyncio.sleep(_LOOK_EVERY_S)
            if monotonic() - began > _LOOK_EVERY_S * 5:
                continue  # this process was blocked itself, maybe with all others
            for worker in self._workers:
                if worker.serves and worker.pid and self._board.silent_s(worker.slot) > _HUNG_S:
                    log.error("a worker hangs", pid=worker.pid)
                    worker.kill()

    async def _replace_when_asked(self) -> None:
        while True:
            await self._restart.wait()
            self._restart.clear()
            log.info("the workers are being replaced")
            for index in range(self._count):
                if not await self._replace(index):
                    break
            else:
                log.info("the workers are replaced")

    async def _replace(self, index: int) -> bool:
        """Replace an old worker by a new one; False if the new one fails to start."""
        new = self._start()
        await new.told.wait()
        if not new.serves:
            log.error("the workers are not replaced: a new one does not serve", reason="; ".join(new.reason))
            return False
        old, self._workers[index] = self._workers[index], new
        old.stop()
        await self._gone({old})
        return True

    async def _end(self) -> None:
        """Stop all workers."""
        self._watching = False
        self._board.stop()
        # The workers have the socket too: connections are accepted until the last worker stops.
        self._listener.close()
        for worker in self._alive:
            worker.stop()
        await self._gone(set(self._alive))

    async def _gone(self, workers: set[_Worker]) -> None:
        """Wait until they have ended; kill those that take much too long."""
        settings = self._settings
        patience_s = (
            settings.shutdown_delay_s + settings.drain_idle_s + settings.shutdown_grace_s + _CLOSING_S
        )
        ends = [asyncio.create_task(worker.ended.wait()) for worker in workers]
        if not ends:
            return
        _, late = await asyncio.wait(ends, timeout=patience_s)
        if late:
            log.error("workers did not stop in time", count=len(late))
            for worker in workers:
                worker.kill()
            await asyncio.wait(late)

    @contextmanager
    def _signals(self, serving: "asyncio.Task[None]") -> Iterator[None]:
        """Stop when asked to, at once at the second Ctrl-C; replace the workers at SIGHUP."""
        loop = asyncio.get_running_loop()

        def act(number: int) -> None:
            if number == signal.SIGHUP and not (self._had_terminal and not _terminal()):
                self._restart.set()
            elif not serving.done():
                serving.cancel()
            elif number == signal.SIGINT:
                for worker in self._alive:
                    worker.kill()

        def tell(number: int, _: FrameType | None) -> None:
            loop.call_soon_threadsafe(act, number)

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        previous = {number: signal.signal(number, tell) for number in numbers}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
