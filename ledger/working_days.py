"""The working days that rules count with: the one place where the ledger's rules meet a calendar. Pure."""

from datetime import date
from typing import Protocol

from handbook import Handbook
from ledger.service_levels import calendar


class WorkingDays(Protocol):
    """What a rule asks of a calendar."""

    def knows(self, year: int) -> bool:
        """Whether the holidays of a year are known."""

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on a day; in a year that is not known: whether it is a weekday."""

    def add(self, day: date, working_days: int) -> date:
        """The working day that comes so many working days after a day; the day itself counts as none."""


class _AsShipped:
    """The calendar that ships."""

    def knows(self, year: int) -> bool:
        return calendar.is_known_year(year)

    def is_working_day(self, day: date) -> bool:
        return calendar.is_working_day(day)

    def add(self, day: date, working_days: int) -> date:
        return calendar.add_working_days(day, working_days)


_AS_SHIPPED = _AsShipped()


def working_days(_handbook: Handbook) -> WorkingDays:
    """The calendar that goes with a handbook."""
    return _AS_SHIPPED
