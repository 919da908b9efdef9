"""Working days: as the State Council shifts them, and weekdays where nobody knows yet."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbook import WorkingCalendar, WorkingYear
from handbook.calendar import ships_with, warning

CALENDAR = WorkingCalendar()
FAR = 2150
"""A year whose holidays nobody has fixed."""

days = st.dates(min_value=date(2003, 1, 1), max_value=date(2030, 12, 31))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),  # National Day, a Thursday
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 9, 20), True),  # a Sunday, worked for the holiday
        (date(2026, 10, 10), True),  # a Saturday, worked for the holiday
        (date(2026, 10, 11), False),
        (date(2026, 2, 17), False),  # Spring Festival
        (date(2020, 1, 31), False),  # Spring Festival, prolonged that year
        (date(2026, 11, 2), True),
    ],
)
def test_holidays_are_off_and_shifted_weekends_are_worked(day, works):
    assert CALENDAR.is_working_day(day) is works


def test_a_year_that_nobody_knows_has_weekdays():
    assert not CALENDAR.knows(FAR)
    assert CALENDAR.knows(2026)
    week = [date(FAR, 10, 1) + timedelta(days=ahead) for ahead in range(7)]
    assert [CALENDAR.is_working_day(day) for day in week] == [day.weekday() < 5 for day in week]


def test_the_years_that_were_guessed_are_named_in_both_languages():
    assert CALENDAR.unknown_years([(date(2026, 1, 5), date(2026, 2, 1))]) == ()
    guessed = CALENDAR.unknown_years(
        [(date(FAR, 12, 30), date(FAR + 1, 1, 9)), (date(2025, 1, 1), date(2025, 1, 2))]
    )
    assert guessed == (FAR, FAR + 1)
    assert "2150、2151 年" in (warning(guessed, "zh") or "")
    assert "2150, 2151" in (warning(guessed, "en") or "")
    assert warning((), "zh") is None


def test_a_span_over_a_known_and_an_unknown_year_names_the_unknown_one():
    last_known = max(year for year in range(2004, FAR) if CALENDAR.knows(year))
    assert CALENDAR.unknown_years([(date(last_known, 12, 31), date(last_known + 1, 1, 5))]) == (
        last_known + 1,
    )


@given(days, st.integers(0, 30))
def test_working_days_that_are_added_are_counted_between(day, count):
    later = CALENDAR.add(day, count)
    assert CALENDAR.between(day, later) == count
    assert later == day or CALENDAR.is_working_day(later)


@given(days)
def test_the_next_working_day_is_the_first_one_not_before(day):
    found = CALENDAR.working_day_from(day)
    assert CALENDAR.is_working_day(found)
    assert found >= day
    assert not any(
        CALENDAR.is_working_day(day + timedelta(days=ahead)) for ahead in range((found - day).days)
    )


@given(days, days)
def test_nothing_lies_between_a_day_and_an_earlier_one(one, other):
    earlier, later = sorted((one, other))
    assert CALENDAR.between(later, earlier) == 0
    assert 0 <= CALENDAR.between(earlier, later) <= (later - earlier).days


def test_a_year_that_is_given_is_counted_by_what_is_given():
    new_year, worked = date(FAR, 1, 1), date(FAR, 1, 3)
    assert (new_year.weekday(), worked.weekday()) == (3, 5)
    given_year = WorkingYear(
        year=FAR, cite="a notice", holidays=frozenset({new_year}), working_weekends=frozenset({worked})
    )
    calendar = WorkingCalendar((given_year,))
    assert calendar.knows(FAR)
    assert not ships_with(FAR)
    assert [calendar.is_working_day(date(FAR, 1, day)) for day in range(1, 6)] == [
        False,
        True,
        True,
        False,
        True,
    ]
    assert calendar.add(date(FAR - 1, 12, 31), 2) == worked
    span = (date(FAR - 1, 12, 1), date(FAR + 1, 1, 1))
    assert calendar.unknown_years([span]) == (FAR - 1, FAR + 1)
    assert calendar.cites([span, span]) == ("a notice",)
    assert calendar.cites([(date(2026, 1, 1), date(2026, 2, 1))]) == ()


def test_a_year_is_given_once():
    year = WorkingYear(year=FAR, cite="x", holidays=frozenset(), working_weekends=frozenset())
    with pytest.raises(ValueError, match="given twice"):
        WorkingCalendar((year, year))
