"""`hold`: a vendor books an appointment."""

import strawberry

from schema.context import Info
from schema.mutations.inputs import RedeemInput
from schema.mutations.posting import Answer, post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.type
class HoldMutation:
    """A vendor books an appointment."""

    @strawberry.mutation(
        description="Hold units for an appointment: they are not available until the hold is confirmed, "
        "released or runs out.",
        graphql_type=RedemptionOutcome,
    )
    async def hold(self, info: Info, input: RedeemInput) -> Answer:
        command = input.hold(acting_vendor(info.context.viewer))
        return await post(info.context, command)
