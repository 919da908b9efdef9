"""Work on independent batches by several processes, each on a connection of its own.

All may see one snapshot of the database. They get batches of ids and return results, so that no rows pass between
processes.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from base.database import Connection, connect_worker
from base.parallel import useful_processes, workers
from base.sql import Queries

SQL = Queries(Path(__file__).with_suffix(".sql"))

G = TypeVar("G")
T = TypeVar("T")
R = TypeVar("R")

_CUSTOMERS_EACH = 1000

Work: TypeAlias = Callable[[Connection, G, T], Awaitable[R]]
"""What is done with a batch: on a connection, by what was given for all batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpers:
    """So many processes, and how each opens its connection: to write, or to read in the snapshot of that name.

    With 1 there are none: the work is done in this process, on its connection.
    """

    processes: int
    dsn: str = field(repr=False)
    snapshot: str | None = None

    @classmethod
    def for_customers(cls, dsn: str, customers: int) -> "Helpers":
        """As many as are useful; few customers are done sooner than a process has begun."""
        return cls(processes=min(useful_processes(), customers // _CUSTOMERS_EACH), dsn=dsn)


NO_HELPERS = Helpers(processes=1, dsn="")


async def on_connections(
    work: Work[G, T, R],
    given: G,
    batches: AsyncIterable[T],
    conn: Connection,
    helpers: Helpers,
) -> AsyncGenerator[R, None]:
    """Yield what `work` returns for each batch, in order; without helpers it is done here, on `conn`.

    `work` is a function of a module; what is `given` is sent to each process once. Close it early with `aclosing`.
    Raises WorkerDiedError, and what `work` raises.
    """
    if helpers.processes <= 1:
        async for batch in batches:
            yield await work(conn, given, batch)
        return
    with workers(
        partial(_Worker, helpers, given), processes=helpers.processes, preload=work.__module__
    ) as pool:
        async with aclosing(pool.each(partial(_work, work), batches)) as results:
            async for result in results:
                yield result


class _Worker(Generic[G]):
    """One process's connection, open as long as the process lives."""

    def __init__(self, helpers: Helpers, given: G) -> None:
        self.given = given
        self.runner = asyncio.Runner()
        self.conn = self.runner.run(_open(helpers))


async def _open(helpers: Helpers) -> Connection:
    conn = await connect_worker(helpers.dsn, read_only=helpers.snapshot is not None)
    if helpers.snapshot is not None:
        await conn.transaction(isolation="repeatable_read", readonly=True).start()
        # takes no parameter; the name is the server's
        await conn.execute(f"set transaction snapshot '{helpers.snapshot}'")
    return conn


def _work(work: Work[G, T, R], worker: _Worker[G], batch: T) -> R:
    async def awaited() -> R:
        return await work(worker.conn, worker.given, batch)

    return worker.runner.run(awaited())


async def export_snapshot(conn: Connection) -> str:
    """Return the name of a transaction's snapshot, for other connections to use the same until it ends."""
    return str(await conn.fetchval(SQL["export_snapshot"]))
