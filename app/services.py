"""What the service and the commands work with, opened in order and closed in the opposite order.

The database first, then what uses it; at the end the journal commits what was promised before any connection closes,
and the embedded database stops last, when nobody in the data folder needs it any more.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import asyncpg
import structlog
from tortoise.exceptions import BaseORMException

from app.budgets import CallerBudgets
from app.clock import Clock
from app.editions import Told, in_force, put_in_force
from app.errors import NOT_INSTALLED, StartError
from app.migrating import differences, migrate
from app.orm import orm
from app.settings import Settings
from app.settings.database_address import place
from handbook import EditionError, Handbook
from ledger.granting import grant_all, post_due
from ledger.journal import Journal
from ledger.observing import SILENT
from rating.activations import ActiveHandbook, AnyHandbook, handbook_now
from rating.database import SERVICE_ROLE, Connection, Pool, Timeouts, connect_pool
from rating.observing import DatabaseObserver

if TYPE_CHECKING:
    from app.observability.telemetry import Telemetry
    from app.postgres import EmbeddedPostgres

T = TypeVar("T")

log = structlog.get_logger(__name__)

COMMAND_LINE = "cli"
"""Who has written what commands write, as it is kept with it."""

_CLOSE_S = 20.0
_JOURNAL_CONNECTIONS = 2
_WATCH_EVERY_S = 1.0
_LOOK_EVERY_S = 1.0
_TELL_EVERY_S = 5.0
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
    """Everything opened: `pool` works under the service's role, `owner_dsn` is for migrations only.

    Processes of a command's own open `service_dsn` themselves, under the service's role too.

    Who writes is given `handbooks` and looks which one is in force; who reads does so by `handbook`. `budgets` are what
    callers pay from.
    """

    settings: Settings
    clock: Clock
    handbooks: AnyHandbook
    pool: Pool
    journal: Journal
    budgets: CallerBudgets
    service_dsn: str = field(repr=False)
    owner_dsn: str = field(repr=False)

    @property
    def handbook(self) -> Handbook:
        """The handbook in force, as far as this process knows."""
        return handbook_now(self.handbooks)


def say(line: str) -> None:
    """Tell a person something on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    existing: bool = False,
    timeouts: Timeouts | None = None,
    telemetry: "Telemetry | None" = None,
) -> AsyncIterator[Services]:
    """Migrate, put editions in force where none are, and open everything; close it at the end. Raises StartError.

    With `existing` an embedded database that is not there is not made. `timeouts` hold for the journal and for simple
    writes; `pool` has none, as commands take as long as they take. What is opened tells `telemetry` of its work.
    """
    clock, budgets = Clock(frozen_at=settings.clock), CallerBudgets(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(budgets.close)
        service_dsn, owner_dsn = await stack.enter_async_context(database(settings, existing=existing))
        await migrated(owner_dsn)
        observer = telemetry.database if telemetry is not None else _unobserved
        pool = await _reaching(
            service_dsn, _service_pool(service_dsn, settings.pool_size, observer=observer("service"))
        )
        stack.push_async_callback(close_pool, pool)
        active, done = await put_in_force(pool, settings, clock, Told(line=say, progress=_saying("rating")))
        if done is not None and done.changed:
            say(
                f"{done.changed} of {done.customers} customers have another timeline by the editions in force"
            )
            await grant_all(
                pool, clock=clock, handbook=active, subject=COMMAND_LINE, progress=_saying("granting")
            )
        await stack.enter_async_context(
            orm(service_dsn, max_size=settings.orm_pool_size, timeouts=timeouts, observer=observer("orm"))
        )
        await stack.enter_async_context(_following(active, pool))
        # Of its own: whatever requests do, commands are committed.
        own = await connect_pool(
            service_dsn,
            min_size=0,
            max_size=_JOURNAL_CONNECTIONS,
            service_role=True,
            name="entitlements-journal",
            timeouts=timeouts,
            observer=observer("journal"),
        )
        stack.push_async_callback(close_pool, own)
        journal = Journal(own, active, clock, observer=telemetry.journal if telemetry is not None else SILENT)
        await journal.start()
        stack.push_async_callback(journal.stop)
        yield Services(
            settings=settings,
            clock=clock,
            handbooks=active,
            pool=pool,
            journal=journal,
            budgets=budgets,
            service_dsn=service_dsn,
            owner_dsn=owner_dsn,
        )


def _unobserved(_: str) -> None:
    """Nobody wants to hear of a pool."""


@asynccontextmanager
async def open_to_read(settings: Settings) -> AsyncIterator[Services]:
    """Open what is there, for a command that only reads: the database itself lets it change nothing.

    Nothing is made, migrated or put in force: where that is needed, StartError says what to do. The journal takes no
    commands.
    """
    clock = Clock(frozen_at=settings.clock)
    async with AsyncExitStack() as stack:
        service_dsn, owner_dsn = await stack.enter_async_context(database(settings, existing=True))
        await _reaching(service_dsn, _check_migrated(service_dsn))
        pool = await _reaching(service_dsn, _service_pool(service_dsn, settings.pool_size, read_only=True))
        stack.push_async_callback(close_pool, pool)
        active = await in_force(pool, settings)
        await stack.enter_async_context(orm(service_dsn, max_size=settings.orm_pool_size, read_only=True))
        yield Services(
            settings=settings,
            clock=clock,
            handbooks=active,
            pool=pool,
            journal=Journal(pool, active, clock),
            budgets=CallerBudgets(settings),
            service_dsn=service_dsn,
            owner_dsn=owner_dsn,
        )


async def _check_migrated(dsn: str) -> None:
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


def _saying(what: str) -> Callable[[int, int], None]:
    """Tell from time to time how many customers of how many are done; nothing of what is done at once."""
    told_at = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELL_EVERY_S:
            told_at = time.monotonic()
            say(f"{what}: {done} of {total} customers")

    return progress


@asynccontextmanager
async def _following(active: ActiveHandbook, pool: Pool) -> AsyncIterator[None]:
    """Learn, while the block runs, when other editions come into force: for reads. Who writes looks for itself."""
    watch = asyncio.create_task(_look_for_ever(active, pool), name="editions in force")
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _look_for_ever(active: ActiveHandbook, pool: Pool) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            await active.look(pool)
        except (*_UNREACHABLE, asyncpg.PostgresError):
            continue  # requests find out by themselves that the database is away
        except EditionError as error:
            log.warning("the editions in force cannot be read", error=str(error))


def granting(services: Services, handbook: Handbook) -> Callable[[Connection, Sequence[int]], Awaitable[int]]:
    """What rating, which knows no ledger, calls for the customers it changed: the grants that follow, posted."""

    async def grant(conn: Connection, customer_ids: Sequence[int]) -> int:
        # By the clock at each batch: an import lasts, and meanwhile others write.
        return await post_due(
            conn, customer_ids, now=services.clock(), handbook=handbook, subject=COMMAND_LINE
        )

    return grant


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
        words = str(error).splitlines()
        raise StartError(
            f"the database {place(dsn)} cannot be used: {words[0] if words else type(error).__name__}"
        ) from error


async def _service_pool(
    dsn: str, size: int, *, read_only: bool = False, observer: DatabaseObserver | None = None
) -> Pool:
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
