"""The connections of one operation: none outlives the operation.

Loads of a DataLoader and gathered work run as tasks of their own, which go on when the operation is cancelled. Those
that hold a connection are then cancelled too, and a connection that is not returned is terminated.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from asyncpg import InterfaceError, Record

from base.database import Connection, Pool

CLEANUP_S = 2.0
"""How long a cancelled SQL statement may take to end; a hanging server never answers."""


class Share:
    """Hands out connections of a pool until it is closed; readers use it like the pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._users: list[asyncio.Task[Any]] = []
        self._connections: list[Connection] = []
        self._closed = False

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection while the block runs."""
        user = asyncio.current_task()
        if self._closed or user is None:  # the operation is over: no one needs the result
            raise asyncio.CancelledError
        self._users.append(user)
        used: list[Connection] = []
        try:
            async with self._pool.acquire() as connection:
                used.append(connection)
                self._connections.append(connection)
                yield connection
        finally:
            self._users.remove(user)
            for each in used:
                self._connections.remove(each)

    async def fetch(self, query: str, *args: object) -> list[Record]:
        """The rows of a statement."""
        async with self.acquire() as connection:
            return await connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> Record | None:
        """The first row of a statement."""
        async with self.acquire() as connection:
            return await connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        """The first value of the first row."""
        async with self.acquire() as connection:
            return await connection.fetchval(query, *args)

    async def fetchmany(self, query: str, args: Iterable[Sequence[object]]) -> list[Record]:
        """The rows of a statement for each of several arguments, one after the other."""
        async with self.acquire() as connection:
            return await connection.fetchmany(query, args)

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement; its tag."""
        async with self.acquire() as connection:
            return await connection.execute(query, *args)

    async def close(self) -> None:
        """Hand out no more connections, and take back those that other tasks use."""
        self._closed = True
        me = asyncio.current_task()
        others = {user for user in self._users if user is not me}
        for user in others:
            user.cancel()
        if others:
            _, stuck = await asyncio.wait(others, timeout=CLEANUP_S)
            if stuck:
                self.cut()

    def cut(self) -> None:
        """Terminate the connections that are in use; the pool opens new ones."""
        for connection in self._connections:
            with suppress(InterfaceError):  # it has just been returned
                connection.terminate()
