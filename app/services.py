"""What the service and the commands work with, opened in order and closed in the opposite order.

The database first, then what uses it; at the end the journal commits what was promised before any connection closes,
and the embedded database stops last, when nobody in the data folder needs it any more.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import asyncpg
from tortoise.exceptions import BaseORMException

from app.clock import Clock
from app.errors import NOT_INSTALLED, StartError
from app.migrating import migrate
from app.orm import orm
from app.settings import Settings
from handbook import (
    SHIPPED_EDITIONS,
    EditionError,
    Handbook,
    WorkingCalendar,
    load_handbook,
    read_working_days,
    working_calendar,
)
from ledger.granting import post_due
from ledger.journal import Journal
from rating.database import SERVICE_ROLE, Connection, Pool, connect_pool

if TYPE_CHECKING:
    from app.postgres import EmbeddedPostgres

T = TypeVar("T")

_CLOSE_S = 20.0
_WATCH_EVERY_S = 1.0
# What a server that is not there, not ready, or does not know us, answers with.
_UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidParameterValueError,
    asyncpg.InterfaceError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything opened: `pool` works under the service's role, `owner_dsn` is for migrations only."""

    settings: Settings
    clock: Clock
    handbook: Handbook
    pool: Pool
    journal: Journal
    owner_dsn: str = field(repr=False)


def say(line: str) -> None:
    """Tell a person something on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Migrate and open everything; close it at the end. Raises StartError."""
    handbook = read_handbook(settings)
    clock = Clock(frozen_at=settings.clock)
    async with AsyncExitStack() as stack:
        service_dsn, owner_dsn = await stack.enter_async_context(database(settings))
        await migrated(owner_dsn)
        pool = await _reaching(service_dsn, _service_pool(service_dsn, settings.pool_size))
        stack.push_async_callback(_close, pool)
        await stack.enter_async_context(orm(service_dsn, max_size=settings.orm_pool_size))
        journal = Journal(pool, handbook, clock)
        await journal.start()
        stack.push_async_callback(journal.stop)
        yield Services(
            settings=settings,
            clock=clock,
            handbook=handbook,
            pool=pool,
            journal=journal,
            owner_dsn=owner_dsn,
        )


def read_handbook(settings: Settings) -> Handbook:
    """The shipped handbook with the further editions of the settings. Raises StartError for a wrong edition."""
    try:
        further = (settings.editions,) if settings.editions else ()
        return load_handbook(SHIPPED_EDITIONS, *further, calendar=read_calendar(settings))
    except (EditionError, OSError) as error:
        raise StartError(f"the handbook cannot be loaded: {error}") from error


def read_calendar(settings: Settings) -> WorkingCalendar:
    """The working days, with the years that files in the folder of editions or of data give. Raises EditionError."""
    folders = (settings.editions, settings.data)
    return working_calendar(read_working_days(*(each for each in folders if each is not None)))


def granting(services: Services) -> Callable[[Connection, Sequence[int]], Awaitable[int]]:
    """What rating, which knows no ledger, calls for the customers it changed: the grants that follow, posted."""
    return partial(post_due, now=services.clock(), handbook=services.handbook)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[tuple[str, str]]:
    """The database's addresses, for the service and for its owner; the embedded one runs while the block does."""
    if settings.service_dsn is not None:
        yield settings.service_dsn, settings.owner_dsn or settings.service_dsn
        return
    postgres = embedded_postgres(settings)
    # Not in a thread: a cancelled task would leave the thread, and the server, behind. Nobody else waits here.
    with postgres:
        watch = asyncio.create_task(_revive(postgres))
        try:
            yield postgres.dsn, postgres.dsn
        finally:
            watch.cancel()


async def _revive(postgres: "EmbeddedPostgres") -> None:
    """Start the embedded server again when it was killed: nobody else would."""
    while True:
        await asyncio.sleep(_WATCH_EVERY_S)
        try:
            await asyncio.to_thread(postgres.revive)
        except StartError as error:
            say(str(error))


def embedded_postgres(settings: Settings) -> "EmbeddedPostgres":
    """The embedded PostgreSQL of the data folder, not yet started."""
    # Only here: a server needs neither the package nor what it needs of the operating system.
    try:
        from app.postgres import EmbeddedPostgres
    except ImportError:
        raise StartError(NOT_INSTALLED) from None
    return EmbeddedPostgres(settings.data, say=say)


async def migrated(owner_dsn: str) -> tuple[str, ...]:
    """Migrate; the names of what was applied. Raises StartError when the database cannot be reached."""
    try:
        return await _reaching(owner_dsn, migrate(owner_dsn))
    except (BaseORMException, asyncpg.PostgresError) as error:
        words = str(error).splitlines()
        raise StartError(
            f"the database cannot be migrated: {words[0] if words else type(error).__name__} "
            "(migrations need its owner: DATABASE_OWNER_URL, or `entitlements migrate` as the owner)"
        ) from error


async def _reaching(dsn: str, attempt: Awaitable[T]) -> T:
    try:
        return await attempt
    except _UNREACHABLE as error:
        address = urlsplit(dsn)
        place = f"{address.hostname or 'the local socket'}:{address.port or 5432}{address.path}"
        words = str(error).splitlines()
        raise StartError(
            f"the database {place} cannot be used: {words[0] if words else type(error).__name__}"
        ) from error


async def _service_pool(dsn: str, size: int) -> Pool:
    try:
        return await connect_pool(dsn, min_size=1, max_size=size, service_role=True)
    except asyncpg.InsufficientPrivilegeError as error:
        raise StartError(
            f"the user of DATABASE_URL may not work as {SERVICE_ROLE} ({error}): "
            f"grant {SERVICE_ROLE} to it, as the owner"
        ) from error


async def _close(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), timeout=_CLOSE_S)
    except TimeoutError:
        pool.terminate()
