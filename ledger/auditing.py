"""Audit events: who looked at whose data, in which operation, when. Written in batches, read by auditors.

The writer makes an event's id, so that writing is idempotent: a batch may be retried after an uncertain commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

from asyncpg import Record

from base.database import Pool, Reader
from base.sql import Queries
from ledger.reports.filters import Span

SQL = Queries(Path(__file__).with_suffix(".sql"))

SHORTEST_RETENTION_DAYS = 90
"""The database drops nothing younger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """A member's data was shown, or a file with that of many members: `scope` then says what was requested."""

    at: datetime
    subject: str
    role: str
    vendor: str | None = None
    token_id: str | None = None
    operation: str | None = None
    request_id: str | None = None
    member_no: str | None = None
    scope: str | None = None
    id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events: each set holds the values allowed; None allows all."""

    member_nos: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    operations: frozenset[str] | None = None
    at: Span = field(default_factory=Span)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlace:
    """The position of an event in the list, newest first."""

    at: datetime
    id: UUID


async def write_events(pool: Pool, events: Sequence[AuditEvent]) -> None:
    """Write events in one statement; existing ones stay as they are. Creates the partitions of months as needed."""
    async with pool.acquire() as conn, conn.transaction():
        for month in sorted({_month(each.at) for each in events}):
            await conn.execute(SQL["make_month"], month)
        await conn.execute(
            SQL["write"],
            [each.id for each in events],
            [each.at for each in events],
            [each.subject for each in events],
            [each.role for each in events],
            [each.vendor for each in events],
            [each.token_id for each in events],
            [each.operation for each in events],
            [each.request_id for each in events],
            [each.member_no for each in events],
            [each.scope for each in events],
        )


async def events_page(
    reader: Reader, *, where: AuditFilter, first: int, after: AuditPlace | None
) -> list[AuditEvent]:
    """Up to `first` events after a position, newest first."""
    rows = await reader.fetch(
        SQL[_page_for(where)],
        first,
        after.at if after is not None else None,
        after.id if after is not None else None,
        where.at.start,
        where.at.end,
        where.member_nos,
        where.subjects,
        where.operations,
    )
    return [_event(row) for row in rows]


async def drop_old_months(pool: Pool, *, kept_days: int) -> list[str]:
    """Drop the months of which every event is older than `kept_days` days; the names of their tables."""
    return [row[0] for row in await pool.fetch(SQL["drop_old_months"], kept_days)]


def _page_for(where: AuditFilter) -> str:
    """The query whose index leaves the fewest events to scan."""
    if where.member_nos is not None:
        return "page_of_members"
    if where.subjects is not None:
        return "page_of_subjects"
    return "page" if where.operations is None else "page_of_operations"


def _month(moment: datetime) -> date:
    return moment.astimezone(UTC).date().replace(day=1)


def _event(row: Record) -> AuditEvent:
    return AuditEvent(**dict(row.items()))
