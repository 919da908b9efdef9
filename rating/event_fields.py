"""The kinds of fields in the history stream, each accepted in one form only: texts, amounts, days, moments.

What is not in that form is refused with a `PydanticCustomError`; `rating.unreadable` has the words.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, Strict, ValidationInfo
from pydantic_core import PydanticCustomError

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
"""No day or moment lies outside of these years: neither in the stream nor in any request."""
LONGEST_IDENTIFIER, LONGEST_NAME = 64, 200
PREMIUM_LIMIT = Decimal(10) ** 12
STORED = object()
"""The validation context of events that are read from where they are stored."""
_CENT = Decimal("0.01")
_PREMIUM = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _text(value: object, longest: int) -> str:
    if type(value) is not str:
        raise PydanticCustomError("text", "not a text")
    if (
        not value
        or len(value) > longest
        or value[0].isspace()
        or value[-1].isspace()
        or _UNPRINTABLE.search(value)
    ):
        raise PydanticCustomError("text", "not a text of {longest}", {"longest": longest})
    return value


def _identifier(value: object) -> str:
    return _text(value, LONGEST_IDENTIFIER)


def _name(value: object) -> str:
    return _text(value, LONGEST_NAME)


def _premium(value: object) -> Decimal:
    """Read an amount of 0 or more: a gift policy's premium is 0."""
    if isinstance(value, Decimal) and value.is_finite():
        value = format(value, "f")
    if not isinstance(value, str) or not _PREMIUM.fullmatch(value):
        raise PydanticCustomError("premium", "not an amount")
    amount = Decimal(value)
    if not 0 <= amount < PREMIUM_LIMIT:
        raise PydanticCustomError("premium", "not an amount")
    return amount.quantize(_CENT)


def _day(value: object) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            value = date.fromisoformat(value)
        except ValueError as error:
            raise PydanticCustomError("day", "not a day") from error
    if type(value) is not date or not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise PydanticCustomError("day", "not a day")
    return value


def _moment(value: object) -> datetime:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            value = datetime.fromisoformat(value.upper())
        except ValueError as error:
            raise PydanticCustomError("moment", "not a moment") from error
    if (
        not isinstance(value, datetime)
        or value.utcoffset() is None
        or not EARLIEST_YEAR <= value.year <= LATEST_YEAR
    ):
        raise PydanticCustomError("moment", "not a moment")
    return value.astimezone(UTC)


def _sent(check: Callable[[object], object]) -> BeforeValidator:
    """Check what a sender wrote. What is stored has passed the check, and is only given its type."""

    def checked(value: object, info: ValidationInfo) -> object:
        return value if info.context is STORED else check(value)

    return BeforeValidator(checked)


Identifier = Annotated[str, _sent(_identifier)]
Name = Annotated[str, _sent(_name)]
Premium = Annotated[Decimal, _sent(_premium)]
Day = Annotated[date, _sent(_day)]
Moment = Annotated[datetime, _sent(_moment)]
TermYears = Annotated[int, Strict(), Field(ge=1, le=100)]
