"""`hold`: a vendor books an appointment."""

from typing import cast

import strawberry

from schema.context import Info
from schema.mutations.inputs import RedeemInput
from schema.mutations.posting import post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.type
class HoldMutation:
    """A vendor books an appointment."""

    @strawberry.mutation(
        description="Set units aside for an appointment: nobody else can take them "
        "until it is confirmed, released or runs out."
    )
    async def hold(self, info: Info, input: RedeemInput) -> RedemptionOutcome:
        command = input.hold(acting_vendor(info.context.viewer))
        return cast("RedemptionOutcome", await post(info.context, command))
