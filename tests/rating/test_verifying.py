"""Any change of histories and ratings made outside of the service is named, and nothing else."""

import re
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from base.connected import Helpers
from handbook.handbook import Handbook
from rating.checking import Checked
from rating.recording import append_events
from rating.rerating import rerate_all
from rating.verifying import verify_ratings
from tests.rating.build import NOW, event, issued, registered, sent

LATER = NOW + timedelta(days=1)


class OneConnection:
    """Stands in for a pool: gives the connection in whose transaction the tampering happened."""

    def __init__(self, conn):
        self._conn = conn

    @asynccontextmanager
    async def acquire(self):
        yield self._conn


@pytest.fixture
async def rated(database, handbook):
    """Two members with a history; of the first, an event of long ago came late and ratings were computed again."""
    await tell(database, handbook, registered(event_id="R"), issued("2024-01-10", event_id="I"))
    await tell(
        database,
        handbook,
        event("top_up_paid", "2024-06-01", event_id="T", premium="50000"),
        event("lapsed", "2025-06-01", event_id="L", recorded_at=NOW + timedelta(hours=2)),
        now=LATER,
    )
    await tell(
        database, handbook, registered(member_no="M2"), issued("2024-01-10", member_no="M2", policy_no="P2")
    )
    return database


async def tell(database, handbook, *events, now=NOW):
    async with database.pool.acquire() as conn, conn.transaction():
        appended = await append_events(conn, sent(*events), now=now, handbook=handbook)
        return list(appended.results)


def stricter(handbook):
    """An edition that asks for twice as much."""
    edition = handbook.latest
    tiers = tuple(
        replace(tier, from_=tier.from_ * 2, to=None if tier.to is None else tier.to * 2)
        for tier in edition.tiers
    )
    return Handbook([replace(edition, tiers=tiers)])


def respelled(handbook):
    """An edition that rates everybody as before."""
    return Handbook([replace(handbook.latest, source=handbook.latest.source + ".")])


async def test_of_histories_in_order_nothing_is_said(rated, handbook):
    told = []
    checked = Checked()
    options = {"progress": lambda *step: told.append(step), "checked": checked}
    assert await verify_ratings(rated.pool, handbook=handbook, **options) == []
    assert told == [(2, 2)]
    assert checked.words() == ("checked 2 customers, 6 events, 0 entries, 4 ratings, 0 settled months")
    await rerate_all(rated.pool, now=LATER, handbook=stricter(handbook))
    assert await verify_ratings(rated.pool, handbook=stricter(handbook)) == []


async def test_processes_name_what_one_process_names_in_the_same_order(rated, handbook, monkeypatch):
    monkeypatch.setattr("rating.verifying.CUSTOMERS_A_BATCH", 1)
    for statement, _ in TAMPERED.values():
        if statement.startswith("update rating_periods"):
            await tamper(rated, statement)
    checked = [Checked(), Checked()]
    one, two = [
        await verify_ratings(
            rated.pool,
            handbook=stricter(handbook),
            helpers=Helpers(dsn=rated.dsn, processes=processes),
            checked=checked[processes - 1],
        )
        for processes in (1, 2)
    ]
    assert one == two != []
    assert [fault.customer_id for fault in two] == sorted(fault.customer_id for fault in two)
    assert checked[0] == checked[1] != Checked()


async def test_a_rating_that_is_not_by_the_handbook_of_now_is_named(rated, handbook):
    found = await verify_ratings(rated.pool, handbook=stricter(handbook))
    assert [fault.customer_id for fault in found] == [1, 2]
    assert found[1].problem.startswith("not by the active editions: it has star 1 and 30000")


async def tamper(rated, statement):
    """Change what only somebody can who takes the triggers away."""
    async with rated.owner_pool.acquire() as conn, conn.transaction():
        for table in ("ratings", "rating_periods"):
            await conn.execute(f"alter table {table} disable trigger user")
        await conn.execute(statement)
        for table in ("ratings", "rating_periods"):
            await conn.execute(f"alter table {table} enable always trigger {table}_append_only")
            await conn.execute(f"alter table {table} enable always trigger {table}_no_truncate")


# What is changed; the places that must be named, with words of the problem.
TAMPERED = {
    "the star of now": (
        "update rating_periods set star = 5 where customer_id = 1 and version = 3 and star = 1",
        {"rating version 3": "it has star 5 and 30000.* the events give star 1"},
    ),
    "a star that was known": (
        "update rating_periods set star = 5 where customer_id = 1 and version = 1 and star > 0",
        {"rating version 1": "it has star 5 and"},
    ),
    "an amount": (
        "update rating_periods set rated_premium = rated_premium + 0.01 where customer_id = 1 and version = 1",
        {"rating version 1": "0.01"},
    ),
    "a period": (
        "delete from rating_periods where customer_id = 1 and version = 1 and star > 0",
        {"rating version 1": "it lacks|the events give"},
    ),
    "a version": (
        "delete from ratings where customer_id = 1 and version = 1",
        {"rating version number 1": "missing"},
    ),
    "all versions": (
        (
            "with gone as (delete from ratings where customer_id = 1)"
            " update rating_heads set version = 0 where customer_id = 1"
        ),
        {"rating": "no version"},
    ),
    "the premium of an event": (
        "update policy_events set body = jsonb_set(body, '{premium}', '\"90000.00\"') where event_id = 'T'",
        {"event T": "does not fit the hash", "rating version [0-9]": "the events give|it has"},
    ),
    "the day of an event": (
        "update policy_events set effective_on = '2024-07-01' where event_id = 'T'",
        {"event T": "columns"},
    ),
    "an event's content": (
        "update policy_events set body = '{}' where event_id = 'T'",
        {"event T": "cannot be read"},
    ),
    "an event": (
        "delete from policy_events where event_id = 'T'",
        {"event number [0-9]": "missing", "rating version [0-9]": "the events give|it has"},
    ),
    "when an event came": (
        "update policy_events set recorded_at = recorded_at + interval '2 days' where event_id = 'T'",
        {"rating version [0-9]": "the events give|it has"},
    ),
    "whose an event id is": (
        "update event_ids set customer_id = 2 where event_id = 'T'",
        {"event T": "its id does not stand for it"},
    ),
    "an event too many": (
        "update rating_heads set arrivals = arrivals - 1 where customer_id = 1",
        {"event number 4": "the head knows of 3"},
    ),
    "the head": ("delete from rating_heads where customer_id = 1", {"rating head": "missing"}),
}


@pytest.mark.parametrize("case", TAMPERED)
async def test_each_tampering_is_named_by_customer_and_place(rated, handbook, case):
    statement, expected = TAMPERED[case]
    async with rated.owner_pool.acquire() as conn:
        transaction = conn.transaction(isolation="repeatable_read")
        await transaction.start()
        for table in ("policy_events", "event_ids", "ratings", "rating_periods"):
            await conn.execute(f"alter table {table} disable trigger user")
        assert not (await conn.execute(statement)).endswith(" 0")
        faults = await verify_ratings(OneConnection(conn), handbook=handbook)
        await transaction.rollback()
    found = {}
    for fault in faults:
        assert (fault.customer_id, fault.member_no) == (1, "M1")
        assert str(fault).startswith(f"customer M1 (id 1), {fault.place}: ")
        found.setdefault(fault.place, fault.problem)
    for place, words in expected.items():
        problems = [problem for named, problem in found.items() if re.fullmatch(place, named)]
        assert any(re.search(words, problem) for problem in problems), found
    assert all(any(re.fullmatch(place, named) for place in expected) for named in found), found


async def test_a_rating_that_another_handbook_left_as_it_was_is_judged_by_the_one_of_now(rated, handbook):
    again = respelled(handbook)
    assert await verify_ratings(rated.pool, handbook=again) == []
    await tamper(rated, "update rating_periods set star = 5 where customer_id = 2 and star = 1")
    assert {fault.customer_id for fault in await verify_ratings(rated.pool, handbook=again)} == {2}
    assert await rerate_all(rated.pool, now=LATER, handbook=again) == 1
    assert await verify_ratings(rated.pool, handbook=again) == [], "what was known before is not judged by it"


async def test_what_an_earlier_method_gave_in_the_past_is_not_judged(rated, handbook):
    await tamper(rated, "update rating_periods set star = 5 where customer_id = 1 and version = 1")
    assert await verify_ratings(rated.pool, handbook=handbook) != []
    await tamper(rated, "update ratings set method = 1 where customer_id = 1 and version = 1")
    assert await verify_ratings(rated.pool, handbook=handbook) == []
