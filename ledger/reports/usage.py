"""Usage: vendors' deliveries, grouped as finance asks, at the prices of the days of delivery.

Counted from the redemptions as they are now, in one query; every grouping adds up to the same total. Reversed units
are included in the delivered ones and also shown apart; nothing is owed for them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from asyncpg import Record

from base.database import Reader
from base.sql import Queries
from ledger.reports.pages import VendorName

SQL = Queries(Path(__file__).with_name("usage.sql"))


class UsageGroup(StrEnum):
    """What a report of usage may be grouped by."""

    VENDOR = "VENDOR"
    BENEFIT = "BENEFIT"
    VARIANT = "VARIANT"
    STAR = "STAR"
    DAY = "DAY"
    MONTH = "MONTH"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFilter:
    """Which deliveries: each set holds the values allowed; None allows all."""

    vendors: frozenset[str] | None = None
    benefits: frozenset[str] | None = None
    stars: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFigures:
    """Deliveries, their units, and how many of these units were reversed since.

    `amount` in CNY is what is owed for the units that were not reversed; `unpriced_units` are those not in `amount`,
    because the contract has no price for their day.
    """

    redemptions: int
    units: int
    reversed_units: int
    amount: Decimal
    unpriced_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """The figures of one group. What it was not grouped by is None; `variant` also for what is not graded.

    A variant belongs to a benefit, so grouping by variant groups by benefit too. `star`: on the day that the use was
    judged by.
    """

    month: date | None
    day: date | None
    vendor: VendorName | None
    benefit: str | None
    variant: str | None
    star: int | None
    figures: UsageFigures


async def usage(
    conn: Reader, start: date, end: date, *, where: UsageFilter, by: Iterable[UsageGroup], most: int
) -> list[UsageView]:
    """The deliveries on the business days [start, end), at most `most` groups, in the order of their days."""
    rows = await conn.fetch(
        SQL["usage"],
        start,
        end,
        _sorted(where.vendors),
        _sorted(where.benefits),
        sorted(where.stars) if where.stars is not None else None,
        sorted(group.value for group in by),
        most,
    )
    return [_view(row) for row in rows]


def total(views: Iterable[UsageView]) -> UsageFigures:
    """The figures of all the groups together."""
    figures = [view.figures for view in views]
    return UsageFigures(
        redemptions=sum(each.redemptions for each in figures),
        units=sum(each.units for each in figures),
        reversed_units=sum(each.reversed_units for each in figures),
        amount=sum((each.amount for each in figures), Decimal("0.00")),
        unpriced_units=sum(each.unpriced_units for each in figures),
    )


def _sorted(values: frozenset[str] | None) -> list[str] | None:
    return sorted(values) if values is not None else None


def _view(row: Record) -> UsageView:
    vendor = row["vendor"]
    return UsageView(
        month=row["month"],
        day=row["day"],
        vendor=VendorName(code=vendor, name=row["vendor_name"] or vendor) if vendor is not None else None,
        benefit=row["benefit"],
        variant=row["variant"],
        star=row["star"],
        figures=UsageFigures(
            redemptions=row["redemptions"],
            units=row["units"],
            reversed_units=row["reversed_units"],
            amount=row["amount"],
            unpriced_units=row["unpriced_units"],
        ),
    )
