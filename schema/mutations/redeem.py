"""`redeem`: a vendor delivered units of a benefit."""

import strawberry

from schema.context import Info
from schema.mutations.inputs import RedeemInput
from schema.mutations.posting import Answer, post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.type
class RedeemMutation:
    """A vendor delivered units of a benefit."""

    @strawberry.mutation(
        description="Record that units of a benefit were delivered.", graphql_type=RedemptionOutcome
    )
    async def redeem(self, info: Info, input: RedeemInput) -> Answer:
        command = input.redeem(acting_vendor(info.context.viewer))
        return await post(info.context, command)
