"""Rating again: only a timeline that differs gets a new version, and earlier versions stay."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from handbook.handbook import Handbook
from rating import customers as reading
from rating.recording import append_events
from rating.rerating import rerate, rerate_all
from rating.tiers import star_on
from tests.rating.build import NOW, day, event, issued, registered, sent

LATER = NOW + timedelta(days=1)
ON = day("2025-01-01")


async def _record(database, handbook, *events, now=NOW):
    async with database.pool.acquire() as conn, conn.transaction():
        appended = await append_events(conn, sent(*events), now=now, handbook=handbook)
        return list(appended.results)


def _generous(handbook):
    """An edition that asks for half as much, and has a longer cooling-off period."""
    edition = handbook.latest
    tiers = tuple(
        replace(tier, from_=tier.from_ / 2, to=None if tier.to is None else tier.to / 2)
        for tier in edition.tiers
    )
    settings = replace(edition.settings, cooling_off_days_long=30)
    return Handbook([replace(edition, tiers=tiers, settings=settings)])


async def _stars(database, known_at=None):
    customers = await reading.customers_page(database.pool, first=10, on=ON)
    found = await reading.ratings(database.pool, [(each.id, known_at) for each in customers])
    return [star_on(rating.spans, ON) for rating in found.values()]


async def test_only_changed_timelines_get_a_version(database, handbook):
    for n, premium in enumerate(["20000", "30000"], start=1):
        await _record(
            database,
            handbook,
            registered("2024-01-10", member_no=f"M{n}"),
            issued("2024-01-10", member_no=f"M{n}", premium=premium),
        )
    await _record(database, handbook, registered("2024-01-10", member_no="M3"))
    assert await _stars(database) == [0, 1, 0]
    told, changed = [], []

    async def after_batch(_, customer_ids, by):
        assert by is generous
        changed.extend(customer_ids)

    generous = _generous(handbook)
    options = {"now": LATER, "handbook": generous, "progress": lambda *step: told.append(step)}
    assert await rerate_all(database.pool, after_batch=after_batch, **options) == 2
    assert (told[-1], changed) == ((3, 3), [1, 2])
    assert await _stars(database) == [1, 2, 0]
    assert await _stars(database, NOW) == [0, 1, 0], "what was known stays known"
    policies = await reading.policies(database.pool, [1])
    assert policies[1][0].cooling_off_ends_on == day("2024-02-09")
    assert await rerate_all(database.pool, **options) == 0, "safe to repeat"
    assert await database.pool.fetchval("select max(version) from ratings") == 2


async def test_events_recorded_after_a_rerating_count_by_the_rules_of_now(database, handbook):
    await _record(database, handbook, registered("2024-01-10"), issued("2024-01-10", premium="20000"))
    generous = _generous(handbook)
    await rerate_all(database.pool, now=LATER, handbook=generous)
    await _record(
        database, generous, event("top_up_paid", "2024-06-01", premium="50000"), now=LATER + timedelta(days=1)
    )
    assert await _stars(database) == [2]
    assert await _stars(database, LATER) == [1]
    assert await _stars(database, NOW) == [0]


async def test_rerating_and_recording_at_once_take_turns(database, handbook):
    await _record(database, handbook, registered("2024-01-10"), issued("2024-01-10", premium="20000"))
    generous = _generous(handbook)
    top_ups = [event("top_up_paid", "2024-06-01", component_id=f"t{n}") for n in range(5)]

    async def again():
        async with database.pool.acquire() as conn, conn.transaction():
            return await rerate(conn, [1], now=LATER, handbook=generous)

    await asyncio.gather(
        *(_record(database, generous, each) for each in top_ups), *(again() for _ in range(5))
    )
    rows = await database.pool.fetch("select version from ratings order by 1")
    assert [row["version"] for row in rows] == list(range(1, len(rows) + 1))
    found = await reading.ratings(database.pool, [(1, None)])
    assert max(period.rated_premium for period in found[1, None].spans) == Decimal(20000 + 5 * 1000)
