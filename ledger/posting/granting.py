"""Posting what is due for whole customers: after their events, and for everybody by `entitlements grant`.

Idempotent, and safe to interrupt: what is due is computed from the ledger each time.
"""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from base.connected import NO_HELPERS, Helpers, on_connections
from base.database import Connection, Pool
from handbook import Handbook
from ledger.posting.batch import SQL, load_batch
from ledger.posting.catching_up import catch_up
from ledger.posting.state import Posting
from ledger.posting.writing import write_batch
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
    """Post the grants, revokes and expiries that are due for these customers; return the number of entries.

    New customers get their ledger head here: whatever registers customers calls this in the same transaction. `subject`
    is whose action made them due. Must run inside a transaction.
    """
    ids = sorted(customer_ids)  # all transactions lock heads in this order
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDue:
    """A callback for `rating`, which must not import `ledger`: posts what is due for the customers that it changed.

    `clock` is read for each batch: others write meanwhile.
    """

    clock: Callable[[], datetime]
    subject: str | None = None

    async def __call__(self, conn: Connection, customer_ids: Sequence[int], handbook: Handbook) -> int:
        """Post it, inside the transaction; return the number of entries."""
        return await post_due(conn, customer_ids, now=self.clock(), handbook=handbook, subject=self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Granting:
    """What every batch of `grant_all` is granted by."""

    clock: Callable[[], datetime]
    handbook: AnyHandbook
    subject: str | None


async def grant_all(
    pool: Pool,
    *,
    clock: Callable[[], datetime],
    handbook: AnyHandbook,
    subject: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    helpers: Helpers = NO_HELPERS,
) -> int:
    """Post what is due for every customer, some hundred a transaction; return the number of entries.

    Each transaction reads `clock` anew. `progress` gets the number of customers done, and of all. `helpers` are
    processes that share the work. Raises WorkerDiedError: then some transactions were committed, and others not.
    """
    granting = _Granting(clock=clock, handbook=handbook, subject=subject)
    async with pool.acquire() as conn:
        total = await count_customers(conn)
        posted = done = 0
        batches = batches_of_customers(conn, _CUSTOMERS_A_BATCH)
        async with aclosing(on_connections(_grant_batch, granting, batches, conn, helpers)) as results:
            async for customers, entries in results:
                posted, done = posted + entries, done + customers
                if progress is not None:
                    progress(done, total)
    return posted


async def _grant_batch(conn: Connection, granting: _Granting, customer_ids: Sequence[int]) -> tuple[int, int]:
    """Post what is due for some customers in a transaction; return how many they are, and the number of entries."""
    async with conn.transaction():
        within = await handbook_within(conn, granting.handbook)
        posted = await post_due(
            conn, customer_ids, now=granting.clock(), handbook=within, subject=granting.subject
        )
    return len(customer_ids), posted
