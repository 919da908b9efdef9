"""The ledger of all customers, as finance and auditors read it."""

import strawberry

from ledger.reports.filters import EntryFilter
from ledger.reports.pages import entries_page
from schema.connections import (
    LARGEST_LEDGER_PAGE,
    Connection,
    Page,
    checked_first,
    connection,
    position_cursor,
    read_position_cursor,
)
from schema.context import Info
from schema.filters import DateFilter, TextFilter, days, texts, values
from schema.types.entry import Entry
from schema.types.enums import EntryKind


@strawberry.input(description="Compares the kind of an entry.")
class EntryKindFilter:
    eq: EntryKind | None = strawberry.field(default=None, description="Equal to.")
    in_: list[EntryKind] | None = strawberry.field(
        name="in", default=None, description="One of; none of an empty list."
    )


@strawberry.input(description="Which entries.")
class EntryWhere:
    vendor: TextFilter | None = strawberry.field(default=None, description="The code of the vendor.")
    occurred_on: DateFilter | None = strawberry.field(
        default=None, description="The day on which it happened."
    )
    kind: EntryKindFilter | None = strawberry.field(default=None, description="The kind of the entry.")
    benefit: TextFilter | None = strawberry.field(default=None, description="The code of the benefit.")
    member_no: TextFilter | None = strawberry.field(default=None, description="The member number.")

    def as_filter(self) -> EntryFilter:
        """The filter in the ledger's terms."""
        kind = self.kind
        return EntryFilter(
            vendors=texts("vendor", self.vendor),
            kinds=values("kind", kind.eq, kind.in_) if kind is not None else None,
            benefits=texts("benefit", self.benefit),
            member_nos=texts("memberNo", self.member_no),
            occurred=days(self.occurred_on),
        )


@strawberry.type
class EntryQueries:
    """Questions about the ledger."""

    @strawberry.field(
        description=f"Entries of all customers, newest first, `first` from 1 to {LARGEST_LEDGER_PAGE}."
    )
    async def entries(
        self, info: Info, first: int, after: str | None = None, where: EntryWhere | None = None
    ) -> Connection[Entry]:
        context = info.context
        rows = await entries_page(
            context.pool,
            where=where.as_filter() if where is not None else EntryFilter(),
            first=checked_first(first, LARGEST_LEDGER_PAGE) + 1,
            after=read_position_cursor(after),
            now=context.now,
        )
        return connection(
            Page.of(rows, first), cursor=lambda row: position_cursor(row.position), node=Entry.of, after=after
        )
