"""Vendors' months and their totals; vendors see their own."""

import strawberry

from ledger.ids import opaque_id, parse_numbers
from ledger.reconciliation.reading import (
    SettlementPlace,
    SettlementView,
    period_view,
    settlement,
    settlements_page,
)
from schema.connections import (
    LARGEST_PAGE,
    Connection,
    Page,
    bad_cursor,
    checked_first,
    connection,
    microseconds_of,
    moment_of,
)
from schema.context import Info
from schema.months import asked_month
from schema.permissions import check_own_vendor, own_vendors
from schema.types.period import Period
from schema.types.settlement import Settlement

_CURSOR = "SettlementCursor"


@strawberry.type
class PeriodQueries:
    """Questions about periods."""

    @strawberry.field(
        description="A vendor's month, like 2026-10: open and empty when it has no statements; null for an "
        "unknown vendor. Vendors may ask for their own."
    )
    async def period(self, info: Info, vendor: str, period: str) -> Period | None:
        check_own_vendor(info.context.viewer, vendor)
        view = await period_view(info.context.pool, vendor, asked_month("period", period))
        return Period.of(view) if view is not None else None

    @strawberry.field(
        description="The settlement of a vendor's month, like 2026-10; null while it is open. Vendors may ask for "
        "their own."
    )
    async def settlement(self, info: Info, vendor: str, period: str) -> Settlement | None:
        check_own_vendor(info.context.viewer, vendor)
        view = await settlement(info.context.pool, vendor, asked_month("period", period))
        return Settlement.of(view) if view is not None else None

    @strawberry.field(
        description="Settlements of a vendor (absent: of all; for a vendor, its own), the latest first, `first` "
        f"from 1 to {LARGEST_PAGE}."
    )
    async def settlements(
        self, info: Info, first: int, after: str | None = None, vendor: str | None = None
    ) -> Connection[Settlement]:
        asked = frozenset({vendor}) if vendor is not None else None
        views = await settlements_page(
            info.context.pool,
            vendors=own_vendors(info.context.viewer, asked),
            first=checked_first(first) + 1,
            after=_read_cursor(after),
        )
        return connection(Page.of(views, first), cursor=_cursor, node=Settlement.of, after=after)


def _cursor(view: SettlementView) -> str:
    return opaque_id(_CURSOR, microseconds_of(view.closed_at), view.period)


def _read_cursor(after: str | None) -> SettlementPlace | None:
    if after is None:
        return None
    numbers = parse_numbers(after, _CURSOR, 2)
    if numbers is None:
        raise bad_cursor()
    return SettlementPlace(closed_at=moment_of(numbers[0]), period=numbers[1])
