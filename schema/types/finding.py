"""Findings, and the statements whose lines they are of: each names the other, so they stand together.

From `ledger.reconciliation`.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from base.months import month_text
from handbook import benefits as values
from ledger.reconciliation.reading import Scope, StatementView
from ledger.reconciliation.suggesting import suggestion
from ledger.reconciliation.values import StatementId
from ledger.reconciliation.views import FindingView
from schema.connections import LARGEST_PAGE, Connection
from schema.context import Info
from schema.permissions import is_vendor
from schema.types.benefit import Benefit
from schema.types.catalogue import benefit_of
from schema.types.enums import FindingKind, Pass, StatementStatus
from schema.types.finding_pages import FindingWhere, findings_connection
from schema.types.node import Node
from schema.types.redemption import Redemption, Vendor
from schema.types.refusal import Refusal
from schema.types.related import RelatedItem
from schema.types.resolution import FindingReply, Resolution, SuggestedDecision
from schema.types.statement import FindingCount, LineName, StatementLine, StatementTotal, Withdrawal
from schema.types.total import Total


@strawberry.type(
    description="One result of a reconciliation: of a line of a statement, of a delivery, or of a pair of both."
)
class Finding(Node):
    kind: FindingKind = strawberry.field(
        description="Its kind; of several differences the first in the order of kinds."
    )
    differences: list[FindingKind] = strawberry.field(
        description="All differences between the line and the delivery, `kind` first; without a pair just "
        "`kind`; empty when they agree."
    )
    matched_by: Pass | None = strawberry.field(
        description="The pass that paired the line and the delivery; null: no pair."
    )
    period: str = strawberry.field(description="The vendor's month in which it was found, like 2026-10.")
    line: StatementLine | None = strawberry.field(
        description="The line; null: no line of the period's statements claims the delivery."
    )
    redemption: Redemption | None = strawberry.field(
        description="The delivery, as it is now, or the first of several; null: the line has none."
    )
    redemptions: list[Redemption] = strawberry.field(
        description="All deliveries of the line: one, or several that it is for together; empty: it has none."
    )
    other_lines: list[LineName] = strawberry.field(
        description="Other lines that share its delivery; of a credit line the one that it takes back, and of that "
        "line the credit."
    )
    candidates: list[Redemption] = strawberry.field(
        description="Deliveries that the line might mean, to MATCH it by hand or to see what it repeats."
    )
    occurred_on: date = strawberry.field(description="The day of delivery by the ledger, else as stated.")
    stated_amount: Decimal | None = strawberry.field(
        description="What the line states, in CNY; null without a line."
    )
    ledger_amount: Decimal | None = strawberry.field(
        description="What the ledger counts, in CNY, by the contract on the day of delivery: zero for a "
        "reversed delivery, negative where it had been paid. Null: no delivery, or no price that day."
    )
    units_difference: int = strawberry.field(description="Units stated less units that the ledger counts.")
    amount_difference: Decimal = strawberry.field(
        description="The amount stated less what the ledger counts, in CNY."
    )
    payable: Decimal | None = strawberry.field(
        description="What is paid, in CNY: what agrees, or as decided. Null while it is open."
    )
    accepting_pays: Decimal = strawberry.field(
        description="What ACCEPT pays, in CNY: what both the statement and the ledger support. Negative: it "
        "takes back."
    )
    open: bool = strawberry.field(
        description="Whether it needs a decision: then the period cannot be closed."
    )
    late: bool = strawberry.field(description="Whether the service was delivered in an earlier month.")
    carried_from: str | None = strawberry.field(
        description="The closed month, like 2026-09, in which it was disputed; null: it was not."
    )
    resolution: Resolution | None = strawberry.field(
        description="The current decision; null while it is open, and where none is needed."
    )
    history: list[Resolution] = strawberry.field(
        description="All decisions on it, oldest first, with REOPEN and those of earlier periods."
    )
    replies: list[FindingReply] = strawberry.field(
        description="What the vendor replied while it was in dispute, oldest first, with replies of earlier periods."
    )
    view: strawberry.Private[FindingView]

    @strawberry.field(
        description="The explanation for the person who decides: how the two were paired, what is stated, what "
        "the ledger has, and what ACCEPT pays. In Chinese or, with `Accept-Language: en`, in English."
    )
    def reason(self, info: Info) -> str:
        context = info.context
        return self.view.reason(context.language, to_vendor=is_vendor(context.viewer))

    @strawberry.field(
        description="All lines of the finding: its own, and the others (`otherLines`); empty without a line."
    )
    async def lines(self, info: Info) -> list[StatementLine]:
        others = [(each.key, each.line_no) for each in self.view.other_lines if each.key is not None]
        found = await info.context.loaders.statement_line.load_many(others)
        own = [self.line] if self.line is not None else []
        return own + [StatementLine.of(each) for each in found if each is not None]

    @strawberry.field(
        description="What else there is of the same member, benefit and day: deliveries of other vendors, and lines "
        "that were paid by exception or matched by hand. Empty for a line that simply agrees."
    )
    def related(self) -> list[RelatedItem]:
        return [RelatedItem.of(each) for each in self.view.related]

    @strawberry.field(
        description="What is usually decided of such a finding; null: it does not wait, or a person has to look."
    )
    def suggestion(self) -> SuggestedDecision | None:
        suggested = suggestion(self.view)
        return SuggestedDecision.of(suggested) if suggested is not None else None

    @strawberry.field(description="The benefit.", graphql_type=Benefit)
    def benefit(self, info: Info) -> values.Benefit:
        return benefit_of(info.context.handbook, self.view.benefit)

    @strawberry.field(description="The vendor.")
    async def vendor(self, info: Info) -> Vendor:
        found = await info.context.loaders.vendor.load(self.view.vendor)
        return Vendor.of(found) if found is not None else Vendor(code=self.view.vendor, name=self.view.vendor)

    @strawberry.field(description="The statement of its line; null without a line.")
    async def statement(self, info: Info) -> "Statement | None":
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
            redemption=Redemption.of(view.redemption) if view.redemption is not None else None,
            redemptions=[Redemption.of(each) for each in view.redemptions],
            other_lines=[LineName.of(each) for each in view.other_lines],
            candidates=[Redemption.of(each) for each in view.candidates],
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
            replies=[FindingReply.of(each) for each in view.replies],
            view=view,
        )


@strawberry.type(
    description="A vendor's claim for a month. The statement itself never changes; its status does, until its "
    "period is closed."
)
class Statement(Node):
    number: str = strawberry.field(description="The vendor's own number of it.")
    vendor: Vendor = strawberry.field(description="The vendor.")
    period: str = strawberry.field(description="The month that it is for, like 2026-10.")
    status: StatementStatus = strawberry.field(description="Its status.")
    lines: int = strawberry.field(description="How many lines it has.")
    stated: Total = strawberry.field(description="The total of its lines.")
    total: StatementTotal | None = strawberry.field(
        description="What the invoice says that it comes to, as stated when it was submitted; null: nothing."
    )
    matched: Total = strawberry.field(description="The total of its lines that agree (MATCHED).")
    payable: Decimal = strawberry.field(
        description="What would be paid now, in CNY: what agrees, and what was decided. For the latest "
        "statement of its period also for deliveries without a line in the period."
    )
    open: int = strawberry.field(description="How many of its findings need a decision.")
    counts: list[FindingCount] = strawberry.field(
        description="Its findings by kind; kinds that do not occur are left out."
    )
    submitted_by: str = strawberry.field(
        description="The actor: the subject of the token, or its role. For staff."
    )
    submitted_at: datetime = strawberry.field(description="When it was submitted.")
    withdrawal: Withdrawal | None = strawberry.field(
        description="Its withdrawal; null: it was not withdrawn."
    )
    number_: strawberry.Private[int]

    @strawberry.field(
        description="Its lines by number, each with its finding; and, for the latest statement of its "
        "period, deliveries without a line in the period. Empty for a withdrawn statement. `first` from 1 to "
        f"{LARGEST_PAGE}."
    )
    async def findings(
        self, info: Info, first: int, after: str | None = None, where: FindingWhere | None = None
    ) -> Connection[Finding]:
        scope, loader = Scope.statement(self.number_), info.context.loaders.findings
        return await findings_connection(
            lambda page: loader.load((scope, page)), where, first, after, node=Finding.of
        )

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
            total=StatementTotal.of(view.total) if view.total is not None else None,
            matched=Total.of(view.matched_units, view.matched_amount),
            payable=view.payable,
            open=view.open,
            counts=[FindingCount(kind=kind, count=count) for kind, count in view.counts],
            submitted_by=view.submitted_by,
            submitted_at=view.submitted_at,
            withdrawal=Withdrawal.of(view.withdrawal) if view.withdrawal is not None else None,
            number_=view.id,
        )


FindingOutcome = Annotated[
    Finding | Refusal,
    strawberry.union("FindingOutcome", description='The finding as it stands now, or an expected "no".'),
]

StatementOutcome = Annotated[
    Statement | Refusal,
    strawberry.union("StatementOutcome", description='The statement as it stands, or an expected "no".'),
]
