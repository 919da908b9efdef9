"""Rating customers again by the handbook in force, to repair what is stored.

Other editions come into force by `rating.activating`, which rates everybody in one step. A customer whose timeline
comes out differently gets one more version, known from now on; earlier versions stay. Idempotent, and safe to
interrupt: an unchanged timeline is left alone.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from base.connected import NO_HELPERS, Helpers, on_connections
from base.database import Connection, Pool
from handbook.handbook import Handbook
from rating.activations import AnyHandbook, handbook_within
from rating.change_rows import ChangeRows, add_versions, policy_row
from rating.customers import batches_of_customers, count_customers, span_of
from rating.folding import fold
from rating.intake import Version
from rating.stored_events import load_stored
from rating.timeline import StarSpan, timeline
from rating.writing import SQL, write_rows

_CUSTOMERS_A_BATCH = 500

AfterBatch = Callable[[Connection, Sequence[int], Handbook], Awaitable[object]]


async def rerate(
    conn: Connection, customer_ids: Iterable[int], *, now: datetime, handbook: Handbook
) -> list[int]:
    """Rate customers again inside the caller's transaction; return the ids of those whose timeline changed.

    Their policies are laid out again too: the length of a cooling-off period is edition data.
    """
    stored = await load_stored(conn, customer_ids)
    current: dict[int, list[StarSpan]] = {customer_id: [] for customer_id in stored}
    for row in await conn.fetch(SQL["current_ratings"], list(stored)):
        current[row["customer_id"]].append(span_of([*row.values()][1:]))
    rows, changed = ChangeRows(), []
    for customer_id, of_customer in stored.items():
        history = fold(of_customer.events)
        spans = timeline(history, handbook)
        if spans != tuple(current[customer_id]):
            # Not known before the events that it is made of: a clock that was ahead may have recorded one of them.
            known_from = max(now, *(each.recorded_at for each in of_customer.events))
            version = Version(
                version=of_customer.version + 1, known_from=known_from, spans=spans, handbook=handbook
            )
            changed.append(customer_id)
            add_versions(rows, customer_id, [version], now=now)
            rows.advanced_heads.append((customer_id, of_customer.arrivals, version.version))
            rows.changed_policies.extend(
                policy_row(customer_id, policy, handbook) for policy in history.policies.values()
            )
    await write_rows(conn, rows)
    return sorted(changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rerating:
    """What every batch of `rerate_all` is rated by."""

    now: datetime
    handbook: AnyHandbook
    after_batch: AfterBatch | None


async def rerate_all(
    pool: Pool,
    *,
    now: datetime,
    handbook: AnyHandbook,
    progress: Callable[[int, int], None] | None = None,
    after_batch: AfterBatch | None = None,
    helpers: Helpers = NO_HELPERS,
) -> int:
    """Rate every customer again, some hundred a transaction; return how many timelines changed.

    `progress` gets the number of customers done, and of all. `after_batch` is given the customers that changed,
    inside the transaction, and the handbook that they were rated by. `helpers` are processes that share the work (then
    `after_batch` is sent to them). Raises WorkerDiedError: then some transactions were committed, and others not.
    """
    rerating = _Rerating(now=now, handbook=handbook, after_batch=after_batch)
    async with pool.acquire() as conn:
        total = await count_customers(conn)
        changed = done = 0
        batches = batches_of_customers(conn, _CUSTOMERS_A_BATCH)
        async with aclosing(on_connections(_rerate_batch, rerating, batches, conn, helpers)) as results:
            async for customers, rerated in results:
                changed, done = changed + rerated, done + customers
                if progress is not None:
                    progress(done, total)
    return changed


async def _rerate_batch(
    conn: Connection, rerating: _Rerating, customer_ids: Sequence[int]
) -> tuple[int, int]:
    """Rate some customers again in a transaction; return how many they are, and how many changed."""
    async with conn.transaction():
        within = await handbook_within(conn, rerating.handbook)
        changed = await rerate(conn, customer_ids, now=rerating.now, handbook=within)
        if changed and rerating.after_batch is not None:
            await rerating.after_batch(conn, changed, within)
    return len(customer_ids), len(changed)
