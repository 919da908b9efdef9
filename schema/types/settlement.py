"""Settlements of closed months."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from base.months import month_text
from handbook import benefits as values
from ledger.reconciliation.reading import SettlementLineView, SettlementView
from schema.context import Info
from schema.scalars import Long
from schema.types.benefit import Benefit
from schema.types.catalogue import benefit_of
from schema.types.redemption import Vendor
from schema.types.refusal import Refusal


@strawberry.type(description="What is paid for a benefit that was delivered in a month.")
class SettlementLine:
    occurred_in: str = strawberry.field(
        description="The month of delivery, like 2026-09: an earlier one for late or carried-forward deliveries."
    )
    correction: bool = strawberry.field(
        description="Whether it takes back what an earlier settlement, or an earlier decision, had paid."
    )
    units: Long = strawberry.field(description="Units paid; negative when taken back.")
    amount: Decimal = strawberry.field(description="In CNY; negative when taken back.")
    benefit_code: strawberry.Private[str]

    @strawberry.field(description="The benefit.", graphql_type=Benefit)
    def benefit(self, info: Info) -> values.Benefit:
        return benefit_of(info.context.handbook, self.benefit_code)

    @classmethod
    def of(cls, line: SettlementLineView) -> "SettlementLine":
        """The line as the API shows it."""
        return cls(
            occurred_in=month_text(line.occurred_in),
            correction=line.correction,
            units=Long(line.units),
            amount=line.amount,
            benefit_code=line.benefit,
        )


@strawberry.type(
    description="What a vendor is paid for a month that is closed. It never changes: a correction is a line of a "
    "later one."
)
class Settlement:
    vendor: Vendor = strawberry.field(description="The vendor that is paid.")
    period: str = strawberry.field(description="The month, like 2026-10.")
    payable: Decimal = strawberry.field(description="What is paid, in CNY: the sum of the lines.")
    carried_forward: Decimal = strawberry.field(
        description="Disputed amounts that are carried forward to a later period, in CNY; not paid."
    )
    lines: list[SettlementLine] = strawberry.field(description="By benefit and month of delivery.")
    seal: str = strawberry.field(
        description="A SHA-256, in hexadecimal, over everything that the settlement depends on, and the "
        "previous seal."
    )
    closed_at: datetime = strawberry.field(description="When the period was closed.")
    closed_by: str = strawberry.field(
        description="The actor of the close: the subject of the token, or its role. For staff."
    )
    approved_by: str | None = strawberry.field(
        description="Who confirmed the close that `closedBy` had proposed; null: nobody had to. For staff."
    )

    @classmethod
    def of(cls, view: SettlementView) -> "Settlement":
        """The settlement as the API shows it."""
        return cls(
            vendor=Vendor.of(view.vendor),
            period=month_text(view.month),
            payable=view.payable,
            carried_forward=view.carried_forward,
            lines=[SettlementLine.of(line) for line in view.lines],
            seal=view.seal,
            closed_at=view.closed_at,
            closed_by=view.closed_by,
            approved_by=view.approved_by,
        )


SettlementOutcome = Annotated[
    Settlement | Refusal,
    strawberry.union(
        "SettlementOutcome",
        description='The settlement of the period that is closed now, or an expected "no".',
    ),
]
