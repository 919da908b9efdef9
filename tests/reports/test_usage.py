"""However usage is grouped, it adds up to what the ledger says."""

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest

from ledger.reports.pages import vendor_usage
from ledger.reports.usage import UsageFilter, UsageGroup, total, usage

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPAN = (date(2026, 6, 1), date(2026, 12, 1))
ALL = UsageFilter()
MOST = 100_000


async def report(pool, *by, where=ALL, span=SPAN, most=MOST):
    async with pool.acquire() as conn:
        return await usage(conn, *span, where=where, by=by, most=most)


async def test_every_grouping_adds_up_to_the_same(demo_pool):
    (whole,) = await report(demo_pool)
    assert whole.figures.redemptions > 1000
    assert 0 < whole.figures.reversed_units < whole.figures.units
    for size in (1, 2, 6):
        for by in combinations(UsageGroup, size):
            views = await report(demo_pool, *by)
            assert total(views) == whole.figures, by
            groups = [
                (view.month, view.day, view.vendor, view.benefit, view.variant, view.star) for view in views
            ]
            assert len(set(groups)) == len(groups)


async def test_it_is_what_the_entries_say(demo_pool):
    entries = await demo_pool.fetch(
        """select e.kind, e.units, e.vendor, e.benefit, e.redemption, e.customer_id, r.star,
            (e.occurred_at at time zone 'Asia/Shanghai')::date as day
        from entries e join redemptions r on r.customer_id = e.customer_id and r.sequence = e.redemption
        where e.kind in ('REDEEM', 'REVERSE')"""
    )
    delivered = {
        (row["customer_id"], row["redemption"]): (row["day"], row["vendor"], row["benefit"], row["star"])
        for row in entries
        if row["kind"] == "REDEEM"
    }
    units, reversed_ = Counter(), Counter()
    for row in entries:
        day, vendor, benefit, star = delivered[row["customer_id"], row["redemption"]]
        if SPAN[0] <= day < SPAN[1]:
            counted = units if row["kind"] == "REDEEM" else reversed_
            counted[day, vendor, benefit, star] += row["units"]
    views = await report(demo_pool, UsageGroup.DAY, UsageGroup.VENDOR, UsageGroup.BENEFIT, UsageGroup.STAR)
    told = {(view.day, view.vendor.code, view.benefit, view.star): view.figures for view in views}
    assert {key: figures.units for key, figures in told.items()} == dict(units)
    assert {key: figures.reversed_units for key, figures in told.items() if figures.reversed_units} == dict(
        +reversed_
    )


async def test_amounts_are_those_of_the_vendors_own_usage(demo_pool):
    views = await report(demo_pool, UsageGroup.VENDOR, UsageGroup.BENEFIT)
    async with demo_pool.acquire() as conn:
        own = await vendor_usage(conn, {view.vendor.code for view in views}, *SPAN)
    owed: dict[tuple[str, str], Decimal] = {}
    for rows in own.values():
        for row in rows:
            owed[row.vendor, row.benefit] = owed.get((row.vendor, row.benefit), Decimal(0)) + row.amount
    assert {(view.vendor.code, view.benefit): view.figures.amount for view in views} == owed
    assert all(view.figures.unpriced_units == 0 for view in views)


async def test_amounts_are_what_a_reconciliation_takes_them_for(demo_pool):
    """Whether a price is looked up for a row or with a month of deliveries, it is the same."""
    delivered = await demo_pool.fetch(
        "select d.*, p.unit_price as looked_up from deliveries d"
        " left join lateral price_on(d.vendor, d.benefit, d.variant, d.delivered_on) p on true"
    )
    assert len({row["variant"] for row in delivered}) > 2
    assert all(row["unit_price"] == row["looked_up"] for row in delivered)
    owed = sum(
        row["amount"]
        for row in delivered
        if row["status"] == "REDEEMED" and SPAN[0] <= row["delivered_on"] < SPAN[1]
    )
    (whole,) = await report(demo_pool)
    assert whole.figures.amount == owed


async def test_months_are_the_months_of_the_days(demo_pool):
    views = await report(demo_pool, UsageGroup.DAY, UsageGroup.MONTH)
    assert len({view.month for view in views}) > 1
    for view in views:
        assert view.month == view.day.replace(day=1)
        assert SPAN[0] <= view.day < SPAN[1]


async def test_a_variant_is_told_with_its_benefit(demo_pool):
    views = await report(demo_pool, UsageGroup.VARIANT)
    exams = {view.variant for view in views if view.benefit == "physical-exam"}
    assert exams >= {"健康体检", "优质体检", "尊享体检"}
    assert [view.variant for view in views if view.benefit == "dental-care"] == [None]


async def test_only_what_is_asked_for_is_counted(demo_pool):
    where = UsageFilter(vendors=frozenset({"exam-1"}), benefits=None, stars=frozenset({3}))
    views = await report(
        demo_pool, UsageGroup.VENDOR, UsageGroup.BENEFIT, UsageGroup.VARIANT, UsageGroup.STAR, where=where
    )
    assert {(view.vendor.code, view.star) for view in views} == {("exam-1", 3)}
    assert {view.variant for view in views if view.benefit == "physical-exam"} == {"优质体检"}
    for nothing in (
        UsageFilter(vendors=frozenset()),
        UsageFilter(stars=frozenset()),
        UsageFilter(benefits=frozenset({"vip-line"}), vendors=frozenset({"exam-1"})),
    ):
        assert await report(demo_pool, UsageGroup.BENEFIT, where=nothing) == []
        assert await report(demo_pool, where=nothing) == []


async def test_the_same_deliveries_cost_more_where_their_variant_is_priced_apart_and_nothing_without_a_price(
    demo_pool,
):
    async with demo_pool.acquire() as conn:
        trying = conn.transaction()
        await trying.start()
        try:
            by, where = [UsageGroup.VARIANT], UsageFilter(benefits=frozenset({"physical-exam"}))
            before = await usage(conn, *SPAN, where=where, by=by, most=MOST)
            await conn.execute(
                """insert into contract_terms (vendor, benefit, variant, unit_price, starts_on)
                values ('exam-1', 'physical-exam', '优质体检', 1000, '2026-06-01')"""
            )
            after = await usage(conn, *SPAN, where=where, by=by, most=MOST)
            await conn.execute("set local role none")  # as the owner: nobody else moves a price
            await conn.execute("alter table contract_terms disable trigger user")
            await conn.execute(
                """update contract_terms set ends_on = '2026-06-01'
                where benefit = 'physical-exam' and starts_on < '2026-06-01'"""
            )
            await conn.execute(
                "update contract_terms set starts_on = '2026-12-01'"
                " where benefit = 'physical-exam' and variant is null and starts_on >= '2026-06-01'"
            )
            without = await usage(conn, *SPAN, where=where, by=by, most=MOST)
        finally:
            await trying.rollback()
    for one, other, bare in zip(before, after, without, strict=True):
        net = one.figures.units - one.figures.reversed_units
        if one.variant == "优质体检":
            assert other.figures.amount == bare.figures.amount == 1000 * net
        else:
            assert other.figures.amount == one.figures.amount
            assert (bare.figures.amount, bare.figures.unpriced_units) == (0, net)


async def test_no_more_groups_come_than_asked_for(demo_pool):
    assert len(await report(demo_pool, UsageGroup.DAY, most=5)) == 5
