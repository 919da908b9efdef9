"""Recording policy events: the events, the ratings that follow and the grants that are due, in one transaction.

Locks are taken in sorted order within a transaction, but an import takes its customers batch by batch: a transaction
that collides with it may be a deadlock's victim, and then starts over.
"""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from base.database import Pool
from ledger.commands import api_name
from ledger.posting.granting import post_due
from ledger.refusals import Refusal, RefusalCode, busy, invalid
from rating.activations import AnyHandbook, handbook_within
from rating.event_refusals import EventRefusal
from rating.events import PolicyEvent, SentEvent
from rating.intake import Recorded
from rating.recording import append_events

_TRIES = 4


async def record_events(
    pool: Pool,
    events: Sequence[PolicyEvent],
    *,
    now: datetime,
    handbook: AnyHandbook,
    subject: str | None = None,
) -> list[Recorded | Refusal]:
    """Record events, each on its own; return for each, in order, that it was recorded or why it was refused.

    `subject` is their sender, also of the grants that follow. All are refused as BUSY, and nothing is recorded, when
    another transaction locks one of their customers for too long.
    """
    sent = [SentEvent.of(each) for each in events]
    for attempt in range(1, _TRIES + 1):
        try:
            results = await _append_and_grant(pool, sent, now, handbook, subject)
            break
        except asyncpg.LockNotAvailableError:
            return [busy() for _ in events]
        except asyncpg.TransactionRollbackError:
            if attempt == _TRIES:
                raise
    return [refusal_of(each) if isinstance(each, EventRefusal) else each for each in results]


async def _append_and_grant(
    pool: Pool, sent: Sequence[SentEvent], now: datetime, handbook: AnyHandbook, subject: str | None
) -> Sequence[Recorded | EventRefusal]:
    """Append events to their customers' histories and post what is due then, in one transaction."""
    async with pool.acquire() as conn, conn.transaction():
        within = await handbook_within(conn, handbook)
        appended = await append_events(conn, sent, now=now, handbook=handbook, subject=subject)
        touched = sorted({each.customer_id for each in appended.results if isinstance(each, Recorded)})
        if touched:
            await post_due(conn, touched, now=now, handbook=within, subject=subject)
    return appended.results


def refusal_of(refused: EventRefusal) -> Refusal:
    """An event's refusal in the form of the API."""
    if refused.place is not None:
        place = api_name(refused.place)
        return invalid(f"{place}：{refused.words.zh}", f"{place}: {refused.words.en}")
    return Refusal(
        code=RefusalCode(refused.code),
        facts=refused.facts,
        differing=refused.differing,
    )
