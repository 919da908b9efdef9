"""Redemptions: a vendor's own, or those of all vendors for staff."""

from dataclasses import replace

import strawberry

from ledger.reports.filters import Position, RedemptionFilter
from ledger.reports.pages import redemptions_page
from schema.connections import (
    LARGEST_PAGE,
    Connection,
    Page,
    checked_first,
    connection,
    position_cursor,
    read_position_cursor,
)
from schema.context import Info, Role
from schema.filters import DateFilter, TextFilter, days, texts, values
from schema.permissions import acting_vendor, check_own_vendor
from schema.types.enums import RedemptionStatus
from schema.types.redemption import Redemption


@strawberry.input(description="Compares the status of a redemption.")
class RedemptionStatusFilter:
    eq: RedemptionStatus | None = strawberry.field(default=None, description="Equal to.")
    in_: list[RedemptionStatus] | None = strawberry.field(
        name="in", default=None, description="One of; none of an empty list."
    )


@strawberry.input(description="Which redemptions.")
class RedemptionWhere:
    status: RedemptionStatusFilter | None = strawberry.field(default=None, description="Its current status.")
    benefit: TextFilter | None = strawberry.field(default=None, description="The code of the benefit.")
    occurred_on: DateFilter | None = strawberry.field(
        default=None, description="The day on which it was booked, then delivered."
    )
    member_no: TextFilter | None = strawberry.field(default=None, description="The member number.")
    vendor: TextFilter | None = strawberry.field(
        default=None, description="The code of the vendor; a vendor may name itself only."
    )

    def as_filter(self) -> RedemptionFilter:
        """The filter in the ledger's terms."""
        status = self.status
        return RedemptionFilter(
            vendors=texts("vendor", self.vendor),
            statuses=values("status", status.eq, status.in_) if status is not None else None,
            benefits=texts("benefit", self.benefit),
            member_nos=texts("memberNo", self.member_no),
            occurred=days(self.occurred_on),
        )


@strawberry.type
class RedemptionQueries:
    """Questions about redemptions."""

    @strawberry.field(
        description=f"Redemptions, newest first, `first` from 1 to {LARGEST_PAGE}; for a vendor, its own."
    )
    async def redemptions(
        self, info: Info, first: int, after: str | None = None, where: RedemptionWhere | None = None
    ) -> Connection[Redemption]:
        context = info.context
        asked = where.as_filter() if where is not None else RedemptionFilter()
        if context.viewer is not None and context.viewer.role is Role.VENDOR:
            for code in asked.vendors or ():
                check_own_vendor(context.viewer, code)
            own = frozenset({acting_vendor(context.viewer)})
            asked = replace(asked, vendors=own if asked.vendors is None else own & asked.vendors)
        rows = await redemptions_page(
            context.pool,
            where=asked,
            first=checked_first(first) + 1,
            after=read_position_cursor(after),
            now=context.now,
        )
        return connection(
            Page.of(rows, first),
            cursor=lambda row: position_cursor(Position.of(row)),
            node=Redemption.of,
            after=after,
        )
