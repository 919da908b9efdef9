"""Amounts, days and moments on the wire."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from schema.errors import WrongValueError
from schema.scalars import parse_amount, parse_day, parse_moment, print_amount, print_moment


@pytest.mark.parametrize(
    ("amount", "printed"),
    [
        ("0", "0.00"),
        ("30000", "30000.00"),
        ("3E+4", "30000.00"),
        ("30000.0", "30000.00"),
        ("12.345", "12.345"),
        ("0.0010", "0.001"),
        ("1E-7", "0.0000001"),
        ("-5.5", "-5.50"),
        ("123456789012345678.99", "123456789012345678.99"),
    ],
)
def test_an_amount_is_printed_exactly_with_at_least_two_places(amount: str, printed: str) -> None:
    assert print_amount(Decimal(amount)) == printed
    assert Decimal(printed) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "1e3", "NaN", "Infinity", "1,000", " 1", "+1", "1.", ".5", "１", "1" * 19, 1, 1.5, None, True],
)
def test_an_amount_is_a_plain_decimal_string(text: object) -> None:
    with pytest.raises(WrongValueError, match="decimal string"):
        parse_amount(text)


@pytest.mark.parametrize(
    "text",
    [
        "20260301",
        "2026-3-1",
        "2026-W10-1",
        "2026-02-30",
        "1899-12-31",
        "2200-01-01",
        "２０２６-03-01",
        0,
        None,
    ],
)
def test_a_day_is_an_iso_date(text: object) -> None:
    with pytest.raises(WrongValueError, match="ISO date"):
        parse_day(text)
    assert parse_day("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "2026-03-01T09:00:00",
        "2026-03-01 09:00:00Z",
        "20260301T090000Z",
        "2026-03-01T25:00:00Z",
        "2026-03-01T09:00:00+0800",
        "2026-03-01T09:00:00.1234567Z",
        "1066-10-14T09:00:00Z",
        5,
    ],
)
def test_a_moment_has_an_offset(text: object) -> None:
    with pytest.raises(WrongValueError, match="offset"):
        parse_moment(text)


def test_a_moment_is_told_in_business_time() -> None:
    moment = parse_moment("2026-03-01T20:30:00Z")
    assert moment == datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    assert print_moment(moment) == "2026-03-02T04:30:00+08:00"
    assert parse_moment(print_moment(moment)) == moment
