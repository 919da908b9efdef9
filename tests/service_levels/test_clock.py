"""The service-level clock, as a table of holds: promise, events, standing."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbook import BUSINESS_ZONE, ServiceLevel, WorkingCalendar
from ledger.service_levels.clock import HoldDays, LastDays, clock_of, deadline, last_days, late_working_days

CALENDAR = WorkingCalendar()


def on(text: str) -> date:
    """A day of 2026."""
    return date.fromisoformat(f"2026-{text}")


def level(respond: int | None, arrange: int | None = None, arrange_days: int | None = None) -> ServiceLevel:
    return ServiceLevel(
        respond_within_working_days=respond,
        arrange_within_working_days=arrange,
        arrange_within_days=arrange_days,
        cite=("1 个工作日内响应",),
    )


@pytest.mark.parametrize(
    ("held", "within", "last"),
    [
        ("10-20", 1, "10-21"),  # Tuesday: Wednesday
        ("10-16", 1, "10-19"),  # Friday: Monday
        ("10-17", 1, "10-19"),  # Saturday: Monday
        ("10-18", 1, "10-19"),  # Sunday: Monday
        ("10-18", 2, "10-20"),
        ("10-12", 7, "10-21"),
        ("09-30", 1, "10-08"),  # the holiday lies between
        ("10-01", 1, "10-08"),  # in the holiday: the first working day after it
        ("10-09", 1, "10-10"),  # the Saturday is worked
        ("10-10", 1, "10-12"),  # and is a day to start on
        ("09-30", 14, "10-26"),
        ("10-20", 0, "10-20"),
    ],
)
def test_the_last_day_in_time_is_the_nth_working_day_after_the_hold(held, within, last):
    assert last_days(level(within), on(held), CALENDAR) == LastDays(respond=on(last), arrange=None)


@pytest.mark.parametrize(
    ("held", "days", "last"),
    [("10-01", 14, "10-15"), ("10-17", 14, "10-31"), ("10-18", 14, "11-01"), ("10-18", 0, "10-18")],
)
def test_calendar_days_are_counted_over_days_off(held, days, last):
    found = last_days(level(2, arrange_days=days), on(held), CALENDAR)
    assert found.arrange == on(last)
    assert found.later == max(on(last), found.respond)


def test_an_arrangement_within_calendar_days_is_late_after_the_last_of_them():
    # a hold of Sunday 18 October, to be arranged by the end of Sunday 1 November
    done = {"responded_on": on("10-19")}
    standings = [
        (clock.arrange.standing, clock.late_working_days)
        for day in ("11-01", "11-02", "11-03")
        if (
            clock := clock_of(
                level(2, arrange_days=14), HoldDays(held_on=on("10-18"), **done), on(day), CALENDAR
            )
        )
    ]
    assert standings == [("OPEN", 0), ("OVERDUE", 1), ("OVERDUE", 2)]


def test_without_a_promise_nothing_has_a_last_day():
    assert last_days(level(None), on("10-16"), CALENDAR).later is None


def test_a_deadline_is_the_end_of_its_day():
    assert deadline(on("10-19")) == datetime(2026, 10, 20, tzinfo=BUSINESS_ZONE)


@pytest.mark.parametrize(
    ("happened", "today", "standing", "late"),
    [
        # a hold of Monday 12 October, to be answered by the end of Tuesday the 13th
        ({}, "10-12", "OPEN", 0),
        ({}, "10-13", "OPEN", 0),
        ({}, "10-14", "OVERDUE", 1),
        ({}, "10-17", "OVERDUE", 4),  # a Saturday counts as the Monday after
        ({}, "10-19", "OVERDUE", 4),
        ({"responded_on": "10-12"}, "10-30", "ON_TIME", 0),
        ({"responded_on": "10-13"}, "10-30", "ON_TIME", 0),
        ({"responded_on": "10-14"}, "10-30", "LATE", 1),
        ({"responded_on": "10-19"}, "10-30", "LATE", 4),
        ({"released_on": "10-13"}, "10-30", "ENDED", 0),
        ({"released_on": "10-15"}, "10-30", "LATE", 2),
        ({"responded_on": "10-13", "released_on": "10-15"}, "10-30", "ON_TIME", 0),
        ({"responded_on": "10-11"}, "10-30", "ON_TIME", 0),  # a delivery told of that lies before its hold
    ],
)
def test_what_became_of_a_promise(happened, today, standing, late):
    days = HoldDays(held_on=on("10-12"), **{name: on(day) for name, day in happened.items()})
    clock = clock_of(level(1), days, on(today), CALENDAR)
    assert clock is not None
    assert (clock.standing, clock.late_working_days) == (standing, late)
    assert clock.arrange is None


@pytest.mark.parametrize(
    ("happened", "today", "whole", "respond", "arrange", "late"),
    [
        ({}, "10-13", "OPEN", "OPEN", "OPEN", 0),
        ({}, "10-14", "OVERDUE", "OVERDUE", "OPEN", 1),
        ({}, "10-22", "OVERDUE", "OVERDUE", "OVERDUE", 7),
        ({"responded_on": "10-13"}, "10-14", "OPEN", "ON_TIME", "OPEN", 0),
        ({"responded_on": "10-15"}, "10-15", "LATE", "LATE", "OPEN", 2),
        ({"responded_on": "10-15"}, "10-22", "OVERDUE", "LATE", "OVERDUE", 2),
        ({"responded_on": "10-13", "arranged_on": "10-21"}, "10-30", "ON_TIME", "ON_TIME", "ON_TIME", 0),
        ({"responded_on": "10-13", "arranged_on": "10-23"}, "10-30", "LATE", "ON_TIME", "LATE", 2),
        ({"responded_on": "10-13", "released_on": "10-14"}, "10-30", "ON_TIME", "ON_TIME", "ENDED", 0),
        ({"released_on": "10-13"}, "10-30", "ENDED", "ENDED", "ENDED", 0),
        ({"released_on": "10-14"}, "10-30", "LATE", "LATE", "ENDED", 1),
    ],
)
def test_a_hold_as_a_whole_is_as_bad_as_its_worst_promise(happened, today, whole, respond, arrange, late):
    days = HoldDays(held_on=on("10-12"), **{name: on(day) for name, day in happened.items()})
    clock = clock_of(level(1, 7), days, on(today), CALENDAR)
    assert clock is not None
    assert clock.respond is not None
    assert clock.arrange is not None
    assert (clock.respond.standing, clock.arrange.standing) == (respond, arrange)
    assert (clock.standing, clock.late_working_days) == (whole, late)


def test_without_a_promise_there_is_no_clock():
    assert clock_of(level(None), HoldDays(held_on=on("10-12")), on("10-20"), CALENDAR) is None


@pytest.mark.parametrize(
    ("held", "today", "years"),
    [
        (date(2026, 10, 12), date(2026, 10, 20), ()),
        (date(2150, 5, 4), date(2150, 5, 4), (2150,)),
        (date(2149, 12, 31), date(2149, 12, 31), (2149, 2150)),
    ],
)
def test_a_clock_names_the_years_that_it_guessed(held, today, years):
    clock = clock_of(level(1), HoldDays(held_on=held), today, CALENDAR)
    assert clock is not None
    assert CALENDAR.unknown_years(clock.days) == years


@given(st.dates(date(2025, 1, 1), date(2026, 11, 30)), st.integers(1, 14), st.integers(-5, 40))
def test_lateness_is_the_working_days_beyond_the_last_one_and_at_least_one(held, within, ahead):
    last = last_days(level(within), held, CALENDAR).respond
    assert last is not None
    assert CALENDAR.is_working_day(last)
    day = last + timedelta(days=ahead)
    late = late_working_days(last, day, CALENDAR)
    assert (late > 0) == (ahead > 0)
    if ahead > 0 and CALENDAR.is_working_day(day):
        assert late == CALENDAR.between(last, day)
    assert late_working_days(last, day + timedelta(days=1), CALENDAR) >= late
