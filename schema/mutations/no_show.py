"""`noShow`: the customer did not come."""

import strawberry

from ledger.commands import NoShow
from schema.context import Info
from schema.mutations.inputs import CloseHoldInput
from schema.mutations.posting import Answer, post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.type
class NoShowMutation:
    """The customer did not come."""

    @strawberry.mutation(
        description="End a hold whose customer did not come: the units count as used.",
        graphql_type=RedemptionOutcome,
    )
    async def no_show(self, info: Info, input: CloseHoldInput) -> Answer:
        command = input.command(NoShow, acting_vendor(info.context.viewer))
        return await post(info.context, command)
