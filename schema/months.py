"""Months on the wire: "2026-10", as finance writes a period."""

from datetime import date

from base.months import MONTH_EXPECTED, parse_month
from ledger.refusals import Refusal, invalid
from schema.errors import BadInputError


def asked_month(name: str, text: str) -> date:
    """The first day of the month that a question names; BAD_USER_INPUT with what would be right."""
    month = parse_month(text)
    if month is None:
        raise BadInputError(f"{name}: {MONTH_EXPECTED.en}.")
    return month


def given_month(text: str) -> date | Refusal:
    """The first day of the month that a command names, or a refusal with what would be right."""
    month = parse_month(text)
    if month is None:
        return invalid(f"period {MONTH_EXPECTED.zh}", f"period: {MONTH_EXPECTED.en}")
    return month
