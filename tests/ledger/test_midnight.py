"""Figures of a day are the same before and after expired holds are posted, also of those that expired at midnight."""

import random
from datetime import timedelta
from typing import Any

import pytest

from handbook import business_day, start_of
from ledger.entitlement.loading import load_accounts
from ledger.posting.granting import post_due
from ledger.posting.outcomes import RedemptionOutcome
from ledger.quotas.card import quotas_on
from ledger.quotas.liability import liability
from ledger.reports.filters import RedemptionFilter
from ledger.reports.pages import redemptions_page
from ledger.reports.service_levels import clocks
from tests.ledger.books import NOW, a_hold
from tests.ledger.stored import SetClock, contract, enrol, journals

MEMBERS = [f"M{number}" for number in range(1, 7)]
FIRST = business_day(NOW)
LATER = NOW + timedelta(days=9)
DAYS = [FIRST + timedelta(days=ahead) for ahead in range(-1, 12)]
TO_MIDNIGHT = 14
"""Hours from NOW to the end of its day."""


async def read(pool: Any, ids: list[int], held: list[Any], handbook: Any) -> dict[str, Any]:
    """All that is told of members, of each day and each moment around the ends of days."""
    found: dict[str, Any] = {}
    for day in DAYS:
        accounts = await load_accounts(pool, ids, on=day, now=LATER)
        found[f"taken {day}"] = {
            each: {pool: taken for pool, taken in account.taken.items() if taken.used or taken.held}
            for each, account in accounts.items()
        }
        found[f"quotas {day}"] = {
            each: quotas_on(account, day, handbook, LATER) for each, account in accounts.items()
        }
        found[f"liability {day}"] = await liability(pool, day, handbook=handbook, now=LATER)
    where = RedemptionFilter(ids=frozenset(held))
    rows = await redemptions_page(pool, where=where, first=100, after=None, now=LATER)
    found["statuses"] = {row.id: row.status for row in rows}
    for moment in (*map(start_of, DAYS), LATER):
        found[f"clocks {moment}"] = await clocks(pool, held, handbook=handbook, now=moment)
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_what_ran_out_reads_the_same_before_and_after_it_is_posted(database, handbook, seed):
    await contract(database.pool, handbook, "v")
    ids = list(await enrol(database.pool, handbook, *MEMBERS))
    dice = random.Random(seed)
    held = []
    async with journals(database.pool, handbook, SetClock()) as (journal,):
        for member_no in MEMBERS:
            for benefit in ("legal-consultation", "medical-butler", "physical-exam"):
                hours = dice.choice([None, 1, 30, 100, *(TO_MIDNIGHT + 24 * days for days in range(5))])
                outcome = await journal.post(a_hold(benefit, units=1, member_no=member_no, hold_hours=hours))
                assert isinstance(outcome, RedemptionOutcome), outcome
                held.append(outcome.id)
    midnights = await database.pool.fetchval(
        "select count(*) from redemptions where (expires_at at time zone 'Asia/Shanghai')::time = '00:00'"
    )
    assert midnights > len(MEMBERS)
    before = await read(database.pool, ids, held, handbook)
    async with database.pool.acquire() as conn, conn.transaction():
        await post_due(conn, ids, now=LATER, handbook=handbook)
    assert await database.pool.fetchval("select count(*) from entries where kind = 'EXPIRE_HOLD'") == len(
        held
    )
    after = await read(database.pool, ids, held, handbook)
    assert {key: value for key, value in after.items() if value != before[key]} == {}


async def test_a_hold_that_runs_out_at_midnight_is_held_to_the_end_of_its_day(database, handbook):
    await contract(database.pool, handbook, "v")
    (customer_id,) = await enrol(database.pool, handbook, "M1")
    async with journals(database.pool, handbook, SetClock()) as (journal,):
        outcome = await journal.post(a_hold(hold_hours=TO_MIDNIGHT))
    midnight = start_of(FIRST + timedelta(days=1))
    assert outcome.redemption.expires_at == midnight
    for day, now, units in (
        (FIRST, midnight - timedelta(microseconds=1), 1),
        (FIRST + timedelta(days=1), midnight, 0),
        (FIRST, midnight, 1),
        (FIRST, LATER, 1),
        (FIRST + timedelta(days=1), LATER, 0),
    ):
        account = (await load_accounts(database.pool, [customer_id], on=day, now=now))[customer_id]
        held = [taken.held for pool, taken in account.taken.items() if pool.benefit == "physical-exam"]
        assert sum(held) == units, (day, now)
