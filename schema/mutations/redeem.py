"""`redeem`: a vendor delivered units of a benefit."""

from typing import cast

import strawberry

from schema.context import Info
from schema.mutations.inputs import RedeemInput
from schema.mutations.posting import post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.type
class RedeemMutation:
    """A vendor delivered units of a benefit."""

    @strawberry.mutation(description="Record that units of a benefit were delivered.")
    async def redeem(self, info: Info, input: RedeemInput) -> RedemptionOutcome:
        command = input.redeem(acting_vendor(info.context.viewer))
        return cast("RedemptionOutcome", await post(info.context, command))
