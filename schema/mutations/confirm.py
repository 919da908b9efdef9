"""`confirm`: what was held is delivered, or part of it."""

from datetime import datetime
from functools import partial

import strawberry

from ledger.commands import Confirm, vendor_actor
from schema.context import Info
from schema.mutations.inputs import EvidenceInput, about, evidence
from schema.mutations.posting import Answer, post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.input(description="A hold that is delivered.")
class ConfirmInput:
    redemption: strawberry.ID = strawberry.field(description="The id of the hold.")
    idempotency_key: str = strawberry.field(description="Chosen by the vendor, one for each intent.")
    units: int | None = strawberry.field(
        default=None, description="Up to what is held; the rest is released. Default: all."
    )
    policy_no: str | None = strawberry.field(
        default=None, description="The policy that was issued, where a number was held for it."
    )
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it was delivered; default: now."
    )
    evidence: list[EvidenceInput] | None = strawberry.field(
        default=None, description="Documents that the hold did not have yet."
    )


@strawberry.type
class ConfirmMutation:
    """What was held is delivered, or part of it."""

    @strawberry.mutation(
        description="Record that held units were delivered; the rest is released.",
        graphql_type=RedemptionOutcome,
    )
    async def confirm(self, info: Info, input: ConfirmInput) -> Answer:
        vendor = acting_vendor(info.context.viewer)
        build = partial(
            Confirm,
            actor=vendor_actor(vendor),
            key=input.idempotency_key,
            units=input.units,
            policy_no=input.policy_no,
            occurred_at=input.occurred_at,
            evidence=evidence(input.evidence),
        )
        command = about(input.redemption, build)
        return await post(info.context, command)
