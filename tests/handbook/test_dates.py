"""Days, years and service years, also from 29 February on."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbook import add_years, business_day, cover_end, service_year_number, service_year_span, start_of

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 12, 31))
LEAP_DAYS = st.sampled_from([date(year, 2, 29) for year in (1904, 1996, 2000, 2024, 2096)])


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 1, 16, 0, 0, tzinfo=UTC), date(2026, 3, 2)),
        (datetime.fromisoformat("2026-03-02T00:00:00+08:00"), date(2026, 3, 2)),
        (datetime.fromisoformat("2026-03-01T23:59:59+08:00"), date(2026, 3, 1)),
        (datetime.fromisoformat("2026-03-01T20:00:00-05:00"), date(2026, 3, 2)),
    ],
)
def test_a_moment_belongs_to_the_day_in_shanghai(moment, day):
    assert business_day(moment) == day


def test_a_moment_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="has no offset"):
        business_day(datetime(2026, 3, 1, 12, 0))  # noqa: DTZ001 - the case


@given(DAYS)
def test_a_day_begins_with_its_first_moment(day):
    begins = start_of(day)
    assert begins.utcoffset() is not None
    assert business_day(begins) == day
    assert business_day(begins.astimezone(UTC) - timedelta(microseconds=1)) < day


@pytest.mark.parametrize(
    ("day", "years", "later"),
    [
        (date(2024, 1, 10), 10, date(2034, 1, 10)),
        (date(2024, 2, 29), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2096, 2, 29), 4, date(2100, 2, 28)),
        (date(2023, 2, 28), 1, date(2024, 2, 28)),
        (date(2024, 2, 29), -1, date(2023, 2, 28)),
        (date(2024, 5, 31), 0, date(2024, 5, 31)),
    ],
)
def test_years_keep_month_and_day_and_a_missing_leap_day_is_the_28th(day, years, later):
    assert add_years(day, years) == later


def test_a_day_after_the_calendar_ends_is_refused():
    with pytest.raises(ValueError, match="year"):
        add_years(date(9999, 1, 1), 1)


@pytest.mark.parametrize(
    ("start", "years", "end"),
    [
        (date(2024, 1, 10), 10, date(2034, 1, 10)),
        (date(2024, 2, 29), 1, date(2025, 3, 1)),
        (date(2024, 2, 29), 2, date(2026, 3, 1)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2096, 2, 29), 4, date(2100, 3, 1)),
        (date(2023, 2, 28), 1, date(2024, 2, 28)),
        (date(2024, 2, 28), 1, date(2025, 2, 28)),
        (date(2024, 3, 1), 1, date(2025, 3, 1)),
    ],
)
def test_a_cover_keeps_month_and_day_and_of_29_february_ends_before_1_march(start, years, end):
    assert cover_end(start, years) == end


def test_a_cover_that_outlives_the_calendar_is_refused():
    for start in (date(9999, 1, 1), date(9996, 2, 29)):
        with pytest.raises(ValueError, match="year"):
            cover_end(start, 100)


@given(DAYS | LEAP_DAYS, st.integers(0, 100))
def test_a_cover_ends_with_the_last_day_before_its_month_and_day(start, years):
    last_day = cover_end(start, years) - timedelta(days=1)
    month_and_day = (start.year + years, start.month, start.day)
    assert (last_day.year, last_day.month, last_day.day) < month_and_day
    after = last_day + timedelta(days=1)
    assert (after.year, after.month, after.day) >= month_and_day


@given(DAYS | LEAP_DAYS, st.integers(0, 100))
def test_a_cover_ends_on_the_anniversary_but_for_a_missing_29_february_a_day_later(start, years):
    missing = (start.month, start.day) == (2, 29) and (start.year + years) % 4 != 0
    missing |= (start.month, start.day, start.year + years) in {(2, 29, 2100), (2, 29, 2200)}
    assert cover_end(start, years) - add_years(start, years) == timedelta(days=1 if missing else 0)


@given(DAYS, st.integers(0, 100))
def test_added_years_never_leave_the_month(day, years):
    later = add_years(day, years)
    assert (later.year, later.month) == (day.year + years, day.month)
    assert later.day == day.day or (day.month, day.day, later.day) == (2, 29, 28)


@pytest.mark.parametrize(
    ("anchor", "day", "number"),
    [
        (date(2024, 1, 26), date(2024, 1, 25), 0),
        (date(2024, 1, 26), date(1999, 1, 1), 0),
        (date(2024, 1, 26), date(2024, 1, 26), 1),
        (date(2024, 1, 26), date(2025, 1, 25), 1),
        (date(2024, 1, 26), date(2025, 1, 26), 2),
        (date(2024, 2, 29), date(2025, 2, 27), 1),
        (date(2024, 2, 29), date(2025, 2, 28), 2),
        (date(2024, 2, 29), date(2028, 2, 28), 4),
        (date(2024, 2, 29), date(2028, 2, 29), 5),
        (date(2024, 2, 28), date(2028, 2, 28), 5),
        (date(2024, 12, 31), date(2025, 1, 1), 1),
    ],
)
def test_a_service_year_begins_on_every_anniversary(anchor, day, number):
    assert service_year_number(anchor, day) == number


@pytest.mark.parametrize(
    ("anchor", "number", "span"),
    [
        (date(2024, 1, 26), 1, (date(2024, 1, 26), date(2025, 1, 26))),
        (date(2024, 1, 26), 3, (date(2026, 1, 26), date(2027, 1, 26))),
        (date(2024, 2, 29), 1, (date(2024, 2, 29), date(2025, 2, 28))),
        (date(2024, 2, 29), 2, (date(2025, 2, 28), date(2026, 2, 28))),
        (date(2024, 2, 29), 4, (date(2027, 2, 28), date(2028, 2, 29))),
        (date(2024, 2, 29), 5, (date(2028, 2, 29), date(2029, 2, 28))),
    ],
)
def test_a_service_year_spans_from_one_anniversary_to_the_next(anchor, number, span):
    assert service_year_span(anchor, number) == span


@pytest.mark.parametrize("number", [0, -1])
def test_there_is_no_service_year_before_the_first(number):
    with pytest.raises(ValueError, match="counted from 1"):
        service_year_span(date(2024, 1, 26), number)


@given(DAYS | LEAP_DAYS, st.integers(0, 80 * 366))
def test_every_day_from_the_anchor_on_lies_in_exactly_its_service_year(anchor, days_later):
    day = anchor + timedelta(days=days_later)
    number = service_year_number(anchor, day)
    start, end = service_year_span(anchor, number)
    assert start <= day < end


@given(DAYS | LEAP_DAYS, st.integers(1, 100))
def test_service_years_join_without_gap_or_overlap(anchor, number):
    _, end = service_year_span(anchor, number)
    start, _ = service_year_span(anchor, number + 1)
    assert end == start
    assert service_year_number(anchor, end - timedelta(days=1)) == number
    assert service_year_number(anchor, start) == number + 1
