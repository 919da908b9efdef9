"""Background tasks that run as long as a block does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

from base.outage_log import LogLimit
from base.outages import described

log = structlog.get_logger(__name__)


@asynccontextmanager
async def in_background(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Run work that never ends by itself, in a task of this name; it is cancelled at the end of the block."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def repeated(work: Callable[[], Awaitable[None]], *, every_s: float, name: str) -> AsyncIterator[None]:
    """Repeat work while the block runs, each time after a pause. An error is logged, and the loop continues."""
    async with in_background(_repeat(work, every_s, name), name=name):
        yield


async def _repeat(work: Callable[[], Awaitable[None]], every_s: float, name: str) -> None:
    limit = LogLimit()
    while True:
        await asyncio.sleep(every_s)
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the work must go on
            if limit.admit() is not None:
                log.warning("background work failed, and is tried again", work=name, error=described(error))
