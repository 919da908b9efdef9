"""Several processes post and rate for the whole portfolio exactly what one process does."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from app.clock import Clock
from app.services import Granting
from base.connected import Helpers
from base.database import connect_pool
from handbook import Handbook
from ledger.posting import granting
from ledger.posting.granting import grant_all
from ledger.posting.recording import record_events
from ledger.verifying.verify import verify
from rating import rerating
from rating.rerating import rerate_all
from tests.conftest import copy_of
from tests.ledger.books import NOW
from tests.rating.build import issued, registered

MEMBERS = 24
NEXT_YEAR = NOW + timedelta(days=400)
TABLES = ("entries", "balances", "ledger_heads", "ratings", "rating_periods", "rating_heads")


@asynccontextmanager
async def opened(dsn):
    pool = await connect_pool(dsn, min_size=0, max_size=2, service_role=True)
    try:
        yield pool
    finally:
        await pool.close()


async def enrol(pool, handbook):
    events = []
    for number in range(MEMBERS):
        who = {"member_no": f"N{number}"}
        policy = issued("2024-03-01", policy_no=f"N{number}-P", premium=f"{40 + 9 * number}000.00", **who)
        events += [registered("2024-03-01", **who), policy]
    await record_events(pool, events, now=NOW - timedelta(days=60), handbook=handbook)


async def test_two_processes_rate_and_grant_what_one_does(server_dsn, database_dsn, handbook, monkeypatch):
    for module in (granting, rerating):
        monkeypatch.setattr(module, "_CUSTOMERS_A_BATCH", 5)
    async with opened(database_dsn) as pool:
        await enrol(pool, handbook)
    edition = handbook.latest
    tiers = tuple(
        replace(tier, from_=tier.from_ / 2, to=None if tier.to is None else tier.to / 2)
        for tier in edition.tiers
    )
    generous, clock = Handbook([replace(edition, tiers=tiers)]), Clock(frozen_at=NEXT_YEAR)
    found = []
    for processes in (1, 2):
        async with copy_of(server_dsn, urlsplit(database_dsn).path[1:]) as dsn, opened(dsn) as pool:
            options = {"helpers": Helpers(processes=processes, dsn=dsn), "handbook": generous}
            told = []
            changed = await rerate_all(
                pool, now=NEXT_YEAR, after_batch=Granting(clock=Clock(frozen_at=NOW)), **options
            )
            posted = await grant_all(
                pool,
                clock=clock,
                subject="cli",
                progress=lambda *step, told=told: told.append(step),
                **options,
            )
            rows = {
                table: await pool.fetchval(f"select array_agg(t::text order by t::text) from {table} as t")
                for table in TABLES
            }
            assert told == [*((done, MEMBERS) for done in range(5, MEMBERS, 5)), (MEMBERS, MEMBERS)]
            assert await verify(pool) == []
            found.append((changed, posted, rows))
    assert found[0] == found[1]
    assert found[0][0] > 0
    assert found[0][1] > MEMBERS
