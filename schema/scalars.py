"""Scalars for amounts, days and moments: exact, strict, with one canonical form for each value.

An ambiguous date ("20260101", a time without an offset) is refused, not guessed. Amounts are decimal strings,
because a JSON number passes through binary floating point in most clients.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import NewType

from strawberry.types.scalar import ScalarDefinition

from handbook import BUSINESS_ZONE
from rating.event_fields import EARLIEST_YEAR, LATEST_YEAR
from schema.errors import WrongValueError

Long = NewType("Long", int)
"""A whole number that may go beyond 32 bits, where GraphQL's own integers end: units of a whole month."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_LEAST_PLACES = 2
_LARGEST_EXACT = 2**53 - 1


def parse_day(value: object) -> date:
    """The day that an ISO date names; WrongValueError with what would be right."""
    expected = f"an ISO date from {EARLIEST_YEAR}-01-01 to {LATEST_YEAR}-12-31, like 2026-03-01"
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise WrongValueError(f"expected {expected}")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise WrongValueError(f"there is no such day; expected {expected}") from None
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise WrongValueError(f"expected {expected}")
    return day


def parse_moment(value: object) -> datetime:
    """The moment that an ISO date-time with offset names; WrongValueError with what would be right."""
    expected = "an ISO date-time with an offset, like 2026-03-01T09:30:00+08:00"
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise WrongValueError(f"expected {expected}")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise WrongValueError(f"there is no such moment; expected {expected}") from None
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise WrongValueError(f"expected {expected}, of the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    return moment


def parse_amount(value: object) -> Decimal:
    """The number that a plain decimal string names; WrongValueError with what would be right."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise WrongValueError('expected a plain decimal string, like "50000.00"')
    return Decimal(value)


def print_moment(moment: datetime) -> str:
    """The moment in the business time zone, to the microsecond, with its offset."""
    return moment.astimezone(BUSINESS_ZONE).isoformat()


def print_amount(amount: Decimal) -> str:
    """The exact number without exponent and with at least two places: 30000 is "30000.00"."""
    whole, _, places = f"{Decimal(amount):f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(_LEAST_PLACES, '0')}"


def parse_long(value: object) -> Long:
    """The whole number itself; WrongValueError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST_EXACT:
        raise WrongValueError(f"expected a whole number up to {_LARGEST_EXACT}")
    return Long(value)


SCALARS: dict[object, ScalarDefinition] = {
    Long: ScalarDefinition(
        name="Long",
        description="A whole number of up to 53 bits, which every client reads exactly.",
        specified_by_url=None,
        serialize=int,
        parse_value=parse_long,
        parse_literal=None,
        origin=Long,
    ),
    date: ScalarDefinition(
        name="Date",
        description="A day in Asia/Shanghai as an ISO date, like 2026-03-01. Spans of days are half-open: their end "
        "is the first day that no longer belongs to them; no end means open.",
        specified_by_url=None,
        serialize=date.isoformat,
        parse_value=parse_day,
        parse_literal=None,
        origin=date,
    ),
    datetime: ScalarDefinition(
        name="DateTime",
        description="A moment as an ISO date-time with an offset. Answers are in Asia/Shanghai, like "
        "2026-03-01T09:30:00+08:00; inputs may have any offset, and must have one.",
        specified_by_url=None,
        serialize=print_moment,
        parse_value=parse_moment,
        parse_literal=None,
        origin=datetime,
    ),
    Decimal: ScalarDefinition(
        name="Decimal",
        description="An exact decimal number as a string, never rounded and without an exponent, with at least two "
        'places: "30000.00". Amounts of money are in CNY.',
        specified_by_url=None,
        serialize=print_amount,
        parse_value=parse_amount,
        parse_literal=None,
        origin=Decimal,
    ),
}
