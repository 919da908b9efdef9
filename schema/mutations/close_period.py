"""`closePeriod`: a vendor's month is settled."""

import strawberry

from ledger.reconciliation.closing import close_period
from ledger.reconciliation.reading import settlement
from ledger.refusals import Refusal
from schema.context import Info
from schema.months import given_month
from schema.mutations.deciding import decider
from schema.types.settlement import Settlement, SettlementOutcome


@strawberry.type
class ClosePeriodMutation:
    """A month is settled."""

    @strawberry.mutation(
        description="Close a vendor's month, like 2026-10, after a last run of the match: its settlement never "
        "changes. Refused while findings wait for a decision (FINDINGS_OPEN), and when it is closed already "
        "(PERIOD_CLOSED). Who accepted exceptions above the limit of four eyes only proposes the close (FOUR_EYES); "
        "another person confirms it by this mutation. What was disputed is carried forward to the next open month.",
        graphql_type=SettlementOutcome,
    )
    async def close_period(self, info: Info, vendor: str, period: str) -> Settlement | Refusal:
        context = info.context
        month = given_month(period)
        if isinstance(month, Refusal):
            return month
        answer = await close_period(
            context.pool,
            vendor=vendor,
            month=month,
            by=decider(context),
            handbook=context.handbooks,
            now=context.now,
            four_eyes_above=context.four_eyes_above,
        )
        context.written()
        if isinstance(answer, Refusal):
            return answer
        view = await settlement(context.pool, vendor, month)
        if view is None:
            raise LookupError(f"the period {vendor} {period} was closed and has no settlement")
        return Settlement.of(view)
