"""Policy events and the grants that follow are one transaction."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from ledger.entitlement.loading import load_accounts
from ledger.posting import recording
from ledger.posting.granting import grant_all, post_due
from ledger.posting.recording import record_events
from ledger.refusals import Refusal
from ledger.verifying.verify import verify
from rating.intake import Recorded
from tests.ledger.books import JOINED, NOW, TODAY, a_redeem
from tests.ledger.stored import (
    SetClock,
    an_event,
    contract,
    enrol,
    enrolment,
    entries_of,
    everything,
    journals,
)

LAW = "legal-consultation"


@pytest.fixture
async def member(database, handbook):
    """A member of four stars."""
    (customer_id,) = await enrol(database.pool, handbook, "M1")
    return customer_id


def policy_event(type_: str, effective_on, **fields):
    return an_event(type_, "M1", effective_on, policy_no="M1-P", **fields)


async def posted(database, customer_id, benefit=LAW):
    return [
        (entry.kind.value, entry.units)
        for entry in await entries_of(database.pool, customer_id)
        if entry.pool.benefit == benefit
    ]


async def take(database, handbook, *events, now=NOW):
    return await record_events(database.pool, events, now=now, handbook=handbook)


async def test_the_first_rating_grants_and_anchors(database, member):
    assert await posted(database, member) == [("GRANT", 60)]
    assert await posted(database, member, "policy-cover") == [("GRANT", 1)]
    anchor = await database.pool.fetchval("select anchor from ledger_heads where customer_id = $1", member)
    assert anchor == JOINED
    assert {entry.pool.term for entry in await entries_of(database.pool, member)} == {0, 3}
    assert await verify(database.pool) == []


async def test_who_was_a_member_only_in_the_past_has_an_anchor_and_no_grants(database, handbook):
    events = [*enrolment("M1"), policy_event("surrendered", "2025-01-01")]
    (customer_id,) = {each.customer_id for each in await take(database, handbook, *events)}
    assert await entries_of(database.pool, customer_id) == []
    account = (await load_accounts(database.pool, [customer_id], on=TODAY, now=NOW))[customer_id]
    assert account.anchor == JOINED
    assert await verify(database.pool) == []


async def test_a_fall_and_a_rise_are_posted_with_their_event(database, handbook, member):
    await take(database, handbook, policy_event("lapsed", TODAY))
    assert await posted(database, member) == [("GRANT", 60), ("REVOKE", 60)]
    assert await posted(database, member, "policy-cover") == [("GRANT", 1), ("REVOKE", 1)]
    later = NOW + timedelta(days=3)
    await take(database, handbook, policy_event("reinstated", later.date()), now=later)
    assert await posted(database, member) == [("GRANT", 60), ("REVOKE", 60), ("GRANT", 60)]
    assert await posted(database, member, "policy-cover") == [("GRANT", 1), ("REVOKE", 1), ("GRANT", 1)]
    assert await verify(database.pool) == []


async def test_a_change_ahead_is_posted_when_its_day_has_come(database, handbook, member):
    ahead = TODAY + timedelta(days=10)
    await take(database, handbook, policy_event("surrendered", ahead))
    assert await posted(database, member) == [("GRANT", 60)]
    assert await grant_all(database.pool, clock=lambda: NOW + timedelta(days=9), handbook=handbook) == 0
    assert await grant_all(database.pool, clock=lambda: NOW + timedelta(days=10), handbook=handbook) > 0
    assert await posted(database, member) == [("GRANT", 60), ("REVOKE", 60)]
    assert await grant_all(database.pool, clock=lambda: NOW + timedelta(days=10), handbook=handbook) == 0


async def test_a_late_correction_leaves_what_was_used_and_the_anchor(database, handbook, member):
    await contract(database.pool, handbook, "v")
    async with journals(database.pool, handbook, SetClock()) as (journal,):
        await journal.post(a_redeem(LAW, units=25))
    await take(
        database,
        handbook,
        policy_event("premium_reduced", "2024-03-01", component_id="base", premium="40000.00"),
    )
    assert await posted(database, member) == [("GRANT", 60), ("REDEEM", 25), ("REVOKE", 35)]
    account = (await load_accounts(database.pool, [member], on=TODAY, now=NOW))[member]
    assert account.anchor == JOINED
    assert account.star_on(TODAY) == 1
    assert await verify(database.pool) == []


async def test_an_earlier_first_star_that_becomes_known_late_does_not_move_the_anchor(
    database, handbook, member
):
    event = an_event(
        "policy_issued",
        "M1",
        "2022-05-01",
        policy_no="M1-Q",
        line="individual",
        coverage="long",
        category="annuity",
        design="traditional",
        mode="annual",
        premium="50000.00",
        term_years=20,
    )
    (result,) = await take(database, handbook, event)
    assert isinstance(result, Recorded)
    account = (await load_accounts(database.pool, [member], on=TODAY, now=NOW))[member]
    assert account.star_on(JOINED - timedelta(days=100)) == 2
    assert account.anchor == JOINED
    assert await posted(database, member, "policy-cover") == [("GRANT", 1), ("GRANT", 1)]


async def test_events_that_are_refused_or_repeated_post_nothing(database, handbook, member):
    before = await everything(database.pool)
    results = await take(
        database,
        handbook,
        enrolment("M1")[2],
        policy_event("reinstated", TODAY),
        an_event("customer_registered", "M1", "2024-01-10", name="别人"),
        an_event("lapsed", "M9", TODAY, policy_no="P"),
    )
    assert isinstance(results[0], Recorded)
    assert results[0].repeated
    refused = results[1:]
    assert [each.code for each in refused if isinstance(each, Refusal)] == [
        "LIFE_CYCLE",
        "EVENT_CHANGED",
        "UNKNOWN_CUSTOMER",
    ]
    assert refused[1].differing == ("name",)
    for refusal in refused:
        assert refusal.message("zh")
        assert refusal.message("en")
    assert await everything(database.pool) == before


async def test_a_failure_between_the_rating_and_the_grants_leaves_nothing(
    database, handbook, member, monkeypatch
):
    before = await everything(database.pool)

    async def post_and_fail(*args, **more):
        await post_due(*args, **more)
        raise ZeroDivisionError

    monkeypatch.setattr(recording, "post_due", post_and_fail)
    with pytest.raises(ZeroDivisionError):
        await take(database, handbook, policy_event("lapsed", TODAY))
    assert await everything(database.pool) == before


async def test_who_has_to_give_way_starts_over(database, handbook, member, monkeypatch):
    failures = [asyncpg.DeadlockDetectedError("deadlock detected")]

    async def fail_first(*args, **more):
        if failures:
            raise failures.pop()
        return await post_due(*args, **more)

    monkeypatch.setattr(recording, "post_due", fail_first)
    (result,) = await take(database, handbook, policy_event("lapsed", TODAY))
    assert isinstance(result, Recorded)
    assert not result.repeated
    assert await posted(database, member) == [("GRANT", 60), ("REVOKE", 60)]


async def test_events_and_redemptions_at_once_leave_books_in_order(database, handbook, member):
    await contract(database.pool, handbook, "v")

    async def change_back_and_forth():
        for step in range(6):
            type_ = "reinstated" if step % 2 else "lapsed"
            event = policy_event(type_, TODAY).model_copy(update={"event_id": f"E-{step}"})
            await take(database, handbook, event)

    async with journals(database.pool, handbook, SetClock(), 2) as (one, other):
        outcomes, *_ = await asyncio.gather(
            one.post_many([a_redeem(LAW, units=2) for _ in range(40)]),
            other.post_many([a_redeem(LAW, units=2) for _ in range(40)]),
            change_back_and_forth(),
            *(grant_all(database.pool, clock=lambda: NOW, handbook=handbook) for _ in range(3)),
        )
    assert outcomes
    assert await verify(database.pool) == []
    used = await database.pool.fetchval("select sum(used) from balances where benefit = $1", LAW)
    assert used <= 60
    assert used == await database.pool.fetchval(
        "select coalesce(sum(units), 0) from entries where kind = 'REDEEM'"
    )
