"""Months: the first day stands for the whole month."""

import re
from datetime import date

from base.words import Words

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
FIRST_YEAR, LAST_YEAR = 2000, 2199
MONTH_EXPECTED = Words(
    f"须为 {FIRST_YEAR}-01 至 {LAST_YEAR}-12 之间的月份，如 2026-10",
    f"expected a month from {FIRST_YEAR}-01 to {LAST_YEAR}-12, like 2026-10",
)
"""The hint for a text that `parse_month` refuses."""


def parse_month(text: str) -> date | None:
    """The first day of the month that a text like 2026-10 names; None when it names none from 2000 to 2199."""
    match = _MONTH.fullmatch(text)
    if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        return None
    return date(int(match[1]), int(match[2]), 1)


def month_text(month: date) -> str:
    """The month as people and the API write it: 2026-10."""
    return f"{month:%Y-%m}"


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_span(month: date) -> tuple[date, date]:
    """The days [first, end) of a month."""
    return month, next_month(month)
