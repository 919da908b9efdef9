"""Several processes post and rate for the whole portfolio exactly what one process does."""

import io
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from app.clock import Clock
from base.connected import Helpers
from base.database import connect_pool
from handbook import Handbook
from ledger.posting import granting
from ledger.posting.first_grants import FirstGrants
from ledger.posting.granting import PostDue, grant_all
from ledger.posting.recording import record_events
from ledger.verifying.verify import verify
from rating import importing, rerating
from rating.events import content_text
from rating.importing import import_history
from rating.rerating import rerate_all
from rating.verifying import verify_ratings
from tests.conftest import copy_of
from tests.ledger.books import NOW
from tests.rating.build import event, issued, registered

MEMBERS = 24
NEXT_YEAR = NOW + timedelta(days=400)
TABLES = (
    "customers",
    "policies",
    "event_ids",
    "policy_events",
    "rating_heads",
    "ratings",
    "rating_periods",
    "ledger_heads",
    "entries",
    "balances",
)


@asynccontextmanager
async def opened(dsn):
    pool = await connect_pool(dsn, min_size=0, max_size=2, service_role=True)
    try:
        yield pool
    finally:
        await pool.close()


async def rows_of(pool):
    return {
        table: await pool.fetchval(f"select array_agg(t::text order by t::text) from {table} as t")
        for table in TABLES
    }


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
                pool, now=NEXT_YEAR, after_batch=PostDue(clock=Clock(frozen_at=NOW)), **options
            )
            posted = await grant_all(
                pool,
                clock=clock,
                subject="cli",
                progress=lambda *step, told=told: told.append(step),
                **options,
            )
            assert told == [*((done, MEMBERS) for done in range(5, MEMBERS, 5)), (MEMBERS, MEMBERS)]
            assert await verify(pool) == []
            found.append((changed, posted, await rows_of(pool)))
    assert found[0] == found[1]
    assert found[0][0] > 0
    assert found[0][1] > MEMBERS


async def imported(pool, lines, handbook, **options):
    grants = FirstGrants(clock=Clock(frozen_at=NOW), handbook=handbook, subject="cli")
    async with pool.acquire() as conn, conn.transaction():
        return await import_history(
            conn, io.BytesIO(lines), now=NOW, handbook=handbook, following=grants, subject="cli", **options
        )


async def test_an_import_by_two_processes_writes_what_one_writes(
    server_dsn, database_dsn, handbook, monkeypatch
):
    """Members who are new, members who are not, a customer who never had a star and one who has lost it."""
    for name, size in (("_CUSTOMERS_A_BATCH", 5), ("_STAGED_AT_ONCE_LINES", 7)):
        monkeypatch.setattr(importing, name, size)
    async with opened(database_dsn) as pool:
        await enrol(pool, handbook)
    known = {"member_no": "N3"}
    poor, fallen, unlucky = ({"member_no": each} for each in ("N90", "N91", "N92"))
    events = [
        issued("2024-03-01", policy_no="N3-Q", premium="90000.00", **known),
        registered("2024-03-01", **poor),
        registered("2024-03-01", **fallen),
        issued("2024-03-01", policy_no="N91-P", premium="90000.00", **fallen),
        event("surrendered", "2026-03-02", policy_no="N91-P", **fallen),
        event("surrendered", "2026-03-02", policy_no="N92-P", **unlucky),
    ]
    for number in range(30, 60):
        who = {"member_no": f"N{number}"}
        policy = issued("2024-03-01", policy_no=f"N{number}-P", premium=f"{number}0000.00", **who)
        events += [registered("2024-03-01", **who), policy]
    lines = b"\n".join(content_text(each) for each in events)
    found = []
    for processes in (1, 2):
        async with copy_of(server_dsn, urlsplit(database_dsn).path[1:]) as dsn, opened(dsn) as pool:
            report = await imported(pool, lines, handbook, keep_going=True, processes=processes)
            assert (report.customers, report.taken, report.refused) == (32, len(events) - 1, 1)
            assert await grant_all(pool, clock=Clock(frozen_at=NOW), handbook=handbook) == 0, "all is granted"
            assert await verify(pool) == []
            assert await verify_ratings(pool, handbook=handbook) == []
            found.append((report, await rows_of(pool)))
    assert found[0] == found[1]


async def test_a_batch_that_another_transaction_overtakes_is_looked_up_anew(database, handbook, monkeypatch):
    who, other = {"member_no": "N1"}, {"member_no": "N2"}
    first = registered("2024-03-01", **who)
    policy = issued("2024-03-01", policy_no="N1-P", premium="90000.00", **who)
    theirs = [registered("2024-03-01", **other), registered("2024-03-02", event_id=policy.event_id, **other)]
    look = importing.look

    async def look_and_be_overtaken(*args):
        found = await look(*args)
        await record_events(database.pool, theirs, now=NOW, handbook=handbook)
        return found

    monkeypatch.setattr(importing, "look", look_and_be_overtaken)
    lines = b"\n".join(content_text(each) for each in (first, policy))
    report = await imported(database.pool, lines, handbook, keep_going=True)
    assert (report.customers, report.policies, report.taken, report.refused) == (1, 0, 1, 1)
    (rejection,) = report.rejections
    assert "was recorded before with other content" in rejection.reason.en
    assert await verify(database.pool) == []
    assert await verify_ratings(database.pool, handbook=handbook) == []
