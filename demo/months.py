"""The acts of finance in the demo: the month before last is settled, last month's statements are submitted.

Every vendor's month has the same dates: a statement on the third of the next month, decisions on the sixth, the close
on the eighth. Afterwards one delivery that was paid is reversed, and (see the cast) one comes late: both are found
again in the next month, together with what was disputed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from base.months import next_month
from demo.contracts import ASSIST, DENTAL, EXAM
from handbook.dates import start_of

VENDORS = (EXAM, DENTAL, ASSIST)

_STATED = timedelta(days=2, hours=10)
_DECIDED = timedelta(days=5, hours=15)
_CLOSED = timedelta(days=7, hours=16)
_REVERSED = timedelta(days=19, hours=14)
_AT_THE_LATEST = timedelta(hours=-2)
"""From midnight before today: after the last posting of the day."""
_ONE_AFTER_ANOTHER = timedelta(minutes=10)


class Act(StrEnum):
    """The acts of finance on a vendor's month."""

    TAKE_BACK = "TAKE_BACK"  # reverses a delivery that the vendor will bill nevertheless
    STATE = "STATE"
    DECIDE = "DECIDE"
    CLOSE = "CLOSE"
    REVERSE_PAID = "REVERSE_PAID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finance:
    """One act, at its moment; `month` is the first day of the vendor's month."""

    at: datetime
    act: Act
    vendor: str
    month: date


def last_month(today: date) -> date:
    """The first day of the month before that of today."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def settled_month(today: date) -> date:
    """The first day of the month that is closed."""
    return last_month(last_month(today))


def finance_steps(today: date) -> Iterator[Finance]:
    """The acts of finance until yesterday."""
    settled, last = settled_month(today), last_month(today)
    for index, vendor in enumerate(VENDORS):
        later = index * _ONE_AFTER_ANOTHER
        after = start_of(next_month(settled)) + later
        yield Finance(at=after + _STATED, act=Act.STATE, vendor=vendor, month=settled)
        yield Finance(at=after + _DECIDED, act=Act.DECIDE, vendor=vendor, month=settled)
        yield Finance(at=after + _CLOSED, act=Act.CLOSE, vendor=vendor, month=settled)
        stated = min(start_of(next_month(last)) + _STATED, start_of(today) + _AT_THE_LATEST) + later
        yield Finance(at=stated, act=Act.STATE, vendor=vendor, month=last)
        if vendor == ASSIST:
            yield Finance(at=after + _REVERSED, act=Act.REVERSE_PAID, vendor=vendor, month=settled)
            yield Finance(at=stated - _ONE_AFTER_ANOTHER / 2, act=Act.TAKE_BACK, vendor=vendor, month=last)
