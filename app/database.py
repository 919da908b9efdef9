"""The database's life: found or started, migrated, connected to under the service's role, and closed.

What a person can repair (an unreachable server, a user without rights, missing migrations) is a StartError.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import asyncpg
from tortoise.exceptions import BaseORMException

from app.background import in_background
from app.console import say
from app.errors import NOT_INSTALLED, StartError
from app.migrating import differences, migrate
from app.settings import Settings
from app.settings.database_address import without_password
from base.database import SERVICE_ROLE, Pool, connect_pool
from base.observing import DatabaseObserver

if TYPE_CHECKING:
    from app.postgres import EmbeddedPostgres

T = TypeVar("T")

_CLOSE_S = 20.0
_WATCH_EVERY_S = 1.0
# Errors of a server that is unreachable, not ready, or refuses the user.
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


@asynccontextmanager
async def database(settings: Settings, *, existing: bool = False) -> AsyncIterator[tuple[str, str]]:
    """The database's addresses, for the service and for its owner; the embedded one runs while the block does.

    With `existing` the embedded one is started only if it is there already. Raises StartError.
    """
    if settings.service_dsn is not None:
        yield settings.service_dsn, settings.owner_dsn or settings.service_dsn
        return
    postgres = embedded_postgres(settings)
    if existing and not postgres.exists:
        raise StartError(
            f"there is no database in {settings.data}: name its folder (--data DIR) or its server (DATABASE_URL); "
            "`entitlements serve` or `entitlements import FILE` makes one"
        )
    # Not in a thread: a cancelled task would leave the thread, and the server, running. Nothing else waits here.
    with postgres:
        async with in_background(_revive(postgres), name="embedded database"):
            yield postgres.dsn, postgres.dsn


async def _revive(postgres: "EmbeddedPostgres") -> None:
    """Restart the embedded server when it was killed: this process is its only supervisor."""
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
        return await reaching(owner_dsn, migrate(owner_dsn))
    except (BaseORMException, asyncpg.PostgresError) as error:
        words = str(error).splitlines()
        raise StartError(
            f"the database cannot be migrated: {words[0] if words else type(error).__name__} "
            "(migrations need its owner: DATABASE_OWNER_URL, or `entitlements migrate` as the owner)"
        ) from error


async def reaching(dsn: str, attempt: Awaitable[T]) -> T:
    """Await an attempt to use the database at `dsn`. Raises StartError when it does not answer, or refuses."""
    try:
        return await attempt
    except _UNREACHABLE as error:
        words = str(error).splitlines()
        raise StartError(
            f"the database {without_password(dsn)} cannot be used: {words[0] if words else type(error).__name__}"
        ) from error


async def service_pool(
    dsn: str, size: int, *, read_only: bool = False, observer: DatabaseObserver | None = None
) -> Pool:
    """A pool under the service's role. Raises StartError when the user of `dsn` may not take that role."""
    try:
        return await connect_pool(
            dsn, min_size=1, max_size=size, service_role=True, read_only=read_only, observer=observer
        )
    except asyncpg.InsufficientPrivilegeError as error:
        raise StartError(
            f"the user of DATABASE_URL may not work as {SERVICE_ROLE} ({error}): "
            f"grant {SERVICE_ROLE} to it, as the owner"
        ) from error


async def close_pool(pool: Pool) -> None:
    """Close a pool; by force when its connections do not come back."""
    try:
        await asyncio.wait_for(pool.close(), timeout=_CLOSE_S)
    except TimeoutError:
        pool.terminate()


async def check_migrated(dsn: str) -> None:
    """Raise StartError unless the database is one of ours, in this version's form."""
    connection = await asyncpg.connect(dsn, server_settings={"default_transaction_read_only": "on"})
    try:
        found = await differences(connection)
        anything = await connection.fetchval("SELECT to_regclass('customers') IS NOT NULL")
    except asyncpg.InsufficientPrivilegeError as error:
        raise StartError(f"the user of DATABASE_URL may not read this database: {error}") from error
    finally:
        await connection.close()
    if not anything:
        raise StartError(
            "the database is empty: `entitlements serve` or `entitlements import FILE` makes what is needed"
        )
    found.refuse_newer()
    if found.missing:
        raise StartError(
            f"the database lacks migrations ({', '.join(found.missing)}): run `entitlements migrate`"
        )
