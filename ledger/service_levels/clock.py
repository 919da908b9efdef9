"""The working-day clock: whether a hold was answered and arranged within what the handbook promises. Pure.

The promise speaks of working days, so days are compared, not hours (docs/decisions/0010-service-levels.md):

- The clock starts on the day of the hold; a hold on a day off is taken as one of the next working day.
- The deadline is the end of the N-th working day after that. What happens on a later day is late.
- What was done counts from the milestone; a delivery or a no-show is a response and an arrangement at the latest.
- A hold that was released or ran out before the deadline owes nothing more: ENDED. After the deadline it is late.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from handbook import ServiceLevel, start_of
from ledger.service_levels.calendar import (
    add_working_days,
    unknown_years,
    working_day_from,
    working_days_between,
)


class ServiceStanding(StrEnum):
    """What became of a promise."""

    ON_TIME = "ON_TIME"
    LATE = "LATE"
    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    ENDED = "ENDED"


LATE_STANDINGS = frozenset({ServiceStanding.LATE, ServiceStanding.OVERDUE})

_WORST_FIRST = (
    ServiceStanding.OVERDUE,
    ServiceStanding.LATE,
    ServiceStanding.OPEN,
    ServiceStanding.ON_TIME,
    ServiceStanding.ENDED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldDays:
    """The days that a hold's clock reads. None: not so far. `ended_on`: released or run out, nothing delivered."""

    held_on: date
    responded_on: date | None = None
    arranged_on: date | None = None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One promise of a hold: its last day, what became of it, and by how many working days it is late (0: not)."""

    last_day: date
    standing: ServiceStanding
    late_working_days: int
    judged_on: date

    @property
    def deadline(self) -> datetime:
        """The first moment that is too late."""
        return start_of(self.last_day + timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Both promises of a hold; None where nothing is promised."""

    held_on: date
    respond: Stage | None
    arrange: Stage | None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The promises that there are."""
        return tuple(stage for stage in (self.respond, self.arrange) if stage is not None)

    @property
    def standing(self) -> ServiceStanding:
        """Of the hold as a whole: a broken promise first, then what is still owed, then what was kept."""
        found = {stage.standing for stage in self.stages}
        return next(each for each in _WORST_FIRST if each in found)

    @property
    def late_working_days(self) -> int:
        """By how many working days it is late; of two late promises the greater; 0: not late."""
        return max(stage.late_working_days for stage in self.stages)

    @property
    def unknown_years(self) -> tuple[int, ...]:
        """The years of its days whose holidays are not known."""
        return unknown_years((self.held_on, max(each.last_day, each.judged_on)) for each in self.stages)


def last_day(held_on: date, working_days: int) -> date:
    """The last day in time for what is promised within so many working days of a hold."""
    return add_working_days(working_day_from(held_on), working_days)


def deadline(held_on: date, working_days: int | None) -> datetime | None:
    """The first moment that is too late; None where nothing is promised."""
    if working_days is None:
        return None
    return start_of(last_day(held_on, working_days) + timedelta(days=1))


def late_working_days(last: date, day: date) -> int:
    """By how many working days `day` is later than the last day in time; a day off counts as the next working day."""
    return working_days_between(last, working_day_from(day)) if day > last else 0


def clock_of(level: ServiceLevel, days: HoldDays, today: date) -> Clock | None:
    """What became by `today` of what is promised for a hold; None when nothing is promised."""
    clock = Clock(
        held_on=days.held_on,
        respond=_stage(level.respond_within_working_days, days, days.responded_on, today),
        arrange=_stage(level.arrange_within_working_days, days, days.arranged_on, today),
    )
    return clock if clock.stages else None


def _stage(within: int | None, days: HoldDays, done_on: date | None, today: date) -> Stage | None:
    if within is None:
        return None
    last = last_day(days.held_on, within)
    judged_on = done_on or days.ended_on or today
    late = judged_on > last
    if done_on is not None:
        standing = ServiceStanding.LATE if late else ServiceStanding.ON_TIME
    elif days.ended_on is not None:
        standing = ServiceStanding.LATE if late else ServiceStanding.ENDED
    else:
        standing = ServiceStanding.OVERDUE if late else ServiceStanding.OPEN
    return Stage(
        last_day=last,
        standing=standing,
        late_working_days=late_working_days(last, judged_on),
        judged_on=judged_on,
    )
