"""`resolveFinding`: a person decides on a finding."""

from decimal import Decimal

import strawberry

from ledger.ids import RedemptionId
from ledger.reconciliation.decisions import resolve
from ledger.reconciliation.reading import finding
from ledger.reconciliation.values import parse_finding_id
from ledger.refusals import Refusal, RefusalCode, invalid
from schema.context import Context, Info
from schema.mutations.deciding import decider
from schema.types.enums import Action
from schema.types.finding import Finding, FindingOutcome


@strawberry.input(description="A decision on a finding.")
class ResolveInput:
    finding: strawberry.ID = strawberry.field(description="The id of the finding.")
    action: Action = strawberry.field(description="The decision.")
    note: str = strawberry.field(description="The reason: 1 to 200 visible characters, kept for ever.")
    redemption: strawberry.ID | None = strawberry.field(
        default=None, description="Only with MATCH: the delivery that the line is matched with."
    )
    redemptions: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Only with MATCH, instead of `redemption`: several deliveries, of one member and one benefit, "
        "that the line is matched with together.",
    )
    pay: Decimal | None = strawberry.field(
        default=None,
        description="With ACCEPT or MATCH of a line: what to pay instead, in CNY, from 0 to what is stated (of a "
        "credit line: what to take back, below zero): an exception that stays on record. Default: what both the "
        "statement and the ledger support.",
    )


@strawberry.type
class ResolveFindingMutation:
    """A person decides."""

    @strawberry.mutation(
        description="Decide a finding while its period is open. A decision stands, also when the match runs "
        "again, until REOPEN takes it back; all of them are kept. The answer is the finding as it stands now; "
        "when REOPEN found a line for a delivery, the finding of that line.",
        graphql_type=FindingOutcome,
    )
    async def resolve_finding(self, info: Info, input: ResolveInput) -> Finding | Refusal:
        refusal = await _resolve(info.context, input)
        info.context.written()
        which = parse_finding_id(input.finding)
        if refusal is None and which is not None:
            view = await finding(info.context.pool, which, now=info.context.now)
            if view is not None:
                return Finding.of(view)
        return refusal or Refusal(code=RefusalCode.UNKNOWN_FINDING)


async def _resolve(context: Context, input: ResolveInput) -> Refusal | None:
    which = parse_finding_id(input.finding)
    if which is None:
        return Refusal(code=RefusalCode.UNKNOWN_FINDING)
    if input.redemption is not None and input.redemptions is not None:
        return invalid(
            "redemption 与 redemptions 只能填一项", "redemption, redemptions: give one of them, not both"
        )
    asked = [input.redemption] if input.redemption is not None else input.redemptions or []
    redemptions = [each for each in map(RedemptionId.parse, asked) if each is not None]
    if len(redemptions) < len(asked):
        return Refusal(code=RefusalCode.UNKNOWN_REDEMPTION)
    return await resolve(
        context.pool,
        finding=which,
        action=input.action,
        redemptions=redemptions,
        pay=input.pay,
        note=input.note,
        by=decider(context),
        handbook=context.handbooks,
        now=context.now,
    )
