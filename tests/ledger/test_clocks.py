"""A wrong clock: what it recorded stays, later uses are unaffected, it is reported, and it can be taken back."""

from datetime import date, timedelta

import pytest

from handbook import business_day
from ledger.commands import finance_actor
from ledger.entitlement.loading import load_accounts
from ledger.posting.granting import grant_all
from ledger.posting.recording import record_events
from ledger.quotas.card import quotas_on
from ledger.verifying.clocks import TOLERANCE, Moments, moments, warnings, wrong_clocks
from ledger.verifying.verify import verify
from rating.customers import ratings
from rating.intake import Recorded
from rating.rerating import rerate
from rating.tiers import star_on
from rating.verifying import verify_ratings
from tests.ledger.books import (
    NOW,
    a_hold,
    a_no_show,
    a_redeem,
    a_release,
    a_respond,
    a_reversal,
    refused,
    taken,
)
from tests.ledger.stored import SetClock, an_event, contract, enrol, entries_of, journals

YEAR = timedelta(days=365)
LEAPT = NOW + YEAR
EXAM = "physical-exam"


@pytest.fixture
async def member(database, handbook):
    """M1, with four stars since January 2024; and a vendor."""
    await contract(database.pool, handbook, "v")
    return (await enrol(database.pool, handbook, "M1"))[0]


async def problems(pool, now=NOW) -> tuple[list[str], list[str]]:
    found = await wrong_clocks(pool, now=now)
    assert await verify(pool) == []
    return [f"{each.place}: {each.problem}" for each in found.faults], [each.place for each in found.notes]


async def remaining(pool, handbook, member, day=None) -> int | None:
    day = day or business_day(NOW)
    async with pool.acquire() as conn:
        account = (await load_accounts(conn, [member], on=day, now=NOW))[member]
    quotas = quotas_on(account, day, handbook, NOW)
    return next(each.remaining for each in quotas if each.benefit.code == EXAM)


async def test_a_clock_that_leapt_ahead_drags_no_later_use_along_and_finance_repairs_what_it_booked(
    database, handbook, member
):
    pool, clock = database.pool, SetClock(LEAPT)
    async with journals(pool, handbook, clock) as (journal,):
        wrong = taken(await journal.post(a_redeem(EXAM)))
        assert wrong.redemption.occurred_at == wrong.redemption.recorded_at == LEAPT
        clock.now = NOW + timedelta(minutes=1)
        right = taken(await journal.post(a_redeem(EXAM)))
        assert right.redemption.occurred_at == right.redemption.recorded_at == clock.now
        assert (right.quota.granted, right.quota.used) == (1, 1)

        faults, notes = await problems(pool, clock.now)
        assert len(faults) == 1
        assert faults[0].startswith(
            f"redemption {wrong.id.sequence}: it was booked for 2027-05-20T10:00:00+08:00"
        )
        assert "364 days ahead of now" in faults[0]
        assert "finance reverses it" in faults[0]
        assert [each.partition(" ")[0] for each in notes] == ["entries", "entry"]

        back = taken(
            await journal.post(a_reversal(wrong.id, actor=finance_actor("li"), reason="服务器时钟快了一年"))
        )
        assert back.status == "REVERSED"
    entries = {each.sequence: each for each in await entries_of(pool, member)}
    booked, reversal = entries[wrong.id.sequence], entries[max(entries)]
    assert (booked.service_year, booked.pool.term) == (4, 4)
    assert entries[right.id.sequence].pool.term == 3
    assert (reversal.kind, reversal.pool, reversal.units) == ("REVERSE", booked.pool, 1)
    assert reversal.occurred_at == clock.now
    assert [entries[each].sequence for each in sorted(entries)] == list(range(1, len(entries) + 1))
    faults, notes = await problems(pool, clock.now)
    assert faults == []
    assert notes
    assert await remaining(pool, handbook, member) == 0


async def test_units_that_lapsed_too_early_can_still_be_used(database, handbook, member):
    pool, clock = database.pool, SetClock()
    await grant_all(pool, clock=lambda: LEAPT, handbook=handbook)
    assert "EXPIRE" in {each.kind for each in await entries_of(pool, member)}
    assert await remaining(pool, handbook, member) == 1
    async with journals(pool, handbook, clock) as (journal,):
        assert taken(await journal.post(a_redeem(EXAM))).quota.remaining == 0
        assert refused(await journal.post(a_redeem(EXAM))).code == "QUOTA_EXHAUSTED"
    assert (await problems(pool))[0] == []


async def test_a_hold_that_was_booked_ahead_is_released_and_one_that_was_run_out_is_booked_again(
    database, handbook, member
):
    pool, clock = database.pool, SetClock()
    async with journals(pool, handbook, clock) as (journal,):
        early = taken(await journal.post(a_hold("medical-butler")))
        clock.now = LEAPT
        ahead = taken(await journal.post(a_hold("medical-butler")))
        missed = taken(await journal.post(a_hold(EXAM)))
        taken(await journal.post(a_no_show(missed.id)))
        clock.now = NOW + timedelta(minutes=1)
        faults, _ = await problems(pool, clock.now)
        assert [each.partition(":")[0] for each in faults] == [
            f"redemption {ahead.id.sequence}",
            f"redemption {missed.id.sequence}",
        ]
        assert "its vendor releases it" in faults[0]
        assert refused(await journal.post(a_release(early.id))).code == "HOLD_NOT_OPEN"
        again = taken(await journal.post(a_hold("medical-butler")))
        assert again.quota.held == 1
        assert refused(await journal.post(a_respond(ahead.id))).code == "INVALID"
        taken(await journal.post(a_release(ahead.id)))
        taken(await journal.post(a_reversal(missed.id, actor=finance_actor("li"))))
    assert (await problems(pool, clock.now))[0] == []


async def test_a_clock_that_is_set_back_is_told_with_the_entry_and_by_how_much(database, handbook, member):
    clock = SetClock(NOW + timedelta(hours=5))
    async with journals(database.pool, handbook, clock) as (journal,):
        taken(await journal.post(a_redeem("vip-line")))
        clock.now -= TOLERANCE
        taken(await journal.post(a_redeem("vip-line")))
        assert await problems(database.pool, clock.now + timedelta(days=1)) == ([], [])
        clock.now -= timedelta(hours=2)
        last = taken(await journal.post(a_redeem("vip-line")))
    found = await wrong_clocks(database.pool, now=NOW + timedelta(days=1))
    assert found.faults == []
    assert [str(each) for each in found.notes] == [
        f"customer M1 (id {member}), entry {last.id.sequence}: the clock ran back by 2 hours in front of it"
    ]


async def test_many_customers_of_one_leap_are_told_up_to_a_hundred_and_counted(database, handbook):
    members = [f"M{number}" for number in range(1, 104)]
    await enrol(database.pool, handbook, *members, now=LEAPT)
    found = await wrong_clocks(database.pool, now=NOW)
    assert len(found.notes) == 200
    assert str(found.notes[99]).endswith("and 3 more like it")
    assert (
        found.notes[0].problem.startswith(
            "15 entries recorded at up to 2027-05-20T10:00:00+08:00, 365 days ahead of now"
        )
        or "entries recorded at up to 2027-05-20T10:00:00+08:00, 365 days" in found.notes[0].problem
    )
    assert found.notes[100].problem.startswith("3 events known only from 2027-05-20T10:00:00+08:00, 365 days")


async def test_later_events_of_a_customer_whose_event_was_recorded_ahead_are_taken(
    database, handbook, member
):
    pool = database.pool
    raised = an_event(
        "premium_increased",
        "M1",
        "2026-05-01",
        policy_no="M1-P",
        component_id="more",
        mode="annual",
        term_years=20,
        premium="600000.00",
    )
    lapsed = an_event("lapsed", "M1", "2026-05-10", policy_no="M1-P")
    (ahead,) = await record_events(pool, [raised], now=LEAPT, handbook=handbook)
    (later,) = await record_events(pool, [lapsed], now=NOW, handbook=handbook)
    assert isinstance(ahead, Recorded)
    assert isinstance(later, Recorded)
    assert not later.repeated
    async with pool.acquire() as conn, conn.transaction():
        await rerate(conn, [member], now=NOW, handbook=handbook)
    assert await verify_ratings(pool, handbook=handbook) == []
    _, notes = await problems(pool)
    assert "events from 4" in notes
    known = await ratings(pool, [(member, None), (member, NOW)])
    stars = {at: star_on(rating.spans, date(2026, 5, 5)) for (_, at), rating in known.items()}
    assert stars == {None: 5, NOW: 4}


async def test_service_years_that_a_wrong_clock_began_are_told(database, handbook):
    (member,) = await enrol(database.pool, handbook, "M1", now=NOW)
    assert member
    await database.owner_pool.execute("update ledger_heads set anchor = $1", date(2027, 1, 1))
    found = await wrong_clocks(database.pool, now=NOW)
    assert ["2027-01-01" in each.problem for each in found.notes] == [True]


async def test_a_process_compares_its_clock_with_the_database_and_with_the_newest_entry(database, handbook):
    assert (await moments(database.pool)).newest is None
    await enrol(database.pool, handbook, "M1", now=LEAPT)
    seen = await moments(database.pool)
    assert seen.newest == LEAPT
    right = Moments(database_now=NOW, newest=NOW - YEAR)
    assert warnings(right, NOW + TOLERANCE, frozen=False) == []
    assert warnings(right, LEAPT, frozen=True) == []
    (fast,) = warnings(right, LEAPT, frozen=False)
    assert fast.startswith("the clock of this machine is 365 days ahead of the database's")
    (slow,) = warnings(right, NOW - timedelta(minutes=5), frozen=False)
    assert slow.startswith("the clock of this machine is 5 minutes behind the database's")
    (was,) = warnings(Moments(database_now=NOW, newest=LEAPT), NOW, frozen=False)
    assert was.startswith("entries were recorded at 2027-05-20T10:00:00+08:00, 365 days ahead of this clock")
