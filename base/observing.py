"""What a pool of connections tells of its work, so that it can be measured and traced.

Who wants to know passes an observer to `base.database.connect_pool`. Statements are told by name, without their
values: the values are people's.
"""

import time
from collections.abc import Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any

import asyncpg
from asyncpg.connection import LoggedQuery

if TYPE_CHECKING:
    from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy


class DatabaseObserver:
    """Does nothing. Subclasses override the methods that they need."""

    hears_statements = False
    """Whether `ran` is called: it costs something with each statement."""

    def waited(self, seconds: float) -> None:
        """A connection was obtained after so long."""

    def ran(self, text: str, seconds: float, error: BaseException | None) -> None:
        """A statement ended just now, after so long: called soon after, in the context of the task that sent it."""


class ObservedPool(asyncpg.Pool):
    """A pool that tells its observer how long each connection was waited for."""

    def __init__(self, dsn: str, *, observer: DatabaseObserver, **options: Any) -> None:
        # What `asyncpg.create_pool` fills in, which makes pools of its own class only.
        defaults: dict[str, Any] = {
            "max_queries": 50_000,
            "max_inactive_connection_lifetime": 300.0,
            "loop": None,
            "connection_class": asyncpg.Connection,
            "record_class": asyncpg.Record,
        }
        super().__init__(dsn, **{**defaults, **options})
        self._observer = observer

    def acquire(self, *, timeout: float | None = None) -> Any:
        """A connection, as `asyncpg.Pool.acquire` gives it: to await, or for a block."""
        return _Acquiring(super().acquire(timeout=timeout), self._observer)


class _Acquiring:
    """A connection that is waited for."""

    __slots__ = ("_acquiring", "_observer")

    def __init__(self, acquiring: "PoolAcquireContext[Any]", observer: DatabaseObserver) -> None:
        self._acquiring = acquiring
        self._observer = observer

    async def __aenter__(self) -> "PoolConnectionProxy[Any]":
        began = time.perf_counter()
        conn = await self._acquiring.__aenter__()
        self._observer.waited(time.perf_counter() - began)
        return conn

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._acquiring.__aexit__(kind, error, trace)

    def __await__(self) -> Generator[Any, None, "PoolConnectionProxy[Any]"]:
        began = time.perf_counter()
        conn = yield from self._acquiring.__await__()
        self._observer.waited(time.perf_counter() - began)
        return conn


def observe_statements(conn: "asyncpg.Connection[Any]", observer: DatabaseObserver) -> None:
    """Tell an observer that wants to hear of them about each statement of a connection."""
    if not observer.hears_statements:
        return

    def ran(query: LoggedQuery) -> None:
        observer.ran(query.query, query.elapsed, query.exception)

    conn.add_query_logger(ran)
