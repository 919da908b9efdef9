"""`reverse`: a delivery or a mistaken no-show is reversed, by its vendor or by finance."""

from functools import partial

import strawberry

from ledger.commands import Reverse, finance_actor, vendor_actor
from schema.context import Info, Role
from schema.mutations.deciding import decider
from schema.mutations.inputs import about
from schema.mutations.posting import Answer, post
from schema.permissions import acting_vendor
from schema.types.redemption import RedemptionOutcome


@strawberry.input(description="The reversal of a delivery or a no-show.")
class ReverseInput:
    redemption: strawberry.ID = strawberry.field(description="The id of the redemption.")
    idempotency_key: str = strawberry.field(
        description="Chosen by the sender, one for each intent. In finance each subject has keys of its own."
    )
    reason: str = strawberry.field(description="The reason, which is stored in the ledger.")


@strawberry.type
class ReverseMutation:
    """A delivery or a mistaken no-show is taken back, by its vendor or by finance."""

    @strawberry.mutation(
        description="Reverse a delivery, or a no-show that was reported by mistake: its units return to their "
        "service year (and expire at once if that is over). Vendors reverse their own; finance any.",
        graphql_type=RedemptionOutcome,
    )
    async def reverse(self, info: Info, input: ReverseInput) -> Answer:
        viewer = info.context.viewer
        finance = viewer is not None and viewer.role is Role.FINANCE
        actor = finance_actor(decider(info.context)) if finance else vendor_actor(acting_vendor(viewer))
        build = partial(Reverse, actor=actor, key=input.idempotency_key, reason=input.reason)
        command = about(input.redemption, build)
        return await post(info.context, command)
