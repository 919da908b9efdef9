"""The what-if of a portfolio by several processors: processes with connections of their own, in one snapshot."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from app.errors import StartError
from app.services import Services
from base.connected import Helpers, export_snapshot, on_connections
from base.database import Connection
from base.parallel import WorkerDiedError, useful_processes
from ledger.what_if.comparing import Consequences, Question, Tally
from ledger.what_if.portfolio import (
    CUSTOMERS_A_BATCH,
    NamedLoss,
    PartialResult,
    Progress,
    valued,
    what_if,
    work_batch,
)
from rating.customers import batches_of_customers, count_customers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    question: Question
    now: datetime


async def what_if_in_parallel(
    services: Services,
    question: Question,
    *,
    progress: Progress,
    losses: Callable[[Sequence[NamedLoss]], None],
    workers: int | None = None,
) -> Consequences:
    """Return the effect of another handbook, computed by a suitable number of processes (or `workers`).

    `losses` is called with the members' losses, batch by batch, in order of customers. Raises StartError.
    """
    now = services.clock()
    async with (
        services.pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        total = await count_customers(conn)
        if workers is None:
            workers = min(useful_processes(), total // (2 * CUSTOMERS_A_BATCH))
        if workers > 1:
            sums = Tally()
            batches = on_connections(
                _work,
                _Asked(question=question, now=now),
                batches_of_customers(conn, CUSTOMERS_A_BATCH),
                conn,
                Helpers(processes=workers, dsn=services.service_dsn, snapshot=await export_snapshot(conn)),
            )
            try:
                async with aclosing(batches):
                    async for batch in batches:
                        sums.add(batch.sums)
                        losses(batch.losses)
                        progress(sums.customers, total)
            except WorkerDiedError:
                raise StartError("a process that worked out the what-if has died: try again") from None
            return await valued(conn, sums, question)
    return await what_if(services.pool, question, now=now, progress=progress, losses=losses)


async def _work(conn: Connection, asked: _Asked, customer_ids: Sequence[int]) -> PartialResult:
    return await work_batch(conn, customer_ids, asked.question, now=asked.now)
