"""Accepting connections: all workers listen on one socket, and each takes its share.

With one socket no connection is lost: what waits there when a worker dies, or is replaced, another worker takes.
(`SO_REUSEPORT` gives each worker a queue of its own, in which a dead worker's clients would wait.) But the worker that
is woken first would take all: of 100 connections made at once, one of four workers got 100; made one after the other,
67, 21, 10 and 2. So the workers publish in shared memory (the board) how many connections they have. A worker that has
clearly more than another waits a moment before it takes one more, and takes it if no other did by then: so a worker
that hangs delays nobody for long.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Sized
from multiprocessing.context import SpawnContext
from multiprocessing.sharedctypes import RawArray
from time import monotonic

import structlog

from base.outage_log import LogLimit

log = structlog.get_logger(__name__)

_AFTER_YOU_S = 0.002
_CLEARLY = 15 / 16
_EXHAUSTED_S = 0.1
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_AWAY = -1


class Board:
    """What the workers of a service, and the process that started them, see of each other: shared memory.

    Each worker has a slot on it and writes to that alone, so no lock is needed.
    """

    def __init__(self, slots: int, context: SpawnContext | None = None) -> None:
        make = context.RawArray if context is not None else RawArray
        self._connections = make("i", [_AWAY] * slots)
        self._seen_at = make("d", slots)
        self._stopping = make("b", 1)

    @property
    def stopping(self) -> bool:
        """Whether the whole service is about to stop, and not this process alone."""
        return bool(self._stopping[0])

    def stop(self) -> None:
        """Say that the whole service is about to stop."""
        self._stopping[0] = 1

    def write(self, slot: int, connections: int) -> None:
        """Say that the worker in a slot takes connections, and how many it has."""
        self._connections[slot] = connections

    def leave(self, slot: int) -> None:
        """Say that no worker in this slot takes connections."""
        self._connections[slot] = _AWAY

    def beat(self, slot: int) -> None:
        """Send a heartbeat of the worker in a slot."""
        self._seen_at[slot] = monotonic()

    def silent_s(self, slot: int) -> float:
        """Seconds since the last heartbeat of the worker in a slot."""
        return monotonic() - float(self._seen_at[slot])

    def least(self) -> int:
        """The connections of the worker that has the fewest."""
        return min((each for each in self._connections if each != _AWAY), default=0)


class Acceptor:
    """Takes a worker's share of the connections from the socket."""

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        connections: Sized,
        board: Board,
        slot: int,
    ) -> None:
        self._listener = listener
        self._make_protocol = make_protocol
        self._connections = connections
        self._board = board
        self._slot = slot
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._limit = LogLimit()

    def start(self) -> None:
        """Take connections from now on."""
        self._listener.setblocking(False)
        self.tell()
        self._loop.add_reader(self._listener, self._ready)

    async def stop(self) -> None:
        """Take what waits, and nothing from now on."""
        self._loop.remove_reader(self._listener)
        while self._take():
            pass
        if self._pause is not None:
            self._pause.cancel()
        self._board.leave(self._slot)
        self._listener.close()
        if self._opening:
            await asyncio.wait(self._opening)

    def tell(self) -> None:
        """Tell the others how many connections this worker has."""
        self._board.write(self._slot, self._count)

    @property
    def _count(self) -> int:
        return len(self._connections) + len(self._opening)

    def _ready(self) -> None:
        self.tell()
        if self._count * _CLEARLY > self._board.least():
            self._rest(_AFTER_YOU_S)
        else:
            self._take()

    def _rest(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._ready)
        self._take()

    def _take(self) -> bool:
        """Take one connection; False if none waits, or no more can be had."""
        try:
            taken, _ = self._listener.accept()
        except OSError as error:
            # Otherwise another worker was quicker, or the client is gone already.
            if error.errno in _EXHAUSTED:
                self._exhausted(error)
            return False
        taken.setblocking(False)
        opening: asyncio.Task[object] = self._loop.create_task(
            self._loop.connect_accepted_socket(self._make_protocol, taken)
        )
        self._opening.add(opening)
        opening.add_done_callback(self._opened)
        self.tell()
        return True

    def _opened(self, opening: asyncio.Task[object]) -> None:
        self._opening.discard(opening)
        if not opening.cancelled() and (error := opening.exception()) is not None:
            log.info("a connection was lost at once", reason=str(error))

    def _exhausted(self, error: OSError) -> None:
        if self._limit.admit() is not None:
            log.error("no further connection can be taken", reason=error.strerror)
        if self._pause is None:
            self._rest(_EXHAUSTED_S)
