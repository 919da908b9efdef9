"""Milestones: idempotent by key, for open holds only, and never entries of the ledger."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from ledger.refusals import Refusal
from ledger.verifying.verify import verify
from tests.ledger.books import (
    NOW,
    Desk,
    a_confirm,
    a_hold,
    a_redeem,
    a_release,
    a_respond,
    an_arrange,
    slip,
)
from tests.ledger.stored import SetClock, contract, enrol, everything, journals

GREEN = "outpatient-green-channel"


@pytest.fixture
async def enrolled(database, handbook):
    """A database with member M1 of four stars, and vendors v and w contracted for everything."""
    await contract(database.pool, handbook, "v", "w")
    await enrol(database.pool, handbook, "M1")
    return database


@pytest.mark.parametrize("make", [a_respond, an_arrange])
def test_a_milestone_posts_no_entry_and_changes_no_balance(make, handbook):
    desk = Desk(handbook)
    held = desk.ask(a_hold(GREEN))
    before = desk.state
    decision = desk.decide(make(held.id))
    assert decision.entries == ()
    assert decision.milestone is not None
    assert replace(desk.state, outcomes={}) == replace(before, outcomes={})
    assert (decision.outcome.status, decision.outcome.quota) == ("HELD", held.quota)


def test_an_answer_does_not_count_holds_that_ran_out_but_posts_nothing_about_them(handbook):
    desk = Desk(handbook)
    desk.ask(a_hold("medical-butler", hold_hours=1))
    held = desk.ask(a_hold("medical-butler"))
    desk.now += timedelta(hours=2)
    outcome = desk.ask(a_respond(held.id))
    assert (outcome.quota.held, outcome.quota.remaining) == (1, 2)
    assert "EXPIRE_HOLD" not in [kind for kind, _ in desk.kinds("medical-butler")]


def test_the_moment_is_now_unless_it_is_said(handbook):
    desk = Desk(handbook)
    held = desk.ask(a_hold(GREEN))
    desk.now += timedelta(hours=3)
    desk.ask(a_respond(held.id))
    desk.ask(a_respond(held.id, occurred_at=NOW + timedelta(hours=1)))
    assert [each.occurred_at for each in desk.milestones] == [
        NOW + timedelta(hours=3),
        NOW + timedelta(hours=1),
    ]
    assert {each.recorded_at for each in desk.milestones} == {NOW + timedelta(hours=3)}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (lambda held: a_respond(held, occurred_at=NOW - timedelta(hours=9, minutes=59)), None),  # same day
        (lambda held: a_respond(held, occurred_at=NOW - timedelta(hours=11)), "INVALID"),
        (lambda held: an_arrange(held, appointment_at=NOW - timedelta(hours=9)), None),
        (lambda held: an_arrange(held, appointment_at=NOW - timedelta(hours=11)), "INVALID"),
        (lambda held: a_respond(held, occurred_at=NOW + timedelta(seconds=1)), "OCCURRED_IN_FUTURE"),
        (lambda held: a_respond(held, actor="vendor:w"), "UNKNOWN_REDEMPTION"),
    ],
)
def test_days_that_cannot_be_and_holds_of_others_are_refused(command, code, handbook):
    desk = Desk(handbook)
    outcome = desk.ask(command(desk.ask(a_hold(GREEN)).id))
    assert (outcome.code.value if isinstance(outcome, Refusal) else None) == code
    assert len(desk.milestones) == (code is None)


def test_a_hold_that_was_booked_earlier_may_have_been_answered_since(handbook):
    desk = Desk(handbook)
    held = desk.ask(a_hold(GREEN, occurred_at=NOW - timedelta(days=5)))
    assert desk.ask(a_respond(held.id, occurred_at=NOW - timedelta(days=4))).status == "HELD"
    assert desk.ask(a_respond(held.id, occurred_at=NOW - timedelta(days=6))).code == "INVALID"


async def test_the_same_key_at_once_is_one_milestone_and_the_rest_replays(enrolled, handbook):
    async with journals(enrolled.pool, handbook, SetClock(), 2) as both:
        held = await both[0].post(a_hold(GREEN))
        command = an_arrange(held.id, key="same")
        outcomes = await asyncio.gather(*(both[number % 2].post(command) for number in range(16)))
    assert Counter(each.replayed for each in outcomes) == {False: 1, True: 15}
    assert await enrolled.pool.fetchval("select count(*) from milestones") == 1
    assert await verify(enrolled.pool) == []


async def test_a_key_used_for_another_milestone_is_refused_by_name(enrolled, handbook):
    async with journals(enrolled.pool, handbook, SetClock()) as (journal,):
        held = await journal.post(a_hold(GREEN))
        await journal.post(an_arrange(held.id, key="k"))
        other = await journal.post(an_arrange(held.id, key="k", appointment_at=NOW + timedelta(days=9)))
        kind = await journal.post(a_respond(held.id, key="k"))
        confirm = await journal.post(a_confirm(held.id, key="k"))
    assert (other.code, other.differing) == ("KEY_REUSED", ("appointmentAt",))
    assert (kind.code, kind.differing) == ("KEY_REUSED", ("appointmentAt", "operation"))
    assert confirm.code == "KEY_REUSED"
    assert await enrolled.pool.fetchval("select count(*) from milestones") == 1


async def test_a_refused_milestone_stores_its_answer_and_nothing_else(enrolled, handbook):
    async with journals(enrolled.pool, handbook, SetClock()) as (journal,):
        held = await journal.post(a_hold(GREEN))
        await journal.post(a_release(held.id))
        before = await everything(enrolled.pool)
        command = a_respond(held.id, key="late")
        refused = await journal.post(command)
        again = await journal.post(command)
        after = await everything(enrolled.pool)
    assert refused.code == "HOLD_NOT_OPEN"
    assert again == replace(refused, replayed=True)
    assert len(after.pop("outcomes")) == len(before.pop("outcomes")) + 1
    assert after == before


async def test_a_replay_answers_what_was_answered_even_after_the_hold_is_delivered(enrolled, handbook):
    async with journals(enrolled.pool, handbook, SetClock()) as (journal,):
        held = await journal.post(a_hold(GREEN))
        first = await journal.post(a_respond(held.id, key="k"))
        await journal.post(a_confirm(held.id))
        again = await journal.post(a_respond(held.id, key="k"))
        new = await journal.post(a_respond(held.id))
    assert again == replace(first, replayed=True)
    assert (again.status, new.code) == ("HELD", "HOLD_NOT_OPEN")


async def test_milestones_are_kept_in_the_order_in_which_they_were_decided(enrolled, handbook):
    async with journals(enrolled.pool, handbook, SetClock()) as (journal,):
        held = await journal.post(a_hold(GREEN))
        keys = ["z", "a", "m", "b"]
        await journal.post_many([a_respond(held.id, key=key) for key in keys])
    rows = await enrolled.pool.fetch("select key from milestones order by customer_id, redemption, id")
    assert [row["key"] for row in rows] == keys


async def test_milestones_share_a_commit_with_whatever_else_is_asked(enrolled, handbook):
    async with journals(enrolled.pool, handbook, SetClock()) as (journal,):
        held = await journal.post(a_hold("critical-surgery-admission", option="surgery", evidence=slip()))
        outcomes = await journal.post_many(
            [a_respond(held.id), a_redeem(), an_arrange(held.id), a_confirm(held.id), a_respond(held.id)]
        )
    assert [getattr(each, "status", None) or each.code for each in outcomes] == [
        "HELD",
        "REDEEMED",
        "HELD",
        "REDEEMED",
        "HOLD_NOT_OPEN",
    ]
    assert await verify(enrolled.pool) == []


TAMPERED = {
    "a milestone taken away": ("delete from milestones where key = 'answer'", "outcome vendor:v 'answer'"),
    "a milestone made up": (
        (
            "insert into milestones (customer_id, redemption, kind, occurred_at, actor, key, recorded_at)"
            " select customer_id, redemption, kind, occurred_at, actor, 'x', recorded_at from milestones"
            " where key = 'answer'"
        ),
        "milestone vendor:v 'x'",
    ),
    "a milestone of another kind": (
        "update milestones set kind = 'RESPONDED', appointment_at = null where key = 'visit'",
        "milestone vendor:v 'visit'",
    ),
    "a milestone of what was never held": (
        "update milestones set redemption = 1 where key = 'answer'",
        "milestone vendor:v 'answer'",
    ),
    "an outcome of a milestone taken away": (
        "delete from outcomes where key = 'answer'",
        "milestone vendor:v 'answer'",
    ),
    "a milestone of nobody": ("update milestones set customer_id = 10000", "milestones"),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_verify_names_a_milestone_that_was_tampered_with(what, enrolled, handbook):
    async with journals(enrolled.pool, handbook, SetClock()) as (journal,):
        held = await journal.post(a_hold(GREEN))
        await journal.post(a_respond(held.id, key="answer"))
        await journal.post(an_arrange(held.id, key="visit"))
    assert await verify(enrolled.pool) == []
    statement, place = TAMPERED[what]
    for table in ("milestones", "outcomes"):
        await enrolled.owner_pool.execute(f"alter table {table} disable trigger user")
    await enrolled.owner_pool.execute(statement)
    assert place in {finding.place for finding in await verify(enrolled.pool)}


async def test_the_database_takes_no_key_twice_and_no_arrangement_without_appointment(enrolled, handbook):
    async with journals(enrolled.pool, handbook, SetClock()) as (journal,):
        held = await journal.post(a_hold(GREEN))
        await journal.post(a_respond(held.id))
    copied = "insert into milestones (customer_id, redemption, kind, occurred_at, actor, key, recorded_at) "
    with pytest.raises(asyncpg.UniqueViolationError):
        await enrolled.pool.execute(
            copied
            + "select customer_id, redemption, kind, occurred_at, actor, key, recorded_at from milestones"
        )
    with pytest.raises(asyncpg.CheckViolationError):
        await enrolled.pool.execute(
            copied + "select customer_id, 2, 'ARRANGED', occurred_at, actor, 'x', recorded_at from milestones"
        )
