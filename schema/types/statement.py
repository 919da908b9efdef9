"""The parts of a statement: lines, totals of findings, withdrawal."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from handbook import Benefit as HandbookBenefit
from ledger.reconciliation import grounds, values
from ledger.reconciliation.reading import WithdrawalView
from schema.context import Info
from schema.disclosure import shown
from schema.scalars import Long
from schema.types.benefit import Benefit
from schema.types.catalogue import benefit_of
from schema.types.enums import FindingKind


@strawberry.type(description="A line of a vendor's statement, as the vendor sent it.")
class StatementLine:
    line_no: int = strawberry.field(description="The vendor's number of the line; in a spreadsheet, its row.")
    reference: str | None = strawberry.field(description="The vendor's own reference, if it gave one.")
    member_no: str = strawberry.field(description="The member number.")
    units: int = strawberry.field(description="How many, in the unit that the benefit counts.")
    occurred_on: date = strawberry.field(description="The day of delivery, as stated.")
    amount: Decimal = strawberry.field(description="What the vendor claims for all units, in CNY.")
    benefit_code: strawberry.Private[str]

    @strawberry.field(description="The benefit.", graphql_type=Benefit)
    def benefit(self, info: Info) -> HandbookBenefit:
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


@strawberry.type(description="A line of a vendor's statement, by its name.")
class LineName:
    statement: str = strawberry.field(description="The vendor's own number of the statement.")
    line_no: int = strawberry.field(description="The vendor's number of the line; in a spreadsheet, its row.")

    @classmethod
    def of(cls, line: grounds.LineName) -> "LineName":
        """The line as the API names it."""
        return cls(statement=line.statement, line_no=line.line_no)


@strawberry.type(description="How many findings of a kind there are.")
class FindingCount:
    kind: FindingKind = strawberry.field(description="The kind.")
    count: int = strawberry.field(description="How often.")


@strawberry.type(description="What a whole statement was said to come to; its lines add up to it.")
class StatementTotal:
    units: Long | None = strawberry.field(description="Units; null: nothing was said of them.")
    amount: Decimal | None = strawberry.field(description="In CNY; null: nothing was said of it.")

    @classmethod
    def of(cls, total: values.StatedTotal) -> "StatementTotal":
        """The total as the API shows it."""
        return cls(units=None if total.units is None else Long(total.units), amount=total.amount)


@strawberry.type(description="The withdrawal of a statement: its lines no longer count.")
class Withdrawal:
    note: str = strawberry.field(description="The reason. For staff.")
    by: str = strawberry.field(description="The actor: the subject of the token, or its role. For staff.")
    at: datetime = strawberry.field(description="The moment.")

    @classmethod
    def of(cls, view: WithdrawalView) -> "Withdrawal":
        """The withdrawal as the API shows it."""
        return cls(note=view.note, by=view.by, at=view.at)
