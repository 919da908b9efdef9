"""`recordPolicyEvents`: events of the insurer's core system, one or a few at a time."""

from typing import Annotated

import strawberry

from ledger.posting.recording import record_events
from ledger.refusals import Refusal as LedgerRefusal
from rating.customers import customers_by_id
from rating.intake import Recorded as RatingRecorded
from schema.context import Context, Info
from schema.errors import BadInputError
from schema.mutations.deciding import decider
from schema.types.customer import Customer
from schema.types.policy_event import PolicyEventInput, spelled
from schema.types.refusal import Refusal

_MOST_EVENTS = 100


@strawberry.type(description="An event is in the customer's history.")
class Recorded:
    event_id: str = strawberry.field(description="The sender's id of the event.")
    repeated: bool = strawberry.field(
        description="Whether it had been recorded before, so that nothing changed."
    )
    customer: Customer = strawberry.field(description="The customer, rated anew.")


EventOutcome = Annotated[
    Recorded | Refusal,
    strawberry.union("EventOutcome", description='The event is recorded, or an expected "no".'),
]


@strawberry.type
class RecordPolicyEventsMutation:
    """Events of the insurer's core system."""

    @strawberry.mutation(
        description=f"Record up to {_MOST_EVENTS} events, rate their customers anew and post the grants that follow. "
        "Each event is recorded or refused on its own; the answers come in the order of the events.",
        graphql_type=list[EventOutcome],
    )
    async def record_policy_events(
        self, info: Info, events: list[PolicyEventInput]
    ) -> list[Recorded | LedgerRefusal]:
        if len(events) > _MOST_EVENTS:
            raise BadInputError(f"events: expected at most {_MOST_EVENTS}; got {len(events)}.")
        context = info.context
        read = [each.event() for each in events]
        taken = iter(
            await record_events(
                context.pool,
                [each for each in read if not isinstance(each, LedgerRefusal)],
                now=context.now,
                handbook=context.handbooks,
                subject=decider(context),
            )
        )
        results = [each if isinstance(each, LedgerRefusal) else next(taken) for each in read]
        context.written()
        return await _shown(context, results)


async def _shown(
    context: Context, results: list[RatingRecorded | LedgerRefusal]
) -> list[Recorded | LedgerRefusal]:
    customer_ids = {each.customer_id for each in results if isinstance(each, RatingRecorded)}
    rows = await customers_by_id(context.pool, customer_ids) if customer_ids else {}
    return [
        Recorded(
            event_id=each.event_id,
            repeated=each.repeated,
            customer=Customer.of(rows[each.customer_id], context.viewer),
        )
        if isinstance(each, RatingRecorded)
        else spelled(each)
        for each in results
    ]
