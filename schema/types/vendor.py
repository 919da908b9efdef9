"""Vendors, what they are contracted for, and what they delivered."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from handbook import Handbook
from ledger.reports.pages import UsageRow, VendorName
from ledger.reports.service_levels import Days
from ledger.vendors.registry import VendorView
from schema.catalogue import benefit_of, in_printed_order, variant_in_english
from schema.context import Info
from schema.errors import BadInputError
from schema.types.benefit import Benefit

if TYPE_CHECKING:
    from schema.types.service_level_report import ServiceLevelReport

_LONGEST_REPORT_DAYS = 1100


@strawberry.type(description="What one unit of a benefit costs at a vendor on a span of days.")
class ContractTerm:
    benefit: Benefit = strawberry.field(description="Of what.")
    variant: str | None = strawberry.field(
        description="Of which grade, where it is priced apart; null: of every grade without a price of its own."
    )
    unit_price: Decimal = strawberry.field(description="For one unit (a use or a minute), in CNY.")
    from_: date = strawberry.field(name="from", description="First day.")
    to: date | None = strawberry.field(description="First day no longer; null: open.")
    recorded_by: str | None = strawberry.field(
        description="Who registered it: the subject of the token, `cli` for the command line; null: not known. "
        "For staff."
    )

    @strawberry.field(description="The name of the grade in English.")
    def variant_en(self, info: Info) -> str | None:
        return variant_in_english(info.context.handbook, self.benefit.code, self.variant)


@strawberry.type(description="What a vendor delivered of a benefit, at one price.")
class VendorUsage:
    benefit: Benefit = strawberry.field(description="Of what.")
    redemptions: int = strawberry.field(
        description="Deliveries whose day lies in the span, also those reversed since."
    )
    units: int = strawberry.field(description="Their units.")
    reversed_units: int = strawberry.field(
        description="Units among them that were reversed, whenever that was."
    )
    variant: str | None = strawberry.field(
        description="Of which grade, where it is priced apart; null: of those without a price of their own."
    )
    unit_price: Decimal | None = strawberry.field(
        description="For one unit, in CNY, by the contract on the day of delivery; null without one."
    )
    amount: Decimal | None = strawberry.field(
        description="What is owed, in CNY: (units − reversedUnits) × unitPrice; null without a price."
    )

    @strawberry.field(description="The name of the grade in English.")
    def variant_en(self, info: Info) -> str | None:
        return variant_in_english(info.context.handbook, self.benefit.code, self.variant)

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


@strawberry.type(description="A vendor of services.")
class Vendor:
    code: str = strawberry.field(description="Names it, for ever.")
    name: str = strawberry.field(description="For people.")

    @strawberry.field(
        description="The benefits that it is contracted for on a day (default: today), as printed."
    )
    async def benefits(self, info: Info, on: date | None = None) -> list[Benefit]:
        view = await info.context.loaders.vendor.load(self.code)
        codes = view.benefits_on(on or info.context.today) if view is not None else frozenset[str]()
        return in_printed_order(info.context.handbook, codes)

    @strawberry.field(description="Everything that it was ever contracted for, earliest first.")
    async def terms(self, info: Info) -> list[ContractTerm]:
        view = await info.context.loaders.vendor.load(self.code)
        return [
            ContractTerm(
                benefit=benefit_of(info.context.handbook, term.benefit),
                variant=term.variant,
                unit_price=term.unit_price,
                from_=term.starts_on,
                to=term.ends_on,
                recorded_by=term.recorded_by,
            )
            for term in (view.terms if view is not None else ())
        ]

    @strawberry.field(
        description="By how many days the day of a statement's line may differ from that of the delivery it is "
        "matched with."
    )
    async def date_tolerance_days(self, info: Info) -> int | None:
        view = await info.context.loaders.vendor.load(self.code)
        return view.date_tolerance_days if view is not None else None

    @strawberry.field(
        description="What it delivered on the days [from, to), straight from the ledger, by benefit and price."
    )
    async def usage(
        self, info: Info, from_: Annotated[date, strawberry.argument(name="from")], to: date
    ) -> list[VendorUsage]:
        if to < from_:
            raise BadInputError("to: expected a day not before from.")
        rows: Iterable[UsageRow] = await info.context.loaders.usage.load((self.code, from_, to))
        return [VendorUsage.of(row, info.context.handbook) for row in rows]

    @strawberry.field(
        description="What became of the holds booked on the days [from, to), at most "
        f"{_LONGEST_REPORT_DAYS} of them, for which the handbook promises an answer or an arrangement within some "
        "days; by benefit, as printed."
    )
    async def service_levels(
        self, info: Info, from_: Annotated[date, strawberry.argument(name="from")], to: date
    ) -> list[Annotated["ServiceLevelReport", strawberry.lazy("schema.types.service_level_report")]]:
        # A report lists redemptions, and a redemption names its vendor: the types meet here, at run time.
        from schema.types.service_level_report import ServiceLevelReport

        if not 0 <= (to - from_).days <= _LONGEST_REPORT_DAYS:
            raise BadInputError(
                f"to: expected a day not before from, and at most {_LONGEST_REPORT_DAYS} days after it."
            )
        context, days = info.context, Days(start=from_, end=to)
        reports = await context.loaders.service_reports.load((self.code, days))
        return [ServiceLevelReport.of(report, days, context.handbook) for report in reports]

    @classmethod
    def of(cls, named: VendorName | VendorView) -> "Vendor":
        """The vendor of that code and name."""
        return cls(code=named.code, name=named.name)
