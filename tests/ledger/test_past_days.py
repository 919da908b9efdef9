"""The remaining units of a past day can be used by a use of that day posted now; on the database."""

import random
from datetime import timedelta

import pytest

from base.database import Pool
from handbook import Handbook, business_day
from ledger.entitlement.loading import load_accounts
from ledger.posting.batch import load_batch
from ledger.posting.decide import decide
from ledger.posting.outcomes import RedemptionOutcome
from ledger.quotas.card import quotas_on
from tests.ledger.books import (
    NOW,
    a_confirm,
    a_hold,
    a_no_show,
    a_redeem,
    a_release,
    a_reversal,
    terms_for,
)
from tests.ledger.stored import SetClock, contract, enrol, journals

EXAM, LAW, BUTLER = "physical-exam", "legal-consultation", "medical-butler"
BENEFITS = {EXAM: 1, LAW: 20, BUTLER: 1}
BACK = range(32)


async def left(
    pool: Pool, customer_id: int, clock: SetClock, handbook: Handbook, days_back: int, benefit: str
):
    """Of a past day: used then, held then, remaining."""
    on = business_day(clock.now) - timedelta(days=days_back)
    account = (await load_accounts(pool, [customer_id], on=on, now=clock.now))[customer_id]
    (quota,) = [each for each in quotas_on(account, on, handbook, clock.now) if each.benefit.code == benefit]
    assert quota.entitled == (quota.remaining != 0)
    return quota.used, quota.held, quota.remaining


async def test_what_was_used_since_is_not_left_and_what_was_given_back_since_is(database, handbook):
    await contract(database.pool, handbook, "v")
    (customer_id,) = await enrol(database.pool, handbook, "M1")
    clock = SetClock()
    asked = (database.pool, customer_id, clock, handbook)
    async with journals(database.pool, handbook, clock) as (journal,):
        used = await journal.post(a_redeem(EXAM))
        clock.now += timedelta(days=3)
        assert await left(*asked, 4, EXAM) == (0, 0, 0)
        assert await left(*asked, 3, EXAM) == (1, 0, 0)
        backdated = a_redeem(EXAM, occurred_at=clock.now - timedelta(days=4))
        assert (await journal.post(backdated)).code == "QUOTA_EXHAUSTED"
        clock.now += timedelta(days=1)
        await journal.post(a_reversal(used.id))
        assert await left(*asked, 3, EXAM) == (1, 0, 1)
        assert await left(*asked, 0, EXAM) == (0, 0, 1)
        held = await journal.post(a_hold(EXAM, hold_hours=24))
        assert await left(*asked, 3, EXAM) == (1, 0, 0)
        assert await left(*asked, -1, EXAM) == (0, 0, 1)  # tomorrow the hold has run out
        clock.now = held.redemption.expires_at
        assert await left(*asked, 3, EXAM) == (1, 0, 1)
        assert await left(*asked, 1, EXAM) == (0, 1, 1)
        taken = await journal.post(a_redeem(EXAM, occurred_at=clock.now - timedelta(days=4)))
        assert isinstance(taken, RedemptionOutcome), taken


@pytest.mark.parametrize("seed", range(4))
async def test_a_quota_of_a_past_day_is_what_a_backdated_use_gets(database, handbook, seed):
    await contract(database.pool, handbook, "v")
    ids = await enrol(database.pool, handbook, "M1", "M2", star=3)
    dice = random.Random(seed)
    clock = SetClock(NOW - timedelta(days=40))
    async with journals(database.pool, handbook, clock) as (journal,):
        open_, done = [], []
        while clock.now < NOW:
            clock.now += timedelta(hours=dice.choice([1, 14, 24, 72]))
            benefit = dice.choice(sorted(BENEFITS))
            more = {
                "member_no": dice.choice(["M1", "M2"]),
                "units": BENEFITS[benefit],
                "occurred_at": clock.now - timedelta(days=dice.choice([0, 0, 1, 9])),
            }
            command = dice.choice(
                [
                    a_redeem(benefit, **more),
                    a_hold(benefit, **more, hold_hours=dice.choice([None, 14, 200])),
                    *(make(dice.choice(open_)) for make in (a_confirm, a_release, a_no_show) if open_),
                    *(a_reversal(dice.choice(done)) for _ in range(2) if done),
                ]
            )
            outcome = await journal.post(command)
            if isinstance(outcome, RedemptionOutcome):
                (open_ if outcome.status == "HELD" else done).append(outcome.id)
    states = {}
    async with database.pool.acquire() as conn, conn.transaction():
        states = (await load_batch(conn, ids, now=clock.now)).loaded
    as_then = set()
    for back in BACK:
        occurred_at = clock.now - timedelta(days=back)
        day = business_day(occurred_at)
        accounts = await load_accounts(database.pool, ids, on=day, now=clock.now)
        for customer_id, state in states.items():
            for quota in quotas_on(accounts[customer_id], day, handbook, clock.now):
                benefit = quota.benefit.code
                if benefit not in BENEFITS:
                    continue
                command = a_redeem(
                    benefit, member_no=state.account.member_no, units=1, occurred_at=occurred_at
                )
                decided = decide(
                    state, command, now=clock.now, handbook=handbook, terms=terms_for(benefit)
                ).outcome
                taken = isinstance(decided, RedemptionOutcome)
                assert quota.entitled == taken, (day, quota, decided)
                assert taken or quota.refusal == decided
                as_then.add(quota.remaining == quota.granted - quota.used - quota.held)
    assert as_then == {True, False}
