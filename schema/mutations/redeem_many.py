"""`redeemMany`: one request, many redemptions, each on its own."""

import strawberry

from schema.context import Info
from schema.errors import BadInputError
from schema.mutations.inputs import RedeemInput
from schema.mutations.posting import Answer, post_many
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome

_MOST_INPUTS = 100


@strawberry.type
class RedeemManyMutation:
    """One request, many redemptions, each on its own."""

    @strawberry.mutation(
        description=f"Record up to {_MOST_INPUTS} deliveries. Each succeeds or is refused on its own; the answers come "
        "in the order of the inputs.",
        graphql_type=list[RedemptionOutcome],
    )
    async def redeem_many(self, info: Info, inputs: list[RedeemInput]) -> list[Answer]:
        if len(inputs) > _MOST_INPUTS:
            raise BadInputError(f"inputs: expected at most {_MOST_INPUTS}; got {len(inputs)}.")
        vendor = acting_vendor(info.context.viewer)
        commands = [each.redeem(vendor) for each in inputs]
        return await post_many(info.context, commands)
