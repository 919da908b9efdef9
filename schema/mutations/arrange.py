"""`arrange`: the vendor arranged what was held."""

from datetime import datetime
from functools import partial

import strawberry

from ledger.commands import Arrange, vendor_actor
from schema.context import Info
from schema.mutations.inputs import about
from schema.mutations.posting import Answer, post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.input(description="An appointment that was arranged for a hold.")
class ArrangeInput:
    redemption: strawberry.ID = strawberry.field(description="The id of the hold.")
    idempotency_key: str = strawberry.field(description="Chosen by the vendor, one for each intent.")
    appointment_at: datetime = strawberry.field(
        description="When the customer is expected. Not before the day on which it was arranged."
    )
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it was arranged; default: now. Not before the day of the hold."
    )


@strawberry.type
class ArrangeMutation:
    """The vendor arranged what was held."""

    @strawberry.mutation(
        description="Report that an appointment was arranged for a hold, which is an answer to the customer too. It "
        "moves no units. An appointment that moves is reported again: the first report is what the service level is "
        "measured by, the last appointment is the one that stands.",
        graphql_type=RedemptionOutcome,
    )
    async def arrange(self, info: Info, input: ArrangeInput) -> Answer:
        build = partial(
            Arrange,
            actor=vendor_actor(acting_vendor(info.context.viewer)),
            key=input.idempotency_key,
            appointment_at=input.appointment_at,
            occurred_at=input.occurred_at,
        )
        return await post(info.context, about(input.redemption, build))
