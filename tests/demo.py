"""The demo portfolio for tests: loaded once, at a frozen moment, and copied for whoever needs it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from app.budgets import CallerBudgets
from app.clock import Clock
from app.orm import orm
from app.services import Services
from app.settings import Settings
from base.database import Pool, connect_pool
from demo import load
from handbook import load_handbook
from ledger.posting.journal import Journal
from rating.activations import AnyHandbook
from tests.activations import in_force, put_in_force

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
"""The moment at which it is loaded; 22 November 2026 in Shanghai."""


@asynccontextmanager
async def opened(dsn: str, pool: Pool, handbook: AnyHandbook) -> AsyncIterator[Services]:
    """Services on a database, their clock frozen; the journal is not started."""
    clock = Clock(frozen_at=NOW)
    async with orm(dsn):
        yield Services(
            settings=Settings(),
            clock=clock,
            handbooks=handbook,
            pool=pool,
            journal=Journal(pool, handbook, clock),
            budgets=CallerBudgets(Settings()),
            service_dsn=dsn,
            owner_dsn=dsn,
        )


async def load_demo(dsn: str) -> None:
    """Load the portfolio into a migrated database."""
    pool = await connect_pool(dsn, min_size=0, max_size=5, service_role=True)
    try:
        await put_in_force(pool, load_handbook(), NOW)
        async with opened(dsn, pool, await in_force(pool)) as services:
            await load(services)
    finally:
        await pool.close()
