"""A vendor's contract terms, and its usage at their prices."""

from datetime import date
from decimal import Decimal

import strawberry

from handbook import Handbook
from handbook import benefits as values
from ledger.entitlement.terms import Term
from ledger.reports.pages import UsageRow
from schema.types.benefit import Benefit
from schema.types.catalogue import benefit_of, english_variant


@strawberry.type(description="The price of one unit of a benefit at a vendor, on a span of days.")
class ContractTerm:
    benefit: values.Benefit = strawberry.field(graphql_type=Benefit, description="The benefit.")
    variant: str | None = strawberry.field(
        description="The grade, where it has a price of its own; null: every grade without one."
    )
    unit_price: Decimal = strawberry.field(description="For one unit (a use or a minute), in CNY.")
    from_: date = strawberry.field(name="from", description="First day.")
    to: date | None = strawberry.field(description="The day after the last; null: open.")
    recorded_by: str | None = strawberry.field(
        description="Who registered it: the subject of the token, `cli` for the command line; null: not known. "
        "For staff."
    )

    variant_en: str | None = strawberry.field(
        resolver=english_variant, description="The name of the grade in English."
    )

    @classmethod
    def of(cls, term: Term, handbook: Handbook) -> "ContractTerm":
        """The term as the API shows it."""
        return cls(
            benefit=benefit_of(handbook, term.benefit),
            variant=term.variant,
            unit_price=term.unit_price,
            from_=term.starts_on,
            to=term.ends_on,
            recorded_by=term.recorded_by,
        )


@strawberry.type(description="What a vendor delivered of a benefit, at one price.")
class VendorUsage:
    benefit: values.Benefit = strawberry.field(graphql_type=Benefit, description="The benefit.")
    redemptions: int = strawberry.field(
        description="Deliveries whose day lies in the span, also those reversed since."
    )
    units: int = strawberry.field(description="Their units.")
    reversed_units: int = strawberry.field(
        description="Units among them that were reversed, whenever that was."
    )
    variant: str | None = strawberry.field(
        description="The grade, where it has a price of its own; null: those without one."
    )
    unit_price: Decimal | None = strawberry.field(
        description="For one unit, in CNY, by the contract on the day of delivery; null without one."
    )
    amount: Decimal | None = strawberry.field(
        description="What is owed, in CNY: (units − reversedUnits) × unitPrice; null without a price."
    )

    variant_en: str | None = strawberry.field(
        resolver=english_variant, description="The name of the grade in English."
    )

    @classmethod
    def of(cls, row: UsageRow, handbook: Handbook) -> "VendorUsage":
        """A row of the report as the API shows it."""
        return cls(
            benefit=benefit_of(handbook, row.benefit),
            redemptions=row.redemptions,
            units=row.units,
            reversed_units=row.reversed_units,
            variant=row.variant,
            unit_price=row.unit_price,
            amount=row.amount,
        )
