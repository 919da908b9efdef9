"""What became of a vendor's holds of a benefit, against what the handbook promises."""

from typing import cast

import strawberry

from handbook import Handbook
from handbook.calendar import warning
from ledger.reports.service_levels import Days, ServiceReport
from schema.catalogue import benefit_of
from schema.connections import (
    LARGEST_PAGE,
    Connection,
    Page,
    checked_first,
    connection,
    place_cursor,
    read_place_cursor,
)
from schema.context import Info
from schema.types.benefit import Benefit
from schema.types.redemption import Redemption


@strawberry.type(description="How many holds stand how. Each is counted once.")
class ServiceLevelCounts:
    holds: int = strawberry.field(description="All of them.")
    on_time: int = strawberry.field(description="Done in time.")
    late: int = strawberry.field(description="Done too late, or released too late without being done.")
    open: int = strawberry.field(description="Not done; there is still time.")
    overdue: int = strawberry.field(
        description="Not done, and it is too late; also when the hold has run out."
    )
    ended: int = strawberry.field(description="Released in time, without being done: nothing is owed.")
    latest_by_working_days: int = strawberry.field(
        description="Of those late or overdue, the greatest lateness in working days; 0: none is late."
    )


@strawberry.type(
    description="What became of a vendor's holds of a benefit for which the handbook promises a service level."
)
class ServiceLevelReport:
    benefit: Benefit = strawberry.field(description="Of what.")
    holds: int = strawberry.field(description="Holds booked on days of the span.")
    on_time: int = strawberry.field(description="All that fell due was done in time.")
    late: int = strawberry.field(
        description="Something was done too late, or the hold was released too late."
    )
    open: int = strawberry.field(description="Something is still to be done, and nothing is late.")
    overdue: int = strawberry.field(description="Something is still to be done, and it is too late.")
    ended: int = strawberry.field(
        description="Released before anything fell due or was done: nothing is owed."
    )
    latest_by_working_days: int = strawberry.field(
        description="Of those late or overdue, the greatest lateness in working days; 0: none is late."
    )
    respond: ServiceLevelCounts | None = strawberry.field(
        description="Of the promise to answer; null: nothing is promised."
    )
    arrange: ServiceLevelCounts | None = strawberry.field(
        description="Of the promise to arrange; null: nothing is promised."
    )
    calendar_cites: list[str] = strawberry.field(
        description="The State Council's notices for those years of the deadlines that the operator gave; "
        "years that the calendar ships with are not named."
    )
    vendor_code: strawberry.Private[str]
    benefit_code: strawberry.Private[str]
    days: strawberry.Private[Days]
    years: strawberry.Private[tuple[int, ...]]

    @strawberry.field(
        description="What to know about the figures: years whose public holidays are not known yet. Null: nothing."
    )
    def warning(self, info: Info) -> str | None:
        return warning(self.years, info.context.language)

    @strawberry.field(
        description=f"The holds that are late or overdue, newest first, `first` from 1 to {LARGEST_PAGE}."
    )
    async def late_redemptions(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[Redemption]:
        page = (self.days, checked_first(first) + 1, read_place_cursor(after))
        rows = await info.context.loaders.late_holds.load(((self.vendor_code, self.benefit_code), page))
        return connection(
            Page.of(rows, first),
            cursor=lambda row: place_cursor(row.place),
            node=Redemption.read,
            after=after,
        )

    @classmethod
    def of(cls, report: ServiceReport, days: Days, handbook: Handbook) -> "ServiceLevelReport":
        """A row of the report as the API shows it."""
        total = report.total
        return cls(
            benefit=benefit_of(handbook, report.benefit),
            holds=total.holds,
            on_time=total.on_time,
            late=total.late,
            open=total.open,
            overdue=total.overdue,
            ended=total.ended,
            latest_by_working_days=total.latest_by_working_days,
            respond=cast("ServiceLevelCounts | None", report.respond),
            arrange=cast("ServiceLevelCounts | None", report.arrange),
            vendor_code=report.vendor,
            benefit_code=report.benefit,
            days=days,
            calendar_cites=list(report.cites),
            years=report.unknown_years,
        )
