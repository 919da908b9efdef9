"""The faults, as a table: each is applied to a site, and returns when it is over.

"Over" is the moment from which it is the service's turn: the process is killed, the pause ends, the disk has room.
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import psutil

from tests.chaos.site import FARTHEST_LEAP_S, Site

Fault = Callable[[Site, random.Random], Awaitable[None]]

_PAUSE_S = (0.2, 3.0)
_CUTTING_S = 0.5
_FULL_S = (0.5, 2.0)
_TERMINATE = """
select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null
"""
_FILL = "select pg_logical_emit_message(true, 'chaos', repeat('x', 20000000))"


def _kill(*processes: psutil.Process | None) -> None:
    """Kill them, and return when they are dead: on a busy machine that takes a moment."""
    killed = [each for each in processes if each is not None]
    for process in killed:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    while any(map(_lives, killed)):
        time.sleep(0.001)


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


async def kill_service(site: Site, rng: random.Random) -> None:
    _kill(site.main)


async def kill_worker(site: Site, rng: random.Random) -> None:
    _kill(*rng.sample(site.workers(), 1))


async def kill_everything(site: Site, rng: random.Random) -> None:
    _kill(site.main, *site.workers(), site.postmaster())


async def kill_postmaster(site: Site, rng: random.Random) -> None:
    _kill(site.postmaster())


async def kill_postmaster_and_worker(site: Site, rng: random.Random) -> None:
    _kill(site.postmaster(), *rng.sample(site.workers(), 1))


async def kill_backend(site: Site, rng: random.Random) -> None:
    backends = site.backends()
    if backends:
        _kill(rng.choice(backends))


async def terminate_backends(site: Site, rng: random.Random) -> None:
    connection = await asyncpg.connect(site.dsn)
    try:
        await connection.execute(_TERMINATE)
    finally:
        await connection.close()


async def pause_database(site: Site, rng: random.Random) -> None:
    paused = site.pause_database()
    try:
        await asyncio.sleep(rng.uniform(*_PAUSE_S))
    finally:
        for each in paused:
            with suppress(psutil.NoSuchProcess):
                each.resume()


async def pause_worker(site: Site, rng: random.Random) -> None:
    (worker,) = rng.sample(site.workers(), 1)
    worker.suspend()
    await asyncio.sleep(rng.uniform(*_PAUSE_S))
    worker.send_signal(signal.SIGCONT)


async def cut_connections(site: Site, rng: random.Random) -> None:
    for _ in range(4):
        site.proxy.cut(rng)
        await asyncio.sleep(_CUTTING_S / 4)


async def fill_disk(site: Site, rng: random.Random) -> None:
    site.resize_disk(rng.randrange(0, 1 << 16))
    try:
        if (
            rng.random() < 0.5
        ):  # otherwise it is full for new files and pages, and the log has room for a while
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await asyncpg.connect(site.dsn, timeout=2)
                try:
                    await connection.execute(_FILL, timeout=2)
                finally:
                    connection.terminate()
        await asyncio.sleep(rng.uniform(*_FULL_S))
    finally:
        site.resize_disk(None)


async def move_clock(site: Site, rng: random.Random) -> None:
    site.set_clock(rng.uniform(-FARTHEST_LEAP_S, FARTHEST_LEAP_S))


FAULTS: dict[str, Fault] = {
    "service killed": kill_service,
    "a worker killed": kill_worker,
    "service and database killed": kill_everything,
    "database killed": kill_postmaster,
    "database and a worker killed": kill_postmaster_and_worker,
    "a backend killed": kill_backend,
    "backends terminated": terminate_backends,
    "database paused": pause_database,
    "a worker paused": pause_worker,
    "connections cut": cut_connections,
    "disk full": fill_disk,
    "clock moved": move_clock,
}
