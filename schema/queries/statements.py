"""Statements and their settlements: one, or pages of them; vendors see their own."""

from dataclasses import replace

import strawberry

from ledger.ids import opaque_id, parse_numbers
from ledger.reconciliation.reading import StatementFilter, statements_page
from ledger.reconciliation.values import StatementId
from schema.connections import LARGEST_PAGE, Connection, Page, bad_cursor, checked_first, connection
from schema.context import Context, Info
from schema.errors import BadInputError
from schema.filters import TextFilter, texts, values
from schema.months import asked_month
from schema.permissions import check_own, own_vendors
from schema.types.enums import StatementStatus
from schema.types.finding import Statement

_CURSOR = "StatementCursor"


@strawberry.input(description="Compares the status of a statement.")
class StatementStatusFilter:
    eq: StatementStatus | None = strawberry.field(default=None, description="Equal to.")
    in_: list[StatementStatus] | None = strawberry.field(
        name="in", default=None, description="One of; none of an empty list."
    )


@strawberry.input(description="Which statements.")
class StatementWhere:
    vendor: TextFilter | None = strawberry.field(
        default=None, description="The code of the vendor; a vendor may name itself only."
    )
    period: TextFilter | None = strawberry.field(default=None, description="The month, like 2026-10.")
    status: StatementStatusFilter | None = strawberry.field(default=None, description="Its status.")

    def as_filter(self) -> StatementFilter:
        """The filter in the ledger's terms."""
        months, status = texts("period", self.period), self.status
        return StatementFilter(
            vendors=texts("vendor", self.vendor),
            months=frozenset(asked_month("where.period", each) for each in months)
            if months is not None
            else None,
            statuses=values("status", status.eq, status.in_) if status is not None else None,
        )


@strawberry.type
class StatementQueries:
    """Questions about statements."""

    @strawberry.field(
        description="The statement with this id; null if there is none. Vendors may ask for their own."
    )
    async def statement(self, info: Info, id: strawberry.ID) -> Statement | None:
        which = StatementId.parse(id)
        if which is None:
            raise BadInputError("id: this is no id of a statement.")
        return await statement_with(info.context, which)

    @strawberry.field(
        description=f"Statements, the latest first, `first` from 1 to {LARGEST_PAGE}; for a vendor, its own."
    )
    async def statements(
        self, info: Info, first: int, after: str | None = None, where: StatementWhere | None = None
    ) -> Connection[Statement]:
        asked = where.as_filter() if where is not None else StatementFilter()
        asked = replace(asked, vendors=own_vendors(info.context.viewer, asked.vendors))
        views = await statements_page(
            info.context.pool, where=asked, first=checked_first(first) + 1, after=_read_cursor(after)
        )
        return connection(
            Page.of(views, first),
            cursor=lambda view: opaque_id(_CURSOR, view.id),
            node=Statement.of,
            after=after,
        )


async def statement_with(context: Context, which: StatementId) -> Statement | None:
    """The statement, for those who may see it."""
    view = await context.loaders.statement.load(which.number)
    check_own(context.viewer, view.vendor.code if view is not None else None, "statements")
    return Statement.of(view) if view is not None else None


def _read_cursor(after: str | None) -> int | None:
    if after is None:
        return None
    numbers = parse_numbers(after, _CURSOR, 1)
    if numbers is None:
        raise bad_cursor()
    return numbers[0]
