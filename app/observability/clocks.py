"""How far this machine's clock is off the database's, measured from time to time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial

from app.background import repeated
from app.observability.metrics import Metrics
from base.database import Pool
from ledger.verifying.clocks import moments

_EVERY_S = 30.0


@asynccontextmanager
async def clock_watched(pool: Pool, clock: Callable[[], datetime], metrics: Metrics) -> AsyncIterator[None]:
    """Keep the gauges of the clock up to date while the block runs; unchanged while the database is away."""
    with suppress(Exception):
        await compare(pool, clock, metrics)
    async with repeated(partial(compare, pool, clock, metrics), every_s=_EVERY_S, name="clock metrics"):
        yield


async def compare(pool: Pool, clock: Callable[[], datetime], metrics: Metrics) -> None:
    """Set the gauges of the clock. Raises what asyncpg raises."""
    seen = await moments(pool)
    now = clock()
    metrics.clock_ahead.set((now - seen.database_now).total_seconds())
    ahead = (seen.newest - now).total_seconds() if seen.newest is not None else 0.0
    metrics.recorded_ahead.set(max(0.0, ahead))
