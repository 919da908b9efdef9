"""What would become of one customer: with events that have not happened, or by another edition. Nothing is written."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import cast

import strawberry
from strawberry.utils.str_converters import to_camel_case

from handbook import Handbook, first_day_asked
from ledger.quotas import quotas_on
from ledger.recording import refusal_of
from ledger.refusals import Refusal as LedgerRefusal
from ledger.what_if import account_by
from rating.tiers import Rating, tier_on
from rating.what_if import Supposed, suppose
from schema.candidates import edition_named
from schema.context import Context
from schema.errors import BadInputError
from schema.mutations.policy_event import PolicyEventInput
from schema.permissions import check_editor
from schema.types.quota import Quota
from schema.types.refusal import Refusal
from schema.types.tier import Tier

MOST_EVENTS = 100


@strawberry.type(description="What would become of a customer on a day. Nothing is written.")
class WhatIf:
    on: date = strawberry.field(description="The day.")
    tier: Tier = strawberry.field(description="The tier that the customer would have.")
    quotas: list[Quota] = strawberry.field(
        description="What could be used of every benefit, with what was used and held already."
    )
    refusals: list[Refusal] = strawberry.field(
        description="Why some of the events could not be recorded; the others are taken without them."
    )


async def what_if(
    context: Context,
    customer_id: int,
    member_no: str,
    events: Sequence[PolicyEventInput],
    edition: str | None,
    on: date | None,
) -> WhatIf:
    """What would become of a customer with these events, in the edition of this code (None: those in force)."""
    if len(events) > MOST_EVENTS:
        raise BadInputError(f"events: expected at most {MOST_EVENTS}; got {len(events)}.")
    handbook, day = context.handbook, on or context.today
    if edition is not None:
        check_editor(context.viewer)
        found, handbook = await edition_named(context, "edition", edition)
        day = on or first_day_asked(found, context.today)
    supposed, refusals = await _supposed(context, customer_id, member_no, events, handbook)
    stored = await context.loaders.account.load((customer_id, day))
    account = account_by(stored, supposed.history, handbook)
    view = tier_on(Rating(periods=account.periods), day, handbook)
    return WhatIf(
        on=day,
        tier=Tier.of(view, handbook, customer_id=customer_id, day=day, supposed=supposed.history),
        quotas=cast("list[Quota]", list(quotas_on(account, day, handbook, context.now))),
        refusals=cast("list[Refusal]", refusals),
    )


async def _supposed(
    context: Context,
    customer_id: int,
    member_no: str,
    events: Sequence[PolicyEventInput],
    handbook: Handbook,
) -> tuple[Supposed, list[LedgerRefusal]]:
    """The history with the events, and what is refused of them: first what cannot be an event at all."""
    read = [each.event() for each in events]
    malformed = [each for each in read if isinstance(each, LedgerRefusal)]
    told = [each for each in read if not isinstance(each, LedgerRefusal)]
    if not told:
        history = await context.loaders.history.load((customer_id, None))
        return Supposed(history=history, refusals=()), malformed
    async with context.pool.acquire() as conn:
        found = await suppose(conn, customer_id, member_no, told, now=context.now, handbook=handbook)
    refused = [refusal_of(each) for each in found.refusals]
    spelled = [replace(each, differing=tuple(map(to_camel_case, each.differing))) for each in refused]
    return found, [*malformed, *spelled]
