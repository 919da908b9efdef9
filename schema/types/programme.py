"""The handbook as data: one edition. Read straight off `handbook.values`."""

from datetime import date
from decimal import Decimal

import strawberry

from schema.types.benefit import Benefit
from schema.types.enums import Category, Coverage, Design, Mode, PremiumBase
from schema.types.labels import Channel, Contact, Label, Option
from schema.types.print import Discrepancy, Reading, Sentence
from schema.types.settings import HandbookSettings


@strawberry.type(description="A star and the rated premium it takes, in CNY, half-open.")
class ProgrammeTier:
    star: int = strawberry.field(description="From 1 on, without a gap; `tiers` has all of them.")
    name: str = strawberry.field(description="Its name as printed.")
    name_en: str = strawberry.field(description="Its name in English.")
    from_: Decimal = strawberry.field(name="from", description="From this rated premium on.")
    to: Decimal | None = strawberry.field(description="Below this one; null: no limit.")
    cite: list[str] = strawberry.field(description="The clause, piece by piece as printed.")


@strawberry.type(
    description="A row of the conversion table: how much of a premium counts. The first row that matches a premium "
    "component applies; null in a column means any."
)
class Coefficient:
    coverage: Coverage = strawberry.field(description="How long the policy covers.")
    design: Design | None = strawberry.field(description="How it shares in profits.")
    category: Category | None = strawberry.field(description="What it insures.")
    mode: Mode | None = strawberry.field(description="How the premium is paid.")
    min_term_years: int | None = strawberry.field(description="Least payment term, in years.")
    base: PremiumBase = strawberry.field(description="The premium that is multiplied.")
    coefficient: str = strawberry.field(
        description='As printed: a number, or "Y/10" with Y the payment term in years.'
    )
    validity: str = strawberry.field(
        description="How long the component counts: PAYMENT_TERM, or a number of years like P2Y."
    )
    cite: list[str] = strawberry.field(description="The clause, piece by piece as printed.")


@strawberry.type(description="An edition of the handbook.")
class Programme:
    code: strawberry.Private[str]
    name: str = strawberry.field(description="Its name.")
    name_en: str = strawberry.field(description="Its name in English.")
    source: str = strawberry.field(description="What was read: the print, and its date as far as it has one.")
    effective_from: date = strawberry.field(description="First day in force.")
    effective_to: date | None = strawberry.field(description="The day after the last in force; null: open.")
    tiers: list[ProgrammeTier] = strawberry.field(description="The stars, lowest first.")
    coefficients: list[Coefficient] = strawberry.field(description="The conversion table.")
    benefits: list[Benefit] = strawberry.field(description="The benefits, in the order printed.")
    discrepancies: list[Discrepancy] = strawberry.field(
        description="Where the print disagrees on other things."
    )
    readings: list[Reading] = strawberry.field(
        description="Questions that the print leaves open, and how they are read."
    )
    disclaimers: list[Sentence] = strawberry.field(
        description="What the insurer reserves, or does not answer for."
    )
    settings: HandbookSettings = strawberry.field(description="What the print leaves open.")
    rules: list[Sentence] = strawberry.field(description="How a star comes about 说明.")
    contacts: list[Contact] = strawberry.field(description="Telephone numbers for questions.")
    channels: list[Channel] = strawberry.field(description="The ways to ask for benefits.")
    options: list[Option] = strawberry.field(description="The choices within benefits.")
    evidence_kinds: list[Label] = strawberry.field(
        description="The kinds of documents that benefits ask for."
    )
    facilities: list[Label] = strawberry.field(description="Where benefits are given.")

    @strawberry.field(description="Its code.")
    def edition(self) -> str:
        return self.code
