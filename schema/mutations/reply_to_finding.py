"""`replyToFinding`: a vendor answers what is in dispute."""

import strawberry

from ledger.reconciliation.reading import findings_by_id
from ledger.reconciliation.replies import LONGEST_REPLY, MOST_EVIDENCE, reply
from ledger.reconciliation.values import parse_finding_id
from ledger.refusals import Refusal, RefusalCode
from schema.context import Info
from schema.mutations.deciding import decider
from schema.permissions import acting_vendor
from schema.types.finding import Finding, FindingOutcome


@strawberry.input(description="A vendor's reply to a finding in dispute.")
class ReplyInput:
    finding: strawberry.ID = strawberry.field(description="The id of the finding.")
    message: str = strawberry.field(
        description=f"What the vendor says: 1 to {LONGEST_REPLY} visible characters, kept for ever."
    )
    evidence: list[str] | None = strawberry.field(
        default=None,
        description="Names or numbers of documents that show it, as both sides know them: "
        f"at most {MOST_EVIDENCE}, each of 1 to 200 visible characters. Default: none.",
    )


@strawberry.type
class ReplyToFindingMutation:
    """A vendor answers."""

    @strawberry.mutation(
        description="Reply to a finding of the vendor's own that is in dispute (DISPUTE), or was carried forward and "
        "waits for a decision, while its period is open. A reply decides nothing: finance reads it and decides. The "
        "same message with the same evidence is the same reply.",
        graphql_type=FindingOutcome,
    )
    async def reply_to_finding(self, info: Info, input: ReplyInput) -> Finding | Refusal:
        context = info.context
        vendor = acting_vendor(context.viewer)
        which = parse_finding_id(input.finding)
        if which is None:
            return Refusal(code=RefusalCode.UNKNOWN_FINDING)
        refusal = await reply(
            context.pool,
            vendor=vendor,
            finding_id=which,
            message=input.message,
            evidence=input.evidence or (),
            by=decider(context),
            now=context.now,
        )
        if refusal is not None:
            return refusal
        context.written()
        found = await findings_by_id(context.pool, [which], now=context.now)
        return Finding.of(found[which]) if which in found else Refusal(code=RefusalCode.UNKNOWN_FINDING)
