"""The tier on a day, and why. Read off `rating.tiers`, `rating.timeline` and `rating.contributions`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import strawberry

from rating import contributions as rating_contributions
from rating.history import History
from rating.tiers import TierView
from schema.context import Info
from schema.types.enums import Kind, Reason


@strawberry.type(description="What one premium component adds to the rated premium on a day, and why.")
class Contribution:
    policy_no: str = strawberry.field(description="The number of the policy.")
    component_id: str = strawberry.field(description='Which component; "base" came with the policy.')
    kind: Kind = strawberry.field(description="The origin of the component.")
    base: Decimal = strawberry.field(description="The annualised or single premium, in CNY.")
    coefficient: Decimal = strawberry.field(description="What the base is multiplied by.")
    amount: Decimal = strawberry.field(
        description="What it adds, in CNY: base × coefficient, or 0 if not counted."
    )
    counted: bool = strawberry.field(description="Whether it counts on the day.")
    reason: Reason = strawberry.field(description="Why it counts, or why not.")
    counted_from: date | None = strawberry.field(
        description="First day of the span in which it counts: the one around the day, else the next one ahead."
    )
    counted_until: date | None = strawberry.field(
        description="First day on which it no longer counts; null: open, or it never counts again."
    )

    @strawberry.field(
        description="The reason in words, in Chinese or, with `Accept-Language: en`, in English."
    )
    def explanation(self, info: Info) -> str:
        return self.reason.words.spoken(info.context.language)


@strawberry.type(description="The next star, and what is missing to it.")
class NextTier:
    star: int = strawberry.field(description="One more than the star held.")
    name: str = strawberry.field(description="Its name as printed.")
    name_en: str = strawberry.field(description="Its name in English.")
    shortfall: Decimal = strawberry.field(description="Rated premium that is missing, in CNY.")


@strawberry.type(description="A span of days with one star and one rated premium.")
class TierPeriod:
    star: int = strawberry.field(description="Up to the highest star of the edition; 0: no star.")
    rated_premium: Decimal = strawberry.field(description="In CNY, exact.")
    start: date = strawberry.field(name="from", description="First day.")
    end: date | None = strawberry.field(name="to", description="The day after the last; null: open.")


@strawberry.type(description="The customer's tier on a day.")
class Tier:
    star: int = strawberry.field(
        description="Up to the highest star of the edition; 0: no star, not a member."
    )
    name: str | None = strawberry.field(description="Its name as printed; null without a star.")
    name_en: str | None = strawberry.field(description="Its name in English; null without a star.")
    rated_premium: Decimal = strawberry.field(
        description="What decides the star, in CNY, exact: the sum of the components' contributions."
    )
    edition: str | None = strawberry.field(description="The edition of the day; null if none was in force.")
    since: date | None = strawberry.field(
        description="First day of the unbroken span with this star; null for a customer who never had one."
    )
    until: date | None = strawberry.field(
        description="First day with another star, as scheduled; null: none is scheduled."
    )
    next: NextTier | None = strawberry.field(description="The next star; null at the top.")

    @strawberry.field(
        description="Every premium component: what it adds on the day, or why it adds nothing.",
        graphql_type=list[Contribution],
    )
    @staticmethod
    async def contributions(
        tier: strawberry.Parent["TierOn"], info: Info
    ) -> Sequence[rating_contributions.Contribution]:
        history = tier.supposed or await info.context.loaders.history.load((tier.customer_id, tier.known_at))
        return rating_contributions.contributions_on(history, tier.day, tier.handbook)


@dataclass(frozen=True, kw_only=True)
class TierOn(TierView):
    """What a `Tier` is read off: the tier that a customer has on a day, as known at a moment (None: now).

    `supposed` is the history that it was rated from, where that is not the stored one.
    """

    customer_id: int
    known_at: datetime | None = None
    supposed: History | None = None

    @property
    def name(self) -> str | None:
        """The name of the star."""
        return self.tier.name if self.tier is not None else None

    @property
    def name_en(self) -> str | None:
        """The same in English."""
        return self.tier.name_en if self.tier is not None else None

    @property
    def next(self) -> NextTier | None:
        """The next star, and what is missing to it."""
        above, shortfall = self.next_tier, self.shortfall
        if above is None or shortfall is None:
            return None
        return NextTier(star=above.star, name=above.name, name_en=above.name_en, shortfall=shortfall)
