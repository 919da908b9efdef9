"""Working days in China: weekdays but for public holidays, and the weekends that are worked instead.

The State Council publishes a year's holidays in the autumn before, so nobody knows those of a later year. For a year
that the calendar does not know weekdays are taken, and whoever shows what was counted with them must say so: see
`unknown_years` and `warning`.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar import is_workday  # type: ignore[import-untyped]

_DAY = timedelta(days=1)
_SATURDAY = 5
_REMEMBERED_DAYS = 8192


@lru_cache(maxsize=512)
def is_known_year(year: int) -> bool:
    """Whether the calendar knows the holidays of a year."""
    try:
        is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=_REMEMBERED_DAYS)
def is_working_day(day: date) -> bool:
    """Whether offices work on a day; of a year that the calendar does not know: whether it is a weekday."""
    if not is_known_year(day.year):
        return day.weekday() < _SATURDAY
    return bool(is_workday(day))


def working_day_from(day: date) -> date:
    """The day itself if it is a working day, else the next working day."""
    while not is_working_day(day):
        day += _DAY
    return day


def add_working_days(day: date, working_days: int) -> date:
    """The working day that comes so many working days after a day; the day itself counts as none."""
    for _ in range(working_days):
        day = working_day_from(day + _DAY)
    return day


def working_days_between(earlier: date, later: date) -> int:
    """How many working days lie after `earlier` up to and including `later`; 0 when it is not later."""
    days = (later - earlier).days
    return sum(is_working_day(earlier + timedelta(days=ahead)) for ahead in range(1, days + 1))


def unknown_years(spans: Iterable[tuple[date, date]]) -> tuple[int, ...]:
    """The years that the calendar does not know among those of spans of days, both ends included; ascending."""
    years = {year for first, last in spans for year in range(first.year, last.year + 1)}
    return tuple(sorted(year for year in years if not is_known_year(year)))


def warning(years: Iterable[int], language: str) -> str | None:
    """What must be said of what was counted in years that the calendar does not know; None without such a year."""
    named = [str(year) for year in years]
    if not named:
        return None
    if language == "en":
        return (
            f"The working calendar does not know the public holidays of {', '.join(named)}: "
            "weekdays were taken as working days."
        )
    return f"工作日历尚无 {'、'.join(named)} 年的节假日安排，暂按周一至周五计算工作日。"
