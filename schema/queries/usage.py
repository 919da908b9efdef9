"""Reports of finance: usage in a span of days, and the liability on a day."""

from datetime import date
from typing import Annotated

import strawberry

from handbook import Handbook
from ledger.quotas.liability import liability, total_value
from ledger.reports import usage as ledger_usage
from ledger.reports.usage import UsageFilter
from schema.context import Info
from schema.errors import BadInputError
from schema.filters import IntFilter, TextFilter, stars, texts
from schema.types.enums import UsageGroup
from schema.types.usage import LiabilityLine, LiabilityReport, UsageReport, UsageRow, UsageTotal

MOST_ROWS = 2_000


@strawberry.input(description="Which deliveries.")
class UsageWhere:
    vendor: TextFilter | None = strawberry.field(default=None, description="The code of the vendor.")
    benefit: TextFilter | None = strawberry.field(default=None, description="The code of the benefit.")
    star: IntFilter | None = strawberry.field(
        default=None, description="The star that the use was judged by."
    )

    def as_filter(self, handbook: Handbook) -> UsageFilter:
        """The filter in the ledger's terms."""
        return UsageFilter(
            vendors=texts("vendor", self.vendor),
            benefits=texts("benefit", self.benefit),
            stars=stars(self.star, handbook),
        )


@strawberry.type
class UsageQueries:
    """Reports of finance."""

    @strawberry.field(
        description="What was delivered on the days [from, to), grouped by `groupBy` (without it in one row), "
        f"at most {MOST_ROWS} rows."
    )
    async def usage(
        self,
        info: Info,
        from_: Annotated[date, strawberry.argument(name="from")],
        to: date,
        group_by: list[UsageGroup] | None = None,
        where: UsageWhere | None = None,
    ) -> UsageReport:
        if to < from_:
            raise BadInputError("to: expected a day not before from.")
        context = info.context
        views = await ledger_usage.usage(
            context.pool,
            from_,
            to,
            where=where.as_filter(context.handbook) if where is not None else UsageFilter(),
            by=frozenset(group_by or ()),
            most=MOST_ROWS + 1,
        )
        if len(views) > MOST_ROWS:
            raise BadInputError(
                f"The report has more than {MOST_ROWS} rows: ask for fewer days, or group by less."
            )
        return UsageReport(
            rows=[UsageRow.in_group(view, context.handbook) for view in views],
            total=UsageTotal.of(ledger_usage.total(views)),
        )

    @strawberry.field(
        description="The liability on a day (default: today), by benefit and star: what members could still "
        "use. A future day is answered as scheduled."
    )
    async def liability(self, info: Info, on: date | None = None) -> LiabilityReport:
        context = info.context
        day = on or context.today
        rows = await liability(context.pool, day, handbook=context.handbook, now=context.now)
        edition = context.handbook.on(day)
        code = edition.code if edition is not None else None
        return LiabilityReport(
            on=day,
            rows=[LiabilityLine.of(row, context.handbook, code) for row in rows],
            value=total_value(rows),
        )
