"""Recording: idempotent, atomic, and independent of the order of concurrent transactions."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from rating import customers as reading
from rating import event_refusals, judging
from rating.event_refusals import EventRefusal
from rating.intake import Recorded
from rating.recording import append_events
from rating.tiers import TierView, span_on, star_on
from rating.verifying import verify_ratings
from tests.rating.build import NOW, day, event, issued, registered, sent


@pytest.fixture
async def recorded(database, handbook):
    """Records events in a transaction of their own, as the service does."""

    async def one(*events, now=NOW):
        async with database.pool.acquire() as conn, conn.transaction():
            appended = await append_events(conn, sent(*events), now=now, handbook=handbook)
            return list(appended.results)

    return one


async def _rating(database, known_at=None, member_no="M1"):
    customer = (await reading.customers_by_member_no(database.pool, [member_no]))[member_no]
    key = (customer.id, known_at)
    return (await reading.ratings(database.pool, [key]))[key]


async def _contents(database):
    """Every row of every table of rating, for "nothing changed"."""
    tables = (
        "customers",
        "relatives",
        "policies",
        "event_ids",
        "policy_events",
        "rating_heads",
        "ratings",
        "rating_periods",
    )
    return {table: sorted(map(repr, await database.pool.fetch(f"select * from {table}"))) for table in tables}


async def test_a_customer_is_created_rated_and_projected(database, handbook, recorded):
    results = await recorded(registered("2024-01-10"), issued("2024-01-10", premium="50000.00"))
    assert [result.repeated for result in results] == [False, False]
    customer = (await reading.customers_by_member_no(database.pool, ["M1"]))["M1"]
    assert (customer.name, customer.registered_on, customer.id) == (
        "张三",
        day("2024-01-10"),
        results[0].customer_id,
    )
    view = TierView(rating=await _rating(database), day=day("2024-02-01"), handbook=handbook)
    assert (view.star, view.rated_premium, view.since) == (2, Decimal(50000), day("2024-01-26"))
    (policy,) = (await reading.policies(database.pool, [customer.id]))[customer.id]
    assert policy.cooling_off_ends_on == day("2024-01-25")
    assert policy.status_on(day("2024-01-10")) == "IN_FORCE"
    assert policy.status_on(day("2024-01-09")) is None
    (component,) = policy.components
    assert (component.component_id, component.term_years) == ("base", 10)
    assert component.premiums == ((day("2024-01-10"), Decimal(50000)),)


async def test_a_repeated_event_changes_nothing(database, recorded):
    events = registered(), issued("2024-01-10")
    first = await recorded(*events)
    before = await _contents(database)
    again = await recorded(*events, now=NOW + timedelta(days=1))
    assert all(isinstance(result, Recorded) and result.repeated for result in again)
    assert [result.customer_id for result in again] == [result.customer_id for result in first]
    assert await _contents(database) == before


async def test_the_same_id_with_other_content_is_refused_and_the_fields_named(database, recorded):
    await recorded(registered(), issued("2024-01-10", event_id="E-1"))
    before = await _contents(database)
    (refusal,) = await recorded(issued("2024-01-11", event_id="E-1", premium="1.00"))
    assert (refusal.code, refusal.differing) == ("EVENT_CHANGED", ("effective_on", "premium"))
    assert "effective_on, premium" in refusal.message("en")
    assert "effective_on" in refusal.message("zh")
    assert await _contents(database) == before


async def test_the_same_id_for_another_customer_is_refused(recorded):
    await recorded(registered(event_id="E-1"))
    changed, unknown = await recorded(
        registered(event_id="E-1", member_no="M2"), issued("2024-01-10", member_no="M2")
    )
    assert (changed.code, changed.differing) == ("EVENT_CHANGED", ("member_no",))
    assert unknown.code == "UNKNOWN_CUSTOMER"


async def test_an_amount_or_moment_spelled_otherwise_is_the_same_content(recorded):
    await recorded(
        registered(),
        issued("2024-01-10", event_id="E-1", premium="500", recorded_at="2024-01-10T09:00:00+08:00"),
    )
    (again,) = await recorded(
        issued("2024-01-10", event_id="E-1", premium="500.0", recorded_at="2024-01-10T01:00:00Z")
    )
    assert again.repeated


async def test_two_events_of_one_id_in_a_batch_are_one(database, recorded):
    one = issued("2024-01-10", event_id="E-1")
    results = await recorded(registered(), one, one, issued("2024-01-10", event_id="E-1", premium="1.00"))
    assert [getattr(result, "repeated", None) for result in results] == [False, False, True, None]
    assert results[3].code == "EVENT_CHANGED"
    assert await database.pool.fetchval("select count(*) from policy_events") == 2


async def test_events_of_an_unknown_customer_are_refused(database, recorded):
    before = await _contents(database)
    (refusal,) = await recorded(issued("2024-01-10"))
    assert (refusal.code, refusal.facts["member_no"]) == ("UNKNOWN_CUSTOMER", "M1")
    assert await _contents(database) == before


AHEAD = NOW + timedelta(seconds=1)
CONTRADICTIONS = {
    "recorded_at": event("lapsed", "2024-06-01", recorded_at=AHEAD),
    "received_on": issued("2024-01-10", policy_no="P2", received_on="2024-01-09"),
    "cooling_off_ends_on": issued("2024-01-10", policy_no="P2", cooling_off_ends_on="2024-01-09"),
}


@pytest.mark.parametrize("place", CONTRADICTIONS)
async def test_an_event_that_cannot_be_is_refused_by_its_field_and_changes_nothing(database, recorded, place):
    await recorded(registered(), issued("2024-01-10"))
    before = await _contents(database)
    (refusal,) = await recorded(CONTRADICTIONS[place])
    assert (refusal.code, refusal.place) == ("INVALID", place)
    assert refusal.message("en").startswith(f"{place}: 20")
    assert refusal.message("zh").startswith(f"{place}：20")
    assert await _contents(database) == before


async def test_a_registration_ahead_of_now_registers_nobody(database, recorded):
    before = await _contents(database)
    ahead, policy = await recorded(registered(recorded_at=AHEAD), issued("2024-01-10"))
    assert (ahead.code, ahead.place, policy.code) == ("INVALID", "recorded_at", "UNKNOWN_CUSTOMER")
    assert await _contents(database) == before
    taken = await recorded(registered(recorded_at=AHEAD), issued("2024-01-10"), now=AHEAD)
    assert all(isinstance(each, Recorded) for each in taken), "now it is no longer ahead"


async def test_an_event_that_cannot_be_spoils_no_other_and_is_answered_alike_twice_in_a_batch(recorded):
    bad = CONTRADICTIONS["received_on"]
    results = await recorded(registered(), bad, issued("2024-01-10"), bad)
    assert [getattr(each, "code", None) for each in results] == [None, "INVALID", None, "INVALID"]


async def test_what_an_earlier_version_took_is_repeated_read_and_added_to(
    database, handbook, recorded, monkeypatch
):
    old = (
        registered(recorded_at=AHEAD),
        issued("2024-01-10", received_on="2024-01-01", recorded_at=AHEAD),
        event("premium_reduced", "2024-06-01", premium="50000"),
        issued("2024-01-10", policy_no="P2", cooling_off_ends_on="2023-12-31"),
    )
    with monkeypatch.context() as earlier:
        earlier.setattr(event_refusals, "contradiction", lambda *_: None)
        earlier.setattr(judging, "_raised", lambda *_: None)
        assert all(isinstance(each, Recorded) for each in await recorded(*old))
    assert all(each.repeated for each in await recorded(*old))
    assert await verify_ratings(database.pool, handbook=handbook) == []
    (lapse,) = await recorded(event("lapsed", "2025-06-01"))
    assert isinstance(lapse, Recorded)
    assert await verify_ratings(database.pool, handbook=handbook) == []
    spans = (await _rating(database)).spans
    premiums = [span_on(spans, day(on)).rated_premium for on in ("2024-05-31", "2024-06-01", "2025-06-01")]
    assert premiums == [60000, 80000, 30000], "the raise counts, as it was taken"


async def test_a_customer_may_be_registered_later_in_the_same_batch(recorded):
    results = await recorded(issued("2024-01-10"), registered("2024-01-10"))
    assert all(isinstance(result, Recorded) for result in results)


async def test_a_refused_event_spoils_no_other(database, recorded):
    results = await recorded(
        registered(), issued("2024-01-10"), event("reinstated", "2024-05-01"), event("lapsed", "2024-06-01")
    )
    assert [isinstance(result, EventRefusal) for result in results] == [False, False, True, False]
    assert results[2].code == "LIFE_CYCLE"
    assert results[2].message("en") == (
        "Policy P1 is in force since 2024-01-10; reinstated is not allowed then, only premium_increased, rider_added, "
        "top_up_paid, premium_reduced, component_ended, renewed, cooling_off_cancelled, lapsed, reduced_paid_up, "
        "premium_waived, surrendered, terminated."
    )
    assert [
        row["arrival"] for row in await database.pool.fetch("select arrival from policy_events order by 1")
    ] == [1, 2, 3]


async def test_a_late_event_that_would_undo_a_recorded_one_is_refused_naming_it(recorded):
    await recorded(registered(), issued("2024-01-10"), event("lapsed", "2024-06-01", event_id="E-lapsed"))
    (refusal,) = await recorded(event("surrendered", "2024-05-01"))
    assert refusal.code == "LIFE_CYCLE"
    assert "E-lapsed" in refusal.message("zh")
    assert "E-lapsed" in refusal.message("en")


async def test_registering_again_renames_and_keeps_the_first_day(database, recorded):
    await recorded(registered("2024-01-10", name="旧名"))
    version = await database.pool.fetchval("select version from rating_heads")
    await recorded(registered("2025-01-10", name="新名"))
    (customer,) = (await reading.customers_by_member_no(database.pool, ["M1"])).values()
    assert (customer.name, customer.registered_on) == ("新名", day("2024-01-10"))
    await recorded(registered("2024-06-10", name="更旧"))
    (customer,) = (await reading.customers_by_member_no(database.pool, ["M1"])).values()
    assert customer.name == "新名", "what holds is the name of the latest day, not the last to arrive"
    assert await database.pool.fetchval("select version from rating_heads") == version


async def test_later_events_change_the_policy_as_read(database, recorded):
    first = await recorded(registered(), issued("2024-01-10"), issued("2024-01-10", policy_no="P2"))
    await recorded(
        event("lapsed", "2024-06-01"),
        event("reinstated", "2024-07-01"),
        event("premium_reduced", "2024-08-01"),
        event("top_up_paid", "2024-09-01"),
        issued("2023-01-01", policy_no="P3"),
    )
    policies = (await reading.policies(database.pool, [first[0].customer_id]))[first[0].customer_id]
    assert [policy.policy_no for policy in policies] == ["P3", "P1", "P2"]
    changed = policies[1]
    assert [status for _, status in changed.statuses] == ["IN_FORCE", "LAPSED", "IN_FORCE"]
    assert [changed.status_on(day(on)) for on in ("2024-05-31", "2024-06-01")] == ["IN_FORCE", "LAPSED"]
    assert [(each.component_id, each.premium_on(day("2024-08-01"))) for each in changed.components] == [
        ("base", Decimal(5000)),
        ("top-1", Decimal(10000)),
    ]
    assert changed.components[0].premium_on(day("2024-07-31")) == Decimal(30000)


async def test_a_relative_registered_again_is_changed(database, recorded):
    results = await recorded(registered(), event("relative_registered", "2024-02-01"))
    await recorded(event("relative_registered", "2024-03-01", name="李五", relation="sibling"))
    (relative,) = (await reading.relatives(database.pool, [results[0].customer_id]))[results[0].customer_id]
    assert (relative.name, relative.relation, relative.registered_on) == (
        "李五",
        "sibling",
        day("2024-02-01"),
    )


async def test_what_was_known_then_stays_known(database, recorded):
    await recorded(registered("2023-01-01", recorded_at="2023-01-01T09:00:00+08:00"))
    await recorded(issued("2023-01-01", premium="500000", recorded_at="2023-01-01T09:00:00+08:00"))
    await recorded(event("lapsed", "2025-02-01", recorded_at="2025-04-01T09:00:00+08:00"))
    on, then = day("2025-03-01"), datetime(2025, 3, 15, tzinfo=UTC)
    assert star_on((await _rating(database)).spans, on) == 0
    assert star_on((await _rating(database, then)).spans, on) == 5
    assert (await _rating(database, datetime(2022, 1, 1, tzinfo=UTC))).spans == ()
    # An event that was known before the lapse arrives only now: both what was known then and what is known now change.
    await recorded(
        event("premium_reduced", "2024-01-01", premium="1", recorded_at="2024-06-01T09:00:00+08:00")
    )
    assert star_on((await _rating(database, then)).spans, on) == 0
    assert star_on((await _rating(database, datetime(2024, 5, 1, tzinfo=UTC))).spans, on) == 5
    customer = (await reading.customers_by_member_no(database.pool, ["M1"]))["M1"].id
    keys = [(customer, None), (customer, then), (customer, datetime(2024, 5, 1, tzinfo=UTC))]
    histories = await reading.histories(database.pool, [*keys, keys[0]])
    assert [len(histories[key].policies["P1"].statuses) for key in keys] == [2, 1, 1]
    assert [len(histories[key].policies["P1"].components[0].premiums) for key in keys] == [2, 2, 1]


async def test_many_recording_for_one_customer_take_turns(database, recorded):
    await recorded(registered(), issued("2020-01-10"))
    events = [event("top_up_paid", "2024-01-01", component_id=f"T{n}") for n in range(20)]
    results = await asyncio.gather(*(recorded(each) for each in events))
    assert all(isinstance(result, Recorded) for (result,) in results)
    arrivals = [
        row["arrival"] for row in await database.pool.fetch("select arrival from policy_events order by 1")
    ]
    assert arrivals == list(range(1, 23))
    assert (await _rating(database)).spans[-1].rated_premium == 0
    assert max(period.rated_premium for period in (await _rating(database)).spans) == 30000 + 20 * 1000


async def test_the_same_event_sent_at_once_is_recorded_once(database, recorded):
    results = await asyncio.gather(
        *(recorded(registered(event_id="E-1"), issued("2024-01-10", event_id="E-2")) for _ in range(16))
    )
    assert sorted(result.repeated for pair in results for result in pair) == [False] * 2 + [True] * 30
    assert len({result.customer_id for pair in results for result in pair}) == 1
    assert await database.pool.fetchval("select count(*) from policy_events") == 2


async def test_two_registering_the_same_customer_at_once_share_it(database, recorded):
    results = await asyncio.gather(
        *(
            recorded(registered(f"2024-01-{n:02}"), issued("2024-02-01", policy_no=f"P{n}"))
            for n in range(1, 11)
        )
    )
    assert all(isinstance(result, Recorded) for pair in results for result in pair)
    assert await database.pool.fetchval("select count(*) from customers") == 1
    assert await database.pool.fetchval("select arrivals from rating_heads") == 20
    (customer,) = (await reading.customers_by_member_no(database.pool, ["M1"])).values()
    assert customer.registered_on == day("2024-01-01")


async def test_one_id_raced_for_by_two_customers_goes_to_one(recorded):
    results = await asyncio.gather(
        *(recorded(registered(event_id="E-1", member_no=f"M{n}")) for n in range(8))
    )
    codes = sorted("taken" if isinstance(result, Recorded) else result.code for (result,) in results)
    assert codes == ["EVENT_CHANGED"] * 7 + ["taken"]


async def test_a_page_of_customers_by_star(database, recorded):
    for n, premium in enumerate(["10000", "30000", "150000", "500000"], start=1):
        await recorded(
            registered("2024-01-01", member_no=f"M{n}"),
            issued("2024-01-01", member_no=f"M{n}", premium=premium),
        )
    pool, on = database.pool, day("2025-01-01")

    async def page(**conditions):
        return [
            row.member_no
            for row in await reading.customers_page(pool, **{"first": 10, "on": on, **conditions})
        ]

    assert await page() == ["M1", "M2", "M3", "M4"]
    assert await page(first=1, after="M1") == ["M2", "M3"], "one more than asked for tells that more follow"
    assert await page(stars={3, 4, 5}) == ["M3", "M4"]
    assert await page(stars={0}) == ["M1"]
    assert await page(stars={0}, on=day("2023-01-01")) == ["M1", "M2", "M3", "M4"]
    assert await page(stars=set()) == []
    assert await page(member_nos=["M4", "M2", "X"]) == ["M2", "M4"]
