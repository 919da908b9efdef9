"""Findings: what was found of a line, of a delivery, or of a pair of both. From `ledger.reconciliation.views`."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from base.months import month_text
from ledger.reconciliation import values
from ledger.reconciliation.views import DecisionView, FindingView
from schema.catalogue import benefit_of
from schema.context import Info
from schema.disclosure import shown
from schema.permissions import is_vendor
from schema.types.benefit import Benefit
from schema.types.enums import Action, FindingKind, Pass
from schema.types.node import Node
from schema.types.redemption import Redemption
from schema.types.refusal import Refusal
from schema.types.vendor import Vendor

if TYPE_CHECKING:
    from schema.types.statement import Statement


@strawberry.type(description="A line of a vendor's statement, as the vendor sent it.")
class StatementLine:
    line_no: int = strawberry.field(description="The vendor's number of the line; in a spreadsheet, its row.")
    reference: str | None = strawberry.field(description="The vendor's own reference, if it gave one.")
    member_no: str = strawberry.field(description="For whom.")
    units: int = strawberry.field(description="How many, in the unit that the benefit counts.")
    occurred_on: date = strawberry.field(description="The day of delivery, as stated.")
    amount: Decimal = strawberry.field(description="What the vendor asks for all of it, in CNY.")
    benefit_code: strawberry.Private[str]

    @strawberry.field(description="Of what.")
    def benefit(self, info: Info) -> Benefit:
        return benefit_of(info.context.handbook, self.benefit_code)

    @classmethod
    def of(cls, line: values.StatementLine) -> "StatementLine":
        """The line as the API shows it."""
        return cls(
            line_no=line.line_no,
            reference=line.reference,
            member_no=shown(line.member_no),
            units=line.units,
            occurred_on=line.occurred_on,
            amount=line.amount,
            benefit_code=line.benefit,
        )


@strawberry.type(description="What somebody decided of a finding.")
class Resolution:
    action: Action = strawberry.field(description="What was decided.")
    kind: FindingKind = strawberry.field(description="What the finding was when it was decided.")
    payable: Decimal | None = strawberry.field(
        description="What is paid by it, in CNY; null for REOPEN, which decides nothing."
    )
    note: str = strawberry.field(description="Why.")
    by: str = strawberry.field(description="Who: the subject of the token, or its role.")
    at: datetime = strawberry.field(description="When.")

    @classmethod
    def of(cls, decision: DecisionView) -> "Resolution":
        """The decision as the API shows it."""
        return cls(
            action=decision.action,
            kind=decision.kind,
            payable=decision.payable,
            note=decision.note,
            by=decision.by,
            at=decision.at,
        )


@strawberry.type(
    description="One result of a reconciliation: of a line of a statement, of a delivery, or of a pair of both."
)
class Finding(Node):
    kind: FindingKind = strawberry.field(description="What was found; of several differences the weightiest.")
    differences: list[FindingKind] = strawberry.field(
        description="Everything in which the line and the delivery differ, `kind` first; of what is no pair just "
        "`kind`; empty when they agree."
    )
    matched_by: Pass | None = strawberry.field(
        description="How the line and the delivery came together; null: they did not."
    )
    period: str = strawberry.field(description="The vendor's month in which it was found, like 2026-10.")
    line: StatementLine | None = strawberry.field(
        description="The line; null: no line of the period's statements speaks of the delivery."
    )
    redemption: Redemption | None = strawberry.field(
        description="The delivery, as it stands now; null: the line is matched with none."
    )
    candidates: list[Redemption] = strawberry.field(
        description="Deliveries that the line might mean, to MATCH it by hand or to see what it repeats."
    )
    occurred_on: date = strawberry.field(description="The day of delivery by the ledger, else as stated.")
    stated_amount: Decimal | None = strawberry.field(
        description="What the line states, in CNY; null without a line."
    )
    ledger_amount: Decimal | None = strawberry.field(
        description="What the ledger counts, in CNY, by the contract on the day of delivery: nothing of what was "
        "reversed, and less than nothing of what had been paid by then. Null: no delivery, or no price that day."
    )
    units_difference: int = strawberry.field(description="Units stated less units that the ledger counts.")
    amount_difference: Decimal = strawberry.field(
        description="The amount stated less what the ledger counts, in CNY."
    )
    payable: Decimal | None = strawberry.field(
        description="What is paid of it, in CNY: what agrees, or as decided. Null while it waits for a decision."
    )
    accepting_pays: Decimal = strawberry.field(
        description="What ACCEPT pays, in CNY: what the statement and the ledger both bear out. Below zero it "
        "takes back."
    )
    open: bool = strawberry.field(
        description="Whether it waits for a decision: then the period cannot be closed."
    )
    late: bool = strawberry.field(description="Whether the service was delivered in an earlier month.")
    carried_from: str | None = strawberry.field(
        description="The closed month, like 2026-09, in which it was disputed; null: it was not."
    )
    resolution: Resolution | None = strawberry.field(
        description="The decision that stands; null while it waits, and where nothing needs a decision."
    )
    history: list[Resolution] = strawberry.field(
        description="Everything that was decided of it, oldest first, REOPEN and earlier periods too."
    )
    view: strawberry.Private[FindingView]

    @strawberry.field(
        description="Why, in words for the one who decides: how the two came together, what is stated, what the "
        "ledger has, and what ACCEPT pays. In Chinese or, with `Accept-Language: en`, in English."
    )
    def reason(self, info: Info) -> str:
        context = info.context
        return self.view.reason(context.language, to_vendor=is_vendor(context.viewer))

    @strawberry.field(description="Of what.")
    def benefit(self, info: Info) -> Benefit:
        return benefit_of(info.context.handbook, self.view.benefit)

    @strawberry.field(description="Whose.")
    async def vendor(self, info: Info) -> Vendor:
        found = await info.context.loaders.vendor.load(self.view.vendor)
        return Vendor.of(found) if found is not None else Vendor(code=self.view.vendor, name=self.view.vendor)

    @strawberry.field(description="The statement of its line; null without a line.")
    async def statement(
        self, info: Info
    ) -> Annotated["Statement", strawberry.lazy("schema.types.statement")] | None:
        # A statement has findings, and a finding names its statement: the types meet here, at run time.
        from schema.types.statement import Statement

        if self.view.statement is None:
            return None
        found = await info.context.loaders.statement.load(self.view.statement)
        return Statement.of(found) if found is not None else None

    @classmethod
    def of(cls, view: FindingView) -> "Finding":
        """The finding as the API shows it."""
        return cls(
            id=strawberry.ID(view.id.opaque),
            kind=view.kind,
            differences=list(view.differences),
            matched_by=view.pass_,
            period=month_text(view.month),
            line=StatementLine.of(view.line) if view.line is not None else None,
            redemption=Redemption.read(view.redemption) if view.redemption is not None else None,
            candidates=[Redemption.read(each) for each in view.candidates],
            occurred_on=view.occurred_on,
            stated_amount=view.stated_amount,
            ledger_amount=view.ledger_amount,
            units_difference=view.units_difference,
            amount_difference=view.amount_difference,
            payable=view.payable,
            accepting_pays=view.accepting_pays,
            open=view.waits,
            late=view.late,
            carried_from=month_text(view.carried_from) if view.carried_from is not None else None,
            resolution=Resolution.of(view.resolution) if view.resolution is not None else None,
            history=[Resolution.of(each) for each in view.history],
            view=view,
        )


FindingOutcome = Annotated[
    Finding | Refusal,
    strawberry.union("FindingOutcome", description='The finding as it stands now, or an expected "no".'),
]
