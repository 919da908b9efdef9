"""`respond`: the vendor answered the customer about a hold."""

from datetime import datetime
from functools import partial

import strawberry

from ledger.commands import Respond, vendor_actor
from schema.context import Info
from schema.mutations.inputs import about
from schema.mutations.posting import Answer, post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.input(description="An answer to a customer.")
class RespondInput:
    redemption: strawberry.ID = strawberry.field(description="The id of the hold.")
    idempotency_key: str = strawberry.field(description="Chosen by the vendor, one for each intent.")
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="When the customer was answered; default: now. Not before the day of the hold.",
    )


@strawberry.type
class RespondMutation:
    """The vendor answered the customer about a hold."""

    @strawberry.mutation(
        description="Report that the customer was answered about a hold. It moves no units; the first report is what "
        "the service level is measured by.",
        graphql_type=RedemptionOutcome,
    )
    async def respond(self, info: Info, input: RespondInput) -> Answer:
        build = partial(
            Respond,
            actor=vendor_actor(acting_vendor(info.context.viewer)),
            key=input.idempotency_key,
            occurred_at=input.occurred_at,
        )
        return await post(info.context, about(input.redemption, build))
