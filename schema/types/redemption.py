"""Redemptions: read from the ledger, or just answered to a command."""

from datetime import datetime
from typing import Annotated, Any, cast

import strawberry

from ledger.entitlement.account import PoolKey, Taken
from ledger.ids import RedemptionId
from ledger.posting import outcomes
from ledger.quotas.counts import QuotaCounts as Counts
from ledger.quotas.counts import counts_of
from ledger.reports.pages import RedemptionRow
from schema.catalogue import benefit_of, variant_in_english
from schema.context import Info
from schema.disclosure import shown
from schema.types.benefit import Benefit
from schema.types.enums import RedemptionStatus
from schema.types.node import Node
from schema.types.person import Beneficiary
from schema.types.policy import PolicyReference
from schema.types.quota import QuotaCounts
from schema.types.refusal import Refusal
from schema.types.service_level import Milestone, ServiceLevelClock
from schema.types.vendor import Vendor


@strawberry.type(description="Units of a benefit that a vendor holds for a customer, or delivered.")
class Redemption(Node):
    status: RedemptionStatus = strawberry.field(
        description="Where it stands; a hold that has run out reads EXPIRED at once."
    )
    units: int = strawberry.field(description="How many, in the unit that the benefit counts.")
    replayed: bool = strawberry.field(
        description="Whether the idempotency key had been answered before, and this is the same answer again."
    )
    member_no: str = strawberry.field(description="Whose allowance it takes from.")
    variant: str | None = strawberry.field(description="The grade at the star held then, where it is graded.")
    beneficiary: Beneficiary | None = strawberry.field(
        description="For which relative; null: for the customer."
    )
    option: str | None = strawberry.field(description="The choice taken, where the benefit has options.")
    facility: str | None = strawberry.field(description="The place taken, where the benefit has facilities.")
    wished_number: str | None = strawberry.field(
        description="The number wished for, where one was applied for before there was a policy."
    )
    reference: str | None = strawberry.field(description="The vendor's own reference.")
    occurred_at: datetime = strawberry.field(
        description="When it was booked while held, then when it was delivered."
    )
    recorded_at: datetime = strawberry.field(description="When its first entry was recorded.")
    expires_at: datetime | None = strawberry.field(description="When the hold runs out, or would have.")
    reason: str | None = strawberry.field(description="Why it was released, not shown up for, or reversed.")
    redemption_id: strawberry.Private[RedemptionId]
    pool: strawberry.Private[PoolKey]
    edition: strawberry.Private[str | None]
    vendor_code: strawberry.Private[str]
    vendor_name: strawberry.Private[str | None]
    counts: strawberry.Private[Counts | None]

    @strawberry.field(description="Of what.")
    def benefit(self, info: Info) -> Benefit:
        return benefit_of(info.context.handbook, self.pool.benefit, self.edition)

    @strawberry.field(description="The name of the grade in English; null where no edition has it.")
    def variant_en(self, info: Info) -> str | None:
        return variant_in_english(info.context.handbook, self.pool.benefit, self.variant, self.edition)

    @strawberry.field(
        description="For which policy, where the benefit is given per policy; null while a number is held for one "
        "to come."
    )
    def policy(self) -> PolicyReference | None:
        return PolicyReference.of(self.pool.policy_no or None)

    @strawberry.field(description="By whom.")
    async def vendor(self, info: Info) -> Vendor:
        if self.vendor_name is not None:
            return Vendor(code=self.vendor_code, name=self.vendor_name)
        view = await info.context.loaders.vendor.load(self.vendor_code)
        return Vendor.of(view) if view is not None else Vendor(code=self.vendor_code, name=self.vendor_code)

    @strawberry.field(
        description="What is left of the allowance it takes from: right after the mutation that answers this, "
        "else now (of a service year that is over: at its end)."
    )
    async def quota(self, info: Info) -> QuotaCounts:
        counts = self.counts
        if counts is None:
            context = info.context
            account = await context.loaders.account.load((self.redemption_id.customer_id, context.today))
            taken = account.taken.get(self.pool, Taken())
            counts = counts_of(account, self.pool, taken, today=context.today, handbook=context.handbook)
        return cast("QuotaCounts", counts)

    @strawberry.field(description="What the vendor reported of the hold, in the order of its reports.")
    async def milestones(self, info: Info) -> list[Milestone]:
        return cast("list[Milestone]", await info.context.loaders.milestones.load(self.redemption_id))

    @strawberry.field(
        description="What the handbook promises for the hold, and what has become of it by now. Null: nothing is "
        "promised, or it was not held but redeemed at once."
    )
    async def service_level(self, info: Info) -> ServiceLevelClock | None:
        view = await info.context.loaders.clock.load(self.redemption_id)
        return ServiceLevelClock.of(view) if view is not None else None

    @classmethod
    def answered(cls, outcome: outcomes.RedemptionOutcome) -> "Redemption":
        """The redemption as a command was answered."""
        return cls(
            id=strawberry.ID(outcome.id.opaque),
            status=outcome.status,
            units=outcome.units,
            replayed=outcome.replayed,
            member_no=shown(outcome.member_no),
            variant=outcome.variant,
            beneficiary=cast("Beneficiary | None", outcome.beneficiary),
            option=outcome.option,
            facility=outcome.facility,
            wished_number=outcome.wished_number,
            reference=outcome.reference,
            occurred_at=outcome.occurred_at,
            recorded_at=outcome.recorded_at,
            expires_at=outcome.expires_at,
            reason=outcome.reason,
            redemption_id=outcome.id,
            pool=PoolKey(outcome.benefit, 0, outcome.policy_no or ""),
            edition=None,
            vendor_code=outcome.vendor,
            vendor_name=None,
            counts=outcome.quota,
        )

    @classmethod
    def read(cls, row: RedemptionRow) -> "Redemption":
        """The redemption as it stands."""
        return cls(
            id=strawberry.ID(row.id.opaque),
            status=row.status,
            units=row.units,
            replayed=False,
            member_no=shown(row.member_no),
            variant=row.variant,
            beneficiary=cast("Beneficiary | None", row.beneficiary),
            option=row.option,
            facility=row.facility,
            wished_number=row.wished_number,
            reference=row.reference,
            occurred_at=row.occurred_at,
            recorded_at=row.recorded_at,
            expires_at=row.expires_at,
            reason=row.reason,
            redemption_id=row.id,
            pool=row.pool,
            edition=row.edition,
            vendor_code=row.vendor.code,
            vendor_name=row.vendor.name,
            counts=None,
        )


RedemptionOutcome = Annotated[
    Redemption | Refusal,
    strawberry.union("RedemptionOutcome", description='The redemption, or an expected "no".'),
]


def outcome(answer: outcomes.Outcome) -> Any:
    """A command's answer as the API shows it."""
    return Redemption.answered(answer) if isinstance(answer, outcomes.RedemptionOutcome) else answer
