"""`withdrawStatement`: a statement that was sent by mistake is withdrawn."""

import strawberry

from ledger.reconciliation.statements import withdraw
from ledger.reconciliation.values import StatementId
from ledger.refusals import Refusal, RefusalCode
from schema.context import Info
from schema.mutations.deciding import decider
from schema.mutations.submit_statement import answered
from schema.permissions import acting_vendor, is_vendor
from schema.types.finding import Statement, StatementOutcome


@strawberry.type
class WithdrawStatementMutation:
    """A statement is withdrawn."""

    @strawberry.mutation(
        description="Withdraw a statement while its period is open: its lines no longer count, and their "
        "deliveries are unmatched. It stays on record with the note. A vendor withdraws its own, until finance has "
        "decided on a line of it (ALREADY_DECIDED). Idempotent.",
        graphql_type=StatementOutcome,
    )
    async def withdraw_statement(
        self, info: Info, statement: strawberry.ID, note: str
    ) -> Statement | Refusal:
        context = info.context
        which = StatementId.parse(statement)
        if which is None:
            return await answered(context, Refusal(code=RefusalCode.UNKNOWN_STATEMENT))
        answer = await withdraw(
            context.pool,
            statement=which.number,
            note=note,
            by=decider(context),
            handbook=context.handbooks,
            now=context.now,
            vendor=acting_vendor(context.viewer) if is_vendor(context.viewer) else None,
        )
        context.written()
        return await answered(context, answer)
