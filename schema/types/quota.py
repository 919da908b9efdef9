"""Quotas: an allowance with what is granted, used, held and remaining. Read straight off `ledger.quotas.quota`."""

from datetime import date

import strawberry

from ledger import refusals
from ledger.quotas import quota as quotas
from schema.types.benefit import Allowance, Benefit
from schema.types.catalogue import variant_of
from schema.types.policy import PolicyReference
from schema.types.refusal import Refusal


@strawberry.type(description="The quota of a benefit on a day. Counts are in the allowance's unit.")
class Quota:
    benefit: Benefit = strawberry.field(description="The benefit.")
    variant: str | None = strawberry.field(
        description="The grade at the customer's star, where it is graded."
    )
    entitled: bool = strawberry.field(
        description="Whether one unit could be used on the day; for a past day: by a use posted now."
    )
    refusal: Refusal | None = strawberry.field(description="Why not; null if entitled.")
    allowance: Allowance | None = strawberry.field(description="What the star gives; null: nothing.")
    granted: int | None = strawberry.field(description="Units that the star gives; null: without limit.")
    used: int = strawberry.field(description="Units used by then, also at another star.")
    held: int = strawberry.field(description="Units held for appointments by then.")
    remaining: int | None = strawberry.field(
        description="Units left for a use on the day, never negative; null: without limit. For a past day: as "
        "of now, so later uses count."
    )
    resets_on: date | None = strawberry.field(
        description="First day of the next service year, where the allowance is per service year."
    )

    @strawberry.field(description="The name of the grade in English.")
    @staticmethod
    def variant_en(quota: strawberry.Parent[quotas.Quota]) -> str | None:
        return variant_of(quota.benefit, quota.variant)

    @strawberry.field(description="The policy, where the benefit is given per policy.")
    @staticmethod
    def policy(quota: strawberry.Parent[quotas.Quota]) -> PolicyReference | None:
        return PolicyReference.of(quota.policy_no)


@strawberry.type(description="The counts of a quota, in the allowance's unit.")
class QuotaCounts:
    granted: int | None = strawberry.field(description="Units that the star gives; null: without limit.")
    used: int = strawberry.field(description="Units used.")
    held: int = strawberry.field(description="Units held for appointments.")
    remaining: int | None = strawberry.field(description="Units left, never negative; null: without limit.")


@strawberry.type(description="Whether a redemption now would succeed, apart from documents.")
class Eligibility:
    entitled: bool = strawberry.field(description="Whether it would.")
    refusal: refusals.Refusal | None = strawberry.field(
        graphql_type=Refusal | None, description="Why not; null if entitled."
    )
    quota: quotas.Quota | None = strawberry.field(
        graphql_type=Quota | None,
        description="The quota it would draw on; null for an unknown one, and for a vendor without a contract for it.",
    )
