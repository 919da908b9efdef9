"""Audit events, as auditors read them."""

from uuid import UUID

import strawberry

from ledger.auditing import AuditFilter, AuditPlace, events_page
from ledger.ids import opaque_id, parse_opaque
from schema.connections import (
    LARGEST_LEDGER_PAGE,
    Connection,
    Page,
    bad_cursor,
    checked_first,
    connection,
    microseconds_of,
    moment_of,
)
from schema.context import Info
from schema.filters import DateFilter, TextFilter, days, texts
from schema.types.audit_event import AuditEvent

_CURSOR = "AuditCursor"
_MOST_DIGITS = 18


@strawberry.input(description="Which audit events.")
class AuditWhere:
    member_no: TextFilter | None = strawberry.field(
        default=None, description="The member; files of many members are not among them."
    )
    subject: TextFilter | None = strawberry.field(default=None, description="The subject of the token.")
    operation: TextFilter | None = strawberry.field(
        default=None,
        description="The operation's name, or `export entries`, `export findings`, `export settlement`.",
    )
    on: DateFilter | None = strawberry.field(default=None, description="The day.")

    def as_filter(self) -> AuditFilter:
        """The filter in the ledger's terms."""
        return AuditFilter(
            member_nos=texts("memberNo", self.member_no),
            subjects=texts("subject", self.subject),
            operations=texts("operation", self.operation),
            at=days(self.on),
        )


@strawberry.type
class AuditEventQueries:
    """Questions about who looked at whose data."""

    @strawberry.field(
        description="Who looked at whose data, newest first: what vendors and staff were shown. An event is there "
        f"about a second after the answer. `first` from 1 to {LARGEST_LEDGER_PAGE}."
    )
    async def audit_events(
        self, info: Info, first: int, after: str | None = None, where: AuditWhere | None = None
    ) -> Connection[AuditEvent]:
        rows = await events_page(
            info.context.pool,
            where=where.as_filter() if where is not None else AuditFilter(),
            first=checked_first(first, LARGEST_LEDGER_PAGE) + 1,
            after=_read_cursor(after),
        )
        return connection(
            Page.of(rows, first),
            cursor=lambda row: opaque_id(_CURSOR, microseconds_of(row.at), row.id.hex),
            node=AuditEvent.of,
            after=after,
        )


def _read_cursor(after: str | None) -> AuditPlace | None:
    if after is None:
        return None
    kind, parts = parse_opaque(after) or ("", ())
    try:
        microseconds, event = parts
        if kind != _CURSOR or not microseconds.isdecimal() or len(microseconds) > _MOST_DIGITS:
            raise bad_cursor()
        return AuditPlace(at=moment_of(int(microseconds)), id=UUID(event))
    except ValueError:
        raise bad_cursor() from None
