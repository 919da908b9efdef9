"""A vendor's month: one writer at a time, who locks the vendor's row until the end of the transaction.

A refusal inside such a transaction must leave everything unchanged: it is raised, so that the transaction rolls back,
and then returned as a value.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from asyncpg import LockNotAvailableError, Record

from base.database import Connection
from base.months import month_text
from base.sql import Queries
from handbook import business_day
from ledger.reconciliation.values import is_text
from ledger.refusals import Refusal, RefusalCode, busy, invalid

SQL = Queries(Path(__file__).with_name("periods.sql"))

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A vendor's month, locked: nobody else writes to its rows until the end of the transaction."""

    id: int
    vendor: str
    month: date
    closed_at: datetime | None

    def must_be_open(self) -> None:
        """Refuse with PERIOD_CLOSED when the period is closed."""
        if self.closed_at is not None:
            raise RefusedError(
                Refusal(code=RefusalCode.PERIOD_CLOSED, facts={"period": month_text(self.month)})
            )


class RefusedError(Exception):
    """Rolls a transaction back; the refusal is the answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code.value)
        self.refusal = refusal


def answering_refusals(
    work: Callable[_Arguments, Coroutine[Any, Any, _Answer]],
) -> Callable[_Arguments, Coroutine[Any, Any, _Answer | Refusal]]:
    """Decorate work with a transaction of its own: return the refusal that ended it; BUSY after a lock timeout."""

    @wraps(work)
    async def answering(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer | Refusal:
        try:
            return await work(*args, **kwargs)
        except RefusedError as refused:
            return refused.refusal
        except LockNotAvailableError:
            return busy()

    return answering


async def lock_month(conn: Connection, vendor: str, month: date) -> Period:
    """Lock the vendor and return its month, created if need be. Refuses with INVALID for an unknown vendor."""
    if not is_text(vendor) or await conn.fetchval(SQL["lock_vendor"], vendor) is None:
        raise _no_vendor(vendor)
    await conn.execute(SQL["open_period"], vendor, month)
    row = await conn.fetchrow(SQL["period_of_month"], vendor, month)
    if row is None:  # rows of periods are never deleted
        message = f"the period {vendor} {month} has vanished"
        raise AssertionError(message)
    return _period(row)


async def lock_open_month(conn: Connection, vendor: str, month: date, *, now: datetime) -> Period:
    """The same, to change the month: refuses with INVALID one that lies ahead, with PERIOD_CLOSED a closed one."""
    must_have_begun(month, now)
    period = await lock_month(conn, vendor, month)
    period.must_be_open()
    return period


async def must_not_be_closed(conn: Connection, vendor: str, month: date) -> None:
    """Refuse with PERIOD_CLOSED as of now: without the vendor's lock, the month may still be closed right after."""
    row = await conn.fetchrow(SQL["period_of_month"], vendor, month)
    if row is not None:
        _period(row).must_be_open()


async def lock_period(conn: Connection, period: int) -> Period | None:
    """Lock the period's vendor; return the period, or None when there is none of this id."""
    row = await conn.fetchrow(SQL["period_by_id"], period)
    if row is None:
        return None
    await conn.fetchval(SQL["lock_vendor"], row["vendor"])
    # Read again: it may have been closed while we waited for the lock.
    row = await conn.fetchrow(SQL["period_by_id"], period)
    return _period(row) if row is not None else None


async def must_be_a_vendor(conn: Connection, vendor: str) -> None:
    """Refuse with INVALID when no vendor has this code."""
    if not is_text(vendor) or not await conn.fetchval(SQL["vendor_exists"], vendor):
        raise _no_vendor(vendor)


def must_be_text(name: str, value: str) -> None:
    """Refuse with INVALID a text that is empty or has characters that cannot be shown."""
    if not is_text(value):
        raise RefusedError(
            invalid(f"{name} 须为 1 至 200 个可见字符", f"{name}: expected 1 to 200 visible characters")
        )


def must_have_begun(month: date, now: datetime) -> None:
    """Refuse with INVALID a month that lies wholly ahead."""
    if month > business_day(now):
        raise RefusedError(
            invalid(f"账期 {month_text(month)} 尚未开始", f"period: {month_text(month)} has not begun yet")
        )


def _no_vendor(vendor: str) -> RefusedError:
    shown = vendor[:64] if is_text(vendor) else "?"
    return RefusedError(
        invalid(f"没有代码为「{shown}」的服务商", f"vendor: there is no vendor with the code {shown}")
    )


def _period(row: Record) -> Period:
    return Period(id=row["id"], vendor=row["vendor"], month=row["month"], closed_at=row["closed_at"])
