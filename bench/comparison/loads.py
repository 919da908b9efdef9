"""Load on an HTTP service: a closed loop of clients, or requests that arrive at a fixed rate.

At a fixed rate the latency of a request counts from the moment when it should have been sent. So a service that stalls
is charged for every request that would have come meanwhile (no "coordinated omission").
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.comparison.processes import Processes
from bench.comparison.values import Run
from bench.http_client import Address, Connection

_OK = 200
_CONNECTIONS = 64
"""Of arriving requests; a further one waits for a free connection, and its latency grows."""
_FEWEST = 8
"""Arrivals, however slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """So many clients, each of which sends its next request when it has the answer to the one before."""

    clients: int

    def __str__(self) -> str:
        return "1 client" if self.clients == 1 else f"{self.clients} clients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """So many requests a second, at equal distances, whatever becomes of those before."""

    per_s: float

    def __str__(self) -> str:
        return f"{self.per_s:,.3g} arrivals/s"


Load = Closed | Arrivals


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpContestant:
    """A service that is asked over HTTP. `bodies` are endless; an answer must be `right`; `units` of work in each."""

    name: str
    address: Address
    service: Processes
    database: Processes
    bodies: Iterator[bytes]
    right: Callable[[bytes], bool]
    headers: str = field(default="", repr=False)
    units: int = 1

    async def run(self, load: Load, seconds: float) -> Run:
        """Load it for so long. Raises RuntimeError when an answer is wrong."""
        count = load.clients if isinstance(load, Closed) else _CONNECTIONS
        connections = [await Connection.opened(self.address, self.headers) for _ in range(count)]
        service_s, database_s = self.service.cpu_s(), self.database.cpu_s()
        begun = time.perf_counter()
        if isinstance(load, Closed):
            waited = await self._closed(connections, begun + seconds)
        else:
            count = max(_FEWEST, round(load.per_s * seconds))
            waited = await self._arriving(connections, begun, load.per_s, count)
            seconds = count / load.per_s
        took_s = max(seconds, time.perf_counter() - begun)
        run = Run(
            count=len(waited) * self.units,
            took_s=took_s,
            waited_s=sorted(waited),
            service_cpu_s=self.service.cpu_s() - service_s,
            database_cpu_s=self.database.cpu_s() - database_s,
            memory_mib=self.service.memory_mib(),
        )
        for each in connections:
            each.close()
        await asyncio.sleep(0)  # they are closed then
        return run

    async def _closed(self, connections: list[Connection], until: float) -> list[float]:
        waited: list[float] = []

        async def client(connection: Connection) -> None:
            while (begun := time.perf_counter()) < until:
                await self._ask(connection)
                waited.append(time.perf_counter() - begun)

        async with asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(client(connection))
        return waited

    async def _arriving(
        self, connections: list[Connection], begun: float, per_s: float, count: int
    ) -> list[float]:
        waited: list[float] = []
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for each in connections:
            free.put_nowait(each)

        async def request(due: float) -> None:
            connection = await free.get()
            await self._ask(connection)
            waited.append(time.perf_counter() - due)
            free.put_nowait(connection)

        async with asyncio.TaskGroup() as group:
            for number in range(count):
                due = begun + number / per_s
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(request(due))
        return waited

    async def _ask(self, connection: Connection) -> None:
        body = next(self.bodies)
        answer = await connection.send(body)
        if answer.status != _OK or not self.right(answer.body):
            raise RuntimeError(
                f"{self.name} answered {answer.status} {answer.body[:500]!r} to {body[:300]!r}"
            )
