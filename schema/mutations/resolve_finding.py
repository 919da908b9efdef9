"""`resolveFinding` and `resolveFindings`: a person decides on findings."""

from collections.abc import Sequence
from decimal import Decimal

import strawberry

from ledger.ids import RedemptionId
from ledger.reconciliation.decisions import Decision, resolve_many
from ledger.reconciliation.reading import findings_by_id
from ledger.reconciliation.values import parse_finding_id
from ledger.refusals import Refusal, RefusalCode, invalid
from schema.context import Context, Info
from schema.errors import BadInputError
from schema.mutations.deciding import decider
from schema.types.enums import Action
from schema.types.finding import Finding, FindingOutcome

_MOST_INPUTS = 500


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
        (outcome,) = await _resolve(info.context, [input])
        return outcome

    @strawberry.mutation(
        description=f"Decide up to {_MOST_INPUTS} findings, each as `resolveFinding` does: it is taken or refused on "
        "its own. The answers come in the order of the inputs, and show each finding as all of them left it.",
        graphql_type=list[FindingOutcome],
    )
    async def resolve_findings(self, info: Info, inputs: list[ResolveInput]) -> list[Finding | Refusal]:
        if len(inputs) > _MOST_INPUTS:
            raise BadInputError(f"inputs: expected at most {_MOST_INPUTS}; got {len(inputs)}.")
        return await _resolve(info.context, inputs)


async def _resolve(context: Context, inputs: Sequence[ResolveInput]) -> list[Finding | Refusal]:
    asked = [_decision(each) for each in inputs]
    decisions = [each for each in asked if isinstance(each, Decision)]
    answers = iter(
        await resolve_many(
            context.pool, decisions, by=decider(context), handbook=context.handbooks, now=context.now
        )
    )
    refusals = [next(answers) if isinstance(each, Decision) else each for each in asked]
    context.written()
    findings = {each.finding for each in decisions}
    views = await findings_by_id(context.pool, sorted(findings, key=str), now=context.now)
    outcomes: list[Finding | Refusal] = []
    for each, refusal in zip(asked, refusals, strict=True):
        view = views.get(each.finding) if isinstance(each, Decision) and refusal is None else None
        outcomes.append(
            Finding.of(view) if view is not None else refusal or Refusal(code=RefusalCode.UNKNOWN_FINDING)
        )
    return outcomes


def _decision(input: ResolveInput) -> Decision | Refusal:
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
    return Decision(
        finding=which, action=input.action, note=input.note, redemptions=tuple(redemptions), pay=input.pay
    )
