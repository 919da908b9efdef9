"""What-if for one customer: with hypothetical events, or by another edition. Nothing is written."""

import asyncio
from collections.abc import Sequence
from datetime import date

import strawberry

from handbook import Handbook, first_day_asked
from ledger.posting.recording import refusal_of
from ledger.quotas import quota as ledger_quota
from ledger.quotas.card import quotas_on
from ledger.refusals import Refusal as LedgerRefusal
from ledger.what_if.comparing import account_by
from rating.events import PolicyEvent
from rating.tiers import Rating
from rating.what_if import Supposed, of_another, supposed
from schema.candidates import edition_named
from schema.context import Context
from schema.errors import BadInputError
from schema.permissions import check_editor
from schema.types.policy_event import PolicyEventInput, spelled
from schema.types.quota import Quota
from schema.types.refusal import Refusal
from schema.types.tier import Tier, TierOn

MOST_EVENTS = 100


@strawberry.type(description="A what-if for a customer on a day. Nothing is written.")
class WhatIf:
    on: date = strawberry.field(description="The day.")
    tier: TierOn = strawberry.field(graphql_type=Tier, description="The tier that the customer would have.")
    quotas: Sequence[ledger_quota.Quota] = strawberry.field(
        graphql_type=list[Quota],
        description="The quotas of every benefit, with existing uses and holds.",
    )
    refusals: list[LedgerRefusal] = strawberry.field(
        graphql_type=list[Refusal],
        description="The refusals of events that could not be recorded; the others are applied without them.",
    )


async def what_if(
    context: Context,
    customer_id: int,
    member_no: str,
    events: Sequence[PolicyEventInput],
    edition: str | None,
    on: date | None,
) -> WhatIf:
    """A customer with these hypothetical events, by the edition of this code (None: those in force)."""
    if len(events) > MOST_EVENTS:
        raise BadInputError(f"events: expected at most {MOST_EVENTS}; got {len(events)}.")
    handbook, day = context.handbook, on or context.today
    if edition is not None:
        check_editor(context.viewer)
        named, handbook = await edition_named(context, "edition", edition)
        day = on or first_day_asked(named, context.today)
    # At once, so that all customers of a page are read together, whichever of them have events.
    (found_out, refusals), stored = await asyncio.gather(
        _supposed(context, customer_id, member_no, events, handbook),
        context.loaders.account.load((customer_id, day)),
    )
    history = found_out.history
    account = account_by(stored, history, handbook)
    rating = Rating(spans=account.spans)
    return WhatIf(
        on=day,
        tier=TierOn(rating=rating, day=day, handbook=handbook, customer_id=customer_id, supposed=history),
        quotas=quotas_on(account, day, handbook, context.now),
        refusals=refusals,
    )


async def _supposed(
    context: Context,
    customer_id: int,
    member_no: str,
    events: Sequence[PolicyEventInput],
    handbook: Handbook,
) -> tuple[Supposed, list[LedgerRefusal]]:
    """The history with the events, and the refusals: first of those that cannot be parsed."""
    read = [each.event() for each in events]
    malformed = [each for each in read if isinstance(each, LedgerRefusal)]
    told = [each for each in read if not isinstance(each, LedgerRefusal)]
    if not any(each.member_no == member_no for each in told):
        history = await context.loaders.history.load((customer_id, None))
        found = Supposed(history=history, refusals=tuple(of_another(each, member_no) for each in told))
    else:
        found = await _judged(context, customer_id, member_no, told, handbook)
    return found, [*malformed, *(spelled(refusal_of(each)) for each in found.refusals)]


async def _judged(
    context: Context, customer_id: int, member_no: str, events: Sequence[PolicyEvent], handbook: Handbook
) -> Supposed:
    """The history with the events, judged on top of what is recorded, which is read once for all customers asked."""
    own_ids = list({each.event_id for each in events if each.member_no == member_no})
    stored, bodies = await asyncio.gather(
        context.loaders.stored.load(customer_id), context.loaders.event_bodies.load_many(own_ids)
    )
    known = {event_id: body for event_id, body in zip(own_ids, bodies, strict=True) if body is not None}
    return supposed(stored, member_no, events, known=known, now=context.now, handbook=handbook)
