"""Putting handbooks in force in a test's database, as the commands do."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from base.database import Pool
from handbook import Handbook
from rating.activating import Activated, activate
from rating.activations import ActiveHandbook


def nobody(*_: object) -> None:
    """Callbacks of an activation that ignore its progress."""


async def put_in_force(pool: Pool, handbook: Handbook, now: datetime | Callable[[], datetime]) -> Activated:
    """Rate everybody by a handbook and put it in force."""
    clock = now if callable(now) else lambda: now
    done = await activate(pool, lambda _: handbook, clock=clock, tell=nobody, progress=nobody)
    assert done is not None
    return done


async def in_force(pool: Pool) -> ActiveHandbook:
    """What is in force in the database."""
    active = await ActiveHandbook.read(pool)
    assert active is not None
    return active


async def until_somebody_waits(database: Any, locktype: str) -> None:
    """Return when somebody in the database waits for a lock of this type (a name of `pg_locks`)."""
    for _ in range(500):
        if await database.owner_pool.fetchval(
            "select exists (select from pg_locks where locktype = $1 and not granted)", locktype
        ):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(locktype)
