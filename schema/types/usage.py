"""Usage and liability, as finance groups them."""

from datetime import date
from decimal import Decimal

import strawberry

from base.months import month_text
from handbook import Handbook
from handbook import benefits as values
from ledger.quotas.liability import LiabilityRow
from ledger.reports.usage import UsageFigures, UsageView
from schema.types.benefit import Benefit
from schema.types.catalogue import benefit_of, english_variant
from schema.types.enums import Per, Unit
from schema.types.redemption import Vendor


@strawberry.type(description="Totals of deliveries.")
class UsageTotal:
    redemptions: int = strawberry.field(description="Deliveries, also those reversed since.")
    units: int = strawberry.field(description="Their units, as each benefit counts (uses or minutes).")
    reversed_units: int = strawberry.field(
        description="Units among them that were reversed, whenever that was."
    )
    amount: Decimal = strawberry.field(
        description="What is owed, in CNY: the units that were not reversed, each at the price of its day and variant."
    )
    unpriced_units: int = strawberry.field(
        description="Units not in `amount`: not reversed, and without a price on their day."
    )

    @classmethod
    def of(cls, figures: UsageFigures) -> "UsageTotal":
        """The figures as the API shows them."""
        return cls(
            redemptions=figures.redemptions,
            units=figures.units,
            reversed_units=figures.reversed_units,
            amount=figures.amount,
            unpriced_units=figures.unpriced_units,
        )


@strawberry.type(description="The deliveries of one group. Fields that are not in `groupBy` are null.")
class UsageRow(UsageTotal):
    vendor: Vendor | None = strawberry.field(description="The vendor that delivers.")
    benefit: values.Benefit | None = strawberry.field(
        graphql_type=Benefit | None, description="The benefit; also when grouped by variant."
    )
    variant: str | None = strawberry.field(
        description="The grade; null also for a benefit that is not graded on its day."
    )
    star: int | None = strawberry.field(description="The star that the use was judged by.")
    day: date | None = strawberry.field(description="The day.")
    month: str | None = strawberry.field(description="The month, like 2026-10.")

    variant_en: str | None = strawberry.field(
        resolver=english_variant, description="The name of the grade in English."
    )

    @classmethod
    def in_group(cls, view: UsageView, handbook: Handbook) -> "UsageRow":
        """A group of the report as the API shows it."""
        figures = view.figures
        return cls(
            vendor=Vendor.of(view.vendor) if view.vendor is not None else None,
            benefit=benefit_of(handbook, view.benefit) if view.benefit is not None else None,
            variant=view.variant,
            star=view.star,
            day=view.day,
            month=month_text(view.month) if view.month is not None else None,
            redemptions=figures.redemptions,
            units=figures.units,
            reversed_units=figures.reversed_units,
            amount=figures.amount,
            unpriced_units=figures.unpriced_units,
        )


@strawberry.type(description="A report of deliveries.")
class UsageReport:
    rows: list[UsageRow] = strawberry.field(
        description="One for each group with a delivery, in the order of their days, then vendors, benefits and stars."
    )
    total: UsageTotal = strawberry.field(description="All rows together.")


@strawberry.type(
    description="The unused allowance of one star's members for a benefit. Counts are in the allowance's unit."
)
class LiabilityLine:
    benefit: values.Benefit = strawberry.field(graphql_type=Benefit, description="The benefit.")
    star: int = strawberry.field(description="The star on the day.")
    variant: str | None = strawberry.field(description="The grade at the star, where it is graded.")
    unit: Unit = strawberry.field(description="What is counted.")
    per: Per | None = strawberry.field(description="The scope of the allowance; null: without limit.")
    members: int = strawberry.field(description="Customers with the star on the day.")
    allowance: int | None = strawberry.field(
        description="Units that the star gives to all of them in the service year, membership or policies of the day; "
        "null: without limit."
    )
    used: int = strawberry.field(
        description="Units used, also at another star, so that it may exceed the allowance."
    )
    held: int = strawberry.field(description="Units held for appointments.")
    remaining: int | None = strawberry.field(
        description="Units left, floored at zero per member; null: without limit."
    )
    unit_price: Decimal | None = strawberry.field(
        description="The highest of the vendors' prices for one unit on the day, in CNY; null: no vendor has one."
    )
    value: Decimal | None = strawberry.field(
        description="remaining × unitPrice, in CNY; null without limit or price."
    )

    variant_en: str | None = strawberry.field(
        resolver=english_variant, description="The name of the grade in English."
    )

    @classmethod
    def of(cls, row: LiabilityRow, handbook: Handbook, edition: str | None) -> "LiabilityLine":
        """A row of the report as the API shows it, with the names that the edition of its day has."""
        return cls(
            benefit=benefit_of(handbook, row.benefit, edition),
            star=row.star,
            variant=row.variant,
            unit=row.unit,
            per=row.per,
            members=row.members,
            allowance=row.allowance,
            used=row.used,
            held=row.held,
            remaining=row.remaining,
            unit_price=row.unit_price,
            value=row.value,
        )


@strawberry.type(description="The liability on a day: services that members could still use.")
class LiabilityReport:
    on: date = strawberry.field(description="The day.")
    rows: list[LiabilityLine] = strawberry.field(
        description="One for each benefit and star that has it, benefits as printed. None where no edition is in force."
    )
    value: Decimal = strawberry.field(
        description="The sum of the rows' values, in CNY: the cost if everything were used."
    )
