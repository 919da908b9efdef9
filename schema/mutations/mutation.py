"""The root of all that may be done."""

import strawberry

from schema.mutations.arrange import ArrangeMutation
from schema.mutations.confirm import ConfirmMutation
from schema.mutations.hold import HoldMutation
from schema.mutations.no_show import NoShowMutation
from schema.mutations.record_policy_events import RecordPolicyEventsMutation
from schema.mutations.redeem import RedeemMutation
from schema.mutations.redeem_many import RedeemManyMutation
from schema.mutations.register_vendor import RegisterVendorMutation
from schema.mutations.release import ReleaseMutation
from schema.mutations.respond import RespondMutation
from schema.mutations.reverse import ReverseMutation


@strawberry.type(
    description="What may be done. An expected no is an answer (a Refusal), not an error. What was answered is durable."
)
class Mutation(
    RedeemMutation,
    RedeemManyMutation,
    HoldMutation,
    RespondMutation,
    ArrangeMutation,
    ConfirmMutation,
    ReleaseMutation,
    NoShowMutation,
    ReverseMutation,
    RecordPolicyEventsMutation,
    RegisterVendorMutation,
):
    """All mutations."""
