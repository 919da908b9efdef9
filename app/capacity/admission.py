"""Admission control: the capacity for each class of work, deadlines, and clients that disconnect.

Each class of work has places, a queue, connections and a deadline of its own, so that none starves another: many
matches at once leave the places of redemptions free. Without capacity a request is answered at once: 503 with
`Retry-After`. PostgreSQL is told the deadlines too (`statement_timeout`, `lock_timeout`).
"""

import asyncio
import math
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType
from typing import Any, TypeVar, cast

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from app.capacity.bulkheads import Bulkhead, FullError
from app.capacity.shares import CLEANUP_S, Share
from app.database import close_pool
from app.observability.telemetry import Telemetry
from app.requests.errors import unavailable
from app.services import Services
from app.settings import Settings
from app.settings.types import Places
from base.database import Pool, Timeouts, connect_pool
from ledger.refusals import RETRY_AFTER_S
from schema.context import Language
from schema.errors import Unavailability, UnavailableError, unavailable_words
from schema.limits import MOST_COST
from schema.work import Work, WorkClass

T = TypeVar("T")

_SHARES: Mapping[WorkClass, float] = MappingProxyType({
    WorkClass.READS: 0.4,
    WorkClass.REDEMPTIONS: 0.2,
    WorkClass.EVENTS: 0.1,
    WorkClass.FINANCE: 0.1,
    WorkClass.FILES: 0.2,
})  # fmt: skip
"""Of the connections of a worker."""

_FEWEST_CONNECTIONS = 2
_HEAVIEST = 0.25
"""The share of its class's places that an operation of the maximum cost takes."""

_LONGEST_LOCK_S = 5.0
_WATCHED_AFTER_S = 0.05
"""Most work is done by then: watching the client earlier would only add cost."""


class Gatekeeper:
    """The bulkheads of this process, and the cancelled work that is still ending."""

    def __init__(self, bulkheads: Mapping[WorkClass, Bulkhead], *, deadline_s: float) -> None:
        self.bulkheads = bulkheads
        self.deadline_s = deadline_s
        self._ending: set[asyncio.Task[Any]] = set()

    def check(self, kind: WorkClass, language: Language) -> None:
        """Refuse work of a full class before any work is done for it. Raises RequestError."""
        bulkhead = self.bulkheads[kind]
        if bulkhead.full:
            raise unavailable(Unavailability.FULL, language, retry_after_s=bulkhead.refused())

    def attempt(self, language: Language) -> "Attempt":
        """A request that has just arrived."""
        return Attempt(self, language)

    def let_end(self, task: asyncio.Task[Any], share: Share | None) -> None:
        """Cancel work whose client no longer waits. Its place is free when it has ended, by force after CLEANUP_S."""

        def ended(_: asyncio.Task[Any]) -> None:
            self._ending.discard(task)
            force.cancel()
            if not task.cancelled():
                task.exception()  # retrieved, or asyncio would log it

        self._ending.add(task)
        loop = asyncio.get_running_loop()
        force = loop.call_later(CLEANUP_S, share.cut if share is not None else _nothing)
        task.add_done_callback(ended)
        task.cancel()

    async def close(self) -> None:
        """Wait for the cancelled work that is still ending."""
        if self._ending:
            await asyncio.wait(self._ending, timeout=2 * CLEANUP_S)


def _nothing(*_: object) -> None:
    pass


class Attempt:
    """One request's work, from its arrival to its end: done, refused, past its deadline, or left by its client."""

    def __init__(self, gatekeeper: Gatekeeper, language: Language) -> None:
        self._gatekeeper = gatekeeper
        self.language = language
        self._began_at = asyncio.get_running_loop().time()
        self._deadline_s = gatekeeper.deadline_s
        self._bulkhead: Bulkhead | None = None
        self._share: Share | None = None

    @asynccontextmanager
    async def admitted(self, work: Work) -> AsyncIterator[Pool]:
        """Keep the place of an operation while the block runs (`schema.work.Admission`). Raises UnavailableError."""
        bulkhead = self._gatekeeper.bulkheads[work.kind]
        weight = math.ceil(bulkhead.places.at_once * _HEAVIEST * work.cost / MOST_COST)
        try:
            async with self.placed(work.kind, weight) as pool:
                yield pool
        except FullError as full:
            words = unavailable_words(Unavailability.FULL, self.language)
            raise UnavailableError(words, retry_after_s=full.retry_after_s) from None

    @asynccontextmanager
    async def answering(self, kind: WorkClass, weight: int = 1) -> AsyncIterator[Pool]:
        """Keep a place of a class while the block runs, for a file. Raises RequestError (503)."""
        try:
            async with self.placed(kind, weight) as pool:
                yield pool
        except FullError as full:
            raise unavailable(Unavailability.FULL, self.language, retry_after_s=full.retry_after_s) from None

    @asynccontextmanager
    async def placed(self, kind: WorkClass, weight: int = 1) -> AsyncIterator[Pool]:
        """Keep a place of a class while the block runs; its deadline counts from the request's arrival.

        Raises FullError.
        """
        self._bulkhead = bulkhead = self._gatekeeper.bulkheads[kind]
        self._deadline_s = bulkhead.deadline_s
        async with bulkhead.place(weight) as share:
            self._share = share
            yield cast("Pool", share)  # it has the methods of a pool that are used here

    async def run(self, work: Coroutine[Any, Any, T], receive: Receive) -> T:
        """Run the work until its deadline or until its client disconnects; then cancel it.

        The answer does not wait for the end of cancelled work. Commands that are already in the journal are still
        decided and stored. Raises RequestError at the deadline, ClientDisconnect when the client has left.
        """
        task = asyncio.create_task(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=min(_WATCHED_AFTER_S, self._left_s()))
            if not done:
                await self._watch(task, receive)
        except BaseException:
            if not task.done():
                self._gatekeeper.let_end(task, self._share)
            raise
        return task.result()

    async def _watch(self, task: asyncio.Task[Any], receive: Receive) -> None:
        gone = asyncio.create_task(until_gone(receive))
        try:
            while not task.done() and not gone.done() and self._left_s() > 0:
                await asyncio.wait({task, gone}, timeout=self._left_s(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
        if task.done():
            return
        if gone.done():
            raise ClientDisconnect
        retry_after_s = self._bulkhead.late() if self._bulkhead is not None else RETRY_AFTER_S
        raise unavailable(Unavailability.LATE, self.language, retry_after_s=retry_after_s)

    def _left_s(self) -> float:
        return self._began_at + self._deadline_s - asyncio.get_running_loop().time()


async def until_gone(receive: Receive) -> None:
    """Wait until the client of a request has disconnected; what it still sends is discarded."""
    while (await receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def open_gate(services: Services, telemetry: Telemetry | None = None) -> AsyncIterator[Gatekeeper]:
    """The bulkheads and their pools (connected on first use) while the block runs."""
    settings = services.settings
    bulkheads: dict[WorkClass, Bulkhead] = {}
    async with AsyncExitStack() as stack:
        for kind, (places, deadline_s) in _limits(settings).items():
            pool = await connect_pool(
                services.service_dsn,
                min_size=0,
                max_size=max(_FEWEST_CONNECTIONS, round(settings.pool_size * _SHARES[kind])),
                service_role=True,
                name=f"entitlements-{kind.value}",
                timeouts=timeouts(deadline_s),
                observer=telemetry.database(kind.value) if telemetry is not None else None,
                resets=False,  # the queries of requests change no session: tests/test_sql.py
                # Planning takes several times as long as a small read, and all of them look rows up by an index.
                plans_once=kind is WorkClass.READS,
            )
            stack.push_async_callback(close_pool, pool)
            bulkheads[kind] = Bulkhead(
                pool,
                places,
                deadline_s=deadline_s,
                turned_away=telemetry.turned_away(kind) if telemetry is not None else _nothing,
            )
        gatekeeper = Gatekeeper(bulkheads, deadline_s=settings.deadline_s)
        stack.push_async_callback(gatekeeper.close)
        yield gatekeeper


def _limits(settings: Settings) -> dict[WorkClass, tuple[Places, float]]:
    return {
        WorkClass.READS: (settings.reads, settings.deadline_s),
        WorkClass.REDEMPTIONS: (settings.redemptions, settings.deadline_s),
        WorkClass.EVENTS: (settings.events, settings.deadline_s),
        WorkClass.FINANCE: (settings.finance, settings.finance_deadline_s),
        WorkClass.FILES: (settings.files, settings.files_deadline_s),
    }


def timeouts(deadline_s: float) -> Timeouts:
    """How long a statement of work with this deadline may take, and wait for a lock."""
    return Timeouts(statement_s=deadline_s, lock_s=min(deadline_s / 2, _LONGEST_LOCK_S))
