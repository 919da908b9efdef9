"""Statements: what a vendor says it delivered in a month, and what became of it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from base.months import month_text
from ledger.reconciliation.reading import Scope, StatementView, WithdrawalView
from ledger.reconciliation.values import StatementId
from schema.connections import LARGEST_PAGE, Connection
from schema.context import Info
from schema.findings import FindingWhere, findings_connection
from schema.types.enums import FindingKind, StatementStatus
from schema.types.finding import Finding
from schema.types.node import Node
from schema.types.refusal import Refusal
from schema.types.total import Total
from schema.types.vendor import Vendor


@strawberry.type(description="How many findings of a kind there are.")
class FindingCount:
    kind: FindingKind = strawberry.field(description="What was found.")
    count: int = strawberry.field(description="How often.")


@strawberry.type(description="A statement was taken back: its lines count no more.")
class Withdrawal:
    note: str = strawberry.field(description="Why.")
    by: str = strawberry.field(description="Who: the subject of the token, or its role.")
    at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, view: WithdrawalView) -> "Withdrawal":
        """The withdrawal as the API shows it."""
        return cls(note=view.note, by=view.by, at=view.at)


@strawberry.type(
    description="What a vendor says it delivered in a month. The statement itself never changes; how it stands "
    "does, until its period is closed."
)
class Statement(Node):
    number: str = strawberry.field(description="The vendor's own number of it.")
    vendor: Vendor = strawberry.field(description="Whose.")
    period: str = strawberry.field(description="The month that it is for, like 2026-10.")
    status: StatementStatus = strawberry.field(description="Where it stands.")
    lines: int = strawberry.field(description="How many lines it has.")
    stated: Total = strawberry.field(description="What its lines add up to.")
    matched: Total = strawberry.field(
        description="What those of its lines add up to that simply agree (MATCHED)."
    )
    payable: Decimal = strawberry.field(
        description="What is to be paid as it stands, in CNY: what agrees, and what was decided. For the latest "
        "statement of its period also of what none of the period's lines speaks of."
    )
    open: int = strawberry.field(description="How many of its findings wait for a decision.")
    counts: list[FindingCount] = strawberry.field(
        description="Its findings by kind; kinds that do not occur are left out."
    )
    submitted_by: str = strawberry.field(description="Who: the subject of the token, or its role.")
    submitted_at: datetime = strawberry.field(description="When it came.")
    withdrawal: Withdrawal | None = strawberry.field(description="That it was taken back; null: it was not.")
    number_: strawberry.Private[int]

    @strawberry.field(
        description="Its lines by number, each with what was found; and, for the latest statement of its period, "
        "what none of the period's lines speaks of. None of a statement that was taken back. `first` from 1 to "
        f"{LARGEST_PAGE}."
    )
    async def findings(
        self, info: Info, first: int, after: str | None = None, where: FindingWhere | None = None
    ) -> Connection[Finding]:
        scope, loader = Scope.statement(self.number_), info.context.loaders.findings
        return await findings_connection(lambda page: loader.load((scope, page)), where, first, after)

    @classmethod
    def of(cls, view: StatementView) -> "Statement":
        """The statement as the API shows it."""
        return cls(
            id=strawberry.ID(StatementId(view.id).opaque),
            number=view.number,
            vendor=Vendor.of(view.vendor),
            period=month_text(view.month),
            status=view.status,
            lines=view.lines,
            stated=Total.of(view.stated_units, view.stated_amount),
            matched=Total.of(view.matched_units, view.matched_amount),
            payable=view.payable,
            open=view.open,
            counts=[FindingCount(kind=kind, count=count) for kind, count in view.counts],
            submitted_by=view.submitted_by,
            submitted_at=view.submitted_at,
            withdrawal=Withdrawal.of(view.withdrawal) if view.withdrawal is not None else None,
            number_=view.id,
        )


StatementOutcome = Annotated[
    Statement | Refusal,
    strawberry.union("StatementOutcome", description='The statement as it stands, or an expected "no".'),
]
