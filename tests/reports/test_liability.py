"""The liability is what all members' own quotas add up to, on any day."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from handbook import Counted, Handbook, Per, Unlimited, business_day
from ledger.entitlement.loading import load_accounts
from ledger.quotas.card import quotas_on
from ledger.quotas.liability import LiabilityRow, liability, total_value
from ledger.vendors.registry import vendors_page
from tests.demo import NOW

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = business_day(NOW)
DAYS = {
    "today": TODAY,
    "yesterday": TODAY - timedelta(days=1),
    "four months ago": TODAY - timedelta(days=120),
    "before the ledger was opened": TODAY - timedelta(days=900),
    "in half a year, as scheduled": TODAY + timedelta(days=180),
    "in ten years": TODAY.replace(year=TODAY.year + 10),
}


@dataclass(kw_only=True)
class Sum:
    """What quotas add up to; None: without limit."""

    variants: set[str | None] = field(default_factory=set)
    members: set[int] = field(default_factory=set)
    allowance: int | None = 0
    used: int = 0
    held: int = 0
    remaining: int | None = 0


async def quotas_added_up(conn: Any, day: date, handbook: Handbook) -> dict[tuple[str, int], Sum]:
    """The quotas of every member, one by one, as `ledger.quotas.quota` tells them."""
    ids = [row["customer_id"] for row in await conn.fetch("select customer_id from ledger_heads")]
    sums: dict[tuple[str, int], Sum] = defaultdict(Sum)
    for account in (await load_accounts(conn, ids, on=day, now=NOW)).values():
        star = account.star_on(day)
        for quota in quotas_on(account, day, handbook, NOW):
            if quota.allowance is None:
                continue
            added = sums[quota.benefit.code, star]
            added.members.add(account.customer_id)
            added.variants.add(quota.variant)
            wished = quota.benefit.wished_number is not None
            if quota.benefit.per is Per.POLICY and quota.policy_no is None and not wished:
                continue  # nothing to use it for
            if quota.granted is None or quota.remaining is None:
                added.allowance = added.remaining = None
            else:
                # A number exists only with a new policy: before it is held nothing is owed.
                granted = quota.used + quota.held if wished else quota.granted
                added.allowance = (added.allowance or 0) + granted
                left = max(0, granted - quota.used - quota.held)
                added.remaining = (added.remaining or 0) + left
            added.used += quota.used
            added.held += quota.held
    return sums


def shown(row: LiabilityRow) -> tuple[Any, ...]:
    return row.members, row.variant, row.allowance, row.used, row.held, row.remaining


async def compare(conn: Any, day: date, handbook: Handbook) -> list[LiabilityRow]:
    """The report of a day, which is the same as the quotas of its members."""
    rows = await liability(conn, day, handbook=handbook, now=NOW)
    sums = await quotas_added_up(conn, day, handbook)
    expected = {}
    for benefit in handbook.on(day).benefits:
        for grade in benefit.grid:
            if grade.allowance is None:
                continue
            nothing = 0 if isinstance(grade.allowance, Counted) else None
            none = Sum(variants={grade.variant}, allowance=nothing, remaining=nothing)
            added = sums.get((benefit.code, grade.star), none)
            (variant,) = added.variants
            expected[benefit.code, grade.star] = (
                len(added.members),
                variant,
                added.allowance,
                added.used,
                added.held,
                added.remaining,
            )
    assert {(row.benefit, row.star): shown(row) for row in rows} == expected
    assert [(row.benefit, row.star) for row in rows] == list(expected)
    return rows


def tightened(handbook: Handbook) -> Handbook:
    """The handbook with less of some benefits: members have used more than they now have."""
    edition = handbook.latest
    units = {"legal-consultation": 10, "medical-butler": 1}
    benefits = []
    for benefit in edition.benefits:
        grid = benefit.grid
        if benefit.code in units:
            grid = tuple(
                replace(grade, allowance=replace(grade.allowance, units=units[benefit.code]))
                if grade.allowance is not None
                else grade
                for grade in grid
            )
        elif benefit.code == "dental-care":
            grid = tuple(
                replace(grade, allowance=Unlimited()) if grade.star == 5 else grade for grade in grid
            )
        benefits.append(replace(benefit, grid=grid))
    return Handbook([replace(edition, benefits=tuple(benefits))])


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
async def test_it_is_what_the_quotas_of_all_members_add_up_to(demo_pool, handbook, day):
    async with demo_pool.acquire() as conn:
        rows = await compare(conn, day, handbook)
    if day in (TODAY, TODAY - timedelta(days=1)):
        assert sum(row.used for row in rows) > 500
        assert sum(row.held for row in rows) > 5


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=1)], ids=["today", "yesterday"])
async def test_who_used_more_than_the_star_gives_now_has_nothing_left_and_owes_nothing(
    demo_pool, handbook, day
):
    async with demo_pool.acquire() as conn:
        rows = await compare(conn, day, tightened(handbook))
    legal = [row for row in rows if row.benefit == "legal-consultation"]
    assert any(row.remaining > row.allowance - row.used - row.held for row in legal)


async def test_who_has_no_stored_anchor_yet_counts_from_the_first_day_with_a_star(demo_pool, handbook):
    async with demo_pool.acquire() as conn:
        trying = conn.transaction()
        await trying.start()
        try:
            await conn.execute("update ledger_heads set anchor = null")
            await compare(conn, TODAY, handbook)
            await compare(conn, TODAY - timedelta(days=30), handbook)
        finally:
            await trying.rollback()


async def test_what_is_left_costs_the_highest_price_of_the_day(demo_pool, handbook):
    async with demo_pool.acquire() as conn:
        rows = await liability(conn, TODAY, handbook=handbook, now=NOW)
        vendors = await vendors_page(conn, first=100, after=None)
    for row in rows:
        prices = [
            term.unit_price
            for vendor in vendors
            for term in vendor.terms
            if term.benefit == row.benefit and term.variant in (None, row.variant) and term.holds_on(TODAY)
        ]
        assert (row.unit_price is None) == (not prices), row
        if row.unit_price is None or row.remaining is None:
            assert row.value is None
        else:
            assert row.unit_price in prices
            assert row.value == row.remaining * row.unit_price
    assert total_value(rows) == sum((row.value for row in rows if row.value), Decimal(0)) > 100_000


async def test_a_variant_priced_apart_counts_at_its_own_price_and_of_several_vendors_the_highest(
    demo_pool, handbook
):
    async with demo_pool.acquire() as conn:
        trying = conn.transaction()
        await trying.start()
        try:
            await conn.execute(
                """insert into vendors (code, name, registered_at) values ('z-1', 'Z', now())"""
            )
            await conn.execute(
                """insert into contract_terms (vendor, benefit, variant, unit_price, starts_on, ends_on) values
                ('z-1', 'physical-exam', null, 9000, '2020-01-01', null),
                ('z-1', 'physical-exam', '高端体检', 500, '2020-01-01', null),
                ('z-1', 'dental-care', null, 9000, '2020-01-01', $1)""",
                TODAY,
            )
            rows = await liability(conn, TODAY, handbook=handbook, now=NOW)
        finally:
            await trying.rollback()
    prices = {(row.benefit, row.star): row.unit_price for row in rows}
    assert [prices["physical-exam", star] for star in (2, 3, 4, 5)] == [9000, 9000, 9000, Decimal("1980.00")]
    assert prices["dental-care", 2] == Decimal("180.00")  # the other price ended this morning


async def test_of_numbers_nothing_is_owed_before_one_is_held_and_what_is_held_is_told(demo_pool, handbook):
    """Members have policies in force, for which nobody can get a number any more."""
    code = "lucky-policy-number"
    async with demo_pool.acquire() as conn:
        rows = [
            row
            for row in await liability(conn, TODAY, handbook=handbook, now=NOW)
            if row.benefit in (code, "policy-cover")
        ]
        granted = await conn.fetchrow(
            """select sum(granted) as granted, sum(used + held) as taken from balances
            where benefit = $1 and policy_no <> ''""",
            code,
        )
    assert granted["granted"] == granted["taken"] > 0
    numbers = [row for row in rows if row.benefit == code]
    assert sum(row.used for row in numbers) > 0
    assert sum(row.held for row in numbers) > 0
    for row in numbers:
        assert (row.allowance, row.remaining) == (row.used + row.held, 0)
        assert row.value in (None, 0)
    assert sum(row.allowance for row in rows if row.benefit == "policy-cover") > 0


async def test_before_the_first_edition_nothing_is_owed(demo_pool, handbook):
    async with demo_pool.acquire() as conn:
        assert await liability(conn, date(1980, 1, 1), handbook=handbook, now=NOW) == []
