"""By how much the clock of this machine is off, asked of the database from time to time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import asyncpg

from app.observability.metrics import Metrics
from ledger.clocks import moments
from rating.database import Pool

_EVERY_S = 30.0


@asynccontextmanager
async def clock_watched(pool: Pool, clock: Callable[[], datetime], metrics: Metrics) -> AsyncIterator[None]:
    """Keep the gauges of the clock up to date while the block runs; as they were while the database is away."""
    watch = asyncio.create_task(_watch(pool, clock, metrics), name="clock metrics")
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _watch(pool: Pool, clock: Callable[[], datetime], metrics: Metrics) -> None:
    while True:
        with suppress(
            OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError
        ):
            await compare(pool, clock, metrics)
        await asyncio.sleep(_EVERY_S)


async def compare(pool: Pool, clock: Callable[[], datetime], metrics: Metrics) -> None:
    """Set the gauges of the clock. Raises what asyncpg raises."""
    seen = await moments(pool)
    now = clock()
    metrics.clock_ahead.set((now - seen.database_now).total_seconds())
    ahead = (seen.newest - now).total_seconds() if seen.newest is not None else 0.0
    metrics.recorded_ahead.set(max(0.0, ahead))
