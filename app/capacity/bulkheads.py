"""A bulkhead for each class of work: places, a queue, and connections that no other class can take.

Work that finds no free place waits, in the order of arrival. When the queue is full, or the wait too long, it is
refused and may be retried later. Heavy work takes several places.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from app.capacity.returns import Returns
from app.capacity.shares import Share
from app.settings.types import Places
from base.database import Pool
from schema.errors import Unavailability

_LONGEST_WAIT_S = 30.0
_RETRIES_A_DEADLINE = 60


class FullError(Exception):
    """No place was free, and the queue was full or the wait too long; retry after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


@dataclass(slots=True, eq=False)
class _Waiting:
    weight: int
    admitted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Bulkhead:
    """The places of one class of work and its pool. `turned_away` is called with the reason of each 503."""

    def __init__(
        self,
        pool: Pool,
        places: Places,
        *,
        deadline_s: float,
        turned_away: Callable[[Unavailability], None] = lambda _: None,
    ) -> None:
        self.pool = pool
        self.places = places
        self.deadline_s = deadline_s
        self.turned_away = turned_away
        self._free = places.at_once
        self._queue: deque[_Waiting] = deque()
        self._returns = Returns(max(1, round(deadline_s / _RETRIES_A_DEADLINE)))

    @property
    def in_flight(self) -> int:
        """How many places are taken."""
        return self.places.at_once - self._free

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._queue)

    @property
    def full(self) -> bool:
        """Whether further work would be refused at once."""
        return len(self._queue) >= self.places.waiting and (bool(self._queue) or not self._free)

    def refused(self) -> int:
        """Count a refusal; return the seconds after which to retry."""
        self.turned_away(Unavailability.FULL)
        return self._returns.next_s()

    def late(self) -> int:
        """Count a deadline that has passed; return the seconds after which to retry."""
        self.turned_away(Unavailability.LATE)
        return self._returns.next_s()

    @asynccontextmanager
    async def place(self, weight: int = 1) -> AsyncIterator[Share]:
        """Keep a place while the block runs, or as many as the work weighs. Raises FullError."""
        weight = min(max(weight, 1), self.places.at_once)
        await self._enter(weight)
        share = Share(self.pool)
        try:
            yield share
        finally:
            try:
                await share.close()
            finally:
                self._leave(weight)

    async def _enter(self, weight: int) -> None:
        if not self._queue and weight <= self._free:
            self._free -= weight
            return
        if len(self._queue) >= self.places.waiting:
            raise FullError(self.refused())
        waiting = _Waiting(weight)
        self._queue.append(waiting)
        try:
            async with asyncio.timeout(min(self.deadline_s / 2, _LONGEST_WAIT_S)):
                await waiting.admitted
        except BaseException as error:
            self._give_up(waiting)
            if isinstance(error, TimeoutError):
                raise FullError(self.refused()) from None
            raise

    def _give_up(self, waiting: _Waiting) -> None:
        if waiting.admitted.done() and not waiting.admitted.cancelled():
            self._leave(waiting.weight)  # it was admitted at the same moment
        else:
            with suppress(ValueError):  # `_let_in` has removed it already
                self._queue.remove(waiting)
            self._let_in()

    def _leave(self, weight: int) -> None:
        self._free += weight
        self._let_in()

    def _let_in(self) -> None:
        while self._queue:
            first = self._queue[0]
            if first.admitted.cancelled():  # it gave up, and is still in the queue
                self._queue.popleft()
            elif first.weight <= self._free:
                self._queue.popleft()
                self._free -= first.weight
                first.admitted.set_result(None)
            else:
                return
