"""What the service and the commands work with, opened in order and closed in the opposite order.

The database first, then what uses it; at the end the journal commits its commands before any connection closes, and the
embedded database stops last, when no process uses the data folder any more.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from app.background import repeated
from app.budgets import CallerBudgets
from app.clock import Clock
from app.console import say
from app.database import check_migrated, close_pool, database, migrated, reaching, service_pool
from app.editions import Told, in_force, put_in_force
from app.orm import orm
from app.settings import Settings
from base.connected import Helpers
from base.database import Pool, Timeouts, connect_pool
from handbook import EditionError, Handbook
from ledger.posting.granting import grant_all
from ledger.posting.journal import Journal
from ledger.posting.observing import SILENT
from rating.activations import ActiveHandbook, AnyHandbook, handbook_now
from rating.customers import count_customers

if TYPE_CHECKING:
    from app.observability.telemetry import Telemetry

log = structlog.get_logger(__name__)

COMMAND_LINE = "cli"
"""The subject stored with everything that commands write."""

_JOURNAL_CONNECTIONS = 2
_LOOK_EVERY_S = 1.0
_TELL_EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything opened: `pool` works under the service's role, `owner_dsn` is for migrations only.

    Processes of a command's own open `service_dsn` themselves, under the service's role too.

    Writers get `handbooks` and look up which one is in force; readers use `handbook`. `budgets` are what
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


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    existing: bool = False,
    timeouts: Timeouts | None = None,
    telemetry: "Telemetry | None" = None,
) -> AsyncIterator[Services]:
    """Migrate, put editions in force where none are, and open everything; close it at the end. Raises StartError.

    With `existing` an embedded database that is not there is not made. `timeouts` apply to the journal and to simple
    writes; `pool` has none, because commands may take long. `telemetry` observes what is opened.
    """
    clock, budgets = Clock(frozen_at=settings.clock), CallerBudgets(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(budgets.close)
        service_dsn, owner_dsn = await stack.enter_async_context(database(settings, existing=existing))
        await migrated(owner_dsn)
        observer = telemetry.database if telemetry is not None else _unobserved
        pool = await reaching(
            service_dsn, service_pool(service_dsn, settings.pool_size, observer=observer("service"))
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
        # A pool of its own, so that requests cannot keep commands from being committed.
        own = await connect_pool(
            service_dsn,
            min_size=0,
            max_size=_JOURNAL_CONNECTIONS,
            service_role=True,
            name="entitlements-journal",
            timeouts=timeouts,
            observer=observer("journal"),
            resets=False,  # as those of requests
            plans_once=True,
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
    """No observer for a pool."""


@asynccontextmanager
async def open_to_read(settings: Settings) -> AsyncIterator[Services]:
    """Open existing data for a command that only reads: the database itself prevents changes.

    Nothing is created, migrated or activated: where that is needed, StartError says what to do. The journal accepts no
    commands.
    """
    clock = Clock(frozen_at=settings.clock)
    async with AsyncExitStack() as stack:
        service_dsn, owner_dsn = await stack.enter_async_context(database(settings, existing=True))
        await reaching(service_dsn, check_migrated(service_dsn))
        pool = await reaching(service_dsn, service_pool(service_dsn, settings.pool_size, read_only=True))
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


def _saying(what: str) -> Callable[[int, int], None]:
    """Log the number of customers done from time to time; nothing for short work."""
    told_at = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELL_EVERY_S:
            told_at = time.monotonic()
            say(f"{what}: {done} of {total} customers")

    return progress


@asynccontextmanager
async def _following(active: ActiveHandbook, pool: Pool) -> AsyncIterator[None]:
    """Follow activations while the block runs, for readers. Writers check for themselves."""

    async def look() -> None:
        try:
            await active.look(pool)
        except EditionError as error:
            log.warning("the editions in force cannot be read", error=str(error))

    async with repeated(look, every_s=_LOOK_EVERY_S, name="editions in force"):
        yield


async def helpers(services: Services) -> Helpers:
    """The processes that share work on the whole portfolio."""
    return Helpers.for_customers(services.service_dsn, await count_customers(services.pool))
