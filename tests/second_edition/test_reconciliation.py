"""A reference reaches as far as a use may lie back: 120 days under zhenxuan-2, 31 under the shipped edition."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from handbook import BUSINESS_ZONE, Handbook, load_handbook
from ledger.reconciliation.closing import check_seals, close_period
from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.values import LineFindingId
from tests.reconciliation.month import VENDOR, Month, a_month, line
from tests.reconciliation.test_decisions import decide

MAY, JUNE = date(2027, 5, 1), date(2027, 6, 1)
TWELFTH = date(2027, 5, 12)


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=BUSINESS_ZONE)


async def run(month: Month, which: date) -> Any:
    return await reconcile_period(
        month.pool, vendor=VENDOR, month=which, handbook=month.handbook, now=month.clock.now
    )


async def close(month: Month, which: date) -> None:
    closed = await close_period(
        month.pool, vendor=VENDOR, month=which, by="li", handbook=month.handbook, now=month.clock.now
    )
    assert isinstance(closed, int), closed.message("en")


@pytest.fixture
async def month(database: Any, handbook: Handbook) -> AsyncIterator[Month]:
    """Vendor v, seen from 2 June 2027."""
    async with a_month(database.pool, handbook) as made:
        made.clock.now = morning(date(2027, 6, 2))
        yield made


@pytest.mark.parametrize(("days", "matched"), [(100, True), (120, True), (250, False)])
async def test_a_line_means_the_delivery_that_its_reference_names_within_the_backdating_days(
    month, days, matched
):
    """The days around are those of the month and its lines: 1 May less 120 days is 1 January."""
    delivered = await month.deliver(TWELFTH - timedelta(days=days), "A")
    await month.state(line(1, TWELFTH, "A"), month=MAY)
    if matched:
        assert await month.pairs() == {1: (delivered, "REFERENCE")}
        assert await month.kinds(MAY) == [(1, "DATE_DIFFERS")]
    else:
        assert await month.pairs() == {}
        assert await month.kinds(MAY) == [(1, "NOT_IN_LEDGER")]


async def test_under_the_shipped_edition_the_same_line_means_nothing(database):
    async with a_month(database.pool, load_handbook()) as month:
        month.clock.now = morning(date(2027, 6, 2))
        await month.deliver(TWELFTH - timedelta(days=100), "A")
        await month.state(line(1, TWELFTH, "A"), month=MAY)
        assert await month.kinds(MAY) == [(1, "NOT_IN_LEDGER")]


async def test_a_month_before_the_edition_reaches_as_far_once_the_edition_is_in_force(month):
    december, its_tenth = date(2026, 12, 1), date(2026, 12, 10)
    delivered = await month.deliver(its_tenth - timedelta(days=100), "A")
    month.clock.now = morning(date(2026, 12, 30))
    await month.state(line(1, its_tenth, "A"), month=december)
    assert await month.kinds(december) == [(1, "NOT_IN_LEDGER")]
    month.clock.now = morning(date(2027, 1, 2))
    await run(month, december)
    assert await month.pairs() == {1: (delivered, "REFERENCE")}


async def test_what_was_posted_as_late_as_the_edition_lets_it_is_found_in_the_open_month(month):
    for which in (date(2027, 2, 1), date(2027, 3, 1), date(2027, 4, 1)):
        month.clock.now = morning(date(2027, 5, 2))
        assert isinstance(await run(month, which), int)
        await close(month, which)
    month.clock.now = morning(JUNE)
    delivered = await month.deliver(JUNE - timedelta(days=100), "A", late=True)
    assert isinstance(await run(month, MAY), int)
    (found,) = await month.findings(MAY)
    assert (found["kind"], found["sequence"], found["occurred_on"]) == (
        "NOT_IN_STATEMENT",
        delivered.sequence,
        date(2027, 2, 21),
    )


@pytest.mark.parametrize(("days", "repeated"), [(100, True), (121, False)])
async def test_what_was_paid_as_an_exception_is_not_paid_again_within_the_backdating_days(
    month, days, repeated
):
    first = TWELFTH - timedelta(days=days)
    of_first = first.replace(day=1)
    statement = await month.state(line(1, first, "X"), month=of_first, number="S-1")
    (found,) = await month.findings(of_first)
    finding = LineFindingId(found["period"], statement, 1)
    assert await decide(month, finding, "ACCEPT", pay=Decimal(12)) is None
    await close(month, of_first)
    await month.state(line(1, TWELFTH, "X"), month=MAY, number="S-2")
    assert await month.kinds(MAY) == [(1, "DUPLICATE_LINE" if repeated else "NOT_IN_LEDGER")]
    assert await check_seals(month.pool) == []
