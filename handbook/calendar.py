"""Working days in China: weekdays but for public holidays, and the weekends that are worked instead.

The State Council publishes a year's holidays in the autumn before. The calendar that ships knows them up to some year;
an operator can give later ones (`handbook.working_days`). For a year that neither knows weekdays are taken, and
whoever shows what was counted with them must say so: see `WorkingCalendar.unknown_years` and `warning`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar import is_workday  # type: ignore[import-untyped]

_DAY = timedelta(days=1)
_SATURDAY = 5
_REMEMBERED_DAYS = 8192

Span = tuple[date, date]
"""Days from one to another, both included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingYear:
    """The working days of a year, as the notice `cite` of the State Council has them.

    `holidays` are days off, weekends among them or not; `working_weekends` are worked.
    """

    year: int
    cite: str
    holidays: frozenset[date]
    working_weekends: frozenset[date]

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on a day of the year."""
        if day in self.holidays:
            return False
        return not is_weekend(day) or day in self.working_weekends


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The working days of every year: of the years given, else of those shipped, else weekdays."""

    given: tuple[WorkingYear, ...] = ()
    _by_year: dict[int, WorkingYear] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the years given. Raises ValueError for a year given twice."""
        by_year = {each.year: each for each in self.given}
        if len(by_year) != len(self.given):
            message = f"a year is given twice: {sorted(each.year for each in self.given)}"
            raise ValueError(message)
        object.__setattr__(self, "_by_year", by_year)

    def knows(self, year: int) -> bool:
        """Whether the holidays of a year are known."""
        return year in self._by_year or ships_with(year)

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on a day; of a year that the calendar does not know: whether it is a weekday."""
        given = self._by_year.get(day.year)
        return given.is_working_day(day) if given is not None else is_working_day_as_shipped(day)

    def working_day_from(self, day: date) -> date:
        """Return the day itself if it is a working day, else the next working day."""
        while not self.is_working_day(day):
            day += _DAY
        return day

    def add(self, day: date, working_days: int) -> date:
        """Return the working day that comes so many working days after a day; the day itself counts as none."""
        for _ in range(working_days):
            day = self.working_day_from(day + _DAY)
        return day

    def between(self, earlier: date, later: date) -> int:
        """Return how many working days lie after `earlier` up to and including `later`; 0 when it is not later."""
        days = (later - earlier).days
        return sum(self.is_working_day(earlier + timedelta(days=ahead)) for ahead in range(1, days + 1))

    def unknown_years(self, spans: Iterable[Span]) -> tuple[int, ...]:
        """Return the years among those of spans of days whose holidays are not known; ascending."""
        return tuple(year for year in _years(spans) if not self.knows(year))

    def cites(self, spans: Iterable[Span]) -> tuple[str, ...]:
        """Return the notices behind those years among spans of days that an operator gave; ascending by year."""
        return tuple(self._by_year[year].cite for year in _years(spans) if year in self._by_year)


AS_SHIPPED = WorkingCalendar()
"""The calendar without further years."""


def is_weekend(day: date) -> bool:
    """Whether a day is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


@lru_cache(maxsize=512)
def ships_with(year: int) -> bool:
    """Whether the calendar that ships knows the holidays of a year."""
    try:
        is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=_REMEMBERED_DAYS)
def is_working_day_as_shipped(day: date) -> bool:
    """Whether offices work on a day by the calendar that ships; of a year unknown to it: whether it is a weekday."""
    return bool(is_workday(day)) if ships_with(day.year) else not is_weekend(day)


def warning(years: Iterable[int], language: str) -> str | None:
    """Return the warning for dates counted in years without known holidays; None without such a year."""
    named = [str(year) for year in years]
    if not named:
        return None
    if language == "en":
        return (
            f"The working calendar does not know the public holidays of {', '.join(named)}: "
            "weekdays were taken as working days."
        )
    return f"工作日历尚无 {'、'.join(named)} 年的节假日安排，暂按周一至周五计算工作日。"


def _years(spans: Iterable[Span]) -> Iterator[int]:
    yield from sorted({year for first, last in spans for year in range(first.year, last.year + 1)})
