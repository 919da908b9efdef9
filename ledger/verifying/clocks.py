"""Traces of wrong clocks in the ledger, and warnings about a clock that is wrong now.

`recorded_at` is what the clock said; the order of a customer's entries is that of their sequence. So a clock that once
leapt ahead has affected only what was recorded meanwhile. That is reported here, for `entitlements verify`, for the
start of the service and for the metrics. A redemption that takes units in a year that has not begun is a fault: it must
be taken back. Everything else stays as it was written, and is a note.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from asyncpg import Record

from base.database import Pool, Reader
from base.sql import Queries
from base.words import counted
from handbook import BUSINESS_ZONE, business_day
from rating.checking import Fault

SQL = Queries(Path(__file__).with_name("clocks.sql"))

TOLERANCE = timedelta(seconds=30)
"""The allowed difference between machines' clocks, plus the time that a request may wait before it is written."""

_MOST_TOLD = 100
"""How many customers or entries of each kind are listed; the number of others is given."""

_Words = Callable[[Record, datetime], tuple[str, str]]
"""The place and the problem that a row tells of, as seen at a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What a clock is compared with: the database's, and the latest `recorded_at` of all entries (None: no entry)."""

    database_now: datetime
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongClocks:
    """`faults` need repair, which removes them; `notes` name what a wrong clock has written for good."""

    faults: list[Fault]
    notes: list[Fault]


async def moments(reader: Reader) -> Moments:
    """The moments that a process can compare its clock with, in one cheap query."""
    row = await reader.fetchrow(SQL["moments"])
    if row is None:  # an expression without FROM always has a row
        raise AssertionError
    return Moments(database_now=row["database_now"], newest=row["newest"])


def warnings(seen: Moments, now: datetime, *, frozen: bool) -> list[str]:
    """Warnings about a process's clock, which says `now`; a `frozen` clock is not compared with the database's."""
    found = []
    apart = now - seen.database_now
    if not frozen and abs(apart) > TOLERANCE:
        found.append(
            f"the clock of this machine is {_span(apart)} {'ahead of' if apart > timedelta() else 'behind'} "
            "the database's: one of them is wrong"
        )
    if seen.newest is not None and seen.newest - now > TOLERANCE:
        found.append(
            f"entries were recorded at {_said(seen.newest)}, {_span(seen.newest - now)} ahead of this clock: it is "
            "wrong, or one was (`entitlements verify` tells which entries; docs/operations.md, When a clock was wrong)"
        )
    return found


async def wrong_clocks(pool: Pool, *, now: datetime) -> WrongClocks:
    """The traces of wrong clocks in the ledger, as of `now`."""
    late = now + TOLERANCE

    async def told(name: str, since: datetime | date | timedelta, words: _Words) -> list[Fault]:
        return _faults(await pool.fetch(SQL[name], since, _MOST_TOLD), now, words)

    return WrongClocks(
        faults=await told("booked_ahead", late, _booked),
        notes=[
            *await told("recorded_ahead", late, _recorded),
            *await told("events_ahead", late, _known),
            *await told("anchors_ahead", business_day(now), _anchored),
            *await told("ran_back", TOLERANCE, _ran_back),
        ],
    )


def _faults(rows: Sequence[Record], now: datetime, words: _Words) -> list[Fault]:
    found = []
    for number, row in enumerate(rows, start=1):
        place, problem = words(row, now)
        more = row["total"] - len(rows)
        if more and number == len(rows):
            problem += f"; and {more} more like it"
        found.append(
            Fault(customer_id=row["customer_id"], member_no=row["member_no"], place=place, problem=problem)
        )
    return found


def _booked(row: Record, now: datetime) -> tuple[str, str]:
    by_whom = "its vendor releases it" if row["status"] == "HELD" else "finance reverses it"
    return f"redemption {row['sequence']}", f"it was booked for {_ahead(row, now)}: {by_whom}"


def _recorded(row: Record, now: datetime) -> tuple[str, str]:
    last = f" to {row['last']}" if row["last"] > row["first"] else ""
    entries = counted(row["entries"], "entry", "entries")
    return f"entries from {row['first']}{last}", f"{entries} recorded at up to {_ahead(row, now)}"


def _known(row: Record, now: datetime) -> tuple[str, str]:
    last = f" to {row['last']}" if row["last"] > row["first"] else ""
    problem = f"{counted(row['events'], 'event')} known only from {_ahead(row, now)}"
    return f"events from {row['first']}{last}", problem


def _anchored(row: Record, _now: datetime) -> tuple[str, str]:
    return "head", f"its service years count from {row['anchor']}, which is still to come, and never move"


def _ran_back(row: Record, _now: datetime) -> tuple[str, str]:
    return f"entry {row['sequence']}", f"the clock ran back by {_span(row['back'])} in front of it"


def _ahead(row: Record, now: datetime) -> str:
    moment = row["moment"]
    return f"{_said(moment)}, {_span(moment - now)} ahead of now, by a clock that was wrong"


def _said(moment: datetime) -> str:
    return moment.astimezone(BUSINESS_ZONE).isoformat(timespec="seconds")


def _span(span: timedelta) -> str:
    """A duration in words: days, hours, minutes or seconds."""
    seconds = abs(int(span.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return counted(seconds // length, unit)
    return counted(seconds, "second")
