"""`reconcilePeriod`: the match runs again, with what has been recorded since."""

import strawberry

from ledger.reconciliation.matching import reconcile_period
from ledger.reconciliation.reading import period_view
from ledger.refusals import Refusal
from schema.context import Info
from schema.months import given_month
from schema.types.period import Period, PeriodOutcome


@strawberry.type
class ReconcileMutation:
    """The match runs again."""

    @strawberry.mutation(
        description="Match the statements of a vendor's open month, like 2026-10, with the ledger as it is now. "
        "Pairs and decisions stay. Idempotent.",
        graphql_type=PeriodOutcome,
    )
    async def reconcile_period(self, info: Info, vendor: str, period: str) -> Period | Refusal:
        context = info.context
        month = given_month(period)
        if isinstance(month, Refusal):
            return month
        answer = await reconcile_period(
            context.pool, vendor=vendor, month=month, handbook=context.handbooks, now=context.now
        )
        context.written()
        if isinstance(answer, Refusal):
            return answer
        view = await period_view(context.pool, vendor, month)
        if view is None:
            raise LookupError(f"the period {vendor} {period} was matched and is not there")
        return Period.of(view)
