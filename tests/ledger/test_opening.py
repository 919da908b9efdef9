"""Hours of service: half-open, in the business zone, on working days where the print says so."""

from datetime import datetime, time, timedelta

import pytest

from handbook import BUSINESS_ZONE, Days, Handbook, Hours
from ledger.entitlement.opening import hours_in_words, is_open, next_opening

OFFICE = Hours(days=Days.WORKING_DAYS, from_=time(9), to=time(18), cite=("工作日 9：00~18：00。",))
EVENING = Hours(days=Days.DAILY, from_=time(8), to=time(22), cite=("8：00~22：00",))
LATE = Hours(days=Days.DAILY, from_=time(20), to=None, cite=("20：00~24：00",))
ALWAYS = Hours(days=Days.DAILY, from_=time(0), to=None, cite=("7×24",))


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=BUSINESS_ZONE)


@pytest.mark.parametrize(
    ("hours", "moment", "opens"),
    [
        (OFFICE, "2026-05-20T09:00:00", None),
        (OFFICE, "2026-05-20T17:59:59.999999", None),
        (OFFICE, "2026-05-20T18:00:00", "2026-05-21T09:00"),
        (OFFICE, "2026-05-20T08:59:59.999999", "2026-05-20T09:00"),
        (OFFICE, "2026-05-23T12:00:00", "2026-05-25T09:00"),
        (OFFICE, "2026-05-22T18:00:00", "2026-05-25T09:00"),
        (OFFICE, "2026-10-01T12:00:00", "2026-10-08T09:00"),
        (OFFICE, "2026-05-09T12:00:00", None),
        (OFFICE, "2026-02-14T12:00:00", None),
        (EVENING, "2026-05-24T08:00:00", None),
        (EVENING, "2026-05-24T21:59:00", None),
        (EVENING, "2026-05-24T22:00:00", "2026-05-25T08:00"),
        (EVENING, "2026-05-24T07:59:00", "2026-05-24T08:00"),
        (LATE, "2026-05-24T23:59:59.999999", None),
        (LATE, "2026-05-24T00:00:00", "2026-05-24T20:00"),
        (ALWAYS, "2026-05-24T00:00:00", None),
        (ALWAYS, "2026-05-24T23:59:59", None),
    ],
)
def test_a_service_is_open_within_its_hours_and_else_its_next_opening_is_told(
    handbook: Handbook, hours: Hours, moment: str, opens: str | None
) -> None:
    calendar = handbook.calendar
    assert is_open(hours, at(moment), calendar) is (opens is None)
    if opens is not None:
        assert next_opening(hours, at(moment), calendar) == at(opens)
        assert is_open(hours, at(opens), calendar)


def test_a_moment_of_another_zone_is_judged_by_the_business_zone(handbook: Handbook) -> None:
    calendar = handbook.calendar
    assert is_open(OFFICE, datetime.fromisoformat("2026-05-20T01:00:00+00:00"), calendar)
    assert not is_open(OFFICE, datetime.fromisoformat("2026-05-20T10:00:00+00:00"), calendar)


def test_in_a_year_whose_holidays_nobody_knows_only_the_time_of_day_counts(handbook: Handbook) -> None:
    calendar = handbook.calendar
    unknown = at("2199-01-01T12:00:00")
    assert not calendar.knows(unknown.year)
    week = [unknown + timedelta(days=day) for day in range(7)]
    assert all(is_open(OFFICE, moment, calendar) for moment in week)
    assert not any(is_open(OFFICE, moment.replace(hour=18), calendar) for moment in week)
    assert next_opening(OFFICE, at("2199-01-01T19:00:00"), calendar) == at("2199-01-02T09:00:00")


def test_hours_are_told_in_both_languages() -> None:
    assert hours_in_words(OFFICE) == ("工作日 9:00–18:00", "on working days 9:00–18:00")
    assert hours_in_words(LATE) == ("每日 20:00–24:00", "daily 20:00–24:00")
