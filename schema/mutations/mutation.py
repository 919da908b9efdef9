"""The root type of mutations."""

import strawberry

from schema.mutations.arrange import ArrangeMutation
from schema.mutations.close_period import ClosePeriodMutation
from schema.mutations.confirm import ConfirmMutation
from schema.mutations.hold import HoldMutation
from schema.mutations.no_show import NoShowMutation
from schema.mutations.reconcile import ReconcileMutation
from schema.mutations.record_policy_events import RecordPolicyEventsMutation
from schema.mutations.redeem import RedeemMutation
from schema.mutations.redeem_many import RedeemManyMutation
from schema.mutations.register_vendor import RegisterVendorMutation
from schema.mutations.release import ReleaseMutation
from schema.mutations.reply_to_finding import ReplyToFindingMutation
from schema.mutations.resolve_finding import ResolveFindingMutation
from schema.mutations.respond import RespondMutation
from schema.mutations.reverse import ReverseMutation
from schema.mutations.submit_statement import SubmitStatementMutation
from schema.mutations.withdraw_statement import WithdrawStatementMutation


@strawberry.type(
    description="What may be done. A refusal is an answer, not an error. What was acknowledged is durable."
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
    SubmitStatementMutation,
    WithdrawStatementMutation,
    ResolveFindingMutation,
    ReplyToFindingMutation,
    ReconcileMutation,
    ClosePeriodMutation,
    RecordPolicyEventsMutation,
    RegisterVendorMutation,
):
    """All mutations."""
