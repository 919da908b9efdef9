"""The what-if of a whole portfolio: customers read batch by batch, nothing written, in bounded memory.

One read-only transaction sees one snapshot of the database throughout. Other processes (`app.what_if`) may work on
batches in the same snapshot.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from base.database import Connection, Pool
from ledger.entitlement.loading import load_accounts
from ledger.quotas.liability import prices
from ledger.what_if.comparing import Consequences, Loss, Question, Tally, consequences, tally
from rating.customers import batches_of_customers, count_customers, customers_by_id, histories
from rating.history import History

CUSTOMERS_A_BATCH = 500

_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""One what-if at a time in a process: a lock for each event loop, because locks are bound to their loop."""

Progress = Callable[[int, int], None]


class UnderWayError(Exception):
    """Another what-if of the portfolio is under way in this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLoss:
    """A loss, with the customer's name."""

    loss: Loss
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialResult:
    """The result of some customers."""

    sums: Tally
    losses: tuple[NamedLoss, ...]


async def work_batch(
    conn: Connection, customer_ids: Sequence[int], question: Question, *, now: datetime
) -> PartialResult:
    """Read some customers and add them up, off the event loop."""
    accounts = await load_accounts(conn, customer_ids, on=question.on, now=now)
    found = await histories(conn, [(each, None) for each in accounts])
    customers = [(account, found.get((each, None), History())) for each, account in accounts.items()]
    sums, losses = await asyncio.to_thread(tally, customers, question)
    names = await customers_by_id(conn, {each.customer_id for each in losses}) if losses else {}
    return PartialResult(
        sums=sums,
        losses=tuple(NamedLoss(loss=each, name=names[each.customer_id].name) for each in losses),
    )


async def valued(conn: Connection, sums: Tally, question: Question) -> Consequences:
    """Return the result from the totals of all customers, at the contract prices of the day."""
    return consequences(
        sums,
        question,
        prices_before=await prices(conn, question.on, question.before.on(question.on)),
        prices_after=await prices(conn, question.on, question.after.on(question.on)),
    )


async def what_if(
    pool: Pool,
    question: Question,
    *,
    now: datetime,
    progress: Progress | None = None,
    losses: Callable[[Sequence[NamedLoss]], None] | None = None,
) -> Consequences:
    """Return the effect of another handbook; other work of the process goes on meanwhile.

    `losses` is called with the members' losses, batch by batch, in order of customers. One at a time in a process,
    because it occupies a connection and a processor for a minute. Raises UnderWayError.
    """
    turn = _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    if turn.locked():
        raise UnderWayError
    async with (
        turn,
        pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        sums, total = Tally(), await count_customers(conn)
        async for ids in batches_of_customers(conn, CUSTOMERS_A_BATCH):
            batch = await work_batch(conn, ids, question, now=now)
            sums.add(batch.sums)
            if losses is not None:
                losses(batch.losses)
            if progress is not None:
                progress(sums.customers, total)
        return await valued(conn, sums, question)
