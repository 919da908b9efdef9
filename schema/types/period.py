"""Periods: a vendor's month, from its first statement to its settlement."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from base.months import month_text
from ledger.reconciliation.bridging import bridge_of
from ledger.reconciliation.closing import close_proposal
from ledger.reconciliation.reading import PeriodView, Scope, period_statements, settlement
from schema.connections import LARGEST_PAGE, Connection, Page, connection
from schema.context import Info
from schema.types.bridge import BridgeStep
from schema.types.enums import PeriodStatus
from schema.types.finding import Finding, Statement
from schema.types.finding_pages import FindingWhere, findings_connection
from schema.types.redemption import Vendor
from schema.types.refusal import Refusal
from schema.types.settlement import Settlement
from schema.types.statement import FindingCount
from schema.types.total import Total


@strawberry.type(description="A close that waits for another person to confirm it.")
class CloseProposal:
    by: str = strawberry.field(description="The actor: the subject of the token, or its role.")
    at: datetime = strawberry.field(description="The moment.")


@strawberry.type(description="A vendor's month: all its statements, compared with its deliveries.")
class Period:
    vendor: Vendor = strawberry.field(description="The vendor.")
    period: str = strawberry.field(description="The month, like 2026-10.")
    status: PeriodStatus = strawberry.field(description="Whether it may still change.")
    reconciled_at: datetime | None = strawberry.field(
        description="When its statements were last matched with the ledger; null: never."
    )
    closed_at: datetime | None = strawberry.field(description="When it was closed; null: it is open.")
    lines: int = strawberry.field(description="Lines of its statements, without withdrawn ones.")
    stated: Total = strawberry.field(description="The total of these lines.")
    matched: Total = strawberry.field(description="The total of those that agree (MATCHED).")
    payable: Decimal = strawberry.field(
        description="What would be paid now, in CNY: what agrees, and what was decided."
    )
    open: int = strawberry.field(description="How many findings need a decision; the close requires 0.")
    counts: list[FindingCount] = strawberry.field(
        description="Its findings by kind; kinds that do not occur are left out."
    )
    id_: strawberry.Private[int | None]
    month: strawberry.Private[date]

    @strawberry.field(description="Its statements, the latest first, with withdrawn ones.")
    async def statements(self, info: Info) -> list[Statement]:
        if self.id_ is None:
            return []
        return [Statement.of(view) for view in await period_statements(info.context.pool, self.id_)]

    @strawberry.field(
        description="What was found: lines of its statements by statement and number, then lines that were "
        "carried forward from closed periods, then deliveries without a line. `first` from 1 to "
        f"{LARGEST_PAGE}."
    )
    async def findings(
        self, info: Info, first: int, after: str | None = None, where: FindingWhere | None = None
    ) -> Connection[Finding]:
        if self.id_ is None:
            none: Page[Finding] = Page(rows=(), more=False)
            return connection(none, cursor=lambda row: row.id, node=lambda row: row, after=after)
        scope, loader = Scope.period(self.id_), info.context.loaders.findings
        return await findings_connection(
            lambda page: loader.load((scope, page)), where, first, after, node=Finding.of
        )

    @strawberry.field(
        description="The way from what is stated to what is payable, to the cent: all steps, in order, also those of "
        "nothing. In an open month a finding that waits is not paid yet."
    )
    async def bridge(self, info: Info) -> list[BridgeStep]:
        steps = await bridge_of(info.context.pool, self.vendor.code, self.month)
        return [BridgeStep.of(each) for each in steps]

    @strawberry.field(
        description="Who has proposed to close it as it is, where another person has to confirm (FOUR_EYES); null: "
        "nobody, or it has changed since, or is closed. For staff."
    )
    async def close_proposal(self, info: Info) -> CloseProposal | None:
        if self.id_ is None or self.closed_at is not None:
            return None
        async with info.context.pool.acquire() as conn:
            found = await close_proposal(conn, self.id_)
        return CloseProposal(by=found.by, at=found.at) if found is not None else None

    @strawberry.field(description="Its settlement; null while it is open.")
    async def settlement(self, info: Info) -> Settlement | None:
        if self.closed_at is None:
            return None
        view = await settlement(info.context.pool, self.vendor.code, self.month)
        return Settlement.of(view) if view is not None else None

    @classmethod
    def of(cls, view: PeriodView) -> "Period":
        """The period as the API shows it."""
        return cls(
            vendor=Vendor.of(view.vendor),
            period=month_text(view.month),
            status=view.status,
            reconciled_at=view.reconciled_at,
            closed_at=view.closed_at,
            lines=view.lines,
            stated=Total.of(view.stated_units, view.stated_amount),
            matched=Total.of(view.tally.matched_units, view.tally.matched_amount),
            payable=view.tally.payable,
            open=view.tally.open,
            counts=[FindingCount(kind=kind, count=count) for kind, count in view.tally.counts],
            id_=view.id,
            month=view.month,
        )


PeriodOutcome = Annotated[
    Period | Refusal,
    strawberry.union("PeriodOutcome", description='The period as it stands, or an expected "no".'),
]
