"""The changes of an edition, and its effect on all customers. Read off `handbook.diff` and `ledger.what_if`."""

from datetime import date
from decimal import Decimal

import strawberry

from handbook import benefits as values
from handbook import diff as handbook_diff
from ledger.what_if import comparing as what_if
from schema.context import Info
from schema.scalars import Long
from schema.types.benefit import Benefit
from schema.types.catalogue import benefit_of


@strawberry.type(description="One difference between two editions.")
class EditionChange:
    place: str = strawberry.field(
        description="Its place in the edition's files, like `tiers.3.from` or "
        "`benefits.physical-exam.grid.2.units`."
    )
    before: str | None = strawberry.field(description="The former value, as in a file; null: there was none.")
    after: str | None = strawberry.field(description="The new value; null: there is none.")
    change: strawberry.Private[handbook_diff.Change]

    @strawberry.field(
        description="The change as a sentence, in Chinese or, with `Accept-Language: en`, in English."
    )
    def words(self, info: Info) -> str:
        return self.change.words.spoken(info.context.language)

    @classmethod
    def of(cls, change: handbook_diff.Change) -> "EditionChange":
        """A change as the API shows it."""
        return cls(place=change.place, before=change.before, after=change.after, change=change)


@strawberry.type(description="Customers who would have another star. Star 0 is none: they enter, or leave.")
class EditionMove:
    from_star: int = strawberry.field(description="The star by the editions in force.")
    to_star: int = strawberry.field(description="The star with the edition asked about.")
    customers: int = strawberry.field(description="How many.")


@strawberry.type(
    description="The effect on a benefit, for all customers. Units are in the allowance's unit, without "
    "unlimited allowances."
)
class EditionBenefit:
    benefit: values.Benefit = strawberry.field(graphql_type=Benefit, description="The benefit.")
    units_before: Long = strawberry.field(description="Units granted by the editions in force.")
    units_after: Long = strawberry.field(description="Units granted with the edition asked about.")
    unlimited_before: int = strawberry.field(
        description="Customers who have it without limit by those in force."
    )
    unlimited_after: int = strawberry.field(description="Customers who would have it without limit.")
    liability_before: Decimal = strawberry.field(
        description="The cost of the units left at the highest contract prices of the day, in CNY."
    )
    liability_after: Decimal = strawberry.field(description="The same with the edition asked about.")
    losing: int = strawberry.field(description="Customers entitled by those in force and not with it.")
    gaining: int = strawberry.field(description="Customers entitled only with it.")


@strawberry.type(description="The effect of an edition on all customers on a day. Nothing is written.")
class EditionWhatIf:
    on: date = strawberry.field(description="The day.")
    customers: int = strawberry.field(description="All customers, members or not.")
    moves: list[EditionMove] = strawberry.field(description="Who would have another star.")
    benefits: list[EditionBenefit] = strawberry.field(
        description="Each benefit of either edition, in printed order."
    )

    @classmethod
    def of(cls, found: what_if.Consequences, question: what_if.Question) -> "EditionWhatIf":
        """The consequences as the API shows them."""
        return cls(
            on=found.on,
            customers=found.customers,
            moves=[
                EditionMove(from_star=each.from_star, to_star=each.to_star, customers=each.customers)
                for each in found.moves
            ],
            benefits=[_benefit(each, question) for each in found.benefits],
        )


def _benefit(row: what_if.BenefitChange, question: what_if.Question) -> EditionBenefit:
    handbook = question.after if row.benefit in question.after.benefit_codes else question.before
    return EditionBenefit(
        benefit=benefit_of(handbook, row.benefit),
        units_before=Long(row.units_before),
        units_after=Long(row.units_after),
        unlimited_before=row.unlimited_before,
        unlimited_after=row.unlimited_after,
        liability_before=row.liability_before,
        liability_after=row.liability_after,
        losing=row.losing,
        gaining=row.gaining,
    )
