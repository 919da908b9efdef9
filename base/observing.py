"""Observers of a connection pool, for metrics and traces.

An observer is passed to `base.database.connect_pool`. It gets the names of queries, never their values, which are
personal data.
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

    hears_queries = False
    """Whether `ran` is called, which costs some time for each query."""

    def waited(self, seconds: float) -> None:
        """A connection was obtained after waiting so long."""

    def ran(self, text: str, seconds: float, error: BaseException | None) -> None:
        """A query took so long. Called soon after its end, in the context of the task that sent it."""


class ObservedPool(asyncpg.Pool):
    """A pool that reports to its observer how long each connection was waited for."""

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
    """Report each query of a connection to the observer, if it overrides `ran`."""
    if not observer.hears_queries:
        return

    def ran(query: LoggedQuery) -> None:
        observer.ran(query.query, query.elapsed, query.exception)

    conn.add_query_logger(ran)
