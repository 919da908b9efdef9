"""Posting what is due for whole customers: after their events, and for everybody by `entitlements grant`.

Safe to repeat and to interrupt: what is due is worked out from the books themselves each time.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from base.database import Connection, Pool
from handbook import Handbook
from ledger.posting.batch import SQL, load_batch, write_batch
from ledger.posting.catching_up import catch_up
from ledger.posting.state import Posting
from rating.activations import AnyHandbook, handbook_within
from rating.customers import batches_of_customers, count_customers

_CUSTOMERS_A_BATCH = 500


async def post_due(
    conn: Connection,
    customer_ids: Sequence[int],
    *,
    now: datetime,
    handbook: Handbook,
    subject: str | None = None,
) -> int:
    """Post the grants, revokes and expiries that are due for these customers; how many entries that took.

    Those who are new get the head of their books here: who registers customers calls this in the same transaction.
    `subject` is who did what made them due, or asked for it. Must run inside a transaction.
    """
    ids = sorted(customer_ids)  # the order in which everybody locks heads
    return sum(
        [
            await _post_due(
                conn, ids[start : start + _CUSTOMERS_A_BATCH], now=now, handbook=handbook, subject=subject
            )
            for start in range(0, len(ids), _CUSTOMERS_A_BATCH)
        ]
    )


async def _post_due(
    conn: Connection, customer_ids: Sequence[int], *, now: datetime, handbook: Handbook, subject: str | None
) -> int:
    await conn.execute(SQL["create_heads"], customer_ids)
    batch = await load_batch(conn, customer_ids, now=now)
    for customer_id, state in batch.loaded.items():
        posting = Posting(state, now, subject)
        catch_up(posting, handbook=handbook)
        batch.entries += posting.entries
        batch.states[customer_id] = posting.after()
    await write_batch(conn, batch)
    return len(batch.entries)


async def grant_all(
    pool: Pool,
    *,
    clock: Callable[[], datetime],
    handbook: AnyHandbook,
    subject: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Post what is due for every customer, some hundred a transaction; how many entries that took.

    Each transaction posts at what `clock` says by then. `progress` is told how many customers of how many are done.
    """
    async with pool.acquire() as conn:
        total = await count_customers(conn)
        posted = done = 0
        async for ids in batches_of_customers(conn, _CUSTOMERS_A_BATCH):
            async with conn.transaction():
                within = await handbook_within(conn, handbook)
                posted += await post_due(conn, ids, now=clock(), handbook=within, subject=subject)
            done += len(ids)
            if progress is not None:
                progress(done, total)
    return posted
