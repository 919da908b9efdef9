"""Days are the insurer's days, and years are added keeping month and day; from 29 February on, in one of two ways.

Every rule of the handbook speaks of days at the insurer's seat, so a moment becomes a day in one
place only, and a moment that does not say its offset is refused: it could be two different days.
Years are always added to the *first* day of a series, never to the last anniversary.

In a year without a 29 February, an *anniversary* of it (a service year, `add_years`) falls on the 28th, the month's
last day; a *cover* that began on it (`cover_end`) ends before 1 March, so that its last day is the 28th. The two are a
day apart: whoever adds years says which of them is meant.
"""

import calendar
from datetime import date, datetime
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")
"""The zone in which a moment becomes a business day."""


def business_day(moment: datetime) -> date:
    """Return the insurer's calendar day of a moment.

    Raises ValueError when the moment carries no offset.
    """
    if moment.utcoffset() is None:
        message = f"{moment.isoformat()} has no offset, so its business day is unknown; give it a time zone"
        raise ValueError(message)
    return moment.astimezone(BUSINESS_ZONE).date()


def start_of(day: date) -> datetime:
    """Return the first moment of a business day, in the business zone."""
    return datetime(day.year, day.month, day.day, tzinfo=BUSINESS_ZONE)


def add_years(day: date, years: int) -> date:
    """Return the anniversary some years later (or earlier); a missing 29 February is the 28th.

    For covers, see `cover_end`. Raises ValueError outside the years 1 to 9999.
    """
    year = day.year + years
    if (day.month, day.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28)
    return day.replace(year=year)


def cover_end(start: date, years: int) -> date:
    """Return the first day after a cover of some years that begins on `start`; month and day are kept.

    What began on 29 February ends, in a year without one, on 1 March: 28 February is its last day (decoded, section 5).
    Raises ValueError outside the years 1 to 9999.
    """
    year = start.year + years
    if (start.month, start.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 3, 1)
    return start.replace(year=year)


def service_year_number(anchor: date, day: date) -> int:
    """Return which service year a day lies in: 1 from the anchor on, 0 on the days before it."""
    if day < anchor:
        return 0
    whole_years = day.year - anchor.year
    return whole_years if day < add_years(anchor, whole_years) else whole_years + 1


def service_year_span(anchor: date, number: int) -> tuple[date, date]:
    """Return the half-open span of days of the given service year (1 begins on the anchor).

    Raises ValueError for a number below 1: there is no service year before the anchor.
    """
    if number < 1:
        message = f"service years are counted from 1, not {number}"
        raise ValueError(message)
    return add_years(anchor, number - 1), add_years(anchor, number)
