"""`release`: the appointment is cancelled."""

import strawberry

from ledger.commands import Release
from schema.context import Info
from schema.mutations.inputs import CloseHoldInput
from schema.mutations.posting import Answer, post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.type
class ReleaseMutation:
    """The appointment is cancelled."""

    @strawberry.mutation(description="Release the units of a hold.", graphql_type=RedemptionOutcome)
    async def release(self, info: Info, input: CloseHoldInput) -> Answer:
        command = input.command(Release, acting_vendor(info.context.viewer))
        return await post(info.context, command)
