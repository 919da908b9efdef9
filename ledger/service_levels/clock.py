"""The service-level clock: whether a hold was answered and arranged within what the handbook promises. Pure.

The promise speaks of days, so days are compared, not hours (docs/decisions/0010-service-levels.md):

- The day of the hold does not count; then the working days, or the calendar days, of the promise are counted.
- The deadline is the end of the last of them. What happens on a later day is late.
- What was done counts from the milestone; a delivery or a no-show is a response and an arrangement at the latest.
- A hold that was released before the deadline owes nothing more: ENDED. After the deadline it is late.
- A hold that runs out ends nothing: until somebody answers, the promise is owed, and overdue from the deadline on.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from handbook import ServiceLevel, WorkingCalendar, start_of

_DAY = timedelta(days=1)


class ServiceStanding(StrEnum):
    """The standing of a promise."""

    ON_TIME = "ON_TIME"
    LATE = "LATE"
    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    ENDED = "ENDED"


_WORST_FIRST = (
    ServiceStanding.OVERDUE,
    ServiceStanding.LATE,
    ServiceStanding.OPEN,
    ServiceStanding.ON_TIME,
    ServiceStanding.ENDED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldDays:
    """The inputs of a hold's clock. None: has not happened. `released_on`: the appointment was cancelled."""

    held_on: date
    responded_on: date | None = None
    arranged_on: date | None = None
    released_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One promise of a hold: its last day, its standing, and by how many working days it is late (0: not)."""

    last_day: date
    standing: ServiceStanding
    late_working_days: int
    judged_on: date

    @property
    def deadline(self) -> datetime:
        """The first moment that is too late."""
        return deadline(self.last_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Both promises of a hold; None where nothing is promised."""

    held_on: date
    respond: Stage | None
    arrange: Stage | None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The promises that were made."""
        return tuple(stage for stage in (self.respond, self.arrange) if stage is not None)

    @property
    def standing(self) -> ServiceStanding:
        """The standing of the hold as a whole: a broken promise first, then one still open, then one kept."""
        found = {stage.standing for stage in self.stages}
        return next(each for each in _WORST_FIRST if each in found)

    @property
    def late_working_days(self) -> int:
        """By how many working days it is late; of two late promises the greater; 0: not late."""
        return max(stage.late_working_days for stage in self.stages)

    @property
    def days(self) -> tuple[tuple[date, date], ...]:
        """The spans of days that were counted, both ends included."""
        return tuple((self.held_on, max(each.last_day, each.judged_on)) for each in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDays:
    """The last days in time to answer a hold and to arrange it; None where nothing is promised."""

    respond: date | None
    arrange: date | None

    @property
    def later(self) -> date | None:
        """The day by which both are owed."""
        return max((day for day in (self.respond, self.arrange) if day is not None), default=None)


def last_days(level: ServiceLevel, held_on: date, calendar: WorkingCalendar) -> LastDays:
    """The last days in time for what is promised for a hold of the day `held_on`."""
    respond, arrange = level.respond_within_working_days, level.arrange_within_working_days
    arrange_on = calendar.add(held_on, arrange) if arrange is not None else None
    if level.arrange_within_days is not None:
        arrange_on = held_on + timedelta(days=level.arrange_within_days)
    return LastDays(
        respond=calendar.add(held_on, respond) if respond is not None else None, arrange=arrange_on
    )


def deadline(last: date) -> datetime:
    """The first moment that is too late for what is owed by the end of the day `last`."""
    return start_of(last + _DAY)


def late_working_days(last: date, day: date, calendar: WorkingCalendar) -> int:
    """By how many working days `day` is later than the last day in time; a day off counts as the next working day."""
    return calendar.between(last, calendar.working_day_from(day)) if day > last else 0


def clock_of(level: ServiceLevel, days: HoldDays, today: date, calendar: WorkingCalendar) -> Clock | None:
    """The clock of a hold as of `today`; None when nothing is promised."""
    last = last_days(level, days.held_on, calendar)
    clock = Clock(
        held_on=days.held_on,
        respond=_stage(last.respond, days, days.responded_on, today, calendar),
        arrange=_stage(last.arrange, days, days.arranged_on, today, calendar),
    )
    return clock if clock.stages else None


def _stage(
    last: date | None, days: HoldDays, done_on: date | None, today: date, calendar: WorkingCalendar
) -> Stage | None:
    if last is None:
        return None
    judged_on = done_on or days.released_on or today
    late = judged_on > last
    if done_on is not None:
        standing = ServiceStanding.LATE if late else ServiceStanding.ON_TIME
    elif days.released_on is not None:
        standing = ServiceStanding.LATE if late else ServiceStanding.ENDED
    else:
        standing = ServiceStanding.OVERDUE if late else ServiceStanding.OPEN
    return Stage(
        last_day=last,
        standing=standing,
        late_working_days=late_working_days(last, judged_on, calendar),
        judged_on=judged_on,
    )
